/**
 * A column of JavaScript values. It holds them as they are, or as bytes of the codec of values: those of a frame, which are decoded all at
 * once when the first is asked for, or those that rows were copied as. Whoever can do with the bytes of each row, as an index of keys,
 * decodes nothing.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { ByteSource } from './byte-source.ts';
import { copiedByWordsMax, copyWords, ViewedBytes } from './byte-words.ts';
import { decodeValue } from './value-codec.ts';

/** Values by row as `encodeValue` writes them. */
export interface EncodedRows {
  readonly bytes: Buffer;
  /** Row i is from offsets[base + i] to the offset behind that one, relative to `bytesBase`. */
  readonly offsets: Int32Array;
  readonly base: number;
  readonly bytesBase: number;
  /** The bytes, for reading several of them at once. */
  view(): DataView;
  /** The value of a row. */
  at(row: number): unknown;
}

const noOffsets = new Int32Array(0);
const noBytes = Buffer.alloc(0);
const initialBytes = 4096;

export class AnyColumn implements EncodedRows {
  readonly kind = 'any';
  /** The values, where they are not encoded: see `load`. */
  values: unknown[];
  /** Whether it is known where the bytes of each row lie. */
  isEncoded = false;
  bytes: Buffer = noBytes;
  offsets: Int32Array = noOffsets;
  base = 0;
  bytesBase = 0;
  readonly #view = new ViewedBytes();
  /** Where the values lie that were not decoded so far; the end is −1 when there are none. */
  #start = 0;
  #end = -1;
  /** Memory for rows that are copied as bytes, kept when the batch is filled again. */
  #ownBytes: Buffer = noBytes;
  #ownOffsets: Int32Array = noOffsets;

  constructor(capacity: number) {
    this.values = new Array<unknown>(capacity).fill(null);
  }

  /** Makes this the column that lies in a frame. @param rows where each row begins, from `base` on, relative to `start`; null where nobody knows */
  setEncoded(bytes: Buffer, start: number, end: number, rows: { readonly offsets: Int32Array; readonly base: number } | null): void {
    this.bytes = bytes;
    this.bytesBase = start;
    this.isEncoded = rows !== null;
    if (rows !== null) {
      this.offsets = rows.offsets;
      this.base = rows.base;
    }
    this.#start = start;
    this.#end = end;
  }

  /** Empties the column so that it can be filled again. */
  clear(): void {
    this.isEncoded = false;
    this.#end = -1;
  }

  /** The values, decoded if need be. @param by what decodes them */
  load(rows: number, by: ByteSource = source): unknown[] {
    const { values } = this;
    const end = this.#end;
    if (end < 0) return values;
    by.reset(this.bytes, this.#start, end);
    for (let row = 0; row < rows; row++) values[row] = decodeValue(by);
    assert(by.position === end, 'an any column decodes to its end');
    this.#end = -1;
    return values;
  }

  view(): DataView {
    return this.#view.of(this.bytes);
  }

  /** The value of a row that is encoded. */
  at(row: number): unknown {
    return decodeRow(this, row);
  }

  /** Puts a value behind the rows so far. Rows are written in order. */
  set(row: number, value: unknown): void {
    if (this.isEncoded && row > 0) this.load(row);
    this.clear();
    this.values[row] = value;
  }

  /** Puts an encoded value behind the rows so far, as it is where these are encoded. Returns how many bytes it has. */
  copy(row: number, from: EncodedRows, fromRow: number): number {
    if (row === 0) this.#useOwnBytes();
    const at = from.base + fromRow;
    const start = from.bytesBase + (from.offsets[at] as number);
    const end = from.bytesBase + (from.offsets[at + 1] as number);
    if (this.isEncoded) this.#copyBytes(row, from, start, end);
    else this.values[row] = from.at(fromRow);
    return end - start;
  }

  #copyBytes(row: number, from: EncodedRows, start: number, end: number): void {
    const position = this.offsets[row] as number;
    const length = end - start;
    if (position + length > this.bytes.length) this.#growBytes(position + length);
    if (length < copiedByWordsMax) copyWords({ from: from.view(), start, end, to: this.view(), at: position });
    else from.bytes.copy(this.bytes, position, start, end);
    this.offsets[row + 1] = position + length;
    this.#end = position + length;
  }

  #useOwnBytes(): void {
    const capacity = this.values.length;
    if (this.#ownOffsets.length <= capacity) this.#ownOffsets = new Int32Array(capacity + 1);
    if (this.#ownBytes.length === 0) this.#ownBytes = Buffer.allocUnsafeSlow(initialBytes);
    this.isEncoded = true;
    this.offsets = this.#ownOffsets;
    this.bytes = this.#ownBytes;
    this.base = 0;
    this.bytesBase = 0;
    this.#start = 0;
  }

  #growBytes(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(length, this.bytes.length * 2));
    grown.set(this.bytes);
    this.#ownBytes = grown;
    this.bytes = grown;
  }
}

const source = new ByteSource();

/** The value of one row. */
export function decodeRow({ bytes, offsets, base, bytesBase }: EncodedRows, row: number): unknown {
  source.reset(bytes, bytesBase + (offsets[base + row] as number), bytesBase + (offsets[base + row + 1] as number));
  return decodeValue(source);
}

/** One encoded value. */
export class EncodedValue implements EncodedRows {
  bytes: Buffer = noBytes;
  readonly offsets = new Int32Array(2);
  readonly base = 0;
  readonly bytesBase = 0;

  readonly #view = new ViewedBytes();

  /** Makes this the value that lies there. Returns itself. */
  point(bytes: Buffer, start: number, end: number): this {
    this.bytes = bytes;
    this.offsets[0] = start;
    this.offsets[1] = end;
    return this;
  }

  view(): DataView {
    return this.#view.of(this.bytes);
  }

  at(row: number): unknown {
    return decodeRow(this, row);
  }
}
