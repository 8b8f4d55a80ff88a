/**
 * Lines that a regular expression takes apart. Each line becomes a string and is matched: some five times slower than formats that read bytes,
 * and the way out for lines that none of these can read.
 */

import { MillraceError } from '../base/errors.ts';
import { unexpected } from '../base/options.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { StringColumn } from '../batch/string-column.ts';
import { type ColumnType, type RecordType, selectFields, type Type } from '../schema/type.ts';
import { declaredTextFields, type FieldTypes, fieldDetails, type RecordOfFields } from './declared-fields.ts';
import type { Format } from './format.ts';
import { firstInvalidByte } from './invalid-text.ts';
import { behindLines, typeOfFields } from './line-parser.ts';
import type { ParserInput, ParserOptions, RecordParser } from './parser.ts';
import type { FieldSpec } from './parser-code.ts';
import { type FieldReader, fieldReader } from './regex-fields.ts';

/** The records of a regular expression without types: a group that takes no part in the match is null. */
export type RegexRecord = Readonly<Record<string, string | null>>;

/**
 * The format of lines that match a regular expression: its named groups are the fields, as strings that may be null, or of the types that are
 * declared. A line that does not match is a bad record.
 *
 * @param types of groups, all of them or some
 * @throws MillraceError INVALID_OPTION for an expression without named groups, or types of groups that it has not
 * @example formats.regex(/^(?<level>\w+): (?<message>.*)$/)
 */
export function regex<T extends object>(expression: RegExp, types: Type<T>): Format<T>;
export function regex<const F extends FieldTypes>(expression: RegExp, types: F): Format<RecordOfFields<F>>;
export function regex<T = RegexRecord>(expression: RegExp): Format<T>;
export function regex(expression: RegExp, types?: unknown): Format<unknown> {
  const groups = groupsOf(expression);
  const fields = types === undefined ? groups.map(textField) : declaredTextFields('formats.regex: types', types);
  const unknown = fields.find(({ name }) => !groups.includes(name));
  if (unknown !== undefined) {
    throw new MillraceError('INVALID_OPTION', `formats.regex: ${expression} has no group '${unknown.name}'; it has ${groups.join(', ')}`);
  }
  return {
    name: 'regex',
    type: typeOfFields(fields),
    details: { expression: String(expression), ...fieldDetails(fields) },
    divisible: true,
    createParser: (options) => new RegexParser(expression, fields, options),
  };
}

function textField(name: string): FieldSpec {
  return { name, type: { kind: 'string', nullable: true } };
}

/** Names of the groups: those of a match that always succeeds. */
function groupsOf(expression: RegExp): string[] {
  if (!(expression instanceof RegExp)) throw unexpected('formats.regex', 'a regular expression', expression);
  const groups = Object.keys(new RegExp(`${expression.source}|`, flagsOf(expression)).exec('')?.groups ?? {});
  if (groups.length > 0) return groups;
  throw new MillraceError('INVALID_OPTION', `formats.regex: ${expression} has no named group, such as (?<name>.*), to be a field`);
}

/** Each line is matched from its beginning, whatever was matched before. */
function flagsOf({ flags }: RegExp): string {
  return flags.replace(/[gy]/g, '');
}

const lineFeed = 10;
const carriageReturn = 13;
/** Characters of a bad record that are told. */
const shownCharacters = 200;

class RegexParser implements RecordParser {
  readonly type: RecordType;
  readonly delimiter = Buffer.from('\n');
  readonly #expression: RegExp;
  readonly #options: ParserOptions;
  readonly #readers: readonly FieldReader[];
  #invalidSeen = false;

  constructor(expression: RegExp, fields: readonly FieldSpec[], options: ParserOptions) {
    const whole = typeOfFields(fields);
    this.type = options.fields === undefined ? whole : selectFields(whole, options.fields);
    this.#expression = new RegExp(expression.source, flagsOf(expression));
    this.#options = options;
    this.#readers = this.type.names.map((name, i) => fieldReader(name, this.type.columns[i] as ColumnType));
  }

  begin(): void {
    this.#invalidSeen = false;
  }

  parse(batch: RecordBatch, input: ParserInput): number {
    const { bytes, filled } = input;
    const limit = Math.min(behindLines(input), input.startsBefore);
    for (const column of batch.columns) if (column.kind === 'string') (column as StringColumn).form = 'references';
    let p = input.start;
    while (p < limit && batch.rowCount < batch.capacity) {
      const feed = bytes.indexOf(lineFeed, p);
      const end = feed > p && bytes[feed - 1] === carriageReturn ? feed - 1 : feed;
      if (end > p) this.#line(batch, input, p, end);
      p = feed + 1;
    }
    return Math.min(Math.max(p, input.start), filled);
  }

  #line(batch: RecordBatch, input: ParserInput, start: number, end: number): void {
    const line = this.#textOf(input, start, end);
    const match = this.#expression.exec(line);
    const reason = match === null ? 'it does not match' : this.#fields(batch, match.groups as Record<string, string | undefined>);
    if (reason === undefined) batch.rowCount++;
    else this.#options.onBad({ reason, offset: input.origin + start, text: line.slice(0, shownCharacters) });
  }

  /** What is wrong with a group, if anything is. */
  #fields(batch: RecordBatch, groups: Readonly<Record<string, string | undefined>>): string | undefined {
    for (const [i, read] of this.#readers.entries()) {
      const reason = read(batch, i, groups);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  #textOf({ bytes, origin }: ParserInput, start: number, end: number): string {
    if (this.#options.encoding === 'latin1') return bytes.latin1Slice(start, end);
    const text = bytes.utf8Slice(start, end);
    // U+FFFD may stand there as well.
    if (!this.#invalidSeen && text.includes('\ufffd')) {
      const line = bytes.subarray(start, end);
      const at = firstInvalidByte(line);
      this.#invalidSeen = at < line.length;
      if (at < line.length) this.#options.onInvalid(origin + start + at);
    }
    return text;
  }
}
