/**
 * Comma- and tab-separated values.
 *
 * CSV is RFC 4180: fields between delimiters, in double quotes where they hold a delimiter, a quote or a line feed. TSV has no quotes, as it
 * was registered with IANA.
 */

import { MillraceError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { anything, checkOptions, flag, type OptionRules, objectLike, optional, type Rule } from '../base/options.ts';
import type { Type } from '../schema/type.ts';
import { type Sample, sniffColumns } from './csv-sniff.ts';
import {
  declaredTextFields,
  exact,
  type FieldTypes,
  fieldDetails,
  type NumberOptions,
  numberRules,
  type RecordOfFields,
} from './declared-fields.ts';
import { type DelimitedColumn, DelimitedParser } from './delimited-parser.ts';
import type { Format } from './format.ts';
import { typeOfFields } from './line-parser.ts';
import type { FieldSpec } from './parser-code.ts';
import { type TimeNotation, timeNotations, timeReader } from './time-notations.ts';

/** How text is divided into fields, and what they mean. */
export interface DelimitedOptions {
  /** Whether the first record of each file names its columns, in any order; true by default. */
  readonly header?: boolean | undefined;
  /** The character between fields: `,` by default, or a tab. */
  readonly delimiter?: string | undefined;
  /** The character around fields that hold delimiters, quotes or line feeds; null for none. In CSV `"`, in TSV null by default. */
  readonly quote?: string | null | undefined;
  /** A text without quotes that stands for null, as an empty field does. */
  readonly nullText?: string | undefined;
  /** Columns of numbers that are written as times: they become epoch milliseconds. */
  readonly times?: Readonly<Record<string, TimeNotation>> | undefined;
}

/** A record of columns that were found by looking at a file. */
export type SniffedRecord = Readonly<Record<string, string | number | boolean | null>>;

type Columns<F> = DelimitedOptions &
  NumberOptions & {
    /** The columns that records have, with their types. By default they are found by looking at the first file. */
    readonly columns: F;
  };

interface AllOptions extends DelimitedOptions, NumberOptions {
  readonly columns?: unknown;
}

/** A function that makes a format of delimited text. */
export interface DelimitedFormat {
  <T extends object>(options: Columns<Type<T>>): Format<T>;
  <const F extends FieldTypes>(options: Columns<F>): Format<RecordOfFields<F>>;
  <T = SniffedRecord>(options?: DelimitedOptions): Format<T>;
}

/**
 * Comma-separated values.
 *
 * @throws MillraceError INVALID_OPTION
 * @example formats.csv({ columns: { station: t.string, temperature: t.float64 }, delimiter: ';' })
 */
export const csv = ((options: AllOptions = {}) => delimited('csv', options, { delimiter: ',', quote: '"' })) as DelimitedFormat;

/**
 * Tab-separated values: like `csv`, with other defaults.
 *
 * @throws MillraceError INVALID_OPTION
 */
export const tsv = ((options: AllOptions = {}) => delimited('tsv', options, { delimiter: '\t', quote: null })) as DelimitedFormat;

const delimiterRule: Rule = {
  expected: 'one ASCII character that stands in no number',
  accepts: (value) => typeof value === 'string' && /^[\0-\x7f]$/.test(value) && !/[\dA-Za-z+.\r\n-]/.test(value),
};
const quoteRule: Rule = {
  expected: "one ASCII character, such as '\"', or null",
  accepts: (value) => value === null || delimiterRule.accepts(value),
};
const nullTextRule: Rule = {
  expected: 'a text of one line',
  accepts: (value) => typeof value === 'string' && value !== '' && !/[\r\n]/.test(value),
};

const rules: OptionRules<AllOptions> = {
  header: optional(flag),
  delimiter: optional(delimiterRule),
  quote: optional(quoteRule),
  nullText: optional(nullTextRule),
  times: optional(objectLike({ at: '' })),
  columns: optional(anything),
  ...numberRules,
};

/** Options with all that was left out. */
interface Settings {
  readonly name: string;
  readonly header: boolean;
  readonly delimiter: string;
  readonly quote: string | null;
  readonly nullText: string | undefined;
  readonly times: Readonly<Record<string, TimeNotation>>;
}

function delimited(name: string, options: AllOptions, usual: { delimiter: string; quote: string | null }): Format<unknown> {
  const of = `formats.${name}`;
  const {
    columns,
    header = true,
    delimiter = usual.delimiter,
    nullText,
    times = {},
    exactIntegers,
    ...given
  } = checkOptions(options, rules, of);
  const quote = given.quote === undefined ? usual.quote : given.quote;
  if (quote === delimiter) throw new MillraceError('INVALID_OPTION', `${of}: quote and delimiter are both ${JSON.stringify(quote)}`);
  const settings: Settings = { name, header, delimiter, quote, nullText, times };
  if (columns === undefined) return undeclared(settings);
  return formatOf(settings, declaredTextFields(`${of}: columns`, columns, { exactIntegers }));
}

/** A format that is complete once a sample of its input was seen. */
function undeclared(settings: Settings): Format<unknown> {
  const wayOut = `formats.${settings.name}: its columns are found by looking at a file, and this is none; say columns: { name: t.string, … }`;
  const refuse = (): never => {
    throw new MillraceError('INVALID_OPTION', wayOut);
  };
  return {
    name: settings.name,
    type: typeOfFields([]),
    divisible: true,
    createParser: refuse,
    resolve: (sample: Sample, of: string) =>
      formatOf(settings, sniffColumns(sample, { ...settings, ...syntaxOf(settings), of }).map(exact)),
  };
}

function formatOf(settings: Settings, fields: readonly FieldSpec[]): Format<unknown> {
  const { name, header, nullText, times } = settings;
  checkTimes(`formats.${name}`, fields, times);
  const columns = fields.map((field): DelimitedColumn => ({ ...field, time: timeOf(times[field.name]) }));
  const syntax = syntaxOf(settings);
  return {
    name,
    type: typeOfFields(fields),
    details: { ...settings, ...fieldDetails(fields) },
    divisible: true,
    createParser: (options) => new DelimitedParser({ name, syntax, columns, header, nullText }, options),
  };
}

function syntaxOf({ delimiter, quote }: Settings): { delimiter: number; quote: number } {
  return { delimiter: delimiter.charCodeAt(0), quote: quote === null ? -1 : quote.charCodeAt(0) };
}

function timeOf(notation: TimeNotation | undefined): DelimitedColumn['time'] {
  return notation === undefined ? undefined : () => timeReader(notation);
}

function checkTimes(of: string, fields: readonly FieldSpec[], times: Settings['times']): void {
  for (const [name, notation] of Object.entries(times)) {
    const field = fields.find((each) => each.name === name);
    const names = fields.map((each) => each.name);
    const nearest = nearestName(name, names);
    const fail = (why: string): never => {
      throw new MillraceError('INVALID_OPTION', `${of}: times.${name}: ${why}`);
    };
    if (field === undefined) fail(`there is no such column${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`);
    else if (field.type.kind !== 'float64' && field.type.kind !== 'timestamp') fail('a time is a t.float64 or a t.timestamp');
    if (!timeNotations.includes(notation)) fail(`must be one of ${timeNotations.map((each) => `'${each}'`).join(', ')}`);
  }
}
