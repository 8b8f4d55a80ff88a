/**
 * `min` and `max`: the smallest and the greatest value; `minBy` and `maxBy`: the record that has it. Numbers lie in a
 * float64 for each slot, other values and records in plain arrays. A partial result is the value, null of nothing; or an
 * array of the record, empty of nothing. A state belongs to one subtask.
 *
 * @hotpath
 */

import { compareValues } from '../order.ts';
import type { Aggregator, AggregatorState, RowNames, SlotArrays } from './aggregator.ts';
import {
  aggregatorOf,
  callText,
  type FieldName,
  type Holding,
  inputDetail,
  inputOf,
  mixedInput,
  type Nullable,
  type NullOf,
  type Present,
  readerOf,
  wrongInput,
} from './input.ts';
import { grown, initialSlots, reserve } from './slots.ts';

/** Values that have an order among their like. */
export type Ordered = number | string | bigint | boolean | Date;

/**
 * The smallest value of a field, a tuple element, what a function makes of the record, or the record itself. Null and
 * undefined are skipped; the smallest of nothing is null. Of equal values the first stays.
 *
 * Numbers and bigints compare by value, with −0 equal to 0 and NaN greater than all others (as in Flink and Java); strings
 * by UTF-16 units, dates by time with invalid ones last, false before true.
 *
 * @throws TypeError while the job runs, for values without an order and for values of different types
 * @example
 * logs.keyBy('url').aggregate({ least: min('bytes') });
 * // → { key: '/a', least: 100 }
 */
export function min<T extends Nullable<Ordered> = Ordered>(): Aggregator<T, Present<T>>;
export function min<const F extends FieldName, T extends Holding<F, Ordered> = Holding<F, Ordered>>(field: F): Aggregator<T, Present<T[F]>>;
export function min<T, V extends Nullable<Ordered>>(fn: (record: T) => V): Aggregator<T, Present<V>>;
export function min(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({ kind: 'min', argument, partialOfNumber: 'itself', createState: (call) => new ExtremeState(call, false) });
}

/**
 * The greatest value of a field, a tuple element, what a function makes of the record, or the record itself. Null and
 * undefined are skipped; the greatest of nothing is null. Of equal values the first stays. The order is that of `min`.
 *
 * @throws TypeError while the job runs, for values without an order and for values of different types
 * @example
 * logs.keyBy('url').aggregate({ most: max('bytes') });
 * // → { key: '/a', most: 400 }
 */
export function max<T extends Nullable<Ordered> = Ordered>(): Aggregator<T, Present<T>>;
export function max<const F extends FieldName, T extends Holding<F, Ordered> = Holding<F, Ordered>>(field: F): Aggregator<T, Present<T[F]>>;
export function max<T, V extends Nullable<Ordered>>(fn: (record: T) => V): Aggregator<T, Present<V>>;
export function max(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({ kind: 'max', argument, partialOfNumber: 'itself', createState: (call) => new ExtremeState(call, true) });
}

/**
 * The whole record whose field, tuple element, or result of a function is the smallest; the first of equal ones. Records
 * in which it is null or undefined are skipped; null of nothing. The order is that of `min`.
 *
 * @throws TypeError while the job runs, for values without an order and for values of different types
 * @example
 * logs.keyBy('url').aggregate({ smallest: minBy('bytes') });
 * // → { key: '/a', smallest: { url: '/a', bytes: 100, ip: '10.0.0.1' } }
 */
export function minBy<T extends Nullable<Ordered> = Ordered>(): Aggregator<T, Present<T>>;
export function minBy<const F extends FieldName, T extends Holding<F, Ordered> = Holding<F, Ordered>>(
  field: F,
): Aggregator<T, T | NullOf<T[F]>>;
export function minBy<T, V extends Nullable<Ordered>>(fn: (record: T) => V): Aggregator<T, T | NullOf<V>>;
export function minBy(argument?: unknown): Aggregator<never, unknown> {
  return extremeBy('minBy', argument, false);
}

/**
 * The whole record whose field, tuple element, or result of a function is the greatest; the first of equal ones. Records
 * in which it is null or undefined are skipped; null of nothing. The order is that of `min`.
 *
 * @throws TypeError while the job runs, for values without an order and for values of different types
 * @example
 * logs.keyBy('url').aggregate({ largest: maxBy((log) => log.bytes) });
 * // → { key: '/a', largest: { url: '/a', bytes: 400, ip: '10.0.0.2' } }
 */
export function maxBy<T extends Nullable<Ordered> = Ordered>(): Aggregator<T, Present<T>>;
export function maxBy<const F extends FieldName, T extends Holding<F, Ordered> = Holding<F, Ordered>>(
  field: F,
): Aggregator<T, T | NullOf<T[F]>>;
export function maxBy<T, V extends Nullable<Ordered>>(fn: (record: T) => V): Aggregator<T, T | NullOf<V>>;
export function maxBy(argument?: unknown): Aggregator<never, unknown> {
  return extremeBy('maxBy', argument, true);
}

/** What it compares is read by the state, since the engine hands over one value, which is the record. */
function extremeBy(kind: string, argument: unknown, greatest: boolean): Aggregator<never, unknown> {
  const by = inputOf(kind, argument);
  const call = callText(kind, by);
  return {
    kind,
    input: { kind: 'record' },
    details: { by: inputDetail(by) },
    createState: () => new ExtremeByState(readerOf(by), new ExtremeState(call, greatest)),
  };
}

