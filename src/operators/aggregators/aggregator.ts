/**
 * What `aggregate({ … })` is made of. An `Aggregator` is an immutable description; for each subtask it creates one
 * `AggregatorState`, which holds the accumulators of all keys in arrays indexed by slot.
 *
 * @hotpath (the methods of AggregatorState)
 */

import type { StringColumn } from '../../batch/string-column.ts';
import type { UserFunction } from '../../graph/logical.ts';

declare const aggregates: unique symbol;

/** What an aggregator sees of a record. */
export type AggregatorInput =
  /** Nothing: it only counts. `add` gets undefined. */
  | { readonly kind: 'none' }
  /** The record itself, with these fields; with all where there are none named. */
  | { readonly kind: 'record'; readonly fields?: readonly string[] | undefined }
  /** The value of a field or tuple element. */
  | { readonly kind: 'field'; readonly name: string }
  /** What a function makes of the record. */
  | { readonly kind: 'function'; readonly fn: UserFunction };

/** Aggregates records that have at least the shape `In` to a value `Out`. */
export interface Aggregator<in In, out Out> {
  /** The name of the function that made it: `sum`, `count`, …. */
  readonly kind: string;
  readonly input: AggregatorInput;
  /** Tells the records that it takes; absent where it takes all. */
  readonly where?: UserFunction;
  /** Options that make it another aggregator, as plain data. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The partial result of one number alone, where it is always the same: 1, or the number itself. */
  readonly partialOfNumber?: 'one' | 'itself';
  /** The same of one string, or null, alone. */
  readonly partialOfString?: 'itself';
  /** Whether the partial result of one value is of another type than those of several: one column for both is slower than for either. */
  readonly partialsDiffer?: true;
  createState(): AggregatorState;
  readonly [aggregates]?: (record: In) => Out;
}

/** Numbers of the rows of a batch, and the slots that they belong to. */
export interface NumberColumn {
  /** By row. All are below `slotCount`. */
  readonly slots: Int32Array;
  readonly slotCount: number;
  readonly rows: number;
  /** By row. */
  readonly values: Float64Array | Int32Array;
}

/** What the code for a row knows: `state`, `slot`, `value`, which is a number, and the arrays of the state by their names; each an expression. */
export type RowNames = Readonly<Record<string, string>>;

/** Arrays of a state, by slot. */
export type SlotArrays = Readonly<Record<string, Float64Array | Uint8Array>>;

/**
 * The accumulators of one aggregator in one subtask. Slots are dense and start empty; a method that is given a slot that has
 * no room yet makes room. A partial result is a plain value (it may cross threads) that `merge` adds to another accumulator:
 * adding records one by one, or splitting them, aggregating the parts and merging these in order, gives the same result.
 * Partial results and results belong to the caller: nothing that comes later changes them.
 */
export interface AggregatorState {
  add(slot: number, value: unknown): void;
  /**
   * Statements that do the same as `add` for a number of a column. They stand in one loop with those of other aggregators: a loop for each takes
   * twice the time. Optional.
   */
  addCode?(names: RowNames): string;
  /** The arrays that such statements name, with room for so many slots. They hold for the rows of one batch. */
  arrays?(slotCount: number): SlotArrays;
  /** The same as `add` for every row of a column, for aggregators that go over it more than once. Optional. */
  addColumn?(column: NumberColumn): void;
  /**
   * Numbers that stand for the strings of a column, by row, for `addNumbered`: all of them are looked up in a loop of its own. Valid until
   * the next call. Optional, both or none; what is added is merged as well where the partial result of a string is the string.
   */
  numbersOf?(strings: StringColumn, rows: number): Int32Array;
  addNumbered?(slot: number, number: number): void;
  merge(slot: number, partial: unknown): void;
  /** As `addCode` and `addColumn`, the same as `merge`, where partial results are numbers. Optional. */
  mergeCode?(names: RowNames): string;
  mergeColumn?(column: NumberColumn): void;
  /** Merges what each slot of `from` holds into the slot at the same place of `to`, in order. Optional. */
  mergeSlots?(from: Int32Array, to: Int32Array, count: number): void;
  partial(slot: number): unknown;
  result(slot: number): unknown;
  /** Makes the slot empty, as if it had never been used. What was handed out of it stays as it is. */
  clear(slot: number): void;
}
