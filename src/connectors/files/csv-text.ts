/**
 * Records as CSV after RFC 4180, but with line feeds between the lines. Null and undefined are empty fields, or what `null` says, an empty string is `""`;
 * dates are ISO 8601 in UTC, nested values are JSON.
 */

import { MillraceError } from '../../base/errors.ts';
import { flag, type OptionRules, optional, type Rule } from '../../base/options.ts';
import { isPlainObject, jsonText } from './json-text.ts';
import type { TextBuffer } from './text-buffer.ts';

export interface CsvOptions {
  /** Whether the first line names the columns; by default, where they have names: records that are objects, or `columns`. */
  readonly header?: boolean;
  /** Names of the columns, in order; by default the keys of the first record. */
  readonly columns?: readonly string[];
  /** One character between two fields; a comma by default. */
  readonly delimiter?: string;
  /** What null and undefined become; an empty field by default. A text that reads the same is quoted. */
  readonly null?: string;
}

const delimiterRule: Rule = {
  expected: 'one character, and neither a quote nor a line end',
  accepts: (value) => typeof value === 'string' && value.length === 1 && !'"\r\n'.includes(value),
};

const columnsRule: Rule = {
  expected: 'an array of different names, at least one',
  accepts: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string') && new Set(value).size === value.length,
};

