/** Finds the columns of delimited text by looking at its beginning. */

import { MillraceError } from '../base/errors.ts';
import { isAwkwardName } from '../schema/type.ts';
import { type DelimitedSyntax, fieldsOf, type RawField, RecordScan } from './delimited-syntax.ts';
import type { FieldSpec } from './parser-code.ts';

export interface Sample {
  readonly bytes: Buffer;
  /** Whether it is the whole text. */
  readonly ended: boolean;
}

export interface SniffOptions extends DelimitedSyntax {
  readonly header: boolean;
  readonly nullText: string | undefined;
  /** What is looked at, for errors. */
  readonly of: string;
}

const carriageReturn = 13;

/**
 * Columns of numbers, truth values and strings, all of which may be null: the rest of the text may have empty fields. A number that a float64
 * would not give back as it is written, such as `007`, makes a column of strings.
 *
 * @throws MillraceError INVALID_OPTION where there are no columns to be found
 */
export function sniffColumns(sample: Sample, options: SniffOptions): readonly FieldSpec[] {
  const records = recordsOf(sample, options);
  const [first] = records;
  if (first === undefined) throw unreadable(options, 'there is no record at its beginning');
  const names = first.map(({ text }, i) => (options.header ? text : `column${i + 1}`));
  checkNames(names, options);
  const rows = options.header ? records.slice(1) : records;
  return names.map((name, i) => ({
    name,
    type: {
      kind: kindOf(
        rows.map((row) => row[i]),
        options,
      ),
      nullable: true,
    },
  }));
}

function unreadable({ of }: SniffOptions, why: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `${of}: its columns cannot be told: ${why}; say columns: { name: t.string, … }`);
}

function checkNames(names: readonly string[], options: SniffOptions): void {
  const odd = names.find((name, i) => name === '' || names.indexOf(name) !== i || isAwkwardName(name));
  if (odd !== undefined)
    throw unreadable(options, `its header is ${names.join(', ')}, and '${odd}' can be no field, or stands there twice`);
}

/** The good records that are complete, but for empty lines. */
function recordsOf({ bytes, ended }: Sample, syntax: DelimitedSyntax): RawField[][] {
  const scan = new RecordScan(syntax);
  const records: RawField[][] = [];
  for (let start = 0; start < bytes.length; ) {
    const behind = scan.pass(bytes, start, bytes.length, true);
    if (behind < 0 && !ended) break;
    const feed = behind < 0 ? bytes.length : behind - 1;
    const end = feed > start && bytes[feed - 1] === carriageReturn ? feed - 1 : feed;
    const fields = end > start ? fieldsOf(bytes.subarray(start, end), syntax, 'utf8') : undefined;
    if (fields !== undefined) records.push(fields);
    start = feed + 1;
  }
  return records;
}

const truth = /^(?:true|false)$/;
const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Digits that a float64 always gives back. */
const exactDigits = 15;

function kindOf(fields: readonly (RawField | undefined)[], { nullText }: SniffOptions): 'string' | 'float64' | 'bool' {
  const given = fields.filter((field) => field !== undefined && (field.quoted || (field.text !== '' && field.text !== nullText)));
  const all = (holds: (text: string) => boolean): boolean => given.length > 0 && given.every((field) => holds((field as RawField).text));
  if (all((text) => truth.test(text))) return 'bool';
  return all(isNumber) ? 'float64' : 'string';
}

function isNumber(text: string): boolean {
  return plainNumber.test(text) && (text.match(/\d/g)?.length ?? 0) <= exactDigits;
}
