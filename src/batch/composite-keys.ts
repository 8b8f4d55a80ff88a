/**
 * Keys of several fields, for the rows of a batch or for one row: the canonical bytes of the array of their values, made of columns or
 * of values without making the array. One subtask owns it; its memory serves for all batches.
 *
 * @hotpath
 */

import { hashBytesWords } from '../base/hash.ts';
import { decodeRow, type EncodedRows } from './any-column.ts';
import { ByteSink } from './byte-sink.ts';
import { ViewedBytes } from './byte-words.ts';
import { encodeKey } from './key-codec.ts';
import { StringColumn } from './string-column.ts';
import { tag } from './value-codec.ts';

/** Numbers by row, or a column of strings. */
export type KeyPart = Float64Array | Int32Array | StringColumn;

/** Bytes behind a key that are read along with it. */
const hashedBeyond = 3;

export class CompositeKeys implements EncodedRows {
  readonly #sink = new ByteSink();
  offsets = new Int32Array(2);
  readonly base = 0;
  readonly bytesBase = 0;
  readonly #view = new ViewedBytes();
  hashes = new Int32Array(0);

  get bytes(): Buffer {
    return this.#sink.bytes;
  }

  view(): DataView {
    return this.#view.of(this.#sink.bytes);
  }

  at(row: number): unknown {
    return decodeRow(this, row);
  }

  /** Begins the key of one row, which is number 0; its parts come in order. */
  begin(parts: number): void {
    const sink = this.#sink;
    sink.reset();
    sink.u8(tag.array);
    sink.varint(parts);
  }

  string(column: StringColumn, row: number, rows: number): void {
    writeString(this.#sink, column, row, rows);
  }

  number(value: number): void {
    writeNumber(this.#sink, value);
  }

  /** A part of any kind. @throws UnsupportedValueError for what cannot be a key */
  value(value: unknown): void {
    if (typeof value === 'number') writeNumber(this.#sink, value);
    else encodeKey(this.#sink, value);
  }

  /** The hash of the key that was begun. */
  end(): number {
    const { length } = this.#sink;
    this.offsets[1] = length;
    return this.#hash(0, length);
  }

  #hash(start: number, end: number): number {
    this.#sink.reserve(hashedBeyond);
    return hashBytesWords(this.view(), start, end);
  }

  /** Makes the keys of all rows. @returns itself */
  fill(rows: number, parts: readonly KeyPart[]): this {
    if (this.hashes.length < rows) {
      this.offsets = new Int32Array(rows + 2);
      this.hashes = new Int32Array(rows);
    }
    const sink = this.#sink;
    sink.reset();
    for (let row = 0; row < rows; row++) {
      const start = sink.length;
      sink.u8(tag.array);
      sink.varint(parts.length);
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i] as KeyPart;
        if (part instanceof StringColumn) writeString(sink, part, row, rows);
        else writeNumber(sink, part[row] as number);
      }
      this.offsets[row + 1] = sink.length;
      this.hashes[row] = this.#hash(start, sink.length);
    }
    return this;
  }
}

/** As `encodeKey` does: small numbers are the most frequent ones. */
function writeNumber(sink: ByteSink, value: number): void {
  const integer = value | 0;
  if (integer !== value) encodeKey(sink, value);
  else {
    sink.u8(tag.int32);
    sink.zigzag(integer);
  }
}

/** As `encodeKey` does. Latin-1 is copied. */
function writeString(sink: ByteSink, column: StringColumn, row: number, rows: number): void {
  if (!column.isLatin1(row) || column.isNull(row)) {
    encodeKey(sink, column.at(row, rows));
    return;
  }
  const at = column.base + row * column.stride;
  const start = column.bytesBase + (column.offsets[at] as number);
  const end = column.bytesBase + (column.offsets[at + 1] as number) - column.gap;
  sink.u8(tag.string);
  sink.varint((end - start) * 2);
  sink.copyViewed(column.bytes, column.view(), start, end);
}
