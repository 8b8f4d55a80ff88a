/**
 * `collect`: all values, in order. The state keeps one array for each slot; a partial result is a copy of it. A state
 * belongs to one subtask.
 *
 * @hotpath
 */

import type { Aggregator, AggregatorState } from './aggregator.ts';
import { aggregatorOf, type FieldName, type Holding, type Present } from './input.ts';
import { reserve } from './slots.ts';

/**
 * An array of the values of a field, a tuple element, what a function makes of the records, or the records themselves, in
 * the order in which they arrive. Null counts as a value, and a missing field as null; an empty array of nothing.
 *
 * It holds all values of a key in memory, and each result is a new array: meant for windows of some hundreds of records.
 * Where a rolling aggregation emits a result for every record, the cost grows with the square of their number.
 *
 * @example
 * logs.keyBy('url').aggregate({ sizes: collect('bytes') });
 * // → { key: '/a', sizes: [100, 300, 200, 400] }
 */
export function collect<T = unknown>(): Aggregator<T, Present<T>[]>;
export function collect<const F extends FieldName, T extends Holding<F, unknown> = Holding<F, unknown>>(
  field: F,
): Aggregator<T, Present<T[F]>[]>;
export function collect<T, V>(fn: (record: T) => V): Aggregator<T, Present<V>[]>;
export function collect(argument?: unknown): Aggregator<never, unknown> {
  return aggregatorOf({ kind: 'collect', argument, createState: () => new CollectState() });
}

class CollectState implements AggregatorState {
  readonly #lists: (unknown[] | undefined)[] = [];

  add(slot: number, value: unknown): void {
    if (slot >= this.#lists.length) reserve(this.#lists, slot, undefined);
    const list = this.#lists[slot];
    if (list === undefined) this.#lists[slot] = [value ?? null];
    else list.push(value ?? null);
  }

  merge(slot: number, partial: unknown): void {
    for (const value of partial as unknown[]) this.add(slot, value);
  }

  partial(slot: number): unknown[] {
    return this.result(slot);
  }

  /** A copy: what was emitted must not grow afterwards. */
  result(slot: number): unknown[] {
    return this.#lists[slot]?.slice() ?? [];
  }

  clear(slot: number): void {
    if (slot < this.#lists.length) this.#lists[slot] = undefined;
  }
}
