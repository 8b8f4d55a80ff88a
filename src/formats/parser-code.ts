/**
 * The loop of a parser, printed: records of lines into the columns of a batch, of which only those are written that are asked for. A
 * format writes what takes one record apart; here it gets its loop, its columns and the way out for records that are not what they
 * should be.
 *
 * In the code of a record, `bytes` are the input's, and `view` shows them by words; `start` is where the record begins, `p` where it has
 * got to, and `n` the row. It ends with `p` behind the line feed that ends the record, which is always there.
 */

import { CodeWriter, Names } from '../base/code-writer.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { StringDictionary } from '../batch/string-dictionary.ts';
import type { ColumnType } from '../schema/type.ts';
import type { ParserInput, ParserOptions, TextEncoding } from './parser.ts';

/** A field of a record as its format knows it. */
export interface FieldSpec {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a whole number that a float64 does not hold is bad, instead of another number. */
  readonly isExact?: boolean;
  /** All strings that it can be, where they are few and need not stand in the bytes. */
  readonly choices?: readonly string[];
}

/** Strings of a column of which there are few, as the loop leaves them: by their index, `nullId` for null. */
export class ChosenStrings {
  readonly dictionary = new StringDictionary();
  readonly ids: Int32Array;

  constructor(rows: number, choices: readonly string[]) {
    this.ids = new Int32Array(rows);
    for (const choice of choices) this.dictionary.add(choice);
  }
}

/** The arrays of places that somebody else finds as well. */
export interface ForeignPlaces {
  readonly offsets?: Int32Array;
  readonly validity?: Uint8Array | undefined;
}

/** Strings of a column as the loop leaves them: places in `bytes`. */
export class StringPlaces {
  /** Beginning and end of each row. */
  readonly offsets: Int32Array;
  /** 0 where a row is null; null where no row can be. */
  readonly validity: Uint8Array | null;
  /** Rows of the batch that are null. */
  nulls = 0;

  constructor(rows: number, nullable: boolean, { offsets, validity }: ForeignPlaces = {}) {
    this.offsets = offsets ?? new Int32Array(rows * 2);
    this.validity = nullable ? (validity ?? new Uint8Array(rows)) : null;
  }
}

/**
 * Takes records that begin between `from` and `limit`, as many as the batch has room for behind the `n` that it has; says where the
 * last one ends. A bad record is told of by where it begins and what is wrong with it, an index of `ParserCode.reasons`; the answer is
 * where to go on, or where it begins when its end is not there yet.
 */
export type ParserLoop = (
  batch: RecordBatch,
  bytes: Buffer,
  from: number,
  limit: number,
  bad: (start: number, reason: number) => number,
  input: ParserInput,
  n: number,
) => number;

export class ParserCode {
  readonly names = new Names();
  /** What stands in front of the loop. */
  readonly prologue = new CodeWriter();
  /** What a record begins with. */
  readonly #head = new CodeWriter();
  /** The code of one record. */
  readonly body = new CodeWriter();
  /** What is done with a record once it is known to be a good one: bytes may change here, not before. */
  readonly settle = new CodeWriter();
  /** What can be wrong with a record. */
  readonly reasons: string[] = [];
  /** By column; undefined for those that hold no strings, or chosen ones. */
  readonly strings: readonly (StringPlaces | undefined)[];
  /** By column; undefined for others. */
  readonly chosen: readonly (ChosenStrings | undefined)[];
  /** How the text of the bytes is stored. */
  readonly encoding: TextEncoding;
  readonly #fields: readonly FieldSpec[];

  /**
   * @param fields the columns of the batch
   * @param placesOf the places of the strings of a column, where somebody else finds them as well
   */
  constructor(
    fields: readonly FieldSpec[],
    { batchRows, encoding }: Pick<ParserOptions, 'batchRows' | 'encoding'>,
    placesOf: (column: number) => ForeignPlaces | undefined = () => undefined,
  ) {
    this.#fields = fields;
    this.encoding = encoding;
    this.chosen = fields.map(({ choices }) => (choices === undefined ? undefined : new ChosenStrings(batchRows, choices)));
    this.strings = fields.map(({ type, choices }, i) =>
      type.kind === 'string' && choices === undefined ? new StringPlaces(batchRows, type.nullable, placesOf(i)) : undefined,
    );
    for (const [i, { type }] of fields.entries()) this.#declare(i, type);
  }

