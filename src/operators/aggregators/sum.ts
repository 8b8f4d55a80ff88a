/**
 * `sum`: the total of numbers or of bigints. The state keeps a float64 for each slot, and what kind of values the slot has
 * seen; bigints lie beside. A partial result is the total so far, null of nothing. A state belongs to one subtask.
 *
 * @hotpath
 */

import type { Aggregator, AggregatorState, RowNames, SlotArrays } from './aggregator.ts';
import { aggregatorOf, type FieldName, type Holding, mixedInput, type Nullable, wrongInput } from './input.ts';
import { grown, initialSlots, reserve, roomFor, roomForAll } from './slots.ts';

/** What the sum of values of type `V` is. The sum of nothing is the number 0, also where only bigints were expected. */
export type SumOf<V> = V extends bigint ? bigint : V extends number ? number : 0;

/**
 * Adds up a field, a tuple element, what a function makes of the record, or the record itself. Null and undefined are
 * skipped; the sum of nothing is 0.
 *
 * Sums of whole numbers are exact up to 2⁵³ and sums of bigints always are. Sums of fractions are rounded at each step, so
 * their last digits depend on the order of the records and on how these were split.
 *
 * @throws TypeError while the job runs, for a value that is neither a number nor a bigint, and for both in one sum
 * @example
 * logs.keyBy('url').aggregate({ bytes: sum('bytes'), bits: sum((log) => log.bytes * 8) });
 * // → { key: '/a', bytes: 1000, bits: 8000 }
 */
export function sum<T extends Nullable<number | bigint> = number>(): Aggregator<T, SumOf<T>>;
export function sum<const F extends FieldName, T extends Holding<F, number | bigint> = Holding<F, number>>(
  field: F,
): Aggregator<T, SumOf<T[F]>>;
export function sum<T, V extends Nullable<number | bigint>>(fn: (record: T) => V): Aggregator<T, SumOf<V>>;
export function sum(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({ kind: 'sum', argument, partialOfNumber: 'itself', createState: (call) => new SumState(call) });
}

const numbers = 1;
const bigints = 2;

class SumState implements AggregatorState {
  readonly #call: string;
  /** By slot: 0 before the first value, then `numbers` or `bigints`. */
  #kinds = new Uint8Array(initialSlots);
  #totals = new Float64Array(initialSlots);
  readonly #bigTotals: bigint[] = [];

  constructor(call: string) {
    this.#call = call;
  }

  add(slot: number, value: unknown): void {
    if (typeof value === 'number') {
      if (slot >= this.#kinds.length) this.#grow(slot);
      if (this.#kinds[slot] !== numbers) this.#begin(slot, numbers, value);
      this.#totals[slot] += value;
    } else if (value !== null && value !== undefined) this.#addOther(slot, value);
  }

  arrays(slotCount: number): SlotArrays {
    this.#kinds = roomFor(this.#kinds, slotCount);
    this.#totals = roomFor(this.#totals, slotCount);
    return { kinds: this.#kinds, totals: this.#totals };
  }

  addCode({ state, kinds, totals, slot, value }: RowNames): string {
    return `if (${kinds}[${slot}] !== ${numbers}) ${state}.beginNumbers(${slot}, ${value}); ${totals}[${slot}] += ${value};`;
  }

  /** Says that a slot that has seen no numbers so far gets one. */
  beginNumbers(slot: number, value: number): void {
    this.#begin(slot, numbers, value);
  }

  merge(slot: number, partial: unknown): void {
    this.add(slot, partial);
  }

  mergeCode(names: RowNames): string {
    return this.addCode(names);
  }

  mergeSlots(from: Int32Array, to: Int32Array, count: number): void {
    this.#kinds = roomForAll(this.#kinds, to, count);
    this.#totals = roomForAll(this.#totals, to, count);
    const kinds = this.#kinds;
    const totals = this.#totals;
    for (let i = 0; i < count; i++) {
      const kind = from[i] < kinds.length ? kinds[from[i]] : 0;
      if (kind === 0) continue;
      if (kind === numbers && kinds[to[i]] !== bigints) {
        kinds[to[i]] = numbers;
        totals[to[i]] += totals[from[i]];
      } else this.merge(to[i], this.result(from[i]));
    }
  }

  partial(slot: number): number | bigint | null {
    return this.#kinds[slot] > 0 ? this.result(slot) : null;
  }

  result(slot: number): number | bigint {
    if (slot >= this.#kinds.length) return 0;
    return this.#kinds[slot] === bigints ? this.#bigTotals[slot] : this.#totals[slot];
  }

  clear(slot: number): void {
    if (slot >= this.#kinds.length) return;
    if (this.#kinds[slot] === bigints) this.#bigTotals[slot] = 0n;
    this.#kinds[slot] = 0;
    this.#totals[slot] = 0;
  }

  #addOther(slot: number, value: unknown): void {
    if (typeof value !== 'bigint') throw wrongInput(this.#call, 'numbers or bigints', value);
    if (slot >= this.#kinds.length) this.#grow(slot);
    if (this.#kinds[slot] !== bigints) this.#begin(slot, bigints, value);
    reserve(this.#bigTotals, slot, 0n);
    this.#bigTotals[slot] += value;
  }

  #begin(slot: number, kind: number, value: number | bigint): void {
    if (this.#kinds[slot] !== 0) throw mixedInput(this.#call, value, kind === numbers ? 'bigints' : 'numbers');
    this.#kinds[slot] = kind;
  }

  #grow(slot: number): void {
    this.#kinds = grown(this.#kinds, slot);
    this.#totals = grown(this.#totals, slot);
  }
}
