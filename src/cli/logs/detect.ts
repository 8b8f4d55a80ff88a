/**
 * Recognises the format of logs by their first lines: each format that might be is tried on them, and the first one that fits nearly
 * all of them is it. Pure, but for the formats' own parsers.
 */

import { formats } from '../../api/formats.ts';
import { MillraceError } from '../../base/errors.ts';
import type { Format } from '../../formats/format.ts';
import { rawField } from '../../formats/line-parser.ts';
import type { RecordType } from '../../schema/type.ts';
import { type Code, call, object, quoted } from './code-layout.ts';
import { declaredFormat } from './declared-format.ts';
import type { FieldKind, KnownField } from './fields.ts';
import { linePatterns, nearMiss } from './near-miss.ts';
import { parseSample } from './parse-sample.ts';
import type { RecordLayout } from './record-layout.ts';
import { SeenField } from './seen-field.ts';
import { timeFieldOf } from './time-field.ts';

/** A format with the code that makes it, and what its records hold. */
export interface FoundFormat {
  readonly format: Format<unknown>;
  /** `formats.combinedLog()`; where it takes fields out of objects, those that the layout has as columns. */
  code(layout: RecordLayout): Code;
  readonly fields: readonly KnownField[];
  /** The field that tells the time of a record; undefined where none does. */
  readonly time: KnownField | undefined;
  /** What it may be instead. */
  readonly hint?: string | undefined;
}

export interface DetectOptions {
  /** The format that it is. */
  readonly only?: string | undefined;
  /** The field that tells the time of a record. */
  readonly time?: string | undefined;
  /** Whether the job goes by that time: then it is read as one, where it is text. */
  readonly byTime: boolean;
}

/** Of the lines, so many may be something else. */
const oddShare = 0.05;

/** The format of a sample: the beginning of the input, up to a line end. Text, where it is nothing better. */
export function detectFormat(sample: Buffer, options: DetectOptions): FoundFormat {
  const lines = sample
    .toString()
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const { only } = options;
  for (const [name, candidate] of lines.length === 0 ? [] : candidates) {
    if (only !== undefined && name !== only) continue;
    const found = candidate({ lines, sample, options, isSure: only !== undefined });
    if (found !== undefined) return found;
  }
  if (only === undefined) return { ...plainFormat('text', options), hint: nearMiss(lines) };
  const first = lines.length === 0 ? 'there is nothing' : `the first line is ${JSON.stringify(lines[0]?.slice(0, 200))}`;
  throw new MillraceError('INVALID_OPTION', `--format ${only}: its fields are found in the first lines, and there are none: ${first}`);
}

type PlainName = 'text' | 'commonLog' | 'combinedLog' | 'syslog' | 'elb' | 'cloudFront';

/** A format that needs nothing more to be said. */
export function plainFormat(name: PlainName, options: DetectOptions): FoundFormat {
  return foundFormat(formats[name]() as Format<unknown>, `formats.${name}()`, options);
}

/** The format of a pattern. */
export function patternFormat(pattern: string, options: DetectOptions): FoundFormat {
  const times = [...pattern.matchAll(/%\{(?:timestamp|epoch|epochms|httpdate)\??:([^}]*)\}/g)].map((match) => match[1] as string);
  return foundFormat(formats.pattern(pattern) as Format<unknown>, call('formats.pattern', quoted(pattern)), options, (name) =>
    times.includes(name) ? 'millis' : undefined,
  );
}

/** Times of formats that are no dates are epoch milliseconds. */
function usualTime(name: string): FieldKind | undefined {
  return /(?:^t|T)imestamp$/.test(name) ? 'millis' : undefined;
}

/** @param kindOf what a field holds that is a number by its type */
function foundFormat(
  format: Format<unknown>,
  code: Code,
  { time }: DetectOptions,
  kindOf: (name: string) => FieldKind | undefined = usualTime,
): FoundFormat {
  const fields = fieldsOf(format.type, kindOf);
  return { format, code: () => code, fields, time: timeFieldOf(fields, time) };
}

