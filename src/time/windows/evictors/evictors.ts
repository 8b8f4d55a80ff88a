/** The built-in evictors by the names that users write. */

import type { Duration } from '../../../base/duration.ts';
import type { EvictorOptions } from '../evictor.ts';
import { type CountEvictor, countEvictor } from './count-evictor.ts';
import { type DeltaEvictor, deltaEvictor } from './delta-evictor.ts';
import { type TimeEvictor, timeEvictor } from './time-evictor.ts';

/**
 * Evictors for `stream.window(…).evictor(…)`. They work before the function unless told `{ after: true }`.
 *
 * A window with an evictor keeps all of its records until it fires, even for `reduce` and `aggregate`.
 */
export const evictors = {
  /**
   * Keeps the last `n` records.
   *
   * @example evictors.count(100)
   */
  count: (n: number, options?: EvictorOptions): CountEvictor => countEvictor(n, options),

  /**
   * Keeps the records that are less than `duration` older than the newest in the window, by event time.
   *
   * @example evictors.time('10s', { after: true })
   */
  time: (duration: Duration, options?: EvictorOptions): TimeEvictor => timeEvictor(duration, options),

  /**
   * Keeps the records whose `delta(record, lastRecord)` is below `threshold`.
   *
   * @example evictors.delta(5, (a: Position, b: Position) => distance(a, b))
   */
  delta: <T>(threshold: number, delta: (element: T, last: T) => number, options?: EvictorOptions): DeltaEvictor<T> =>
    deltaEvictor(threshold, delta, options),
};
