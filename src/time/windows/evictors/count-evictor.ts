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
  const evictor = evictorOf((elements) => {
    if (elements.length > count) elements.splice(0, elements.length - count);
  }, options);
  return { kind: 'count', count, after: options.after === true, ...evictor };
}
