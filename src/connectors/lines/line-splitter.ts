/**
 * Cuts a run of bytes into lines. Bytes are put at its end, lines are taken from its front, a batch at a time; a batch points
 * into the buffer wherever a byte is a character, so that such lines are never copied.
 *
 * Invariants: `start ≤ filled`, and the delimiter stands at `filled` although it does not belong to the input: every search
 * ends there, and the last line has its delimiter even when the input has not. Bytes move only in `reserve`, so a batch is
 * good until then. Used by the thread of the reader.
 *
 * @hotpath
 */

import { isAscii, isUtf8, transcode } from 'node:buffer';
import { assert } from '../../base/assert.ts';
import { MillraceError } from '../../base/errors.ts';
import type { StringColumn } from '../../batch/column.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { TextEncoding } from './line-batch.ts';

export interface LineSplitterOptions {
  readonly encoding: TextEncoding;
  /** What ends a line. In front of a line feed, a carriage return belongs to the delimiter. */
  readonly delimiter: string;
  /** Offset in the input of the first byte that will be put in. */
  readonly origin: number;
  /** Bytes to begin with; the buffer grows with the lines. */
  readonly bufferBytes: number;
  /** What is read, for errors: `file '/var/log/x'`. */
  readonly place: string;
  /** Bytes of the longest line. */
  readonly lineBytesMax: number;
  /** Told the offset of the first byte that is not valid UTF-8, once. */
  readonly onInvalid: (offset: number) => void;
}

const carriageReturn = 13;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const noValidity = { validity: null, validityBase: 0 } as const;

export class LineSplitter {
  readonly #options: LineSplitterOptions;
  readonly #delimiter: Buffer;
  readonly #delimiterText: string;
  #bytes: Buffer;
  #start = 0;
  #filled = 0;
  /** No delimiter begins between `start` and here. Keeps a long line from being searched again with every read. */
  #searched = 0;
  /** Offset in the input of the buffer's first byte. */
  #origin: number;
  #ended = false;
  #invalidSeen = false;
  /** Row i is from offsets[i] to offsets[i + 1], its delimiter included. */
  #offsets = new Int32Array(1);

