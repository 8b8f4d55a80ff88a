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
import { AnyColumn, type EncodedRows, EncodedValue } from '../batch/any-column.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import { encodeKey } from '../batch/key-codec.ts';
import { nullId, type StringColumn, type StringDictionary } from '../batch/string-column.ts';
import { decodeValue, tag } from '../batch/value-codec.ts';
import { CanonicalText } from './canonical-text.ts';
import { DictionarySlots } from './dictionary-slots.ts';
import { DirectKeys } from './direct-keys.ts';
import { IntList } from './int-list.ts';
import {
  entryBytes,
  entryHash,
  entryLength,
  entryNumber,
  entryStart,
  KeySlots,
  latin1Code,
  latin1Key,
  numberKey,
  shortBytesMax,
  shortMasks,
  utf16Key,
  valueKey,
} from './key-slots.ts';
import { KeyTable } from './key-table.ts';

/** A call of Node for a string costs more than the bytes of one as long as most keys. */
const scratchBytes = 256;
/** As many texts, table and entries together, lie in the processor's caches anyway. */
const cachedKeysMax = 1 << 12;

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
  readonly #keys = new KeySlots();
  readonly #table = new KeyTable(this.#keys);
  readonly #direct = new DirectKeys();
  readonly #sink = new ByteSink();
  readonly #text = new CanonicalText();
  readonly #encoded = new EncodedValue();
  /** For the bytes of most strings. */
  readonly #scratch = new Uint8Array(scratchBytes);
  readonly #dictionarySlots = new DictionarySlots();
  /**
   * Told of the slots that keys have got, before whoever looked for them: of all new keys of a batch at once. Undefined where nobody wants
   * to know.
   */
  added: ((slots: Int32Array) => void) | undefined = undefined;
  /** Of those it is still to be told. */
  readonly #added = new IntList();
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
    const slot = this.#direct.find(key);
    return slot >= 0 ? slot : this.#told(this.#findNumber(hash, key));
  }

  /** Slots of the numbers of a column: `ofNumber` for every row. Rows that find no room get the slot `size`; says how many. */
  ofNumbers(options: ColumnKeys & { readonly keys: Float64Array | Int32Array }): number {
    const { hashes, keys, rows, slots } = options;
    // Not `find`: the loop is short, and the array stays the same but for new keys.
    let direct = this.#direct.slots;
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
      direct = this.#direct.slots;
    }
    return this.#told(left);
  }

  #findNumber(hash: number, key: number): number {
    // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is faster than a call.
    if (key !== key) return this.#ofOther(hash, Number.NaN);
    const { words: table, mask } = this.#table;
    const { entries, numbers } = this.#keys;
    let place = this.#table.placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      const at = slot * entryLength;
      if (((word ^ hash) & ~mask) === 0 && entries[at] === numberKey && numbers[(at >> 1) + entryNumber] === key) {
        // Keys were too sparse when it came.
        this.#direct.addLarge(key, slot, this.keyCount);
        return slot;
      }
      place = (place + 1) & mask;
    }
    if (this.keyCount >= this.limit) return -1;
    const slot = this.#keys.addNumber(hash, key + 0);
    this.#take(place, hash, slot);
    this.#direct.add(key, slot, this.keyCount);
    return slot;
  }

  ofString(hash: number, key: string): number {
    return this.#told(this.#findString(hash, key));
  }

  #findString(hash: number, key: string): number {
    const { words: table, mask } = this.#table;
    const keys = this.#keys;
    let place = this.#table.placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      if (((word ^ hash) & ~mask) === 0 && keys.equalsString(slot * entryLength, key)) return slot;
      place = (place + 1) & mask;
    }
    return this.#insertString(hash, place, key);
  }

  /** Slot of the string of a row, without making it a JavaScript string where it is bytes. */
  ofColumn(hash: number, column: StringColumn, row: number, rows: number): number {
    return this.#told(this.#findColumn(hash, column, row, rows));
  }

  #findColumn(hash: number, column: StringColumn, row: number, rows: number): number {
    if (column.isNull(row)) return this.#ofOther(hash, null);
    if (column.form !== 'bytes' || column.wide) return this.#findString(hash, column.at(row, rows) as string);
    const at = column.base + row * column.stride;
    const start = column.bytesBase + (column.offsets[at] as number);
    const end = column.bytesBase + (column.offsets[at + 1] as number) - column.gap;
    if (!column.isLatin1(row)) return this.#ofUtf8(hash, column.bytes, start, end);
    return this.#ofBytes(hash, latin1Key, column.bytes, start, end);
  }

  /** Slots of the strings of a column: `ofColumn` for every row. Rows that find no room get the slot `size`; says how many. */
  ofStrings(options: ColumnKeys & { readonly keys: StringColumn }): number {
    if (options.keys.form === 'dictionary') return this.#told(this.#ofDictionary(options));
    return this.#told(isBytes(options.keys) ? this.#ofColumnBytes(options) : this.#ofTexts(options));
  }

  /** Looks each string of a dictionary up once, and its slot from then on. */
  #ofDictionary({ hashes, keys, rows, slots }: ColumnKeys & { readonly keys: StringColumn }): number {
    const { ids, idsBase } = keys;
    const dictionary = keys.dictionary as StringDictionary;
    const known = this.#dictionarySlots.of(dictionary);
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const id = ids[idsBase + row] as number;
      let slot = id === nullId ? -1 : (known[id] as number) - 1;
      if (slot < 0) {
        slot = this.#findColumn(hashes[row] as number, keys, row, rows);
        if (slot >= 0 && id !== nullId) known[id] = slot + 1;
      }
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return left;
  }

  #ofTexts({ hashes, keys, rows, slots }: ColumnKeys & { readonly keys: StringColumn }): number {
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const slot = this.#findColumn(hashes[row] as number, keys, row, rows);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return left;
  }

  #ofColumnBytes({ hashes, keys, rows, slots }: ColumnKeys & { readonly keys: StringColumn }): number {
    const { bytes, offsets, base, stride, bytesBase, gap } = keys;
    const others = keys.nonAscii(rows);
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
      let slot: number;
      if (others !== null && others[row] !== 0) slot = this.#ofUtf8(hash, bytes, start, end);
      // At the end of the memory there may be less to read than a short text may have.
      else if (start > wholeMax) slot = this.#ofBytes(hash, latin1Key, bytes, start, end);
      else slot = this.#ofWords(hash, view, start, end, slots[row] as number);
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
    const { words: table, mask } = this.#table;
    for (let row = 0; row < rows; row++) slots[row] = table[this.#table.placeOf(hashes[row] as number)] as number;
    for (let row = 0; row < rows; row++) {
      const hash = hashes[row] as number;
      let word = slots[row] as number;
      if (((word ^ hash) & ~mask) !== 0) {
        let place = this.#table.placeOf(hash);
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
    const { words: table, mask } = this.#table;
    const keys = this.#keys;
    const { entries } = keys;
    let place = this.#table.placeOf(hash);
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

  /** Slots of keys of any kind: `ofValue` for every row. Rows that find no room get the slot `size`; says how many. */
  ofValues({ hashes, keys, rows, slots }: ColumnKeys & { readonly keys: EncodedRows }): number {
    if (!(keys instanceof AnyColumn) || keys.isEncoded) return this.#told(this.#ofEncodedRows({ hashes, keys, rows, slots }));
    const values = keys.load(rows);
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const slot = this.#findValue(hashes[row] as number, values[row]);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return this.#told(left);
  }

  #ofEncodedRows({ hashes, keys, rows, slots }: ColumnKeys & { readonly keys: EncodedRows }): number {
    const { offsets, base, bytesBase } = keys;
    const view = keys.view();
    const slotKeys = this.#keys;
    this.#guess(hashes, rows, slots);
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const hash = hashes[row] as number;
      const start = bytesBase + (offsets[base + row] as number);
      const length = bytesBase + (offsets[base + row + 1] as number) - start;
      const guess = (slots[row] as number) - 1;
      if (guess >= 0 && slotKeys.equalsCanonical(guess, hash, view, start, length)) {
        slots[row] = guess;
        continue;
      }
      const slot = this.#findEncoded(hash, keys, row);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return left;
  }

  /** Slot of a key of any kind, by its canonical bytes. */
  ofEncoded(hash: number, keys: EncodedRows, row: number): number {
    return this.#told(this.#findEncoded(hash, keys, row));
  }

  #findEncoded(hash: number, keys: EncodedRows, row: number): number {
    const { bytes, bytesBase, offsets, base } = keys;
    const start = bytesBase + (offsets[base + row] as number);
    // Numbers and strings are not found by these bytes.
    if (bytes[start] !== tag.array) return this.#findValue(hash, keys.at(row));
    return this.#ofBytes(hash, valueKey, bytes, start, bytesBase + (offsets[base + row + 1] as number));
  }

  /** Slot of a key that is neither a number nor a string, by its canonical bytes. */
  ofCanonical(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#told(this.#ofBytes(hash, valueKey, bytes, start, end));
  }

  /** Slot of a key of any kind. */
  ofValue(hash: number, key: unknown): number {
    return this.#told(this.#findValue(hash, key));
  }

  #findValue(hash: number, key: unknown): number {
    if (typeof key === 'string') return this.#findString(hash, key);
    if (typeof key !== 'number') return this.#ofOther(hash, key);
    const slot = this.#direct.find(key);
    return slot >= 0 ? slot : this.#findNumber(hash, key);
  }

  /** The key of a slot. */
  key(slot: number): unknown {
    return this.#keys.key(slot);
  }

  /** The key of a slot as `encodeValue` writes it; valid until the next call, or until keys come or go. */
  encoded(slot: number): EncodedValue {
    const found = this.#keys.locate(slot, this.#encoded);
    if (found) return this.#encoded;
    this.#sink.reset();
    this.#keys.write(slot, this.#sink);
    return this.#encoded.point(this.#sink.bytes, 0, this.#sink.length);
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
    return this.#told(this.#ofBytes(hash, isWide ? utf16Key : latin1Key, source.bytes, start, start + length));
  }

  /** Tells of the keys that are new. Returns its argument. */
  #told(result: number): number {
    if (this.#added.length > 0) this.added?.(this.#added.take());
    return result;
  }

  /** The hash that the key of a slot came with. */
  hash(slot: number): number {
    return this.#keys.hash(slot);
  }

  /** Forgets the key of a slot; the slot goes to the next new key. */
  remove(slot: number): void {
    assert(slot >= 0 && slot < this.size && this.has(slot), 'only a key that the index has is removed');
    this.#table.remove(slot);
    if (this.#keys.isNumber(slot)) this.#direct.remove(this.#keys.number(slot));
    this.#keys.remove(slot);
    this.#dictionarySlots.forget();
  }

  /** Forgets all keys and keeps the memory for others. */
  clear(): void {
    this.#keys.clear();
    this.#table.clear();
    this.#direct.clear();
    this.#dictionarySlots.forget();
  }

  #ofOther(hash: number, key: unknown): number {
    this.#sink.reset();
    encodeKey(this.#sink, key);
    return this.#ofBytes(hash, valueKey, this.#sink.bytes, 0, this.#sink.length);
  }

  #ofUtf8(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const text = this.#text;
    text.ofUtf8(bytes, start, end);
    return this.#ofBytes(hash, text.isWide ? utf16Key : latin1Key, text.bytes, 0, text.length);
  }

  #ofBytes(hash: number, kind: number, bytes: Uint8Array, start: number, end: number): number {
    const { words: table, mask } = this.#table;
    const keys = this.#keys;
    let place = this.#table.placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      if (((word ^ hash) & ~mask) === 0 && keys.equalsBytes(slot * entryLength, kind, bytes, start, end)) return slot;
      place = (place + 1) & mask;
    }
    return this.#insert(hash, place, { kind, bytes: bytes.subarray(start, end) });
  }

  #insertString(hash: number, place: number, key: string): number {
    const { length } = key;
    const scratch = this.#scratch;
    let units = 0;
    for (let i = 0; i < length; i++) {
      const unit = key.charCodeAt(i);
      units |= unit;
      scratch[i] = unit;
    }
    if (units > 255) return this.#insert(hash, place, { kind: utf16Key, bytes: Buffer.from(key, 'utf16le') });
    const bytes = length <= scratch.length ? scratch.subarray(0, length) : Buffer.from(key, 'latin1');
    return this.#insert(hash, place, { kind: latin1Key, bytes });
  }

  /** Takes the empty place for a new key and returns its slot, −1 when the index is full. */
  #insert(hash: number, place: number, { kind, bytes }: KeyBytes): number {
    if (this.keyCount >= this.limit) return -1; // Its bytes would stay in the arena.
    const slot = this.#keys.addBytes(hash, kind, bytes);
    this.#take(place, hash, slot);
    return slot;
  }

  #take(place: number, hash: number, slot: number): void {
    this.#table.put(place, hash, slot);
    if (this.added !== undefined) this.#added.push(slot);
  }
}

/** Whether none is null, and all lie there as bytes that are compared as such. */
function isBytes(column: StringColumn): boolean {
  return column.latin1 || column.packed || (column.form === 'bytes' && column.utf8 && column.validity === null);
}
