/**
 * The sets of values of all slots of one state. Each different value has a number, whatever slots it is in, and sets are sets of numbers,
 * see `number-sets.ts`. Values that no set has any more are kept for a while, since most come again soon: once half as many were taken out of sets
 * as there are values and entries of sets, those are forgotten that no set has, nor has been given since the last time. So they are once there
 * are twice as many as then, and as sets have: values of rows that are nobody's are given to no set, and taken out of none.
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

/** Values that are kept in any case: a megabyte or two. */
const keptMin = 1 << 15;

const noNumbers = new Int32Array(0);

export class ValueSets {
  readonly #call: string;
  readonly #values = new KeyIndex();
  /** By number of the value: 1 where a set was given it since values were last forgotten. */
  #recent = new Uint8Array(initialSlots);
  /** Numbers that were taken out of sets since then. */
  #cleared = 0;
  /** Values that were left then. */
  #left = 0;
  readonly #sets = new NumberSets();
  readonly #sink = new ByteSink();
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

  /** The numbers of the strings of a column, −1 for null. They hold until the next call, or until a slot is cleared. */
  numbersOf(strings: StringColumn, rows: number): Int32Array {
    if (this.#values.keyCount > keptMin + 2 * Math.max(this.#left, this.#sets.total)) this.#forgetUnused();
    if (this.#numbers.length < rows) this.#numbers = new Int32Array(rows);
    this.#values.ofStrings({ hashes: null, keys: strings, rows, slots: this.#numbers });
    for (let row = 0; row < rows; row++) if (strings.isNull(row)) this.#numbers[row] = -1;
    return this.#numbers;
  }

  add(slot: number, number: number): void {
    if (!this.#sets.add(slot, number)) return;
    if (number >= this.#recent.length) this.#recent = grown(this.#recent, number);
    this.#recent[number] = 1;
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
    const sets = this.#sets;
    const size = sets.size(slot);
    if (size === 0) return;
    sets.clear(slot);
    this.#cleared += size;
    const { keyCount } = this.#values;
    if (keyCount > keptMin && this.#cleared * 2 > keyCount + sets.total) this.#forgetUnused();
  }

  /** Finds the numbers that a slot has. @returns how many */
  #read(slot: number): number {
    if (this.#found.length < this.#sets.size(slot)) this.#found = new Int32Array(this.#sets.size(slot) * 2);
    return this.#sets.read(slot, this.#found);
  }

  /** What it costs is little for each number that was cleared. */
  #forgetUnused(): void {
    const values = this.#values;
    const kept = this.#recent;
    this.#sets.mark(kept);
    for (let number = 0; number < values.size; number++) {
      const isKept = number < kept.length && kept[number] !== 0;
      if (!isKept && values.has(number)) values.remove(number);
    }
    kept.fill(0);
    this.#cleared = 0;
    this.#left = values.keyCount;
  }
}
