/** What an evictor is: it removes records from a window that fires, before or after the function sees them. */

import { checkOptions, flag, type OptionRules, optional } from '../../base/options.ts';
import type { Window } from './window.ts';

/** A record in a window, with its event time where the stream carries one. */
export interface TimestampedValue<out T> {
  readonly value: T;
  readonly timestamp: number | undefined;
}

export interface EvictorContext {
  readonly watermark: number;
  readonly processingTime: number;
}

/**
 * Removes records from a window. Both methods change the array in place; what is left is what the window holds from then on.
 * The records are in the order in which they came; of merged windows, those of the earlier window come first.
 *
 * @example
 * const withoutOutliers: Evictor<number> = {
 *   evictBefore(elements) {
 *     const kept = elements.filter(({ value }) => Math.abs(value) < 1000);
 *     elements.splice(0, elements.length, ...kept);
 *   },
 * };
 */
export interface Evictor<in T = unknown, in W extends Window = Window> {
  /** Says what it is, of built-in evictors. */
  readonly kind?: string;
  /** Before the function sees them. */
  evictBefore?(elements: TimestampedValue<T>[], window: W, context: EvictorContext): void;
  /** After the function has seen them. */
  evictAfter?(elements: TimestampedValue<T>[], window: W, context: EvictorContext): void;
}

/** When a built-in evictor works. */
export interface EvictorOptions {
  /** After the function instead of before it. Default false. */
  readonly after?: boolean;
}

/** Keeps what `keep` says, in place and in order. */
export function retain<T>(elements: T[], keep: (element: T, index: number) => boolean): void {
  let kept = 0;
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i] as T;
    if (!keep(element, i)) continue;
    elements[kept++] = element;
  }
  elements.length = kept;
}

const evictorRules: OptionRules<EvictorOptions> = { after: optional(flag) };

/**
 * An evictor that does the same thing before or after the function.
 *
 * @param of the built-in evictor that was given the options
 * @throws MillraceError INVALID_OPTION
 */
export function evictorOf<T>(
  of: string,
  evict: (elements: TimestampedValue<T>[]) => void,
  options: EvictorOptions,
): Omit<Evictor<T>, 'kind'> & { readonly after: boolean } {
  const { after = false } = checkOptions<EvictorOptions>(options, evictorRules, of);
  return { after, ...(after ? { evictAfter: evict } : { evictBefore: evict }) };
}
