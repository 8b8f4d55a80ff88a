/**
 * Maps keys to dense slots: 0 for the first key seen, 1 for the second, and so on. What an operator knows of a key lies in
 * arrays indexed by slot. Single keys are found by `KeyFinder`; here, those of a batch. The keys themselves lie in `KeySlots`.
 *
 * Keys are equal as in a JavaScript `Map` (−0 is 0, NaN is NaN), whatever column they came from; arrays, dates and objects
 * are equal by content. A removed key leaves its slot to the next new one. One subtask owns an index.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { hashBytes, hashNumber } from '../base/hash.ts';
import { AnyColumn, type EncodedRows, EncodedValue } from '../batch/any-column.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import { encodeKey } from '../batch/key-codec.ts';
import type { Latin1Strings } from '../batch/latin1-strings.ts';
import { nullId, type StringColumn } from '../batch/string-column.ts';
import type { StringDictionary } from '../batch/string-dictionary.ts';
import { decodeValue, tag } from '../batch/value-codec.ts';
import { DictionarySlots } from './dictionary-slots.ts';
import type { DirectKeys } from './direct-keys.ts';
import { KeyFinder } from './key-finder.ts';
import {
  entryBytes,
  entryHash,
  entryLength,
  entryStart,
  type KeySlots,
  latin1Code,
  latin1Key,
  shortBytesMax,
  shortMasks,
  utf16Key,
  valueKey,
} from './key-slots.ts';
import type { KeyTable } from './key-table.ts';

/** As many texts, table and entries together, lie in the processor's caches anyway. */
const cachedKeysMax = 1 << 12;

/** The keys of the rows of a batch, by row; slots are put into `slots`. */
interface ColumnKeys {
  /** Null where nobody has hashed the keys yet: then those are that need it. */
  readonly hashes: Int32Array | null;
  readonly rows: number;
  readonly slots: Int32Array;
}

interface HashedKeys extends ColumnKeys {
  readonly hashes: Int32Array;
}

const nullSink = new ByteSink();
encodeKey(nullSink, null);
const nullHash = hashBytes(nullSink.bytes, 0, nullSink.length);

