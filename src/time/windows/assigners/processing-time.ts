/** The assigners that go by the clock of the machine, by the names that users write. */

import type { Duration } from '../../../base/duration.ts';
import { type SessionOptions, type SessionWindows, sessionWindows } from './session-windows.ts';
import { type SlidingOptions, type SlidingWindows, slidingWindows } from './sliding-windows.ts';
import { type TumblingOptions, type TumblingWindows, tumblingWindows } from './tumbling-windows.ts';

/** Windows of processing time: they go by the clock of the machine when a record comes, and nothing is late. */
export const processingTime = {
  /**
   * Windows of one size, one behind the other.
   *
   * @example processingTime.tumbling('5s', { stagger: 'random' })
   */
  tumbling: (size: Duration, options?: TumblingOptions): TumblingWindows => tumblingWindows(false, size, options),

  /**
   * Windows of one size, a new one at every slide.
   *
   * @example processingTime.sliding('1m', '5s')
   */
  sliding: (size: Duration, slide: Duration, options?: SlidingOptions): SlidingWindows => slidingWindows(false, size, slide, options),

  /**
   * Windows of activity, which end when nothing has come for a gap.
   *
   * @example processingTime.session({ gap: '10s' })
   */
  session: <T = unknown>(options: SessionOptions<T>): SessionWindows<T> => sessionWindows(false, options),
};
