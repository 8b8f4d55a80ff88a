/**
 * Columns of strings, in whatever form they came: as JavaScript strings, as bytes, or as numbers of a dictionary.
 * @hotpath
 */

import { fold, hashLatin1, hashLatin1Words, hashString, hashUtf8, hashUtf16, mix, scramble, tailMasks } from '../base/hash.ts';
import { copiedByWordsMax, copyWords, nonAsciiBits, ViewedBytes } from './byte-words.ts';
import type { StringDictionary } from './string-dictionary.ts';
import { textBytes } from './value-size.ts';

const noOffsets = new Int32Array(0);
const noBytes = Buffer.alloc(0);
const noValidity = new Uint8Array(0);

/** How a string column holds its strings. All forms are lossless and convert into each other. */
export type StringForm = 'references' | 'bytes' | 'dictionary';

/** Strings that are cut out of others share their memory from so many units on; below, V8 copies them (SlicedString::kMinLength). */
const sharingUnitsMin = 13;

/** The id of null in a dictionary column. */
export const nullId = -1;

/** Longer texts are not laid down as bytes beside the references: the memory for it is kept with the batch. */
const packedBytesMax = 128 * 1024;

/**
 * Strings in one of three forms. `references`: JavaScript strings. `bytes`: one run of Latin-1, UTF-16LE or UTF-8 bytes and the
 * offset at which each row starts. The first two keep every string whole; UTF-8, which would lose lone surrogates, is for strings that
 * came as such. `dictionary`: ids into a table that outlives the batch.
 */
export class StringColumn {
  readonly kind = 'string';
  form: StringForm;
  /** `references`: the strings, null for null. */
  references: (string | null)[];
  /** `bytes`: row i is from offsets[base + i * stride] to the offset behind that one, relative to `bytesBase`. */
  offsets: Int32Array = noOffsets;
  base = 0;
  /** `bytes`: 1 where each row begins where the one before ends; 2 where each has a beginning and an end of its own. */
  stride: 1 | 2 = 1;
  bytes: Buffer = noBytes;
  bytesBase = 0;
  /** Whether the bytes are UTF-16LE. */
  wide = false;
  /** Whether the bytes are valid UTF-8, of which some row may not be ASCII. With neither they are Latin-1. */
  utf8 = false;
  /** `bytes`: bytes that end every row but do not belong to it, such as a line feed. */
  gap = 0;
  validity: Uint8Array | null = null;
  validityBase = 0;
  /** `dictionary`: ids, `nullId` for null. */
  ids: Int32Array = noOffsets;
  idsBase = 0;
  dictionary: StringDictionary | null = null;
  /** Bytes of the rows so far, about, for sealing a batch in time. */
  rowBytes = 0;
  /** `references`: whether `offsets` and `bytes` say the same, as Latin-1 bytes of rows none of which is null. */
  packed = false;
  /** Of no use to anybody, but a loop that only touches the strings would be left out without it. */
  touched = 0;
  /** The whole run of bytes as one string, made when the first row is asked for. */
  #text: string | null = null;
  #textBase = 0;
  /** The bytes by words, made when somebody asks for them. */
  readonly #view = new ViewedBytes();
  /** By row, 1 where it is not ASCII; of so many rows it is known. */
  #nonAscii = noValidity;
  #nonAsciiRows = -1;
  /** Memory for rows that are copied as bytes, kept when the batch is filled again. */
  #ownOffsets: Int32Array = noOffsets;
  #ownBytes: Buffer = noBytes;

  constructor(capacity: number) {
    this.form = 'references';
    this.references = new Array<string | null>(capacity).fill(null);
  }

  /** Makes this a column of bytes, as a reader of frames or files does. */
  setBytes(options: {
    readonly offsets: Int32Array;
    readonly base: number;
    readonly bytes: Buffer;
    readonly bytesBase: number;
    readonly wide: boolean;
    readonly gap: number;
    readonly validity: Uint8Array | null;
    readonly validityBase: number;
    readonly stride?: 1 | 2;
    readonly utf8?: boolean;
  }): void {
    this.form = 'bytes';
    this.packed = false;
    this.offsets = options.offsets;
    this.base = options.base;
    this.stride = options.stride ?? 1;
    this.bytes = options.bytes;
    this.bytesBase = options.bytesBase;
    this.wide = options.wide;
    this.utf8 = options.utf8 ?? false;
    this.#nonAsciiRows = -1;
    this.gap = options.gap;
    this.validity = options.validity;
    this.validityBase = options.validityBase;
    this.#text = null;
  }

