/**
 * Text of which a record may be several lines, such as a stack trace below its message: lines that continue a record are told by a pattern.
 * Wherever all bytes are ASCII a batch points into them.
 *
 * Invariant: the line at `start` of an input begins a record, whatever it looks like; so a position behind a record is one to go on from.
 */

import { isAscii, isUtf8 } from 'node:buffer';
import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';
import { anything, checkOptions, type OptionRules, optional, type Rule, wholeNumber } from '../base/options.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { StringColumn } from '../batch/string-column.ts';
import { firstInvalidByte } from './invalid-text.ts';
import type { ParserInput, ParserOptions, RecordParser } from './parser.ts';
import { lineType } from './text-parser.ts';

/** Which lines belong to the record of the line before them. The lines of a record are joined by line feeds. */
export interface MultilineOptions {
  /** Lines that match belong to the record before; by default those that begin with white space. */
  readonly continuation?: RegExp | undefined;
  /** Instead: lines that match begin a record, and all others belong to the record before. */
  readonly start?: RegExp | undefined;
  /** Lines of a record at most: the next one then begins another. Unlimited by default; with it, a file is read as a whole. */
  readonly maxLines?: number | undefined;
  /** How long the last record of a file that is followed waits for another line; `'1s'` by default. */
  readonly maxWait?: Duration | undefined;
}

const patternRule: Rule = { expected: 'a regular expression', accepts: (value) => value instanceof RegExp };

const multilineRules: OptionRules<MultilineOptions> = {
  continuation: optional(patternRule),
  start: optional(patternRule),
  maxLines: optional(wholeNumber(1)),
  maxWait: optional(anything),
};

/** Which lines belong together. */
export interface Multiline {
  /** Whether a line continues a record; undefined where its first byte says so, by being white space. */
  readonly continues: ((line: string) => boolean) | undefined;
  readonly linesMax: number;
  readonly waitMs: number;
}

/** @throws MillraceError INVALID_OPTION */
export function multilineOf(options: MultilineOptions, of: string): Multiline {
  const {
    continuation,
    start,
    maxLines = Number.POSITIVE_INFINITY,
    maxWait = '1s',
  } = checkOptions<MultilineOptions>(options, multilineRules, of);
  if (continuation !== undefined && start !== undefined)
    throw new MillraceError('INVALID_OPTION', `${of}: give continuation or start, not both: each says what the other leaves open`);
  return {
    continues: matcher(continuation, true) ?? matcher(start, false),
    linesMax: maxLines,
    waitMs: parseDuration(maxWait, `${of}: maxWait`),
  };
}

/** A pattern that is global or sticky would remember where it found something. */
function matcher(pattern: RegExp | undefined, continues: boolean): ((line: string) => boolean) | undefined {
  if (pattern === undefined) return undefined;
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return (line) => stateless.test(line) === continues;
}

const lineFeed = 10;
const carriageReturn = 13;
const tab = 9;
const space = 32;

export class MultilineParser implements RecordParser {
  readonly type = lineType;
  readonly delimiter = Buffer.from('\n');
  readonly completeAfterMs: number;
  readonly #multiline: Multiline;
  readonly #options: Pick<ParserOptions, 'encoding' | 'onInvalid'>;
  #invalidSeen = false;
  /** Row i is from offsets[i] to offsets[i + 1], its last line feed included. */
  #offsets = new Int32Array(1);

  constructor(multiline: Multiline, options: Pick<ParserOptions, 'encoding' | 'onInvalid'>) {
    this.#multiline = multiline;
    this.#options = options;
    this.completeAfterMs = multiline.waitMs;
  }

  begin(): void {
    this.#invalidSeen = false;
  }

