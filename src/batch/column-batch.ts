/**
 * A batch that is filled by columns: how sources of users hand on columns, as those of the package do. Made once by a reader,
 * and filled again from poll to poll. Columns are asked for once, each as its type wants it; whoever fills them writes into typed
 * arrays. Checks are made for a batch, never for a row.
 *
 * @hotpath
 */

import { MillraceError } from '../base/errors.ts';
import { checkArgument, checkOptions, flag, type OptionRules, optional, type Rule, unknownName, wholeNumber } from '../base/options.ts';
import { type ColumnKind, type ColumnType, internType, isType, type RecordType, type Type } from '../schema/type.ts';
import type { AnyColumn } from './any-column.ts';
import type { FixedColumn, FixedValues } from './column.ts';
import { Latin1Strings } from './latin1-strings.ts';
import { RecordBatch } from './record-batch.ts';
import type { StringColumn } from './string-column.ts';
import { StringDictionary } from './string-dictionary.ts';

export interface ColumnBatchOptions {
  /** Rows that the batch has room for: `context.limits.batchRows` is what the engine works with. */
  readonly rows: number;
  /** Whether the records carry event time; `false` by default. */
  readonly timestamps?: boolean;
}

const optionRules: OptionRules<ColumnBatchOptions> = { rows: wholeNumber(1), timestamps: optional(flag) };
const typeRule: Rule = { expected: 'a type, such as t.object({ url: t.string })', accepts: isType };
const dictionaryRule: Rule = { expected: 'a StringDictionary', accepts: (value) => value instanceof StringDictionary };

/** How the strings of a column are filled in. */
type StringFiller =
  | { readonly form: 'strings' }
  | { readonly form: 'latin1'; readonly strings: Latin1Strings }
  | { readonly form: 'ids'; readonly ids: Int32Array; readonly dictionary: StringDictionary };

/** The call that gives the memory of a column. */
const accessors: Readonly<Record<Exclude<ColumnKind, 'null'>, string>> = {
  int32: 'int32',
  float64: 'float64',
  bigint64: 'bigint64',
  bool: 'bool',
  timestamp: 'timestamp',
  any: 'any',
  string: 'latin1, ids or strings',
};

/**
 * Columns of a declared type.
 *
 * ```ts
 * const batch = new ColumnBatch(t.object({ id: t.int32, price: t.float64 }), { rows: 1024 });
 * const ids = batch.int32('id'); // once
 * for (let row = 0; row < 10; row++) ids[row] = row; // for each poll
 * return batch.finish(10);
 * ```
 */
export class ColumnBatch {
  readonly type: RecordType;
  /** Rows that there is room for. */
  readonly rows: number;
  readonly #batch: RecordBatch;
  /** By column; undefined for those that nobody has asked for so far. */
  readonly #asked: (StringFiller | 'values' | undefined)[];
  #isComplete = false;