  setIds(ids: Int32Array, base: number, dictionary: StringDictionary): void {
    this.form = 'dictionary';
    this.packed = false;
    this.ids = ids;
    this.idsBase = base;
    this.dictionary = dictionary;
  }

  /** The string of a row, or null. `rows` is the row count of the batch. */
  at(row: number, rows: number): string | null {
    if (this.form === 'references') return this.references[row] as string | null;
    if (this.form === 'dictionary') return this.#fromDictionary(row);
    if (this.validity !== null && this.validity[this.validityBase + row] === 0) return null;
    const at = this.base + row * this.stride;
    if (this.utf8 && !this.#isAscii(row)) {
      return this.bytes.utf8Slice(
        this.bytesBase + (this.offsets[at] as number),
        this.bytesBase + (this.offsets[at + 1] as number) - this.gap,
      );
    }
    const text = this.#text ?? this.#decode(rows);
    const start = (this.offsets[at] as number) - this.#textBase;
    const end = (this.offsets[at + 1] as number) - this.gap - this.#textBase;
    return this.wide ? text.substring(start >> 1, end >> 1) : text.substring(start, end);
  }

  /** Like `at`, but the string shares no memory with its neighbours, so that keeping it does not keep the batch. */
  detached(row: number, rows: number): string | null {
    if (this.form !== 'bytes') return this.at(row, rows);
    if (this.validity !== null && this.validity[this.validityBase + row] === 0) return null;
    const at = this.base + row * this.stride;
    const start = this.bytesBase + (this.offsets[at] as number);
    const end = this.bytesBase + (this.offsets[at + 1] as number) - this.gap;
    // Cut from the text of all, which costs less than a slice of the bytes, it is a copy all the same; and so is decoded UTF-8.
    if (end - start < sharingUnitsMin || (this.utf8 && !this.#isAscii(row))) return this.at(row, rows);
    return this.wide ? this.bytes.ucs2Slice(start, end) : this.bytes.latin1Slice(start, end);
  }

  /** Puts a string, or null, behind the rows so far. Rows are written in order. */
  set(row: number, value: string | null): void {
    if (this.form !== 'references') this.#toReferences(row);
    this.references[row] = value;
    if (value !== null) this.rowBytes += textBytes(value);
  }

  /** Puts the string of another column's row behind the rows so far, in the other's form where that can be kept. */
  copy(row: number, from: StringColumn, fromRow: number, fromRows: number): void {
    if (row === 0) this.#adopt(from);
    if (this.form === 'bytes' && from.form === 'bytes' && this.#takesBytes(from, fromRow)) this.#copyBytes(row, from, fromRow);
    else if (this.form === 'dictionary' && this.dictionary === from.dictionary) {
      this.ids[row] = from.ids[from.idsBase + fromRow] as number;
    } else this.set(row, from.at(fromRow, fromRows));
  }

  /** Whether the bytes of another column's row mean the same here: Latin-1 and UTF-8 have ASCII in common. */
  #takesBytes(from: StringColumn, fromRow: number): boolean {
    if (this.wide !== from.wide) return false;
    return this.utf8 === from.utf8 || from.#isAscii(fromRow);
  }

  /** The first row decides the form of the others. */
  #adopt(from: StringColumn): void {
    const capacity = this.references.length;
    this.form = from.form;
    this.#text = null;
    if (from.form === 'bytes') {
      this.#useOwnBytes(from.wide);
      this.utf8 = from.utf8;
      this.#nonAsciiRows = -1;
    } else if (from.form === 'dictionary') {
      if (this.ids.length < capacity) this.ids = new Int32Array(capacity);
      this.idsBase = 0;
      this.dictionary = from.dictionary;
    }
  }

  #useOwnBytes(wide: boolean): void {
    const capacity = this.references.length;
    if (this.#ownOffsets.length <= capacity) this.#ownOffsets = new Int32Array(capacity + 1);
    if (this.#ownBytes.length === 0) this.#ownBytes = Buffer.allocUnsafeSlow(4096);
    this.offsets = this.#ownOffsets;
    this.bytes = this.#ownBytes;
    this.wide = wide;
    this.utf8 = false;
    this.base = 0;
    this.stride = 1;
    this.bytesBase = 0;
    this.gap = 0;
    this.validity = null;
    this.validityBase = 0;
  }

  #copyBytes(row: number, from: StringColumn, fromRow: number): void {
    const position = this.offsets[row] as number;
    if (from.isNull(fromRow)) {
      if (this.validity === null) this.validity = new Uint8Array(this.references.length).fill(1, 0, row);
      this.validity[row] = 0;
      this.offsets[row + 1] = position;
      return;
    }
    const at = from.base + fromRow * from.stride;
    const start = from.bytesBase + (from.offsets[at] as number);
    const end = from.bytesBase + (from.offsets[at + 1] as number) - from.gap;
    const length = end - start;
    if (position + length > this.bytes.length) this.#growBytes(position + length);
    if (length <= copiedByWordsMax) copyWords({ from: from.view(), start, end, to: this.view(), at: position });
    else from.bytes.copy(this.bytes, position, start, end);
    if (this.validity !== null) this.validity[row] = 1;
    this.offsets[row + 1] = position + length;
    this.rowBytes += length;
  }

  #growBytes(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(length, this.bytes.length * 2));
    grown.set(this.bytes);
    this.#ownBytes = grown;
    this.bytes = grown;
  }

