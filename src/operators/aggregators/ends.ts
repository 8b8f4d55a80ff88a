/**
 * `first` and `last`: the values of the records that came first and last. Values lie in a plain array by slot. A partial
 * result is an array of the value, empty of nothing, since null is a value here. A state belongs to one subtask.
 *
 * @hotpath
 */

import type { Aggregator, AggregatorState } from './aggregator.ts';
import { aggregatorOf, type FieldName, type Holding, type Present } from './input.ts';
import { reserve } from './slots.ts';

/**
 * The value that the first record has in a field or tuple element, what a function makes of that record, or the record
 * itself. A null counts as a value, unlike elsewhere: if the first record has none, the result is null. A missing field is
 * null too; null of nothing.
 *
 * First is the one that arrives first at the aggregation. Records that come over several channels, as behind every
 * `keyBy` with more than one producer, have no fixed order among the channels.
 *
 * @example
 * logs.keyBy('url').aggregate({ firstVisitor: first('ip') });
 * // → { key: '/a', firstVisitor: '10.0.0.1' }
 */
export function first<T = unknown>(): Aggregator<T, Present<T>>;
export function first<const F extends FieldName, T extends Holding<F, unknown> = Holding<F, unknown>>(
  field: F,
): Aggregator<T, Present<T[F]>>;
export function first<T, V>(fn: (record: T) => V): Aggregator<T, Present<V>>;
export function first(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({ kind: 'first', argument, createState: () => new EndState(false) });
}

/**
 * The value that the last record has in a field or tuple element, what a function makes of that record, or the record
 * itself. A null counts as a value, as for `first`, and what is said there of the order holds here; null of nothing.
 *
 * @example
 * logs.keyBy('url').aggregate({ lastVisitor: last('ip') });
 * // → { key: '/a', lastVisitor: '10.0.0.2' }
 */
export function last<T = unknown>(): Aggregator<T, Present<T>>;
export function last<const F extends FieldName, T extends Holding<F, unknown> = Holding<F, unknown>>(
  field: F,
): Aggregator<T, Present<T[F]>>;
export function last<T, V>(fn: (record: T) => V): Aggregator<T, Present<V>>;
export function last(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({ kind: 'last', argument, createState: () => new EndState(true) });
}

class EndState implements AggregatorState {
  readonly #isLast: boolean;
  /** By slot: undefined before the first record, since a value that is undefined is kept as null. */
  readonly #values: unknown[] = [];

  constructor(isLast: boolean) {
    this.#isLast = isLast;
  }

  add(slot: number, value: unknown): void {
    if (slot >= this.#values.length) reserve(this.#values, slot, undefined);
    if (this.#isLast || this.#values[slot] === undefined) this.#values[slot] = value ?? null;
  }

  merge(slot: number, partial: unknown): void {
    for (const value of partial as unknown[]) this.add(slot, value);
  }

  partial(slot: number): unknown[] {
    const value = this.#values[slot];
    return value === undefined ? [] : [value];
  }

  result(slot: number): unknown {
    return this.#values[slot] ?? null;
  }

  clear(slot: number): void {
    if (slot < this.#values.length) this.#values[slot] = undefined;
  }
}
