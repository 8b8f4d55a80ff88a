/**
 * `avg`: the arithmetic mean. The state keeps sum and count of each slot; they are the partial result. A state belongs to
 * one subtask.
 *
 * @hotpath
 */

import type { Aggregator, AggregatorState, RowNames, SlotArrays } from './aggregator.ts';
import { aggregatorOf, type FieldName, type Holding, type Nullable, type NullOf, wrongInput } from './input.ts';
import { grown, initialSlots, roomFor, roomForAll } from './slots.ts';

/**
 * The arithmetic mean of a field, a tuple element, what a function makes of the record, or the record itself. Null and
 * undefined are skipped and do not count; the mean of nothing is null.
 *
 * It is sum divided by count: exact to the last rounding for whole numbers whose sum stays below 2⁵³.
 *
 * @throws TypeError while the job runs, for a value that is not a number (convert bigints with a function)
 * @example
 * logs.keyBy('url').aggregate({ mean: avg('bytes') });
 * // → { key: '/a', mean: 250 }
 */
export function avg<T extends Nullable<number> = number>(): Aggregator<T, number | NullOf<T>>;
export function avg<const F extends FieldName, T extends Holding<F, number> = Holding<F, number>>(
  field: F,
): Aggregator<T, number | NullOf<T[F]>>;
export function avg<T, V extends Nullable<number>>(fn: (record: T) => V): Aggregator<T, number | NullOf<V>>;
export function avg(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({ kind: 'avg', argument, createState: (call) => new AverageState(call) });
}

interface AveragePartial {
  readonly sum: number;
  readonly count: number;
}

class AverageState implements AggregatorState {
  readonly #call: string;
  #sums = new Float64Array(initialSlots);
  #counts = new Float64Array(initialSlots);

  constructor(call: string) {
    this.#call = call;
  }

  add(slot: number, value: unknown): void {
    if (typeof value === 'number') {
      if (slot >= this.#sums.length) this.#grow(slot);
      this.#sums[slot] += value;
      this.#counts[slot]++;
    } else if (value !== null && value !== undefined) throw wrongInput(this.#call, 'numbers', value);
  }

  arrays(slotCount: number): SlotArrays {
    this.#sums = roomFor(this.#sums, slotCount);
    this.#counts = roomFor(this.#counts, slotCount);
    return { sums: this.#sums, counts: this.#counts };
  }

  addCode({ sums, counts, slot, value }: RowNames): string {
    return `${sums}[${slot}] += ${value}; ${counts}[${slot}]++;`;
  }

  merge(slot: number, partial: unknown): void {
    const { sum, count } = partial as AveragePartial;
    if (slot >= this.#sums.length) this.#grow(slot);
    this.#sums[slot] += sum;
    this.#counts[slot] += count;
  }

  mergeSlots(from: Int32Array, to: Int32Array, count: number): void {
    this.#sums = roomForAll(this.#sums, to, count);
    this.#counts = roomForAll(this.#counts, to, count);
    const sums = this.#sums;
    const counts = this.#counts;
    for (let i = 0; i < count; i++) {
      if (from[i] >= sums.length) continue;
      sums[to[i]] += sums[from[i]];
      counts[to[i]] += counts[from[i]];
    }
  }

  partial(slot: number): AveragePartial {
    if (slot >= this.#sums.length) return { sum: 0, count: 0 };
    return { sum: this.#sums[slot], count: this.#counts[slot] };
  }

  result(slot: number): number | null {
    const { sum, count } = this.partial(slot);
    return count === 0 ? null : sum / count;
  }

  clear(slot: number): void {
    if (slot >= this.#sums.length) return;
    this.#sums[slot] = 0;
    this.#counts[slot] = 0;
  }

  #grow(slot: number): void {
    this.#sums = grown(this.#sums, slot);
    this.#counts = grown(this.#counts, slot);
  }
}
