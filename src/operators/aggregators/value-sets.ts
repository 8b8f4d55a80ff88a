/**
 * The sets of values of all slots of one state. Each different value has a number, whatever slots it is in, and sets are sets of numbers,
 * see `number-sets.ts`. Values that no set has any more are forgotten once they are
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
import { NumberSets } from './number-sets.ts';
import { grown, initialSlots } from './slots.ts';

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
  readonly #sets = new NumberSets();
  readonly #sink = new ByteSink();
  #hashes = noNumbers;
  /** What was read of a slot last. */
  #found = noNumbers;
  #numbers = noNumbers;

  /** @param call names the aggregator in errors */
  constructor(call: string) {
    this.#call = call;
  }

  size(slot: number): number {
    return this.#sets.size(slot);
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
    if (!this.#sets.add(slot, number)) return;
    if (number >= this.#uses.length) this.#uses = grown(this.#uses, number);
    if (this.#uses[number]++ === 0) this.#used++;
  }

  /** Adds what a slot has to another one. */
  addAll(from: number, to: number): void {
    const count = this.#read(from);
    for (let i = 0; i < count; i++) this.add(to, this.#found[i]);
  }

  /** The values of a slot. */
  valuesIn(slot: number): unknown[] {
    const count = this.#read(slot);
    return Array.from(this.#found.subarray(0, count), (number) => this.#values.key(number));
  }

  clear(slot: number): void {
    if (this.size(slot) === 0) return;
    const uses = this.#uses;
    const count = this.#read(slot);
    for (let i = 0; i < count; i++) if (--uses[this.#found[i]] === 0) this.#used--;
    this.#sets.clear(slot);
    const { keyCount, size: numbers } = this.#values;
    if (keyCount - this.#used > Math.max(keptMin, this.#used, numbers >> 2)) this.#forgetUnused();
  }

  /** Finds the numbers that a slot has. @returns how many */
  #read(slot: number): number {
    if (this.#found.length < this.#sets.size(slot)) this.#found = new Int32Array(this.#sets.size(slot) * 2);
    return this.#sets.read(slot, this.#found);
  }

  #forgetUnused(): void {
    const values = this.#values;
    const uses = this.#uses;
    for (let number = 0; number < values.size; number++) {
      const isUsed = number < uses.length && uses[number] > 0;
      if (!isUsed && values.has(number)) values.remove(number);
    }
  }
}
