/** Removes the records whose delta to the last one reaches a threshold. */

import { finiteNumber, requireFunction } from '../arguments.ts';
import { type Evictor, type EvictorOptions, evictorOf, retain, type TimestampedValue } from '../evictor.ts';

export interface DeltaEvictor<in out T> extends Evictor<T> {
  readonly kind: 'delta';
  readonly threshold: number;
  readonly after: boolean;
}

export function deltaEvictor<T>(threshold: number, delta: (element: T, last: T) => number, options: EvictorOptions = {}): DeltaEvictor<T> {
  finiteNumber(threshold, 'evictors.delta');
  requireFunction(delta, 'evictors.delta');
  const keepNear = (elements: TimestampedValue<T>[]): void => {
    const last = elements.at(-1);
    if (last !== undefined) retain(elements, ({ value }) => delta(value, last.value) < threshold);
  };
  return { kind: 'delta', threshold, ...evictorOf('evictors.delta', keepNear, options) };
}
