/**
 * `quantile`: medians, percentiles and the like. The state keeps a sketch for each slot; its content is the partial result, or a number
 * that is alone. A state belongs to one subtask.
 *
 * @hotpath
 */

import { anything, optional } from '../../base/options.ts';
import type { Aggregator, AggregatorState, NumberColumn } from './aggregator.ts';
import { LogarithmicBuckets } from './dd-sketch.ts';
import {
  aggregatorOf,
  type FieldName,
  type Holding,
  type Nullable,
  type NullOf,
  numberOption,
  optionsOf,
  withParameter,
  wrongInput,
} from './input.ts';
import { Sketches, type SketchesContent } from './sketches.ts';

export interface QuantileOptions {
  /** The relative error that a result may have, from 0.0001 to 0.5. Default 0.01: 100 may be told as 99 to 101. */
  readonly accuracy?: number;
}

/** One number for one quantile, an array for several. */
export type QuantileOf<Q, V> = (Q extends readonly number[] ? number[] : number) | NullOf<V>;

/** Finer ones would take more than a megabyte for a key. */
const accuracyMin = 0.0001;
const accuracyMax = 0.5;

/**
 * Quantiles of a field, a tuple element, what a function makes of the records, or the records themselves. `q` is a number
 * from 0 (the smallest value) over 0.5 (the median) to 1 (the greatest), or an array of them, for an array of results. Null
 * and undefined are skipped; null of nothing.
 *
 * The quantile is the value at index ⌊q · (n − 1)⌋ of the n values in order, told with a relative error of at most
 * `accuracy`. A DDSketch (see `dd-sketch.ts`): zero, the infinities and NaN (the greatest) are told exactly, and values more
 * than 10¹⁸ times smaller in magnitude than the largest of their sign lose the accuracy. A key takes 64 bytes for up to seven
 * values, and for more of them eight bytes for each 2 · `accuracy` of growth from the smallest to the largest magnitude: 3 KB for 1
 * to 1,000 by default.
 *
 * @throws TypeError while the job runs, for a value that is not a number
 * @example
 * logs.keyBy('url').aggregate({ median: quantile('bytes', 0.5, { accuracy: 0.001 }) });
 * // → { key: '/a', median: ≈ 200 }
 */
export function quantile<T extends Nullable<number> = number, const Q extends number | readonly number[] = number | readonly number[]>(
  q: Q,
  options?: QuantileOptions,
): Aggregator<T, QuantileOf<Q, T>>;
export function quantile<
  const F extends FieldName,
  const Q extends number | readonly number[],
  T extends Holding<F, number> = Holding<F, number>,
>(field: F, q: Q, options?: QuantileOptions): Aggregator<T, QuantileOf<Q, T[F]>>;
export function quantile<T, V extends Nullable<number>, const Q extends number | readonly number[]>(
  fn: (record: T) => V,
  q: Q,
  options?: QuantileOptions,
): Aggregator<T, QuantileOf<Q, V>>;
export function quantile(...args: readonly unknown[]): Aggregator<never, unknown> {
  const [argument, given, options] = withParameter(args);
  const q = Array.isArray(given) ? given.map(checkQuantile) : checkQuantile(given);
  const { accuracy: wanted = 0.01 } = optionsOf<QuantileOptions>('quantile', options, { accuracy: optional(anything) });
  const accuracy = numberOption('quantile: accuracy', wanted, {
    min: accuracyMin,
    max: accuracyMax,
  });
  return aggregatorOf({
    kind: 'quantile',
    argument,
    details: { q, accuracy },
    partialOfNumber: 'itself',
    partialsDiffer: true,
    createState: (call) => new QuantileState(call, q, new LogarithmicBuckets(accuracy)),
  });
}

function checkQuantile(q: unknown): number {
  return numberOption('quantile: q', q, { min: 0, max: 1 });
}

class QuantileState implements AggregatorState {
  readonly #call: string;
  readonly #q: number | readonly number[];
  readonly #sketches: Sketches;

  constructor(call: string, q: number | readonly number[], buckets: LogarithmicBuckets) {
    this.#call = call;
    this.#q = q;
    this.#sketches = new Sketches(buckets);
  }

  add(slot: number, value: unknown): void {
    if (typeof value === 'number') this.#sketches.add(slot, value);
    else if (value !== null && value !== undefined) throw wrongInput(this.#call, 'numbers', value);
  }

  addColumn({ slots, slotCount, rows, values }: NumberColumn): void {
    this.#sketches.addAll(slots, slotCount, values, rows);
  }

  merge(slot: number, partial: unknown): void {
    if (typeof partial === 'number') this.#sketches.add(slot, partial);
    else if (partial !== null) this.#sketches.merge(slot, partial as SketchesContent);
  }

  mergeColumn(column: NumberColumn): void {
    this.addColumn(column);
  }

  partial(slot: number): SketchesContent | null {
    return this.#sketches.content(slot) ?? null;
  }

  result(slot: number): number | number[] | null {
    const sketches = this.#sketches;
    if (sketches.isEmpty(slot)) return null;
    return typeof this.#q === 'number' ? sketches.quantile(slot, this.#q) : this.#q.map((q) => sketches.quantile(slot, q));
  }

  clear(slot: number): void {
    this.#sketches.clear(slot);
  }
}