  #declare(index: number, type: ColumnType): void {
    const { prologue } = this;
    const chosen = this.chosen[index];
    if (chosen !== undefined) {
      prologue.line(`const i${index} = ${this.names.constant('chosen', chosen)}.ids;`);
      return;
    }
    const places = this.strings[index];
    if (places !== undefined) {
      const name = this.names.constant('places', places);
      prologue.line(`const o${index} = ${name}.offsets;`);
      if (type.nullable) prologue.line(`const v${index} = ${name}.validity;`);
      if (type.nullable) prologue.line(`let nulls${index} = n === 0 ? 0 : ${name}.nulls;`);
      return;
    }
    if (type.kind === 'any') {
      prologue.line(`const c${index} = batch.columns[${index}].values;`);
      return;
    }
    prologue.line(`const c${index} = batch.columns[${index}].values(batch.capacity);`);
    if (type.nullable) prologue.line(`const v${index} = batch.columns[${index}].validity(batch.capacity);`);
  }

  /** Whether a field is asked for. */
  wants(name: string | undefined): boolean {
    return this.#indexOf(name) >= 0;
  }

  #indexOf(name: string | undefined): number {
    return this.#fields.findIndex((field) => field.name === name);
  }

  /** Writes where the string of a field lies; nothing where it is not asked for. */
  string(name: string | undefined, start: string, end: string): void {
    const index = this.#indexOf(name);
    if (index < 0) return;
    this.body.line(`o${index}[n * 2] = ${start};`);
    this.body.line(`o${index}[n * 2 + 1] = ${end};`);
    if (this.#fields[index]?.type.nullable) this.body.line(`v${index}[n] = 1;`);
  }

  /** Writes which of the strings of a field it is, `nullId` for null; nothing where it is not asked for. */
  choice(name: string, id: string): void {
    const index = this.#indexOf(name);
    if (index >= 0) this.body.line(`i${index}[n] = ${id};`);
  }

  /** Writes code that, where a condition holds, changes the string of a field in place. @param change takes bytes, start and end; returns the new end */
  rewrite(name: string | undefined, condition: string, change: (bytes: Buffer, start: number, end: number) => number): void {
    const index = this.#indexOf(name);
    if (index < 0) return;
    const call = `${this.names.constant('rewrite', blanking(change))}(bytes, o${index}[n * 2], o${index}[n * 2 + 1])`;
    this.settle.line(`if (${condition}) o${index}[n * 2 + 1] = ${call};`);
  }

  /** Writes the value of a field that is no string: a number, 0 and 1 for a boolean, anything for `any`; nothing where it is not asked for. */
  number(name: string | undefined, value: string): void {
    const index = this.#indexOf(name);
    if (index < 0) return;
    this.body.line(`c${index}[n] = ${value};`);
    if (this.#fields[index]?.type.nullable) this.body.line(`v${index}[n] = 1;`);
  }

  /** Writes that a field has no value; nothing where it is not asked for. @param at where it would lie */
  null(name: string | undefined, at = 'p'): void {
    const index = this.#indexOf(name);
    if (index < 0) return;
    if (this.#fields[index]?.type.kind === 'any') {
      this.body.line(`c${index}[n] = null;`);
      return;
    }
    this.body.line(`v${index}[n] = 0;`);
    if (this.strings[index] === undefined) return;
    this.body.line(`o${index}[n * 2] = ${at};`);
    this.body.line(`o${index}[n * 2 + 1] = ${at};`);
    this.body.line(`nulls${index}++;`);
  }

  /** A local that is false at the beginning of each record. */
  flag(): string {
    const name = this.names.fresh('flag');
    this.#head.line(`let ${name} = false;`);
    return name;
  }

  /** The statements that give the record up. */
  bad(reason: string): string {
    let index = this.reasons.indexOf(reason);
    if (index < 0) index = this.reasons.push(reason) - 1;
    return `{ why = ${index}; break record; }`;
  }

  /** @param name of the format, for stack traces and profiles */
  evaluate(name: string): ParserLoop {
    const code = new CodeWriter();
    code.block('return function parse(batch, bytes, from, limit, bad, input, n)', () => {
      code.append(this.prologue);
      code.line(`const view = ${this.names.constant('views', new Views())}.of(bytes);`);
      code.line('const { capacity } = batch;');
      code.line('let p = from;');
      code.line('let why = 0;');
      code.block('while (n < capacity && p < limit)', () => {
        code.line('const start = p;');
        code.append(this.#head);
        code.block('record:', () => {
          code.append(this.body);
          code.append(this.settle);
          code.line('n++;');
          code.line('continue;');
        });
        code.line('p = bad(start, why);');
        code.line('if (p === start) break;');
      });
      for (const [i, { type }] of this.#fields.entries()) {
        const places = this.strings[i];
        if (places !== undefined && type.nullable) code.line(`${this.names.constant('places', places)}.nulls = nulls${i};`);
      }
      code.line('batch.rowCount = n;');
      code.line('return p;');
    });
    return this.names.evaluate(code.toString(), `millrace:format/${encodeURIComponent(name)}.js`) as ParserLoop;
  }
}

/** The view of a buffer, made once for all loops over it. */
export class Views {
  #bytes: Buffer | undefined;
  #view = new DataView(new ArrayBuffer(0)) as DataView;

  of(bytes: Buffer): DataView {
    if (bytes !== this.#bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#bytes = bytes;
    return this.#view;
  }
}

/** Leaves blanks where text was before it shrank: a piece of a character there would be taken for invalid text. */
function blanking(change: (bytes: Buffer, start: number, end: number) => number): (bytes: Buffer, start: number, end: number) => number {
  return (bytes, start, end) => {
    const to = change(bytes, start, end);
    if (to < end) bytes.fill(32, to, end);
    return to;
  };
}