export const csvRules: OptionRules<CsvOptions> = {
  header: optional(flag),
  columns: optional(columnsRule),
  delimiter: optional(delimiterRule),
  null: optional({
    expected: 'a text without a quote or a line end',
    accepts: (value) => typeof value === 'string' && !/["\r\n]/.test(value),
  }),
};

/** What the records of one file have in common. */
type Shape =
  | { readonly kind: 'object'; readonly names: readonly string[] }
  | { readonly kind: 'tuple'; readonly length: number }
  | { readonly kind: 'value' };

const quote = '"';
const lineFeed = 0x0a;

/** What `String` makes numbers of: digits, exponents, `Infinity` and `NaN`. */
const unitOfNumber = /[\d.+\-eINafinty]/;

/** Writes the records of one file; the first one decides what the others look like. */
export class CsvText {
  readonly #options: CsvOptions;
  readonly #delimiter: string;
  readonly #null: string;
  readonly #special: RegExp;
  /** Whether no number reads like something else. */
  readonly #numbersArePlain: boolean;
  #shape: Shape | undefined;

  /** @param state of the file that is gone on with */
  constructor(options: CsvOptions, state?: CsvText['state']) {
    this.#options = options;
    this.#shape = state;
    this.#delimiter = options.delimiter ?? ',';
    this.#null = options.null ?? '';
    const escaped = this.#delimiter.replace(/[\\\]^-]/, '\\$&');
    this.#special = new RegExp(`["\\r\\n${escaped}]`);
    this.#numbersArePlain = !unitOfNumber.test(this.#delimiter) && String(Number(this.#null)) !== this.#null;
  }

  /** What the records have in common; undefined before the first one. */
  get state(): Shape | undefined {
    return this.#shape;
  }

  /** The first line, where it is known without a record. */
  start(into: TextBuffer): void {
    const { columns, header = true } = this.#options;
    if (columns !== undefined && header) this.#line(columns, into);
  }

  /** The line of a record; in front of the first one, the header where the record gives it. Nothing of a record that is refused. */
  record(record: unknown, into: TextBuffer): void {
    const begin = into.length;
    try {
      if (this.#shape === undefined) this.#first(record, into);
      else this.#next(record, this.#shape, into);
    } catch (error) {
      into.length = begin;
      throw error;
    }
  }

  #first(record: unknown, into: TextBuffer): void {
    const shape = shapeOf(record, this.#options.columns);
    if (this.#wantsHeader(shape)) this.#line((shape as { names: readonly string[] }).names, into);
    this.#next(record, shape, into);
    this.#shape = shape;
  }

  #wantsHeader(shape: Shape): boolean {
    const { columns, header } = this.#options;
    if (columns !== undefined || header === false) return false;
    if (shape.kind === 'object') return true;
    if (header !== true) return false;
    throw new MillraceError('INVALID_OPTION', 'csv.header: the records have no names for their fields; give csv.columns');
  }

  #next(record: unknown, shape: Shape, into: TextBuffer): void {
    if (shape.kind === 'object' && shape.names.length > 1 && isPlainObject(record) && this.#lineInOrder(record, shape.names, into)) return;
    this.#line(fieldsOf(record, shape), into);
  }

  /**
   * The line of a record with the columns in their order, as nearly all are: a walk over a record is its fastest reading, and is the
   * check of its names at once. Otherwise nothing, and false.
   */
  #lineInOrder(record: Readonly<Record<string, unknown>>, names: readonly string[], into: TextBuffer): boolean {
    const begin = into.length;
    let column = 0;
    for (const name in record) {
      if (name !== names[column]) {
        into.length = begin;
        return false;
      }
      if (column > 0) into.text(this.#delimiter);
      this.#field(record[name], into);
      column++;
    }
    if (column === names.length) into.ascii(lineFeed);
    else into.length = begin;
    return column === names.length;
  }

  #line(fields: readonly unknown[], into: TextBuffer): void {
    // A line without a character would not count as a record.
    if (fields.length === 1 && (fields[0] ?? this.#null) === '') into.text('""');
    else
      for (let i = 0; i < fields.length; i++) {
        if (i > 0) into.text(this.#delimiter);
        this.#field(fields[i], into);
      }
    into.ascii(lineFeed);
  }

  #field(value: unknown, into: TextBuffer): void {
    if (typeof value === 'string') this.#string(value, into);
    else if (value === null || value === undefined) into.text(this.#null);
    else if (typeof value === 'number' && this.#numbersArePlain) {
      if (Number.isSafeInteger(value)) into.integer(value);
      else into.text(String(value));
    } else this.#string(fieldText(value), into);
  }

  #string(text: string, into: TextBuffer): void {
    if (text === '' || text === this.#null || this.#special.test(text)) into.text(quote + text.replaceAll(quote, '""') + quote);
    else into.text(text);
  }
}

function fieldText(value: unknown): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return jsonText(value);
}

function shapeOf(record: unknown, columns: readonly string[] | undefined): Shape {
  if (isPlainObject(record)) return { kind: 'object', names: columns ?? Object.keys(record) };
  if (Array.isArray(record)) return { kind: 'tuple', length: columns?.length ?? record.length };
  return { kind: 'value' };
}

function fieldsOf(record: unknown, shape: Shape): readonly unknown[] {
  if (shape.kind === 'object')
    return isPlainObject(record) ? valuesOf(record, shape.names) : refuse(describe(record), `an object with ${listed(shape.names)}`);
  if (shape.kind === 'value') return Array.isArray(record) || isPlainObject(record) ? refuse(describe(record), 'a single value') : [record];
  if (Array.isArray(record) && record.length === shape.length) return record;
  return refuse(describe(record), `an array of ${shape.length}`);
}

function valuesOf(record: Readonly<Record<string, unknown>>, names: readonly string[]): readonly unknown[] {
  const isComplete = names.every((name) => Object.hasOwn(record, name));
  if (!isComplete || Object.keys(record).length !== names.length) refuseNames(record, names);
  return names.map((name) => record[name]);
}

function refuseNames(record: Readonly<Record<string, unknown>>, names: readonly string[]): never {
  const missing = names.filter((name) => !Object.hasOwn(record, name));
  const other = Object.keys(record).filter((key) => !names.includes(key));
  const differences = [
    ...(missing.length === 0 ? [] : [`lacks ${listed(missing)}`]),
    ...(other.length === 0 ? [] : [`has ${listed(other)} besides`]),
  ];
  throw new MillraceError(
    'TYPE_MISMATCH',
    `a record ${differences.join(' and ')}, but the columns of the CSV file are ${listed(names)}; map the records to one shape, or write 'json'`,
  );
}

function describe(record: unknown): string {
  if (Array.isArray(record)) return `an array of ${record.length}`;
  return isPlainObject(record) ? `an object with ${listed(Object.keys(record))}` : `a ${typeof record}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no keys' : names.map((name) => `'${name}'`).join(', ');
}

function refuse(got: string, expected: string): never {
  throw new MillraceError(
    'TYPE_MISMATCH',
    `a record is ${got}, but a line of the CSV file is ${expected}; map the records to one shape, or write 'json'`,
  );
}
