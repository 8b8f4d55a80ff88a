/**
 * Maps keys to dense slots: 0 for the first key seen, 1 for the second, and so on. What an operator knows of a key lies in
 * arrays indexed by slot. Open addressing with linear probing in typed arrays; hashes come with the records. The keys themselves lie
 * in `KeySlots`.
 *
 * Keys are equal as in a JavaScript `Map` (−0 is 0, NaN is NaN), whatever column they came from; arrays, dates and objects
 * are equal by content. A removed key leaves its slot to the next new one. One subtask owns an index.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import type { StringColumn } from '../batch/column.ts';
import { encodeKey } from '../batch/key-codec.ts';
import { decodeValue, tag } from '../batch/value-codec.ts';
import {
  entryBytes,
  entryHash,
  entryLength,
  entryNumber,
  entryStart,
  initialSlots,
  KeySlots,
  latin1Code,
  latin1Key,
  numberKey,
  shortBytesMax,
  shortMasks,
  utf16Key,
  valueKey,
} from './key-slots.ts';

/** Whole numbers below this are found without hashing: ids and codes are the most frequent keys. */
const directMax = 1 << 16;
/** Larger ones are, too, where they are dense: below so many times the number of keys. */
const sparsenessMax = 8;
/** As many texts, table and entries together, lie in the processor's caches anyway. */
const cachedKeysMax = 1 << 12;

/**
 * A key's place is the top bits of its hash times 2³² ÷ φ (Knuth's multiplicative hashing): the low bits say which subtask
 * owns the key, so among the keys of one subtask they hardly differ, and places by them would lie in long runs.
 */
const golden = 0x9e3779b1;

/** The keys of the rows of a batch, by row; slots are put into `slots`. */
interface ColumnKeys {
  readonly hashes: Int32Array;
  readonly rows: number;
  readonly slots: Int32Array;
}

interface KeyBytes {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

export class KeyIndex {
  /** Keys that the index takes; the slot of any further key is −1. */
  limit: number;
  /**
   * Slot + 1 in as many low bits as count the places, above them those bits of the key's hash, or 0 for an empty place; at most half
   * full. So hardly any other key's entry is looked at on the way to one.
   */
  #table = new Int32Array(initialSlots * 2);
  /** Of places, and of slots in the table. */
  #mask = initialSlots * 2 - 1;
  /** Bits of a hash that are more than the table has places for. */
  #shift = 32 - Math.log2(initialSlots * 2);
  readonly #keys = new KeySlots();
  /** By key, for small whole numbers: slot + 1, or 0. As long as the largest such key needs. */
  #direct = new Int32Array(0);
  readonly #sink = new ByteSink();
  /** Told of every key that gets a slot; undefined where nobody wants to know. It may look for that key, and for no other. */
  added: ((slot: number, hash: number) => void) | undefined = undefined;
  /** Of no use to anybody, but a loop that only reads would be left out without it. */
  touched = 0;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit;
  }

  /** Slots so far, those of removed keys too: all slots are below. While no key was removed, the slot of the next new key. */
  get size(): number {
    return this.#keys.size;
  }

  /** Keys that the index has now. */
  get keyCount(): number {
    return this.#keys.keyCount;
  }

  /** Whether a slot below `size` has a key: it was not removed. */
  has(slot: number): boolean {
    return this.#keys.has(slot);
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

  /** Slots of the numbers of a column: `ofNumber` for every row. Rows that find no room get the slot `size`; says how many. */
  ofNumbers(options: ColumnKeys & { readonly keys: Float64Array | Int32Array }): number {
    const { hashes, keys, rows, slots } = options;
    let direct = this.#direct;
    let left = 0;
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
      const slot = this.#findNumber(hashes[row] as number, key);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
      direct = this.#direct;
    }
    return left;
  }

