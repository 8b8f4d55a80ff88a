/** Parses delimited text: finds the columns of each input by its header, and has a loop for each header that was seen. */

import { assert } from '../base/assert.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { type RecordType, selectFields } from '../schema/type.ts';
import { type DelimitedField, writeRecord } from './delimited-code.ts';
import { DelimitedStarts, type DelimitedSyntax, fieldsOf, recordEnd } from './delimited-syntax.ts';
import { type LineGrammar, LineParser, typeOfFields } from './line-parser.ts';
import type { ParserInput, ParserOptions, RecordParser, RecordStarts } from './parser.ts';
import type { FieldSpec } from './parser-code.ts';
import type { TimeReader } from './times.ts';

export interface DelimitedColumn extends FieldSpec {
  /** Where it is a time, a reader of it. */
  readonly time: (() => TimeReader) | undefined;
}

export interface DelimitedGrammar {
  readonly name: string;
  readonly syntax: DelimitedSyntax;
  readonly columns: readonly DelimitedColumn[];
  /** Whether the first record of each input names its columns. */
  readonly header: boolean;
  readonly nullText: string | undefined;
}

const carriageReturn = 13;

/** The order of columns in one input, and what reads its records. */
interface Layout {
  readonly columns: number;
  readonly parser: LineParser;
}

export class DelimitedParser implements RecordParser {
  readonly type: RecordType;
  readonly delimiter = Buffer.from('\n');
  readonly starts: RecordStarts | undefined;
  readonly readHead: ((input: ParserInput) => number) | undefined;
  readonly #grammar: DelimitedGrammar;
  readonly #options: ParserOptions;
  /** By header; of inputs without one, the empty text. */
  readonly #layouts = new Map<string, Layout>();
  #layout: Layout | undefined;
  #head: string | undefined;

  constructor(grammar: DelimitedGrammar, options: ParserOptions) {
    const { columns, syntax } = grammar;
    const whole = typeOfFields(columns);
    this.type = options.fields === undefined ? whole : selectFields(whole, options.fields);
    this.#grammar = grammar;
    this.#options = options;
    this.starts = syntax.quote < 0 ? undefined : new DelimitedStarts(syntax, () => this.#layout?.columns ?? 0);
    this.readHead = grammar.header ? (input) => this.#readHead(input) : undefined;
    this.begin(true);
  }

  get head(): string | undefined {
    return this.#head;
  }

  begin(_atStart: boolean, head?: string): void {
    this.#head = undefined;
    this.#layout = undefined;
    if (!this.#grammar.header) this.#use('');
    else if (head !== undefined) this.#use(head);
  }

  parse(batch: RecordBatch, input: ParserInput): number {
    return this.#layout === undefined ? this.#readHead(input) : this.#layout.parser.parse(batch, input);
  }

  /** Empty lines in front of the header are none, as everywhere. */
  #readHead(input: ParserInput): number {
    const { bytes, filled } = input;
    for (let start = input.start; start < Math.min(input.startsBefore, filled); ) {
      const behind = recordEnd(this.#grammar.syntax, input, start);
      if (behind < 0) return input.start;
      const end = behind - 1 > start && bytes[behind - 2] === carriageReturn ? behind - 2 : behind - 1;
      if (end > start) this.#use(bytes.toString(this.#options.encoding, start, end));
      start = Math.min(behind, filled);
      if (this.#layout !== undefined) return start;
    }
    return input.start;
  }

  #use(head: string): void {
    const known = this.#layouts.get(head);
    const layout = known ?? this.#layoutOf(head);
    this.#layouts.set(head, layout);
    layout.parser.begin();
    this.#layout = layout;
    this.#head = this.#grammar.header ? head : undefined;
  }

  #layoutOf(head: string): Layout {
    const { header, columns } = this.#grammar;
    const names = header ? this.#namesOf(head) : columns.map(({ name }) => name);
    if (header) this.#checkNames(names, head);
    const fields = names.map((name): DelimitedField => fieldOf(columns.find((column) => column.name === name)));
    return { columns: names.length, parser: new LineParser(this.#lineGrammar(fields), this.#options) };
  }

  #namesOf(head: string): string[] {
    const fields = fieldsOf(Buffer.from(head), this.#grammar.syntax, 'utf8');
    return fields === undefined ? this.#refuse('the header is no record', head) : fields.map(({ text }) => text);
  }

  #checkNames(names: readonly string[], head: string): void {
    for (const { name } of this.#grammar.columns) {
      const times = names.filter((each) => each === name).length;
      if (times === 0) this.#refuse(`the header has no column '${name}'`, head);
      if (times > 1) this.#refuse(`the header has the column '${name}' ${times} times`, head);
    }
  }

  /** Without its columns, nothing of an input can be read. */
  #refuse(reason: string, head: string): never {
    this.#options.onBad({ reason, offset: 0, text: head, fatal: true });
    assert(false, 'a fatal record ends the reading of its input');
  }

  #lineGrammar(fields: readonly DelimitedField[]): LineGrammar {
    const { name, columns, syntax, nullText } = this.#grammar;
    return {
      name,
      fields: columns.map(({ name, type }) => ({ name, type })),
      write: (code) => writeRecord(code, { syntax, nullText, fields }),
      ...(syntax.quote < 0 ? {} : { recordEnd: (input, start) => recordEnd(syntax, input, start) }),
      explain: (bytes, start, end) => {
        const found = fieldsOf(bytes.subarray(start, end), syntax, 'latin1')?.length ?? fields.length;
        return found === fields.length ? undefined : `${found} fields instead of ${fields.length}`;
      },
    };
  }
}

function fieldOf(column: DelimitedColumn | undefined): DelimitedField {
  return { spec: column, time: column?.time?.() };
}
