/** What `countWindow(size, slide?)` is made of: a global window with a trigger and, where it slides, an evictor. */

import { wholeNumber } from '../arguments.ts';
import type { Evictor } from '../evictor.ts';
import { countEvictor } from '../evictors/count-evictor.ts';
import type { Trigger } from '../trigger.ts';
import { countTrigger } from '../triggers/count-trigger.ts';
import { purgingTrigger } from '../triggers/purging-trigger.ts';
import type { GlobalWindow } from '../window.ts';
import { type GlobalWindows, globalWindow } from './global-windows.ts';

export interface CountWindow {
  readonly assigner: GlobalWindows;
  readonly trigger: Trigger<unknown, GlobalWindow>;
  /** Undefined for windows that do not slide. */
  readonly evictor: Evictor | undefined;
}

/**
 * Windows of `size` records of a key. With a slide, a window of the last `size` records fires at every `slide` records, the
 * first ones with less than `size`.
 *
 * @example countWindow(100)
 * @example countWindow(100, 10)
 */
export function countWindow(size: number, slide?: number): CountWindow {
  wholeNumber(size, 'countWindow: size', 1);
  const assigner = globalWindow();
  if (slide === undefined) return { assigner, trigger: purgingTrigger(countTrigger(size)), evictor: undefined };
  wholeNumber(slide, 'countWindow: slide', 1);
  return { assigner, trigger: countTrigger(slide), evictor: countEvictor(size) };
}
