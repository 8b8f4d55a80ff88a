/**
 * `topK`: the most frequent values. The state keeps a sketch for each slot; its content is the partial result. A state
 * belongs to one subtask.
 *
 * @hotpath
 */

import { anything, optional } from '../../base/options.ts';
import type { Aggregator, AggregatorState } from './aggregator.ts';
import { aggregatorOf, type FieldName, type Holding, numberOption, optionsOf, withParameter } from './input.ts';
import { reserve } from './slots.ts';
import { SpaceSaving, type SpaceSavingContent, type TopValue } from './space-saving.ts';

export interface TopKOptions {
  /** How many values are counted at a time, at least k. Default: ten times k, and at least 100. */
  readonly capacity?: number;
}

/** A key's counters are all in memory, at some 100 bytes each. */
const capacityMax = 1_000_000;

/**
 * The k most frequent values of a field, a tuple element, what a function makes of the records, or the records themselves,
 * as `{ value, count, error }` with the greatest count first and the earlier of equal ones in front. Values are compared as
 * in `countDistinct`. Null and undefined are skipped; an empty array of nothing.
 *
 * A Space-Saving sketch (see `space-saving.ts`). With up to `capacity` different values all counts are exact. With more, a
 * value occurs at most `count` and at least `count − error` times, `error` is at most n / `capacity` for n values, and every
 * value that occurs more often than n / `capacity` has a counter. Merging keeps the bounds; it may choose other values
 * among those that these leave open.
 *
 * @throws TypeError while the job runs, for maps and sets, which cannot be keys
 * @example
 * logs.keyBy('url').aggregate({ visitors: topK('ip', 1) });
 * // → { key: '/a', visitors: [{ value: '10.0.0.1', count: 3, error: 0 }] }
 */
export function topK<T = unknown>(k: number, options?: TopKOptions): Aggregator<T, TopValue<NonNullable<T>>[]>;
export function topK<const F extends FieldName, T extends Holding<F, unknown> = Holding<F, unknown>>(
  field: F,
  k: number,
  options?: TopKOptions,
): Aggregator<T, TopValue<NonNullable<T[F]>>[]>;
export function topK<T, V>(fn: (record: T) => V, k: number, options?: TopKOptions): Aggregator<T, TopValue<NonNullable<V>>[]>;
export function topK(...args: readonly unknown[]): Aggregator<never, unknown> {
  const [argument, given, options] = withParameter(args);
  const k = numberOption('topK: k', given, { min: 1, max: capacityMax, whole: true });
  const usual = Math.min(capacityMax, Math.max(10 * k, 100));
  const { capacity: wanted = usual } = optionsOf<TopKOptions>('topK', options, { capacity: optional(anything) });
  const capacity = numberOption('topK: capacity', wanted, { min: k, max: capacityMax, whole: true });
  return aggregatorOf({
    kind: 'topK',
    argument,
    details: { k, capacity },
    createState: (call) => new TopKState(call, k, capacity),
  });
}

class TopKState implements AggregatorState {
  readonly #call: string;
  readonly #k: number;
  readonly #capacity: number;
  readonly #sketches: (SpaceSaving | undefined)[] = [];

  constructor(call: string, k: number, capacity: number) {
    this.#call = call;
    this.#k = k;
    this.#capacity = capacity;
  }

  add(slot: number, value: unknown): void {
    if (value !== null && value !== undefined) this.#sketch(slot).add(value);
  }

  merge(slot: number, partial: unknown): void {
    if (partial !== null) this.#sketch(slot).merge(partial as SpaceSavingContent);
  }

  partial(slot: number): SpaceSavingContent | null {
    return this.#sketches[slot]?.content() ?? null;
  }

  result(slot: number): TopValue<unknown>[] {
    return this.#sketches[slot]?.top(this.#k) ?? [];
  }

  clear(slot: number): void {
    if (slot < this.#sketches.length) this.#sketches[slot] = undefined;
  }

  #sketch(slot: number): SpaceSaving {
    if (slot >= this.#sketches.length) reserve(this.#sketches, slot, undefined);
    this.#sketches[slot] ??= new SpaceSaving(this.#capacity, this.#call);
    return this.#sketches[slot];
  }
}