  parse(batch: RecordBatch, input: ParserInput): number {
    const rows = this.#findRecords(batch.capacity, input);
    if (rows === 0) return input.start;
    batch.rowCount = rows;
    this.#fill(batch.columns[0] as StringColumn, input, rows);
    return Math.min(this.#offsets[rows] as number, input.filled);
  }

  /** Passes over lines that continue a record; where it got to, and whether a record begins there for sure. */
  skipContinuations({ bytes, start, filled, ended }: ParserInput): { readonly at: number; readonly isRecord: boolean } {
    for (let at = start; ; ) {
      if (at >= filled) return { at: filled, isRecord: ended };
      const end = bytes.indexOf(lineFeed, at);
      if (end >= filled && !ended) return { at, isRecord: false };
      if (!this.#isContinuation(bytes, at, Math.min(end, filled))) return { at, isRecord: true };
      at = end + 1;
    }
  }

  #findRecords(rowsMax: number, input: ParserInput): number {
    if (this.#offsets.length <= rowsMax) this.#offsets = new Int32Array(rowsMax + 1);
    const startsMax = Math.min(input.filled, input.startsBefore);
    let rows = 0;
    let from = input.start;
    this.#offsets[0] = from;
    while (rows < rowsMax && from < startsMax) {
      from = this.#recordEnd(input, from);
      if (from < 0) break;
      this.#offsets[++rows] = from;
    }
    return rows;
  }

  /** The offset behind the record that begins at `from`; −1 where more may belong to it. Lines in front of `searched` belong to it. */
  #recordEnd(input: ParserInput, from: number): number {
    const { bytes, filled, ended } = input;
    const known = input.searched > from;
    let at = known ? input.searched : bytes.indexOf(lineFeed, from) + 1;
    let lines = known ? this.#countLines(bytes, from, at) : 1;
    if (at > filled) return ended ? at : -1;
    for (;;) {
      if (at >= filled && ended) return at;
      const end = bytes.indexOf(lineFeed, at);
      if (end >= filled && !ended) {
        input.searched = at;
        return -1;
      }
      if (lines >= this.#multiline.linesMax || !this.#isContinuation(bytes, at, Math.min(end, filled))) return at;
      lines++;
      at = end + 1;
    }
  }

  #countLines(bytes: Buffer, from: number, to: number): number {
    if (this.#multiline.linesMax === Number.POSITIVE_INFINITY) return 0;
    let lines = 0;
    for (let at = from; at < to; at = bytes.indexOf(lineFeed, at) + 1) lines++;
    return lines;
  }

  #isContinuation(bytes: Buffer, start: number, lineEnd: number): boolean {
    const { continues } = this.#multiline;
    const end = lineEnd > start && bytes[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
    if (continues !== undefined) return continues(bytes.toString(this.#options.encoding, start, end));
    return end > start && (bytes[start] === space || bytes[start] === tab);
  }

  #fill(column: StringColumn, { bytes, start, filled, origin }: ParserInput, rows: number): void {
    const offsets = this.#offsets;
    const last = offsets[rows] as number;
    const run = bytes.subarray(start, Math.min(last, filled));
    if (!run.includes(carriageReturn) && (this.#options.encoding === 'latin1' || isAscii(run))) {
      column.setBytes({ offsets, base: 0, bytes, bytesBase: 0, wide: false, gap: 1, validity: null, validityBase: 0 });
      column.rowBytes = last - start - rows;
      return;
    }
    if (this.#options.encoding === 'utf8' && !this.#invalidSeen && !isUtf8(run)) {
      this.#invalidSeen = true;
      this.#options.onInvalid(origin + start + firstInvalidByte(run));
    }
    column.form = 'references';
    for (let row = 0; row < rows; row++) column.set(row, this.#textOf(bytes, offsets[row] as number, offsets[row + 1] as number, filled));
  }

  /** The text of a record without the line feed at its end, and its lines without carriage returns in front of line feeds. */
  #textOf(bytes: Buffer, start: number, end: number, filled: number): string {
    const text = bytes.toString(this.#options.encoding, start, Math.min(end, filled)).replaceAll('\r\n', '\n');
    return end <= filled && text.endsWith('\n') ? text.slice(0, -1) : text;
  }
}