  #toReferences(rows: number): void {
    for (let row = 0; row < rows; row++) this.references[row] = this.at(row, rows);
    this.form = 'references';
  }

  /** Hash of the string of a row that is not null: `hashString` of it, whatever the form. */
  hash(row: number): number {
    if (this.form === 'references') return hashString(this.references[row] as string);
    if (this.form === 'dictionary') {
      return (this.dictionary as StringDictionary).hashes[this.ids[this.idsBase + row] as number] as number;
    }
    const at = this.base + row * this.stride;
    const start = this.bytesBase + (this.offsets[at] as number);
    const end = this.bytesBase + (this.offsets[at + 1] as number) - this.gap;
    if (this.utf8) return hashUtf8(this.bytes, start, end);
    return this.wide ? hashUtf16(this.bytes, start, end) : hashLatin1(this.bytes, start, end);
  }

  /**
   * Hashes of all rows; that of null is given. References are laid down as bytes in the same pass, where they are Latin-1 and none is null:
   * whoever looks for the strings later need not go back to them.
   */
  hashAll(rows: number, hashes: Int32Array, nullHash?: number): void {
    if (this.form === 'bytes' && !this.wide && this.validity === null) this.#hashBytes(rows, hashes);
    else if (this.form === 'dictionary') this.#hashIds(rows, hashes, nullHash ?? 0);
    else if (nullHash !== undefined) {
      for (let row = 0; row < rows; row++) hashes[row] = this.isNull(row) ? nullHash : this.hash(row);
    } else this.#hashOthers(rows, hashes);
  }

  #hashIds(rows: number, hashes: Int32Array, nullHash: number): void {
    const { ids, idsBase } = this;
    const known = (this.dictionary as StringDictionary).hashes;
    for (let row = 0; row < rows; row++) {
      const id = ids[idsBase + row] as number;
      hashes[row] = id === nullId ? nullHash : (known[id] as number);
    }
  }

  #hashOthers(rows: number, hashes: Int32Array): void {
    const units = this.form === 'references' ? this.#touch(rows) : 0;
    if (this.form !== 'references' || units > packedBytesMax) for (let row = 0; row < rows; row++) hashes[row] = this.hash(row);
    else this.#pack(rows, units, hashes);
  }

  #hashBytes(rows: number, hashes: Int32Array): void {
    const { bytes, offsets, base, stride, bytesBase, gap } = this;
    const view = this.view();
    const others = this.utf8 ? this.#nonAsciiOf(rows) : null;
    const wordsMax = bytes.length - 3;
    for (let row = 0; row < rows; row++) {
      const at = base + row * stride;
      const start = bytesBase + (offsets[at] as number);
      const end = bytesBase + (offsets[at + 1] as number) - gap;
      hashes[row] = end <= wordsMax ? hashLatin1Words(view, start, end) : hashLatin1(bytes, start, end);
      if (others === null) continue;
      let all = 0;
      if (end <= wordsMax) {
        let i = start;
        for (; i + 4 <= end; i += 4) all |= view.getInt32(i, true);
        if (i < end) all |= view.getInt32(i, true) & (tailMasks[end - i] as number);
      } else for (let i = start; i < end; i++) all |= bytes[i] as number;
      others[row] = (all & nonAsciiBits) === 0 ? 0 : 1;
      if ((all & nonAsciiBits) !== 0) hashes[row] = hashUtf8(bytes, start, end);
    }
    if (others !== null) this.#nonAsciiRows = rows;
  }

  /** 1 for rows that are not ASCII, where UTF-8 is another thing than Latin-1; null where there cannot be any. */
  nonAscii(rows: number): Uint8Array | null {
    if (!this.utf8) return null;
    if (this.#nonAsciiRows === rows) return this.#nonAscii;
    const others = this.#nonAsciiOf(rows);
    for (let row = 0; row < rows; row++) others[row] = this.#isAscii(row) ? 0 : 1;
    this.#nonAsciiRows = rows;
    return others;
  }

  #nonAsciiOf(rows: number): Uint8Array {
    if (this.#nonAscii.length < rows) this.#nonAscii = new Uint8Array(rows);
    return this.#nonAscii;
  }

  /**
   * Reads the beginning of every string, and counts their units. Strings lie all over the memory; here the processor waits for many of
   * them at once, where a loop over the units of each would make it wait for one after the other.
   */
  #touch(rows: number): number {
    const { references } = this;
    let units = 0;
    let touched = 0;
    for (let row = 0; row < rows; row++) {
      const value = references[row] as string;
      if (value.length > 0) touched ^= value.charCodeAt(0);
      units += value.length;
    }
    this.touched = touched;
    return units;
  }

  #pack(rows: number, length: number, hashes: Int32Array): void {
    this.#useOwnBytes(false);
    if (length > this.bytes.length) this.#growBytes(length);
    const { references, offsets, bytes } = this;
    let end = 0;
    let all = 0;
    for (let row = 0; row < rows; row++) {
      const value = references[row] as string;
      let hash = 0;
      let word = 0;
      for (let i = 0; i < value.length; i++) {
        const unit = value.charCodeAt(i);
        all |= unit;
        bytes[end + i] = unit;
        word ^= unit << ((i & 3) * 8);
        if ((i & 3) === 3) {
          hash = fold(hash, word);
          word = 0;
        }
      }
      end += value.length;
      hashes[row] = mix(hash ^ scramble(word) ^ value.length);
      offsets[row + 1] = end;
    }
    offsets[0] = 0;
    this.packed = all < 256;
  }

  /** Whether all rows are Latin-1 bytes, and none is null. */
  get latin1(): boolean {
    return this.form === 'bytes' && !this.wide && !this.utf8 && this.validity === null;
  }

  /** Whether a row that is not null lies there as Latin-1 bytes. */
  isLatin1(row: number): boolean {
    return this.form === 'bytes' && !this.wide && (!this.utf8 || this.#isAscii(row));
  }

  #isAscii(row: number): boolean {
    const { bytes } = this;
    const at = this.base + row * this.stride;
    const end = this.bytesBase + (this.offsets[at + 1] as number) - this.gap;
    let all = 0;
    for (let i = this.bytesBase + (this.offsets[at] as number); i < end; i++) all |= bytes[i] as number;
    return all < 0x80;
  }

  /** The bytes, for reading several of them at once. */
  view(): DataView {
    return this.#view.of(this.bytes);
  }

  isNull(row: number): boolean {
    if (this.form === 'references') return this.references[row] === null;
    if (this.form === 'dictionary') return this.ids[this.idsBase + row] === nullId;
    return this.validity !== null && this.validity[this.validityBase + row] === 0;
  }

  #fromDictionary(row: number): string | null {
    const id = this.ids[this.idsBase + row] as number;
    return id === nullId ? null : (this.dictionary as StringDictionary).at(id);
  }

  /** One slice for all rows and a substring for each costs half of a slice for each. */
  #decode(rows: number): string {
    const first = this.offsets[this.base] as number;
    const last = this.offsets[this.base + (rows - 1) * this.stride + 1] as number;
    const start = this.bytesBase + first;
    const end = this.bytesBase + last;
    const text = this.wide ? this.bytes.ucs2Slice(start, end) : this.bytes.latin1Slice(start, end);
    this.#text = text;
    this.#textBase = first;
    return text;
  }
}
