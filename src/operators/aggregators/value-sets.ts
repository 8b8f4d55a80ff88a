/**
 * The sets of values of all slots of one state. Each different value has a number, whatever slots it is in, and sets are sets of numbers:
 * a few lie in one array for all slots, more in a table of the slot's own. Values that no set has any more are forgotten once they are
 * as many as the others: most come again soon.
 *
 * Invariant: two values have the same number exactly if they are the same key to the engine. One subtask owns the sets.
 *
 * @hotpath
 */

import { hashBytes, hashNumber, hashString } from '../../base/hash.ts';
import { ByteSink } from '../../batch/byte-sink.ts';
import type { StringColumn } from '../../batch/string-column.ts';
import { KeyIndex } from '../../state/key-index.ts';
import { encodeContent } from './content-key.ts';
import { NumberSet } from './number-set.ts';
import { grown, initialSlots } from './slots.ts';

/** Numbers that lie in the array: half a cache line. */
const fewMax = 8;
/** Values that no set has, which are kept in any case. */
const keptMin = 4096;

const noNumbers = new Int32Array(0);

export class ValueSets {
  readonly #call: string;
  readonly #values = new KeyIndex();
  /** By number of the value: sets that have it. */
  #uses = new Int32Array(initialSlots);
  /** Values that a set has. */
  #used = 0;
  /** By slot: how many values there are. */
  #sizes = new Int32Array(initialSlots);
  /** `fewMax` for each slot; of no meaning where there are more. */
  #few = new Int32Array(initialSlots * fewMax);
  readonly #many = new Map<number, NumberSet>();
  readonly #sink = new ByteSink();
  #hashes = noNumbers;
  #numbers = noNumbers;

  /** @param call names the aggregator in errors */
  constructor(call: string) {
    this.#call = call;
  }

  size(slot: number): number {
    return slot < this.#sizes.length ? this.#sizes[slot] : 0;
  }

  /**
   * The number of a value that is neither null nor undefined.
   *
   * @throws TypeError for what cannot be a key: maps, sets, functions
   */
  numberOf(value: unknown): number {
    if (typeof value === 'string') return this.#values.ofString(hashString(value), value);
    if (typeof value === 'number') return this.#values.ofNumber(hashNumber(value), value);
    const sink = this.#sink;
    encodeContent(sink, value, this.#call);
    return this.numberOfBytes(sink.bytes, sink.length);
  }

  /** The number of a value that is neither a string nor a number, by its canonical bytes. */
  numberOfBytes(bytes: Uint8Array, length: number): number {
    return this.#values.ofCanonical(hashBytes(bytes, 0, length), bytes, 0, length);
  }

  /** The numbers of the strings of a column, −1 for null. Valid until the next call. */
  numbersOf(strings: StringColumn, rows: number): Int32Array {
    if (this.#numbers.length < rows) {
      this.#numbers = new Int32Array(rows);
      this.#hashes = new Int32Array(rows);
    }
    strings.hashAll(rows, this.#hashes, 0);
    this.#values.ofStrings({ hashes: this.#hashes, keys: strings, rows, slots: this.#numbers });
    for (let row = 0; row < rows; row++) if (strings.isNull(row)) this.#numbers[row] = -1;
    return this.#numbers;
  }

  add(slot: number, number: number): void {
    if (slot >= this.#sizes.length) this.#reserve(slot);
    const size = this.#sizes[slot];
    if (size > fewMax) {
      if (!(this.#many.get(slot) as NumberSet).add(number)) return;
    } else {
      const few = this.#few;
      const from = slot * fewMax;
      for (let i = from; i < from + size; i++) if (few[i] === number) return;
      if (size < fewMax) few[from + size] = number;
      else this.#spread(slot, number);
    }
    this.#sizes[slot] = size + 1;
    this.#use(number);
  }

  /** Adds what a slot has to another one. */
  addAll(from: number, to: number): void {
    for (const number of this.#numbersIn(from)) this.add(to, number);
  }

  /** The values of a slot. */
  valuesIn(slot: number): unknown[] {
    return Array.from(this.#numbersIn(slot), (number) => this.#values.key(number));
  }

  clear(slot: number): void {
    const size = this.size(slot);
    if (size === 0) return;
    const uses = this.#uses;
    if (size > fewMax) {
      for (const number of this.#numbersIn(slot)) if (--uses[number] === 0) this.#used--;
      this.#many.delete(slot);
    } else {
      const few = this.#few;
      const from = slot * fewMax;
      for (let i = from; i < from + size; i++) if (--uses[few[i]] === 0) this.#used--;
    }
    this.#sizes[slot] = 0;
    const { keyCount, size: numbers } = this.#values;
    if (keyCount - this.#used > Math.max(keptMin, this.#used, numbers >> 2)) this.#forgetUnused();
  }

  #numbersIn(slot: number): Int32Array {
    const size = this.size(slot);
    if (size > fewMax) return (this.#many.get(slot) as NumberSet).numbers();
    return this.#few.slice(slot * fewMax, slot * fewMax + size);
  }

  #use(number: number): void {
    if (number >= this.#uses.length) this.#uses = grown(this.#uses, number);
    if (this.#uses[number]++ === 0) this.#used++;
  }

  /** Gives a slot a table of its own. */
  #spread(slot: number, number: number): void {
    const set = new NumberSet();
    for (let i = slot * fewMax; i < (slot + 1) * fewMax; i++) set.add(this.#few[i]);
    set.add(number);
    this.#many.set(slot, set);
  }

  #forgetUnused(): void {
    const values = this.#values;
    const uses = this.#uses;
    for (let number = 0; number < values.size; number++) {
      const isUsed = number < uses.length && uses[number] > 0;
      if (!isUsed && values.has(number)) values.remove(number);
    }
  }

  #reserve(slot: number): void {
    this.#sizes = grown(this.#sizes, slot);
    this.#few = grown(this.#few, this.#sizes.length * fewMax - 1);
  }
}