  constructor(options: LineSplitterOptions) {
    this.#options = options;
    this.#delimiter = Buffer.from(options.delimiter, options.encoding);
    this.#delimiterText = this.#delimiter.toString(options.encoding);
    assert(this.#delimiter.length > 0, 'lines have a delimiter');
    this.#bytes = Buffer.allocUnsafeSlow(options.bufferBytes + this.#delimiter.length);
    this.#origin = options.origin;
    this.#stand(0);
  }

  /** Offset in the input of the first byte that was not taken. */
  get position(): number {
    return this.#origin + this.#start;
  }

  /** Whether the input has ended and all of it was taken. */
  get exhausted(): boolean {
    return this.#ended && this.#start === this.#filled;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Makes room for `length` bytes and says where in `bytes` they go. Ends the life of the last batch. */
  reserve(length: number): number {
    const behind = length + this.#delimiter.length;
    if (this.#filled + behind > this.#bytes.length) this.#makeRoom(behind);
    return this.#filled;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Says that `length` of the reserved bytes have been written. */
  added(length: number): void {
    this.#stand(this.#filled + length);
  }

  append(chunk: Uint8Array): void {
    const offset = this.reserve(chunk.length);
    this.#bytes.set(chunk, offset);
    this.added(chunk.length);
  }

  /** Says that the input has ended: what is left is the last line. */
  end(): void {
    this.#ended = true;
  }

  /**
   * Drops the byte order mark that UTF-8 text may begin with. False while there are too few bytes to tell.
   * Call it until it is true, before the first line is taken.
   */
  dropByteOrderMark(): boolean {
    const length = Math.min(byteOrderMark.length, this.#filled - this.#start);
    const alike = byteOrderMark.compare(this.#bytes, this.#start, this.#start + length, 0, length) === 0;
    if (alike && length < byteOrderMark.length) return this.#ended;
    if (alike) this.#start += length;
    return true;
  }

  /** Drops the rest of a line. False when its end is not there yet: then everything was dropped. */
  skipLine(): boolean {
    assert(this.#delimiter.length === 1, 'a delimiter of many bytes may be cut');
    const at = this.#bytes.indexOf(this.#delimiter[0] as number, this.#start);
    this.#start = Math.min(at + 1, this.#filled);
    return at < this.#filled;
  }

  /**
   * Fills the batch with the next lines, those that start in front of the offset `end`. False when there is none, or none
   * that is complete.
   */
  take(batch: RecordBatch, end: number): boolean {
    const rows = this.#findLines(batch.capacity, end);
    if (rows === 0) return false;
    batch.clear();
    batch.rowCount = rows;
    this.#fill(batch.columns[0] as StringColumn, rows);
    this.#start = Math.min(this.#offsets[rows] as number, this.#filled);
    return true;
  }

  /** `Buffer.indexOf` costs 30 ns a line and then runs at memory speed; loops over bytes or words in JavaScript lose from 14 bytes a line on. */
  #findLines(rowsMax: number, end: number): number {
    if (this.#offsets.length <= rowsMax) this.#offsets = new Int32Array(rowsMax + 1);
    const offsets = this.#offsets;
    const bytes = this.#bytes;
    const filled = this.#filled;
    const length = this.#delimiter.length;
    const searched: number | Buffer = length === 1 ? (this.#delimiter[0] as number) : this.#delimiter;
    const startsMax = Math.min(filled, end - this.#origin);
    let rows = 0;
    let from = this.#start;
    offsets[0] = from;
    while (rows < rowsMax && from < startsMax) {
      const at = bytes.indexOf(searched as number, Math.max(from, this.#searched));
      if (at + length > filled) return this.#unfinishedLine(rows, from);
      from = at + length;
      offsets[++rows] = from;
    }
    return rows;
  }

  /** The line from `from` has no delimiter but the one behind the input: it is a line when nothing follows. */
  #unfinishedLine(rows: number, from: number): number {
    if (this.#ended) {
      this.#offsets[rows + 1] = this.#filled + this.#delimiter.length;
      return rows + 1;
    }
    this.#searched = Math.max(from, this.#filled - this.#delimiter.length + 1);
    return rows;
  }

  #fill(column: StringColumn, rows: number): void {
    const carriageReturns = this.#countCarriageReturns(rows);
    const uniform = carriageReturns === 0 || carriageReturns === rows;
    const first = this.#offsets[0] as number;
    const last = this.#offsets[rows] as number;
    const run = this.#bytes.subarray(first, last);
    const oneByteEach = this.#options.encoding === 'latin1' || isAscii(run);
    if (oneByteEach && uniform) this.#pointTo(column, rows, this.#delimiter.length + (carriageReturns === 0 ? 0 : 1));
    else if (oneByteEach) this.#cutBytes(column, rows, 'latin1');
    else this.#decode(column, rows, run);
  }

  #decode(column: StringColumn, rows: number, run: Buffer): void {
    const valid = isUtf8(run);
    if (!valid) this.#tellInvalid(run);
    // A delimiter of many bytes may overlap with the one behind the input, which only offsets tell apart.
    if (valid && this.#delimiter.length === 1) this.#cutText(column, rows, transcode(run, 'utf8', 'ucs2'));
    else this.#cutBytes(column, rows, 'utf8');
  }

  /** Hands out the bytes where they are. */
  #pointTo(column: StringColumn, rows: number, gap: number): void {
    const offsets = this.#offsets;
    column.setBytes({ offsets, base: 0, bytes: this.#bytes, bytesBase: 0, wide: false, gap, ...noValidity });
    column.rowBytes = (offsets[rows] as number) - (offsets[0] as number) - rows * gap;
  }

  /** A string for each line, from its own bytes. */
  #cutBytes(column: StringColumn, rows: number, encoding: TextEncoding): void {
    const offsets = this.#offsets;
    const length = this.#delimiter.length;
    column.form = 'references';
    for (let row = 0; row < rows; row++) {
      const start = offsets[row] as number;
      const end = (offsets[row + 1] as number) - length - (this.#endsWithCarriageReturn(row) ? 1 : 0);
      column.set(row, encoding === 'latin1' ? this.#bytes.latin1Slice(start, end) : this.#bytes.utf8Slice(start, end));
    }
  }

  /** A string for each line, cut from the text of all: decoding at once takes a third of the time of decoding each. */
  #cutText(column: StringColumn, rows: number, wide: Buffer): void {
    const text = wide.ucs2Slice(0, wide.length);
    let from = 0;
    column.form = 'references';
    for (let row = 0; row < rows; row++) {
      const at = text.indexOf(this.#delimiterText, from);
      assert(at >= 0, 'the text has as many lines as its bytes');
      column.set(row, text.substring(from, this.#endsWithCarriageReturn(row) ? at - 1 : at));
      from = at + 1;
    }
  }

  #tellInvalid(run: Buffer): void {
    if (this.#invalidSeen) return;
    this.#invalidSeen = true;
    this.#options.onInvalid(this.position + firstInvalidByte(run));
  }

  #countCarriageReturns(rows: number): number {
    if (this.#delimiterText !== '\n') return 0;
    const bytes = this.#bytes;
    const offsets = this.#offsets;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const last = (offsets[row + 1] as number) - 2;
      if (last >= (offsets[row] as number) && bytes[last] === carriageReturn) count++;
    }
    // The line feed behind the input is none: there, `x\r` is all text.
    const unfinished = (offsets[rows] as number) > this.#filled;
    return unfinished && bytes[this.#filled - 1] === carriageReturn ? count - 1 : count;
  }

  /** Whether a carriage return and a line feed end the line. */
  #endsWithCarriageReturn(row: number): boolean {
    const last = (this.#offsets[row + 1] as number) - 2;
    const lineFeed = this.#delimiterText === '\n' && last + 1 < this.#filled;
    return lineFeed && last >= (this.#offsets[row] as number) && this.#bytes[last] === carriageReturn;
  }

  /** Puts the delimiter behind the input. */
  #stand(filled: number): void {
    this.#filled = filled;
    this.#bytes.set(this.#delimiter, filled);
  }

  /** Moves what is left to the front; where that is not enough, to a buffer of twice the size. */
  #makeRoom(behind: number): void {
    const start = this.#start;
    const left = this.#filled - start;
    if (left > this.#options.lineBytesMax) this.#refuseLine();
    const needed = left + behind;
    const target = needed <= this.#bytes.length ? this.#bytes : Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(target, 0, start, this.#filled);
    this.#bytes = target;
    this.#origin += start;
    this.#start = 0;
    this.#searched = Math.max(0, this.#searched - start);
    this.#stand(left);
  }

  #refuseLine(): never {
    throw new MillraceError(
      'SOURCE_FAILED',
      `${this.#options.place}: the line that begins at byte ${this.position} is longer than ${this.#options.lineBytesMax} bytes; ` +
        'is this text, and are its lines delimited as they were said to be?',
    );
  }
}

/** Where decoding first puts a U+FFFD that was not there: the bytes and those of the decoded text differ within it. */
function firstInvalidByte(bytes: Buffer): number {
  const decoded = Buffer.from(bytes.utf8Slice(0, bytes.length));
  let at = 0;
  while (at < bytes.length && bytes[at] === decoded[at]) at++;
  // A cut character agrees with U+FFFD in its first bytes when these are EF BF.
  while (at > 0 && ((decoded[at] as number) & 0xc0) === 0x80) at--;
  return at;
}
