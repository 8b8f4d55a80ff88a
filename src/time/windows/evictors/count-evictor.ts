/** Keeps the last n records of a window. */

import { wholeNumber } from '../arguments.ts';
import { type Evictor, type EvictorOptions, evictorOf } from '../evictor.ts';

export interface CountEvictor extends Evictor {
  readonly kind: 'count';
  readonly count: number;
  readonly after: boolean;
}

export function countEvictor(n: number, options: EvictorOptions = {}): CountEvictor {
  const count = wholeNumber(n, 'evictors.count', 0);
  const keepLast = (elements: unknown[]): void => {
    if (elements.length > count) elements.splice(0, elements.length - count);
  };
  return { kind: 'count', count, ...evictorOf('evictors.count', keepLast, options) };
}
