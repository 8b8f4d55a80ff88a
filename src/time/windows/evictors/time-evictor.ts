/** Keeps the records that are less than a duration older than the newest one in the window. */

import { type Duration, parseDuration } from '../../../base/duration.ts';
import { type Evictor, type EvictorOptions, evictorOf, retain, type TimestampedValue } from '../evictor.ts';

export interface TimeEvictor extends Evictor {
  readonly kind: 'time';
  readonly durationMs: number;
  readonly after: boolean;
}

export function timeEvictor(duration: Duration, options: EvictorOptions = {}): TimeEvictor {
  const durationMs = parseDuration(duration, 'evictors.time');
  return { kind: 'time', durationMs, ...evictorOf('evictors.time', (elements) => evictOlder(elements, durationMs), options) };
}

/** Nothing goes from a stream without event time, as in Flink: its first record tells. */
function evictOlder(elements: TimestampedValue<unknown>[], durationMs: number): void {
  if (elements[0]?.timestamp === undefined) return;
  let newest = Number.NEGATIVE_INFINITY;
  for (const { timestamp } of elements) if (timestamp !== undefined && timestamp > newest) newest = timestamp;
  const cutoff = newest - durationMs;
  retain(elements, ({ timestamp }) => timestamp !== undefined && timestamp > cutoff);
}