  #findNumber(hash: number, key: number): number {
    // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is faster than a call.
    if (key !== key) return this.#ofOther(hash, Number.NaN);
    const table = this.#table;
    const { entries, numbers } = this.#keys;
    const mask = this.#mask;
    const integer = key | 0;
    let place = this.#placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      const at = slot * entryLength;
      if (((word ^ hash) & ~mask) === 0 && entries[at] === numberKey && numbers[(at >> 1) + entryNumber] === key) {
        // Keys were too sparse when it came.
        if (integer === key && integer >= directMax) this.#addDirect(integer, slot);
        return slot;
      }
      place = (place + 1) & mask;
    }
    if (this.keyCount >= this.limit) return -1;
    const slot = this.#keys.addNumber(hash, key + 0);
    this.#take(place, hash, slot);
    if (integer === key && integer >= 0) this.#addDirect(integer, slot);
    this.added?.(slot, hash);
    return slot;
  }

  #addDirect(key: number, slot: number): void {
    if (key >= directMax && key >= this.keyCount * sparsenessMax) return;
    if (key >= this.#direct.length) {
      const direct = new Int32Array(Math.max(initialSlots, key * 2));
      direct.set(this.#direct);
      this.#direct = direct;
    }
    this.#direct[key] = slot + 1;
  }

  ofString(hash: number, key: string): number {
    const table = this.#table;
    const keys = this.#keys;
    const mask = this.#mask;
    let place = this.#placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      if (((word ^ hash) & ~mask) === 0 && keys.equalsString(slot * entryLength, key)) return slot;
      place = (place + 1) & mask;
    }
    return this.#insertString(hash, place, key);
  }

  /** Slot of the string of a row, without making it a JavaScript string where it is bytes. */
  ofColumn(hash: number, column: StringColumn, row: number, rows: number): number {
    if (column.isNull(row)) return this.#ofOther(hash, null);
    if (column.form !== 'bytes' || column.wide) return this.ofString(hash, column.at(row, rows) as string);
    const at = column.base + row * column.stride;
    const start = column.bytesBase + (column.offsets[at] as number);
    const end = column.bytesBase + (column.offsets[at + 1] as number) - column.gap;
    return this.#ofBytes(hash, latin1Key, column.bytes, start, end);
  }

  /** Slots of the strings of a column: `ofColumn` for every row. Rows that find no room get the slot `size`; says how many. */
  ofStrings(options: ColumnKeys & { readonly keys: StringColumn }): number {
    if (options.keys.latin1 || options.keys.packed) return this.#ofLatin1(options);
    const { hashes, keys, rows, slots } = options;
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const slot = this.ofColumn(hashes[row] as number, keys, row, rows);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return left;
  }

  #ofLatin1({ hashes, keys, rows, slots }: ColumnKeys & { readonly keys: StringColumn }): number {
    const { bytes, offsets, base, stride, bytesBase, gap } = keys;
    const view = keys.view();
    const wholeMax = bytes.length - shortBytesMax;
    if (this.size >= cachedKeysMax) this.#guess(hashes, rows, slots);
    else slots.fill(0, 0, rows);
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const hash = hashes[row] as number;
      const at = base + row * stride;
      const start = bytesBase + (offsets[at] as number);
      const end = bytesBase + (offsets[at + 1] as number) - gap;
      // At the end of the memory there may be less to read than a short text may have.
      const slot =
        start <= wholeMax ? this.#ofWords(hash, view, start, end, slots[row] as number) : this.#ofBytes(hash, latin1Key, bytes, start, end);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return left;
  }

  /**
   * Guesses slots + 1 by the hashes alone, 0 for none. The way to a key leads over two places in memory, the first of which says where
   * the second one is: here the processor waits for those of many rows at once, where looking for one key after the other it would wait
   * twice for each.
   */
  #guess(hashes: Int32Array, rows: number, slots: Int32Array): void {
    const table = this.#table;
    const mask = this.#mask;
    for (let row = 0; row < rows; row++) slots[row] = table[this.#placeOf(hashes[row] as number)] as number;
    for (let row = 0; row < rows; row++) {
      const hash = hashes[row] as number;
      let word = slots[row] as number;
      if (((word ^ hash) & ~mask) !== 0) {
        let place = this.#placeOf(hash);
        while (((word ^ hash) & ~mask) !== 0 && word !== 0) {
          place = (place + 1) & mask;
          word = table[place] as number;
        }
      }
      slots[row] = word & mask;
    }
    this.touched = this.#keys.touch(slots, rows);
  }

  /** Slot of Latin-1 bytes; from where they begin, as many can be read as a short text may have. @param guess a slot + 1, or 0 */
  #ofWords(hash: number, view: DataView, start: number, end: number, guess: number): number {
    const length = end - start;
    const isShort = length <= shortBytesMax;
    const masks = isShort ? length * entryLength : 0;
    const code = latin1Code(length);
    const first = isShort ? ((view.getInt32(start, true) << 8) & (shortMasks[masks] as number)) | code : code;
    const second = view.getInt32(start + 3, true) & (shortMasks[masks + 1] as number);
    const third = isShort ? view.getInt32(start + 7, true) & (shortMasks[masks + 2] as number) : length;
    const fourth = isShort ? view.getInt32(start + 11, true) & (shortMasks[masks + 3] as number) : hash;
    const secondMask = isShort ? -1 : 0;
    const table = this.#table;
    const keys = this.#keys;
    const { entries } = keys;
    const mask = this.#mask;
    let place = this.#placeOf(hash);
    // The guess first, then all others, and it once more.
    for (let entry = guess; ; ) {
      if (entry !== 0) {
        const at = (entry - 1) * entryLength;
        const differs =
          ((entries[at] as number) ^ first) |
          (((entries[at + entryStart] as number) ^ second) & secondMask) |
          ((entries[at + entryBytes] as number) ^ third) |
          ((entries[at + entryHash] as number) ^ fourth);
        if (differs === 0 && (isShort || keys.equalsLong(entries[at + entryStart] as number, view, start, length))) return entry - 1;
      }
      const word = table[place] as number;
      if (word === 0) break;
      entry = ((word ^ hash) & ~mask) === 0 ? word & mask : 0;
      place = (place + 1) & mask;
    }
    return this.#insert(hash, place, { kind: latin1Key, bytes: new Uint8Array(view.buffer, view.byteOffset + start, length) });
  }

  /** Slot of a key of any kind. */
  ofValue(hash: number, key: unknown): number {
    if (typeof key === 'string') return this.ofString(hash, key);
    if (typeof key === 'number') return this.ofNumber(hash, key);
    return this.#ofOther(hash, key);
  }

  /** The key of a slot. */
  key(slot: number): unknown {
    return this.#keys.key(slot);
  }

  /** Appends the key of a slot as `encodeValue` does, without making a JavaScript value of it. */
  write(slot: number, sink: ByteSink): void {
    this.#keys.write(slot, sink);
  }

  /** Slot of a key that `write` has written. */
  read(hash: number, source: ByteSource): number {
    const { position } = source;
    if (source.u8() !== tag.string) {
      source.position = position;
      return this.ofValue(hash, decodeValue(source));
    }
    const header = source.varint();
    const isWide = header % 2 === 1;
    const length = isWide ? header - 1 : header / 2;
    source.need(length);
    const start = source.position;
    source.position = start + length;
    return this.#ofBytes(hash, isWide ? utf16Key : latin1Key, source.bytes, start, start + length);
  }

  /** The hash that the key of a slot came with. */
  hash(slot: number): number {
    return this.#keys.hash(slot);
  }

  /** Forgets the key of a slot; the slot goes to the next new key. */
  remove(slot: number): void {
    assert(slot >= 0 && slot < this.size && this.has(slot), 'only a key that the index has is removed');
    this.#vacate(this.#placeWith(slot));
    const key = this.#keys.isNumber(slot) ? this.#keys.number(slot) : Number.NaN;
    const integer = key | 0;
    if (integer === key && integer >= 0 && integer < this.#direct.length) this.#direct[integer] = 0;
    this.#keys.remove(slot);
  }

  /** Forgets all keys and keeps the memory for others. */
  clear(): void {
    this.#keys.clear();
    this.#table.fill(0);
    this.#direct.fill(0);
  }

  /** The place of the table that names a slot. */
  #placeWith(slot: number): number {
    let place = this.#placeOf(this.hash(slot));
    while (((this.#table[place] as number) & this.#mask) !== slot + 1) place = (place + 1) & this.#mask;
    return place;
  }

  /**
   * Empties a place by backward shift (Knuth's algorithm R): of the keys behind it, one that may lie there is moved to it and
   * leaves the place that is to be emptied next. So no search meets a gap before its key, and there are no marks of removed
   * keys to be passed over.
   */
  #vacate(place: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let gap = place;
    for (let next = (gap + 1) & mask; table[next] !== 0; next = (next + 1) & mask) {
      const word = table[next] as number;
      const displacement = (next - this.#placeOf(this.hash((word & mask) - 1))) & mask;
      if (displacement < ((next - gap) & mask)) continue;
      table[gap] = word;
      gap = next;
    }
    table[gap] = 0;
  }

  #ofOther(hash: number, key: unknown): number {
    this.#sink.reset();
    encodeKey(this.#sink, key);
    return this.#ofBytes(hash, valueKey, this.#sink.bytes, 0, this.#sink.length);
  }

  #ofBytes(hash: number, kind: number, bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const keys = this.#keys;
    const mask = this.#mask;
    let place = this.#placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      if (((word ^ hash) & ~mask) === 0 && keys.equalsBytes(slot * entryLength, kind, bytes, start, end)) return slot;
      place = (place + 1) & mask;
    }
    return this.#insert(hash, place, { kind, bytes: bytes.subarray(start, end) });
  }

  #insertString(hash: number, place: number, key: string): number {
    const { length } = key;
    let units = 0;
    for (let i = 0; i < length; i++) units |= key.charCodeAt(i);
    const wide = units > 255;
    const kind = wide ? utf16Key : latin1Key;
    return this.#insert(hash, place, { kind, bytes: Buffer.from(key, wide ? 'utf16le' : 'latin1') });
  }

  /** Takes the empty place for a new key and returns its slot, −1 when the index is full. */
  #insert(hash: number, place: number, { kind, bytes }: KeyBytes): number {
    if (this.keyCount >= this.limit) return -1; // Its bytes would stay in the arena.
    const slot = this.#keys.addBytes(hash, kind, bytes);
    this.#take(place, hash, slot);
    this.added?.(slot, hash);
    return slot;
  }

  #take(place: number, hash: number, slot: number): void {
    this.#table[place] = this.#word(hash, slot);
    if (this.keyCount * 2 > this.#table.length) this.#growTable();
  }

  /** The first place that a key with this hash may have. */
  #placeOf(hash: number): number {
    return Math.imul(hash, golden) >>> this.#shift;
  }

  /** What the table says of a key. */
  #word(hash: number, slot: number): number {
    return (hash & ~this.#mask) | (slot + 1);
  }

  #growTable(): void {
    const table = new Int32Array(this.#table.length * 2);
    this.#table = table;
    this.#mask = table.length - 1;
    this.#shift--;
    for (let slot = 0; slot < this.size; slot++) {
      if (!this.has(slot)) continue;
      const hash = this.hash(slot);
      let place = this.#placeOf(hash);
      while (table[place] !== 0) place = (place + 1) & this.#mask;
      table[place] = this.#word(hash, slot);
    }
  }
}
