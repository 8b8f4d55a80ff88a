/**
 * Some members of JSON objects of which nothing was declared, in columns: those of the first object say of which kinds. A value of another
 * kind ends the batch in front of its line, and from there on its column holds any values.
 *
 * Invariant: a record has exactly the fields that were asked for, with the values of `JSON.parse`, undefined where there is no member;
 * and lines are bad for which `JSON.parse` makes no object.
 */

import { assert } from '../base/assert.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { anyColumn, type ColumnType, column, type RecordType } from '../schema/type.ts';
import { noObject, writeJsonMembers } from './json-members.ts';
import { jsonObject } from './json-text.ts';
import { type LineGrammar, LineParser } from './line-parser.ts';
import type { ParserInput, ParserOptions, RecordParser } from './parser.ts';
import type { ParserCode } from './parser-code.ts';

export class JsonProjectionParser implements RecordParser {
  readonly delimiter = Buffer.from('\n');
  readonly #names: readonly string[];
  readonly #onInvalid: ParserOptions['onInvalid'];
  /** Of the parsers that follow each other. */
  readonly #options: ParserOptions;
  /** Of the fields; undefined before the first object. */
  #columns: readonly ColumnType[] | undefined;
  #parser: LineParser;
  /** Whether the last line that the parser gave up is one for its successor. */
  #isOutgrown = false;
  #invalidSeen = false;

  constructor(names: readonly string[], options: ParserOptions) {
    this.#names = names;
    this.#onInvalid = options.onInvalid;
    this.#options = { ...options, fields: undefined, onInvalid: (offset) => this.#tellInvalid(offset) };
    this.#parser = this.#createParser(undefined);
  }

  get type(): RecordType {
    return this.#parser.type;
  }

  inputMemory(length: number): Buffer | undefined {
    return this.#parser.inputMemory(length);
  }

  begin(): void {
    this.#invalidSeen = false;
    this.#parser.begin();
  }

  parse(batch: RecordBatch, input: ParserInput): number {
    for (;;) {
      batch.become(this.type);
      this.#isOutgrown = false;
      const end = this.#parser.parse(batch, input);
      if (!this.#isOutgrown) return end;
      this.#parser = this.#createParser(this.#parser);
      if (end !== input.start) return end;
    }
  }

  #createParser(predecessor: LineParser | undefined): LineParser {
    const columns = this.#columns;
    const { members } = this.#options;
    const fields = this.#names.map((name, i) => ({ name, type: columns?.[i] ?? this.#guess(name), members: members?.get(name) }));
    const grammar: LineGrammar = {
      name: 'json',
      fields,
      write: (code) => (columns === undefined ? giveUp(code) : writeJsonMembers(code, fields)),
      isText: true,
      outgrows: (bytes, start, end) => this.#outgrows(bytes, start, end),
    };
    return new LineParser(grammar, this.#options, predecessor);
  }

  /** The column of a field before there are records: keys are strings mostly, for which there is to be memory in time. */
  #guess(name: string): ColumnType {
    return this.#options.keys?.includes(name) === true ? columns.string : anyColumn;
  }

  #outgrows(bytes: Buffer, start: number, end: number): boolean {
    const record = jsonObject(bytes, start, end);
    if (record === undefined) return false;
    this.#columns = this.#widened(record);
    this.#isOutgrown = true;
    return true;
  }

  /** The columns for those values that were there before and for these. */
  #widened(record: Readonly<Record<string, unknown>>): readonly ColumnType[] {
    const before = this.#columns;
    const { members } = this.#options;
    const wide = this.#names.map((name, i) => {
      const value = Object.hasOwn(record, name) ? record[name] : undefined;
      return members?.get(name) === undefined ? widened(before?.[i], value) : anyColumn;
    });
    if (before === undefined || wide.some((each, i) => each !== before[i])) return wide;
    // The value that did not fit is none of these: another member with the same key stands behind it.
    assert(!before.every(({ kind }) => kind === 'any'), 'what is any object is not given up');
    return this.#names.map(() => anyColumn);
  }

  #tellInvalid(offset: number): void {
    if (!this.#invalidSeen) this.#onInvalid(offset);
    this.#invalidSeen = true;
  }
}

function giveUp(code: ParserCode): void {
  code.body.line(code.bad(noObject));
}

const columns = { string: column('string'), number: column('float64'), boolean: column('bool') };

/** The column for a value and those before it. */
function widened(before: ColumnType | undefined, value: unknown): ColumnType {
  // Where bytes are no UTF-8, or halves of surrogate pairs were escaped, the column of strings would have others.
  const isInexact = typeof value === 'string' && /[\p{Surrogate}\ufffd]/u.test(value);
  const of = isInexact ? anyColumn : (columns[typeof value as keyof typeof columns] ?? anyColumn);
  return before === undefined || before === of ? of : anyColumn;
}
