/**
 * `countDistinct` and `approxCountDistinct`: how many different values there are. The first keeps a set for each slot, the
 * second a sketch. Partial results are an array of the stand-ins of the values, or a string or number that is alone, as it is; and the
 * sketch's content. A state belongs to one subtask.
 *
 * @hotpath
 */

import { anything, optional } from '../../base/options.ts';
import type { StringColumn } from '../../batch/string-column.ts';
import type { Aggregator, AggregatorState } from './aggregator.ts';
import { bytesOfContentKey, type ContentKey, contentKey, valueOfContentKey } from './content-key.ts';
import { HyperLogLog, type HyperLogLogContent, precisionMax, precisionMin } from './hyper-log-log.ts';
import { aggregatorOf, type FieldName, type Holding, numberOption, optionsOf, withOptions } from './input.ts';
import { reserve } from './slots.ts';
import { ValueHash } from './value-hash.ts';
import { ValueSets } from './value-sets.ts';

/**
 * How many different values a field, a tuple element, what a function makes of the records, or the records themselves have.
 * Values are compared as keys are: −0 is 0, NaN is NaN, `1`, `1n` and `'1'` differ, dates, arrays and objects are equal
 * by content. Null and undefined are skipped; 0 of nothing.
 *
 * Exact: it holds every different value in memory. See `approxCountDistinct` for many.
 *
 * @throws TypeError while the job runs, for maps and sets, which cannot be keys
 * @example
 * logs.keyBy('url').aggregate({ visitors: countDistinct('ip') });
 * // → { key: '/a', visitors: 2 }
 */
export function countDistinct<T = unknown>(): Aggregator<T, number>;
export function countDistinct<const F extends FieldName, T extends Holding<F, unknown> = Holding<F, unknown>>(
  field: F,
): Aggregator<T, number>;
export function countDistinct<T>(fn: (record: T) => unknown): Aggregator<T, number>;
export function countDistinct(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({
    kind: 'countDistinct',
    argument,
    partialOfNumber: 'itself',
    partialOfString: 'itself',
    partialsDiffer: true,
    createState: (call) => new DistinctState(call),
  });
}

export interface ApproxCountDistinctOptions {
  /** p: there are 2ᵖ registers, and the standard error is 1.04 / √2ᵖ, a little more below 7. A whole number from 4 to 18, by default 14. */
  readonly precision?: number;
}

/**
 * About how many different values a field, a tuple element, what a function makes of the records, or the records themselves
 * have, in little memory. Values are compared as in `countDistinct`. Null and undefined are skipped; 0 of nothing.
 *
 * A HyperLogLog++ sketch with Ertl's estimator (see `hyper-log-log.ts`). The standard error is 1.04 / √2ᵖ for precision p:
 * 0.8 % with the default of 14; two thirds of all results are within it, 95 % within twice as much. Up to 2ᵖ⁻³ values are
 * counted almost exactly. A key takes about eight bytes for each different value, and at most 2ᵖ (16 KiB by default).
 *
 * @throws TypeError while the job runs, for maps and sets, which cannot be keys
 * @example
 * logs.keyBy('url').aggregate({ visitors: approxCountDistinct('ip', { precision: 12 }) });
 * // → { key: '/a', visitors: 2 }
 */
export function approxCountDistinct<T = unknown>(options?: ApproxCountDistinctOptions): Aggregator<T, number>;
export function approxCountDistinct<const F extends FieldName, T extends Holding<F, unknown> = Holding<F, unknown>>(
  field: F,
  options?: ApproxCountDistinctOptions,
): Aggregator<T, number>;
export function approxCountDistinct<T>(fn: (record: T) => unknown, options?: ApproxCountDistinctOptions): Aggregator<T, number>;
export function approxCountDistinct(...args: readonly unknown[]): Aggregator<never, unknown> {
  const [argument, options] = withOptions(args);
  const rules = { precision: optional(anything) };
  const { precision: given = 14 } = optionsOf<ApproxCountDistinctOptions>('approxCountDistinct', options, rules);
  const precision = numberOption('approxCountDistinct: precision', given, {
    min: precisionMin,
    max: precisionMax,
    whole: true,
  });
  return aggregatorOf({
    kind: 'approxCountDistinct',
    argument,
    details: { precision },
    createState: (call) => new ApproxDistinctState(call, precision),
  });
}

class DistinctState implements AggregatorState {
  readonly #call: string;
  readonly #sets: ValueSets;

  constructor(call: string) {
    this.#call = call;
    this.#sets = new ValueSets(call);
  }

  add(slot: number, value: unknown): void {
    if (value !== null && value !== undefined) this.#sets.add(slot, this.#sets.numberOf(value));
  }

  numbersOf(strings: StringColumn, rows: number): Int32Array {
    return this.#sets.numbersOf(strings, rows);
  }

  addNumbered(slot: number, number: number): void {
    if (number >= 0) this.#sets.add(slot, number);
  }

  merge(slot: number, partial: unknown): void {
    if (Array.isArray(partial)) for (const key of partial as ContentKey[]) this.#mergeKey(slot, key);
    else this.add(slot, partial);
  }

  mergeSlots(from: Int32Array, to: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#sets.addAll(from[i], to[i]);
  }

  partial(slot: number): ContentKey[] {
    return this.#sets.valuesIn(slot).map((value) => contentKey(value, this.#call));
  }

  result(slot: number): number {
    return this.#sets.size(slot);
  }

  clear(slot: number): void {
    this.#sets.clear(slot);
  }

  #mergeKey(slot: number, key: ContentKey): void {
    const bytes = bytesOfContentKey(key);
    const sets = this.#sets;
    sets.add(slot, bytes === undefined ? sets.numberOf(valueOfContentKey(key)) : sets.numberOfBytes(bytes, bytes.length));
  }
}

class ApproxDistinctState implements AggregatorState {
  readonly #precision: number;
  readonly #hash: ValueHash;
  readonly #sketches: (HyperLogLog | undefined)[] = [];

  constructor(call: string, precision: number) {
    this.#hash = new ValueHash(call);
    this.#precision = precision;
  }

  add(slot: number, value: unknown): void {
    if (value === null || value === undefined) return;
    this.#hash.update(value);
    this.#sketch(slot).add(this.#hash.high, this.#hash.low);
  }

  merge(slot: number, partial: unknown): void {
    this.#sketch(slot).merge(partial as HyperLogLogContent);
  }

  partial(slot: number): HyperLogLogContent {
    return this.#sketches[slot]?.content() ?? new Int32Array(0);
  }

  result(slot: number): number {
    return this.#sketches[slot]?.estimate() ?? 0;
  }

  clear(slot: number): void {
    if (slot < this.#sketches.length) this.#sketches[slot] = undefined;
  }

  #sketch(slot: number): HyperLogLog {
    if (slot >= this.#sketches.length) reserve(this.#sketches, slot, undefined);
    this.#sketches[slot] ??= new HyperLogLog(this.#precision);
    return this.#sketches[slot];
  }
}
