/** The assigners that go by the timestamps of records, by the names that users write. */

import type { Duration } from '../../../base/duration.ts';
import { type SessionOptions, type SessionWindows, sessionWindows } from './session-windows.ts';
import { type SlidingOptions, type SlidingWindows, slidingWindows } from './sliding-windows.ts';
import { type TumblingOptions, type TumblingWindows, tumblingWindows } from './tumbling-windows.ts';

/** Windows of event time: they go by the timestamps of records and end by watermarks. */
export const eventTime = {
  /**
   * Windows of one size, one behind the other.
   *
   * @example eventTime.tumbling('1h', { offset: '15m' }) // 0:15 to 1:15, 1:15 to 2:15, …
   */
  tumbling: (size: Duration, options?: TumblingOptions): TumblingWindows => tumblingWindows(true, size, options),

  /**
   * Windows of one size, a new one at every slide.
   *
   * @example eventTime.sliding('10m', '1m')
   */
  sliding: (size: Duration, slide: Duration, options?: SlidingOptions): SlidingWindows => slidingWindows(true, size, slide, options),

  /**
   * Windows of activity, which end when nothing has come for a gap.
   *
   * @example eventTime.session({ gap: '30m' })
   * @example eventTime.session({ gap: (visit: Visit) => (visit.isBot ? '1m' : '30m') })
   */
  session: <T = unknown>(options: SessionOptions<T>): SessionWindows<T> => sessionWindows(true, options),
};
