/**
 * Text as records: each line is a string. Wherever a byte is a character a batch points into the bytes, so that such lines are never
 * copied.
 *
 * @hotpath
 */

import { isAscii, isUtf8, transcode } from 'node:buffer';
import { assert } from '../base/assert.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { StringColumn } from '../batch/string-column.ts';
import { column, internType, type RecordType, scalarType } from '../schema/type.ts';
import { firstInvalidByte } from './invalid-text.ts';
import type { ParserInput, ParserOptions, RecordParser, TextEncoding } from './parser.ts';

export interface TextParserOptions extends Pick<ParserOptions, 'encoding' | 'onInvalid'> {
  /** What ends a line; a line feed by default. In front of a line feed, a carriage return belongs to the delimiter. */
  readonly delimiter?: string;
}

/** The type of lines. */
export const lineType: RecordType = internType(scalarType(column('string')));

const carriageReturn = 13;
const noValidity = { validity: null, validityBase: 0 } as const;
const nothing: ParserInput = { bytes: Buffer.alloc(0), start: 0, filled: 0, startsBefore: 0, ended: true, origin: 0, searched: 0 };

export class TextParser implements RecordParser {
  readonly type = lineType;
  readonly delimiter: Buffer;
  readonly #options: TextParserOptions;
  readonly #delimiterText: string;
  #input = nothing;
  #invalidSeen = false;
  /** Row i is from offsets[i] to offsets[i + 1], its delimiter included. */
  #offsets = new Int32Array(1);

  constructor(options: TextParserOptions) {
    this.#options = options;
    this.delimiter = Buffer.from(options.delimiter ?? '\n', options.encoding);
    this.#delimiterText = this.delimiter.toString(options.encoding);
    assert(this.delimiter.length > 0, 'lines have a delimiter');
  }

  begin(): void {
    this.#invalidSeen = false;
  }

  parse(batch: RecordBatch, input: ParserInput): number {
    this.#input = input;
    const rows = this.#findLines(batch.capacity);
    if (rows === 0) return input.start;
    batch.rowCount = rows;
    this.#fill(batch.columns[0] as StringColumn, rows);
    return Math.min(this.#offsets[rows] as number, input.filled);
  }

  /** `Buffer.indexOf` costs 30 ns a line and then runs at memory speed; loops over bytes or words in JavaScript lose from 14 bytes a line on. */
  #findLines(rowsMax: number): number {
    if (this.#offsets.length <= rowsMax) this.#offsets = new Int32Array(rowsMax + 1);
    const offsets = this.#offsets;
    const { bytes, start, filled, startsBefore, searched } = this.#input;
    const { length } = this.delimiter;
    const delimiter: number | Buffer = length === 1 ? (this.delimiter[0] as number) : this.delimiter;
    const startsMax = Math.min(filled, startsBefore);
    let rows = 0;
    let from = start;
    offsets[0] = from;
    while (rows < rowsMax && from < startsMax) {
      const at = bytes.indexOf(delimiter as number, Math.max(from, searched));
      if (at + length > filled) return this.#unfinishedLine(rows, from);
      from = at + length;
      offsets[++rows] = from;
    }
    return rows;
  }

  /** The line from `from` has no delimiter but the one behind the input: it is a line when nothing follows. */
  #unfinishedLine(rows: number, from: number): number {
    const input = this.#input;
    const { length } = this.delimiter;
    if (input.ended) {
      this.#offsets[rows + 1] = input.filled + length;
      return rows + 1;
    }
    input.searched = Math.max(from, input.filled - length + 1);
    return rows;
  }

  #fill(column: StringColumn, rows: number): void {
    const carriageReturns = this.#countCarriageReturns(rows);
    const uniform = carriageReturns === 0 || carriageReturns === rows;
    const first = this.#offsets[0] as number;
    const last = this.#offsets[rows] as number;
    const run = this.#input.bytes.subarray(first, last);
    const oneByteEach = this.#options.encoding === 'latin1' || isAscii(run);
    if (oneByteEach && uniform) this.#pointTo(column, rows, this.delimiter.length + (carriageReturns === 0 ? 0 : 1));
    else if (oneByteEach) this.#cutBytes(column, rows, 'latin1');
    else this.#decode(column, rows, run);
  }

  #decode(column: StringColumn, rows: number, run: Buffer): void {
    const valid = isUtf8(run);
    if (!valid) this.#tellInvalid(run);
    // A delimiter of many bytes may overlap with the one behind the input, which only offsets tell apart.
    if (valid && this.delimiter.length === 1) this.#cutText(column, rows, transcode(run, 'utf8', 'ucs2'));
    else this.#cutBytes(column, rows, 'utf8');
  }

  /** Hands out the bytes where they are. */
  #pointTo(column: StringColumn, rows: number, gap: number): void {
    const offsets = this.#offsets;
    column.setBytes({ offsets, base: 0, bytes: this.#input.bytes, bytesBase: 0, wide: false, gap, ...noValidity });
    column.rowBytes = (offsets[rows] as number) - (offsets[0] as number) - rows * gap;
  }

  /** A string for each line, from its own bytes. */
  #cutBytes(column: StringColumn, rows: number, encoding: TextEncoding): void {
    const offsets = this.#offsets;
    const { length } = this.delimiter;
    column.form = 'references';
    for (let row = 0; row < rows; row++) {
      const start = offsets[row] as number;
      const end = (offsets[row + 1] as number) - length - (this.#endsWithCarriageReturn(row) ? 1 : 0);
      column.set(row, encoding === 'latin1' ? this.#input.bytes.latin1Slice(start, end) : this.#input.bytes.utf8Slice(start, end));
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
    const { origin, start } = this.#input;
    this.#options.onInvalid(origin + start + firstInvalidByte(run));
  }

  #countCarriageReturns(rows: number): number {
    if (this.#delimiterText !== '\n') return 0;
    const bytes = this.#input.bytes;
    const offsets = this.#offsets;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const last = (offsets[row + 1] as number) - 2;
      if (last >= (offsets[row] as number) && bytes[last] === carriageReturn) count++;
    }
    // The line feed behind the input is none: there, `x\r` is all text.
    const unfinished = (offsets[rows] as number) > this.#input.filled;
    return unfinished && bytes[this.#input.filled - 1] === carriageReturn ? count - 1 : count;
  }

  /** Whether a carriage return and a line feed end the line. */
  #endsWithCarriageReturn(row: number): boolean {
    const last = (this.#offsets[row + 1] as number) - 2;
    const lineFeed = this.#delimiterText === '\n' && last + 1 < this.#input.filled;
    return lineFeed && last >= (this.#offsets[row] as number) && this.#input.bytes[last] === carriageReturn;
  }
}
