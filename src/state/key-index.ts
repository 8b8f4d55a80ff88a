/**
 * Maps keys to dense slots: 0 for the first key seen, 1 for the second, and so on. What an operator knows of a key lies in
 * arrays indexed by slot. Open addressing with linear probing in typed arrays; hashes come with the records.
 *
 * Keys are equal as in a JavaScript `Map` (−0 is 0, NaN is NaN), whatever column they came from; arrays, dates and objects
 * are equal by content. One subtask owns an index.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import { ByteSource } from '../batch/byte-source.ts';
import type { StringColumn } from '../batch/column.ts';
import { encodeKey } from '../batch/key-codec.ts';
import { decodeValue } from '../batch/value-codec.ts';

const numberKey = 0;
const latin1Key = 1;
const utf16Key = 2;
/** Any other key, as canonical bytes. */
const valueKey = 3;

const initialSlots = 256;

/** Of each slot, side by side in one cache line: the hash of its key, and where the key's bytes lie in the arena. */
const entryLength = 4;
const entryStart = 1;
const entryBytes = 2;
const entryKind = 3;

/** The arena is indexed by int32. */
const arenaBytesMax = 2 ** 31 - 1;

/** Whole numbers below this are found without hashing: ids and codes are the most frequent keys. */
const directMax = 1 << 16;

/**
 * A key's place is the top bits of its hash times 2³² ÷ φ (Knuth's multiplicative hashing): the low bits say which subtask
 * owns the key, so among the keys of one subtask they hardly differ, and places by them would lie in long runs.
 */
const golden = 0x9e3779b1;

export class KeyIndex {
  /** Keys so far; the slot of the next new key. */
  size = 0;
  /** Keys that the index takes; the slot of any further key is −1. */
  readonly #limit: number;
  #capacity = initialSlots;
  /** Slot + 1, or 0 for an empty place; at most half full. */
  #table = new Int32Array(initialSlots * 2);
  #mask = initialSlots * 2 - 1;
  /** Bits of a hash that are more than the table has places for. */
  #shift = 32 - Math.log2(initialSlots * 2);
  /** By slot: `entryLength` words. */
  #entries = new Int32Array(initialSlots * entryLength);
  /** By slot: the key, where it is a number; NaN elsewhere. */
  #numbers = new Float64Array(initialSlots);
  #arena: Buffer = Buffer.allocUnsafeSlow(4096);
  #arenaLength = 0;
  /** By key, for small whole numbers: slot + 1, or 0. As long as the largest such key needs. */
  #direct = new Int32Array(0);
  /** By slot: the key as a JavaScript value, once somebody asked for it. */
  #values: unknown[] = [];
  readonly #sink = new ByteSink();
  readonly #source = new ByteSource();

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Slot of a number, a new one if need be. */
  ofNumber(hash: number, key: number): number {
    const integer = key | 0;
    if (integer === key && integer >= 0 && integer < this.#direct.length) {
      const entry = this.#direct[integer] as number;
      if (entry !== 0) return entry - 1;
    }
    return this.#findNumber(hash, key);
  }

  /** Slots of the numbers of a column: `ofNumber` for every row. */
  ofNumbers(options: {
    readonly hashes: Int32Array;
    readonly keys: Float64Array | Int32Array;
    readonly rows: number;
    readonly slots: Int32Array;
  }): void {
    const { hashes, keys, rows, slots } = options;
    let direct = this.#direct;
    for (let row = 0; row < rows; row++) {
      const key = keys[row] as number;
      const integer = key | 0;
      if (integer === key && integer >= 0 && integer < direct.length) {
        const entry = direct[integer] as number;
        if (entry !== 0) {
          slots[row] = entry - 1;
          continue;
        }
      }
      slots[row] = this.#findNumber(hashes[row] as number, key);
      direct = this.#direct;
    }
  }

  #findNumber(hash: number, key: number): number {
    // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is faster than a call.
    if (key !== key) return this.#ofOther(hash, Number.NaN);
    const table = this.#table;
    const mask = this.#mask;
    let place = Math.imul(hash, golden) >>> this.#shift;
    for (let entry = table[place] as number; entry !== 0; entry = table[place] as number) {
      const slot = entry - 1;
      if (this.#numbers[slot] === key) return slot;
      place = (place + 1) & mask;
    }
    const slot = this.#insert(hash, place, numberKey);
    if (slot < 0) return slot;
    this.#numbers[slot] = key + 0;
    const integer = key | 0;
    if (integer === key && integer >= 0 && integer < directMax) this.#addDirect(integer, slot);
    return slot;
  }

  #addDirect(key: number, slot: number): void {
    if (key >= this.#direct.length)
      this.#direct = grown(this.#direct, new Int32Array(Math.min(directMax, Math.max(initialSlots, key * 2))));
    this.#direct[key] = slot + 1;
  }