function fieldsOf(type: RecordType, kindOf: (name: string) => FieldKind | undefined): KnownField[] {
  if (type.form !== 'object') return [{ name: 'line', nullable: false, kind: 'string' }];
  return type.names.map((name, i) => {
    const { kind, nullable } = type.columns[i] as RecordType['columns'][number];
    const known = { name, nullable, kind: kind === 'float64' ? (kindOf(name) ?? 'number') : (kinds[kind] ?? 'any') };
    return name === rawField.name ? { ...known, isLine: true } : known;
  });
}

const kinds: Readonly<Record<string, FieldKind>> = {
  string: 'string',
  int32: 'number',
  bigint64: 'bigint',
  bool: 'bool',
  timestamp: 'time',
};

interface Given {
  readonly lines: readonly string[];
  readonly sample: Buffer;
  readonly options: DetectOptions;
  /** Whether it is known to be the format. */
  readonly isSure: boolean;
}

type Candidate = (given: Given) => FoundFormat | undefined;

/** In the order in which they are tried: those that take less come first. */
const candidates: readonly (readonly [name: string, candidate: Candidate])[] = [
  ['json', declared('json')],
  ['cloudfront', plain('cloudFront')],
  ['elb', plain('elb')],
  ['combined', plain('combinedLog')],
  ['common', plain('commonLog')],
  ['syslog', plain('syslog')],
  ['ltsv', declared('ltsv')],
  ['logfmt', declared('logfmt')],
  ['tsv', delimited('tsv', '\t')],
  ['csv', delimited('csv', ',')],
];

function plain(name: PlainName): Candidate {
  return ({ sample, options }) => {
    const { records, bad } = parseSample(formats[name]() as Format<unknown>, sample);
    // Only of the format that it is, the fields are what --time may name.
    return records.length > 0 && bad <= (records.length + bad) * oddShare ? plainFormat(name, options) : undefined;
  };
}

function formatOf(name: 'json' | 'ltsv' | 'logfmt', fields?: object): Format<unknown> {
  return (formats[name] as (fields?: object) => Format<unknown>)(fields);
}

/** A format whose fields are declared as the records of the sample show them. */
function declared(name: 'json' | 'ltsv' | 'logfmt'): Candidate {
  const pattern = linePatterns[name];
  return ({ lines, sample, options, isSure }) => {
    if (!isSure && lines.filter((line) => pattern.test(line)).length < lines.length * (1 - oddShare)) return undefined;
    const { records, bad } = parseSample(formatOf(name), sample);
    if (!isSure && bad > (records.length + bad) * oddShare) return undefined;
    const seen = SeenField.of(records as object[], name === 'json');
    if (seen.size === 0) return undefined;
    return declaredFormat(seen, options, {
      create: (types) => formatOf(name, types),
      code: (types, given) => call(`formats.${name}`, types, ...(given.length === 0 ? [] : [object(given)])),
    });
  };
}

/** A format whose columns are those that it finds by itself: declared, they have types, and are the same wherever they are read. */
function delimited(name: 'csv' | 'tsv', delimiter: string): Candidate {
  return ({ lines, sample, options, isSure }) => {
    const counts = lines.slice(0, 20).map((line) => line.split(delimiter).length);
    if (
      !isSure &&
      ((counts[0] as number) < 2 || counts.length < 2 || counts.filter((count) => count > 1).length < counts.length * (1 - oddShare))
    )
      return undefined;
    const format = resolved(name, sample, isSure);
    if (format === undefined) return undefined;
    const { records, bad } = parseSample(format, sample);
    if (!isSure && bad > (records.length + bad) * oddShare) return undefined;
    const seen = SeenField.of(records as object[], false);
    const columns = format.type.names.map((column, i) => {
      const field = seen.get(column) ?? new SeenField(false);
      return [column, field.holding(format.type.columns[i]?.kind as SeenField['type'])] as const;
    });
    return declaredFormat(new Map(columns), options, {
      create: (types) => formats[name]({ columns: types }) as Format<unknown>,
      code: (types, given) => call(`formats.${name}`, object([['columns', types], ...given])),
    });
  };
}

function resolved(name: 'csv' | 'tsv', sample: Buffer, isSure: boolean): Format<unknown> | undefined {
  const format = formats[name]() as Format<unknown>;
  try {
    return format.resolve?.({ bytes: sample, ended: false }, `--format ${name}`) ?? format;
  } catch (error) {
    if (isSure) throw error;
    return undefined;
  }
}