export class KeyIndex {
  readonly #finder: KeyFinder;
  readonly #keys: KeySlots;
  readonly #table: KeyTable;
  readonly #direct: DirectKeys;
  /** For a key that is written. */
  readonly #sink = new ByteSink();
  readonly #encoded = new EncodedValue();
  readonly #dictionarySlots = new DictionarySlots();
  /** Of the column that is looked at. */
  #bytes: Buffer = Buffer.alloc(0);
  /** Memory for the hashes of the rows of a batch. */
  #hashes = new Int32Array(0);
  /** Of no use to anybody, but a loop that only reads would be left out without it. */
  touched = 0;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#finder = new KeyFinder(limit);
    this.#keys = this.#finder.keys;
    this.#table = this.#finder.table;
    this.#direct = this.#finder.direct;
  }

  /** Keys that the index takes; the slot of any further key is −1. */
  get limit(): number {
    return this.#finder.limit;
  }

  set limit(keys: number) {
    this.#finder.limit = keys;
  }

  /**
   * Told of the slots that keys have got, before whoever looked for them: of all new keys of a batch at once. Undefined where nobody wants
   * to know.
   */
  set added(listener: ((slots: Int32Array) => void) | undefined) {
    this.#finder.added = listener;
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
    return slot >= 0 ? slot : this.#finder.told(this.#finder.number(hash, key));
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
      const slot = this.#finder.number(hashes === null ? hashNumber(key) : (hashes[row] as number), key);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
      direct = this.#direct.slots;
    }
    return this.#finder.told(left);
  }

  ofString(hash: number, key: string): number {
    return this.#finder.told(this.#finder.string(hash, key));
  }

  /** Slot of the string of a row, without making it a JavaScript string where it is bytes. */
  ofColumn(hash: number, column: StringColumn, row: number, rows: number): number {
    return this.#finder.told(this.#findColumn(hash, column, row, rows));
  }

  #findColumn(hash: number, column: StringColumn, row: number, rows: number): number {
    if (column.isNull(row)) return this.#finder.other(hash, null);
    if (column.form !== 'bytes' || column.wide) return this.#finder.string(hash, column.at(row, rows) as string);
    const at = column.base + row * column.stride;
    const start = column.bytesBase + (column.offsets[at] as number);
    const end = column.bytesBase + (column.offsets[at + 1] as number) - column.gap;
    if (!column.isLatin1(row)) return this.#finder.utf8(hash, column.bytes, start, end);
    return this.#finder.bytes(hash, latin1Key, column.bytes, start, end);
  }

  /** Slots of the strings of a column: `ofColumn` for every row. Rows that find no room get the slot `size`; says how many. */
  ofStrings(options: ColumnKeys & { readonly keys: StringColumn }): number {
    const { keys, rows, slots } = options;
    if (keys.form === 'dictionary') return this.#finder.told(this.#ofDictionary(options));
    const hashed = { hashes: options.hashes ?? this.#hashesOf(keys, rows), keys, rows, slots };
    return this.#finder.told(isBytes(keys) ? this.#ofColumnBytes(hashed) : this.#ofTexts(hashed));
  }

  #hashesOf(keys: StringColumn, rows: number): Int32Array {
    if (this.#hashes.length < rows) this.#hashes = new Int32Array(rows);
    keys.hashAll(rows, this.#hashes, nullHash);
    return this.#hashes;
  }

  /** Looks each string of a dictionary up once, and its slot from then on. */
  #ofDictionary({ keys, rows, slots }: ColumnKeys & { readonly keys: StringColumn }): number {
    const { ids, idsBase } = keys;
    const dictionary = keys.dictionary as StringDictionary;
    const known = this.#dictionarySlots.of(dictionary);
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const id = ids[idsBase + row] as number;
      let slot = id === nullId ? -1 : (known[id] as number) - 1;
      if (slot < 0) {
        slot = id === nullId ? this.#finder.other(nullHash, null) : this.#ofEntry(dictionary, id);
        if (slot >= 0 && id !== nullId) known[id] = slot + 1;
      }
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return left;
  }

  #ofEntry(dictionary: StringDictionary, id: number): number {
    const { bytes, starts, hashes } = dictionary;
    const hash = hashes[id] as number;
    if (!dictionary.hasBytes(id)) return this.#finder.string(hash, dictionary.at(id));
    return this.#finder.bytes(hash, latin1Key, bytes, starts[id] as number, starts[id + 1] as number);
  }

  #ofTexts({ hashes, keys, rows, slots }: HashedKeys & { readonly keys: StringColumn }): number {
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const slot = this.#findColumn(hashes[row] as number, keys, row, rows);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return left;
  }

  #ofColumnBytes({ hashes, keys, rows, slots }: HashedKeys & { readonly keys: StringColumn }): number {
    const { bytes, offsets, base, stride, bytesBase, gap } = keys;
    const others = keys.nonAscii(rows);
    const view = keys.view();
    this.#bytes = bytes;
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
      if (others !== null && others[row] !== 0) slot = this.#finder.utf8(hash, bytes, start, end);
      // At the end of the memory there may be less to read than a short text may have.
      else if (start > wholeMax) slot = this.#finder.bytes(hash, latin1Key, bytes, start, end);
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

  /** Slot of Latin-1 bytes of `#bytes`; from where they begin, as many can be read as a short text may have. @param guess a slot + 1, or 0 */
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
    return this.#finder.insert(hash, place, { kind: latin1Key, bytes: this.#bytes, start, end });
  }

  /** Slots of keys of any kind: `ofValue` for every row. Rows that find no room get the slot `size`; says how many. */
  ofValues({ hashes, keys, rows, slots }: HashedKeys & { readonly keys: EncodedRows }): number {
    if (!(keys instanceof AnyColumn) || keys.isEncoded) return this.#finder.told(this.#ofEncodedRows({ hashes, keys, rows, slots }));
    const values = keys.load(rows);
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const slot = this.#finder.value(hashes[row] as number, values[row]);
      slots[row] = slot < 0 ? this.size : slot;
      if (slot < 0) left++;
    }
    return this.#finder.told(left);
  }

  #ofEncodedRows({ hashes, keys, rows, slots }: HashedKeys & { readonly keys: EncodedRows }): number {
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
    return this.#finder.told(this.#findEncoded(hash, keys, row));
  }

  #findEncoded(hash: number, keys: EncodedRows, row: number): number {
    const { bytes, bytesBase, offsets, base } = keys;
    const start = bytesBase + (offsets[base + row] as number);
    // Numbers and strings are not found by these bytes.
    if (bytes[start] !== tag.array) return this.#finder.value(hash, keys.at(row));
    return this.#finder.bytes(hash, valueKey, bytes, start, bytesBase + (offsets[base + row + 1] as number));
  }

  /** Slot of a key that is neither a number nor a string, by its canonical bytes. */
  ofCanonical(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#finder.told(this.#finder.bytes(hash, valueKey, bytes, start, end));
  }

  /** Slot of a key of any kind. */
  ofValue(hash: number, key: unknown): number {
    return this.#finder.told(this.#finder.value(hash, key));
  }

  /** The key of a slot. */
  key(slot: number): unknown {
    return this.#keys.key(slot);
  }

  /**
   * Copies the keys of the slots from `from` to before `to`, the first one to row 0; false where one of them is anything but Latin-1 text. A slot
   * without a key has an empty one.
   */
  copyTexts(from: number, to: number, texts: Latin1Strings): boolean {
    return this.#keys.copyTexts(from, to, texts);
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
    return this.#finder.told(this.#finder.bytes(hash, isWide ? utf16Key : latin1Key, source.bytes, start, start + length));
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
}

/** Whether none is null, and all lie there as bytes that are compared as such. */
function isBytes(column: StringColumn): boolean {
  return column.latin1 || column.packed || (column.form === 'bytes' && column.utf8 && column.validity === null);
}