  ofString(hash: number, key: string): number {
    const table = this.#table;
    const entries = this.#entries;
    const mask = this.#mask;
    let place = Math.imul(hash, golden) >>> this.#shift;
    for (let entry = table[place] as number; entry !== 0; entry = table[place] as number) {
      const slot = entry - 1;
      if (entries[slot * entryLength] === hash && this.#equalsString(slot, key)) return slot;
      place = (place + 1) & mask;
    }
    return this.#insertString(hash, place, key);
  }

  /** Slot of the string of a row, without making it a JavaScript string where it is bytes. */
  ofColumn(hash: number, column: StringColumn, row: number, rows: number): number {
    if (column.isNull(row)) return this.#ofOther(hash, null);
    if (column.form !== 'bytes' || column.wide) return this.ofString(hash, column.at(row, rows) as string);
    const start = column.bytesBase + (column.offsets[column.base + row] as number);
    const end = column.bytesBase + (column.offsets[column.base + row + 1] as number) - column.gap;
    return this.#ofBytes(hash, latin1Key, column.bytes, start, end);
  }

  /** Slot of a key of any kind. */
  ofValue(hash: number, key: unknown): number {
    if (typeof key === 'string') return this.ofString(hash, key);
    if (typeof key === 'number') return this.ofNumber(hash, key);
    return this.#ofOther(hash, key);
  }

  /** The key of a slot. */
  key(slot: number): unknown {
    if (this.#entries[slot * entryLength + entryKind] === numberKey) return this.#numbers[slot];
    const known = this.#values[slot];
    if (known !== undefined) return known;
    const key = this.#decode(slot);
    this.#values[slot] = key;
    return key;
  }

  /** The hash that the key of a slot came with. */
  hash(slot: number): number {
    return this.#entries[slot * entryLength] as number;
  }

  #ofOther(hash: number, key: unknown): number {
    this.#sink.reset();
    encodeKey(this.#sink, key);
    return this.#ofBytes(hash, valueKey, this.#sink.bytes, 0, this.#sink.length);
  }

  #ofBytes(hash: number, kind: number, bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const entries = this.#entries;
    const mask = this.#mask;
    let place = Math.imul(hash, golden) >>> this.#shift;
    for (let entry = table[place] as number; entry !== 0; entry = table[place] as number) {
      const slot = entry - 1;
      const at = slot * entryLength;
      if (entries[at] === hash && entries[at + entryKind] === kind && this.#equalsBytes(at, bytes, start, end)) return slot;
      place = (place + 1) & mask;
    }
    const slot = this.#insert(hash, place, kind);
    if (slot >= 0) this.#append(slot, bytes, start, end);
    return slot;
  }

  /** @param at where the slot's entry is */
  #equalsBytes(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.#entries[at + entryBytes] !== length) return false;
    const from = this.#entries[at + entryStart] as number;
    const arena = this.#arena;
    for (let i = 0; i < length; i++) if (arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #equalsString(slot: number, key: string): boolean {
    const entries = this.#entries;
    const at = slot * entryLength;
    const length = key.length;
    const from = entries[at + entryStart] as number;
    const arena = this.#arena;
    if (entries[at + entryKind] === latin1Key) {
      if (entries[at + entryBytes] !== length) return false;
      for (let i = 0; i < length; i++) if (arena[from + i] !== key.charCodeAt(i)) return false;
      return true;
    }
    if (entries[at + entryKind] !== utf16Key || entries[at + entryBytes] !== length * 2) return false;
    for (let i = 0; i < length; i++) {
      const unit = (arena[from + i * 2] as number) | ((arena[from + i * 2 + 1] as number) << 8);
      if (unit !== key.charCodeAt(i)) return false;
    }
    return true;
  }

  #insertString(hash: number, place: number, key: string): number {
    const length = key.length;
    let units = 0;
    for (let i = 0; i < length; i++) units |= key.charCodeAt(i);
    const wide = units > 255;
    const slot = this.#insert(hash, place, wide ? utf16Key : latin1Key);
    if (slot < 0) return slot;
    const bytes = Buffer.from(key, wide ? 'utf16le' : 'latin1');
    this.#append(slot, bytes, 0, bytes.length);
    return slot;
  }

  /** Takes the empty place for a new key and returns its slot, −1 when the index is full. */
  #insert(hash: number, place: number, kind: number): number {
    if (this.size >= this.#limit) return -1;
    const slot = this.size++;
    this.#table[place] = slot + 1;
    if (slot === this.#capacity) this.#growSlots();
    this.#entries[slot * entryLength] = hash;
    this.#entries[slot * entryLength + entryKind] = kind;
    this.#numbers[slot] = Number.NaN;
    if (this.size * 2 > this.#table.length) this.#growTable();
    return slot;
  }

  #append(slot: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#arenaLength + length > this.#arena.length) {
      assert(this.#arenaLength + length <= arenaBytesMax, 'the keys of one subtask take less than 2 GiB');
      const arena = Buffer.allocUnsafeSlow(Math.min(arenaBytesMax, Math.max(this.#arena.length * 2, this.#arenaLength + length)));
      arena.set(this.#arena.subarray(0, this.#arenaLength));
      this.#arena = arena;
    }
    for (let i = 0; i < length; i++) this.#arena[this.#arenaLength + i] = bytes[start + i] as number;
    this.#entries[slot * entryLength + entryStart] = this.#arenaLength;
    this.#entries[slot * entryLength + entryBytes] = length;
    this.#arenaLength += length;
  }

  #growSlots(): void {
    this.#capacity *= 2;
    this.#entries = grown(this.#entries, new Int32Array(this.#capacity * entryLength));
    this.#numbers = grown(this.#numbers, new Float64Array(this.#capacity));
  }

  #growTable(): void {
    const table = new Int32Array(this.#table.length * 2);
    const mask = table.length - 1;
    const shift = this.#shift - 1;
    for (let slot = 0; slot < this.size; slot++) {
      let place = Math.imul(this.hash(slot), golden) >>> shift;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = slot + 1;
    }
    this.#table = table;
    this.#mask = mask;
    this.#shift = shift;
  }

  #decode(slot: number): unknown {
    const at = slot * entryLength;
    const start = this.#entries[at + entryStart] as number;
    const end = start + (this.#entries[at + entryBytes] as number);
    switch (this.#entries[at + entryKind]) {
      case latin1Key:
        return this.#arena.latin1Slice(start, end);
      case utf16Key:
        return this.#arena.ucs2Slice(start, end);
      default:
        this.#source.reset(this.#arena, start, end);
        return decodeValue(this.#source);
    }
  }
}

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