/** What kind of values a slot has seen; its index is what the state keeps. */
const kinds = ['nothing', 'numbers', 'strings', 'bigints', 'booleans', 'dates'];
const nothing = 0;
const numbers = 1;

class ExtremeState implements AggregatorState {
  readonly #call: string;
  readonly #greatest: boolean;
  #kinds = new Uint8Array(initialSlots);
  /** By slot: the extreme where it is a number, otherwise NaN, so that one comparison finds all that needs a closer look. */
  #numbers = new Float64Array(initialSlots).fill(Number.NaN);
  readonly #others: unknown[] = [];

  constructor(call: string, greatest: boolean) {
    this.#call = call;
    this.#greatest = greatest;
  }

  add(slot: number, value: unknown): void {
    this.offer(slot, value);
  }

  arrays(slotCount: number): SlotArrays {
    if (slotCount > this.#kinds.length) this.#grow(slotCount - 1);
    return { extremes: this.#numbers };
  }

  addCode({ state, extremes, slot, value }: RowNames): string {
    // Whatever the value is, if it is neither beyond the extreme nor is one of the two no number, nothing changes.
    return `if (!(${value} ${this.#greatest ? '<=' : '>='} ${extremes}[${slot}])) ${state}.offer(${slot}, ${value});`;
  }

  mergeCode(names: RowNames): string {
    return this.addCode(names);
  }

  mergeSlots(from: Int32Array, to: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const slot = from[i];
      if (this.isEmpty(slot)) continue;
      if (this.#kinds[slot] === numbers) this.#offerNumber(to[i], this.#numbers[slot]);
      else this.#offerOther(to[i], this.#others[slot]);
    }
  }

  /** Adds the value and tells whether it is the extreme now. */
  offer(slot: number, value: unknown): boolean {
    if (typeof value === 'number') return this.#offerNumber(slot, value);
    return value !== null && value !== undefined && this.#offerOther(slot, value);
  }

  merge(slot: number, partial: unknown): void {
    this.offer(slot, partial);
  }

  partial(slot: number): unknown {
    return this.result(slot);
  }

  result(slot: number): unknown {
    if (this.isEmpty(slot)) return null;
    return this.#kinds[slot] === numbers ? this.#numbers[slot] : this.#others[slot];
  }

  clear(slot: number): void {
    if (slot < this.#kinds.length) {
      this.#kinds[slot] = nothing;
      this.#numbers[slot] = Number.NaN;
    }
    if (slot < this.#others.length) this.#others[slot] = undefined;
  }

  isEmpty(slot: number): boolean {
    return slot >= this.#kinds.length || this.#kinds[slot] === nothing;
  }

  #offerNumber(slot: number, value: number): boolean {
    if (slot >= this.#kinds.length) this.#grow(slot);
    if (this.#kinds[slot] !== numbers) this.#begin(slot, numbers, value);
    else if (!this.#isBeyond(value, this.#numbers[slot])) return false;
    this.#numbers[slot] = value;
    return true;
  }

  #isBeyond(value: number, extreme: number): boolean {
    return this.#greatest ? isGreater(value, extreme) : isGreater(extreme, value);
  }

  #offerOther(slot: number, value: unknown): boolean {
    const kind = kindOf(value);
    if (kind === nothing) throw wrongInput(this.#call, 'numbers, strings, bigints, booleans or dates', value);
    if (slot >= this.#kinds.length) this.#grow(slot);
    reserve(this.#others, slot, undefined);
    if (this.#kinds[slot] !== kind) this.#begin(slot, kind, value);
    else {
      const order = compareValues(value, this.#others[slot]);
      if (this.#greatest ? order <= 0 : order >= 0) return false;
    }
    this.#others[slot] = value;
    return true;
  }

  #begin(slot: number, kind: number, value: unknown): void {
    if (this.#kinds[slot] !== nothing) throw mixedInput(this.#call, value, kinds[this.#kinds[slot]]);
    this.#kinds[slot] = kind;
  }

  #grow(slot: number): void {
    const { length } = this.#kinds;
    this.#kinds = grown(this.#kinds, slot);
    this.#numbers = grown(this.#numbers, slot).fill(Number.NaN, length);
  }
}

/** NaN is greater than every number, and not greater than itself. */
function isGreater(value: number, other: number): boolean {
  // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is faster than a call.
  return value > other || (value !== value && other === other);
}

function kindOf(value: unknown): number {
  if (typeof value === 'string') return 2;
  if (typeof value === 'bigint') return 3;
  if (typeof value === 'boolean') return 4;
  return value instanceof Date ? 5 : nothing;
}

class ExtremeByState implements AggregatorState {
  readonly #by: (record: unknown) => unknown;
  readonly #extremes: ExtremeState;
  /** By slot: the record that has the extreme. */
  readonly #records: unknown[] = [];

  constructor(by: (record: unknown) => unknown, extremes: ExtremeState) {
    this.#by = by;
    this.#extremes = extremes;
  }

  add(slot: number, record: unknown): void {
    if (!this.#extremes.offer(slot, this.#by(record))) return;
    reserve(this.#records, slot, null);
    this.#records[slot] = record;
  }

  merge(slot: number, partial: unknown): void {
    for (const record of partial as unknown[]) this.add(slot, record);
  }

  partial(slot: number): unknown[] {
    return this.#extremes.isEmpty(slot) ? [] : [this.#records[slot]];
  }

  result(slot: number): unknown {
    return this.#records[slot] ?? null;
  }

  clear(slot: number): void {
    this.#extremes.clear(slot);
    if (slot < this.#records.length) this.#records[slot] = null;
  }
}