  constructor(type: Type<unknown>, options: ColumnBatchOptions) {
    checkArgument(type, typeRule, 'ColumnBatch: the type');
    const { rows, timestamps = false } = checkOptions(options, optionRules, 'ColumnBatch');
    this.type = internType(type.record);
    this.rows = rows;
    this.#batch = new RecordBatch(this.type, { capacity: rows, timestamps, hashes: false });
    this.#asked = this.type.columns.map(() => undefined);
    for (const column of this.#batch.columns) if (column.kind === 'fixed') column.validity(rows)?.fill(1);
  }

  /** Whether there is such a column: of a source that is asked for some of its fields there may be none. */
  has(name: string): boolean {
    return this.type.names.includes(name);
  }

  int32(name: string): Int32Array {
    return this.#fixed(name, 'int32') as Int32Array;
  }

  float64(name: string): Float64Array {
    return this.#fixed(name, 'float64') as Float64Array;
  }

  bigint64(name: string): BigInt64Array {
    return this.#fixed(name, 'bigint64') as BigInt64Array;
  }

  /** 1 for true, 0 for false. */
  bool(name: string): Uint8Array {
    return this.#fixed(name, 'bool') as Uint8Array;
  }

  /** Epoch milliseconds. */
  timestamp(name: string): Float64Array {
    return this.#fixed(name, 'timestamp') as Float64Array;
  }

  /** Values as they are. */
  any(name: string): unknown[] {
    const index = this.#index(name, 'any');
    this.#asked[index] = 'values';
    return (this.#batch.columns[index] as AnyColumn).values;
  }

  /** JavaScript strings, whatever is in them. */
  strings(name: string): (string | null)[] {
    const index = this.#index(name, 'string');
    this.#filler(index, { form: 'strings' });
    return (this.#batch.columns[index] as StringColumn).references;
  }

  /** Strings as bytes, one behind the other: nothing is made of them before a function asks for one. */
  latin1(name: string): Latin1Strings {
    const index = this.#index(name, 'string');
    const strings = new Latin1Strings(this.rows, (this.type.columns[index] as ColumnType).nullable);
    return (this.#filler(index, { form: 'latin1', strings }) as { strings: Latin1Strings }).strings;
  }

  /** Strings as what `dictionary.add` returned for them; −1 for null. */
  ids(name: string, dictionary: StringDictionary): Int32Array {
    const index = this.#index(name, 'string');
    checkArgument(dictionary, dictionaryRule, `ColumnBatch: the dictionary of the column '${name}'`);
    const filler = this.#filler(index, { form: 'ids', ids: new Int32Array(this.rows), dictionary });
    if ((filler as { dictionary: StringDictionary }).dictionary !== dictionary)
      throw misuse(`the column '${name}' has another dictionary; add the strings of both to one`);
    return (filler as { ids: Int32Array }).ids;
  }

  /** Of a nullable column: 1 where there is a value, as everywhere at first, and 0 where there is null. */
  validity(name: string): Uint8Array {
    const index = this.#index(name);
    const { kind, nullable } = this.type.columns[index] as ColumnType;
    const asked = this.#asked[index];
    if (kind === 'any' || (typeof asked === 'object' && asked.form === 'strings'))
      throw misuse(`the column '${name}' holds null as it is; put it there instead of asking for validity`);
    if (typeof asked === 'object' && asked.form === 'ids')
      throw misuse(`null in the column '${name}' is the id −1; validity is not for ids`);
    if (!nullable) throw misuse(`the column '${name}' cannot be null; declare it as t.nullable(…)`);
    if (kind === 'string') return this.latin1(name).validity as Uint8Array;
    return (this.#batch.columns[index] as FixedColumn).validity(this.rows) as Uint8Array;
  }

  /** Event time of each row in epoch milliseconds. */
  get timestamps(): Float64Array {
    const { timestamps } = this.#batch;
    if (timestamps === null) throw misuse('the batch has no timestamps; make it with { timestamps: true }');
    return timestamps;
  }

  /**
   * The batch of the rows that were filled in, for `poll` to return. It is the reader's again at the next poll.
   *
   * @throws MillraceError INVALID_OPTION for rows that there is no room for, and columns that are not filled
   */
  finish(rows: number): RecordBatch {
    if (!Number.isInteger(rows) || rows < 0 || rows > this.rows)
      throw misuse(`finish: the batch has room for ${this.rows} rows, not for ${rows}; finish it and fill it again`);
    if (!this.#isComplete) this.#checkComplete();
    const batch = this.#batch;
    batch.clear();
    for (let i = 0; i < this.#asked.length; i++) {
      const filler = this.#asked[i];
      if (typeof filler === 'object') this.#point(i, filler, rows);
    }
    batch.rowCount = rows;
    return batch;
  }

  #fixed(name: string, kind: ColumnKind): FixedValues {
    const index = this.#index(name, kind);
    this.#asked[index] = 'values';
    return (this.#batch.columns[index] as FixedColumn).values(this.rows);
  }

  #index(name: string, kind?: ColumnKind): number {
    const index = this.type.names.indexOf(name);
    if (index < 0) {
      const known = Object.fromEntries(this.type.names.map((each) => [each, true]));
      throw misuse(unknownName({ kind: 'column', name }, known));
    }
    const actual = (this.type.columns[index] as ColumnType).kind as keyof typeof accessors;
    if (kind !== undefined && actual !== kind) {
      const how = actual === 'string' ? accessors.string : `${accessors[actual]}('${name}')`;
      throw misuse(`the column '${name}' is not ${kind} but ${actual}; ask for it by ${how}`);
    }
    return index;
  }

  /** What the strings of a column are filled in with from now on. */
  #filler(index: number, filler: StringFiller): StringFiller {
    const known = this.#asked[index] as StringFiller | undefined;
    if (known !== undefined && known.form !== filler.form)
      throw misuse(`the column '${this.type.names[index]}' is filled by ${known.form} already; fill a column in one way`);
    this.#asked[index] = known ?? filler;
    return known ?? filler;
  }

  /** A column that nobody fills would be a column of zeros. */
  #checkComplete(): void {
    const index = this.#asked.indexOf(undefined);
    if (index >= 0) {
      const { kind } = this.type.columns[index] as ColumnType;
      const how = accessors[kind as keyof typeof accessors];
      throw misuse(`the column '${this.type.names[index]}' is not filled; ask for it by ${how}, or leave it out of the type`);
    }
    this.#isComplete = true;
  }

  #point(index: number, filler: StringFiller, rows: number): void {
    const column = this.#batch.columns[index] as StringColumn;
    if (filler.form === 'latin1') this.#pointToBytes(index, filler.strings, rows);
    else if (filler.form === 'ids') {
      const last = rows === 0 ? -1 : (filler.ids[rows - 1] as number);
      if (last >= filler.dictionary.size)
        throw misuse(`the column '${this.type.names[index]}' has the id ${last}, which its dictionary does not; add the string first`);
      column.setIds(filler.ids, 0, filler.dictionary);
    }
  }

  #pointToBytes(index: number, { bytes, offsets, validity }: Latin1Strings, rows: number): void {
    const [first, last] = [offsets[0] as number, offsets[rows] as number];
    if (first < 0 || last < first || last > bytes.length) {
      const name = this.type.names[index];
      throw misuse(
        `the strings of the column '${name}' lie from byte ${first} to ${last}, of ${bytes.length}; reserve what they need before they are written`,
      );
    }
    const column = this.#batch.columns[index] as StringColumn;
    column.setBytes({ offsets, base: 0, bytes, bytesBase: 0, wide: false, gap: 0, validity, validityBase: 0 });
  }
}

function misuse(text: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `ColumnBatch: ${text}`);
}
