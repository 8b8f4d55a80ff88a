/**
 * Recognises the format of logs by their first lines: each format that might be is tried on them, and the first one that fits nearly
 * all of them is it. Pure, but for the formats' own parsers.
 */

import { formats } from '../../api/formats.ts';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import type { Format } from '../../formats/format.ts';
import { isAwkwardName, type RecordType, t } from '../../schema/type.ts';
import { type Code, call, object, quoted } from './code-layout.ts';
import { type FieldKind, fieldNamed, isTime, type KnownField } from './expression.ts';
import { parseSample } from './parse-sample.ts';
import { SeenField } from './seen-field.ts';

/** A format with the code that makes it, and what its records hold. */
export interface FoundFormat {
  readonly format: Format<unknown>;
  /** `formats.combinedLog()` */
  readonly code: Code;
  readonly fields: readonly KnownField[];
  /** The field that tells the time of a record; undefined where none does. */
  readonly time: KnownField | undefined;
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
  if (only === undefined) return plainFormat('text', options);
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
  return { format, code, fields, time: timeFieldOf(fields, time) };
}

function fieldsOf(type: RecordType, kindOf: (name: string) => FieldKind | undefined): KnownField[] {
  if (type.form !== 'object') return [{ name: 'line', nullable: false, kind: 'string' }];
  return type.names.map((name, i) => {
    const { kind, nullable } = type.columns[i] as RecordType['columns'][number];
    return { name, nullable, kind: kind === 'float64' ? (kindOf(name) ?? 'number') : (kinds[kind] ?? 'any') };
  });
}

const kinds: Readonly<Record<string, FieldKind>> = {
  string: 'string',
  int32: 'number',
  bigint64: 'bigint',
  bool: 'bool',
  timestamp: 'time',
};

/** Fields that tell the time of a record, by their usual names. */
const timeNames = ['timestamp', 'time', 'ts', 'datetime', 'date', 'eventTime', 'createdAt', 'at'];

function timeFieldOf(fields: readonly KnownField[], time: string | undefined): KnownField | undefined {
  const times = fields.filter(isTime);
  if (time === undefined) return timeNames.map((name) => fieldNamed(name, times)).find((field) => field !== undefined);
  const field = fieldNamed(time, fields);
  if (field !== undefined && isTime(field)) return field;
  if (field !== undefined)
    throw new MillraceError(
      'INVALID_OPTION',
      `--time: '${field.name}' holds no times in ISO 8601, and no seconds or milliseconds since 1970`,
    );
  const nearest = nearestName(
    time,
    fields.map(({ name }) => name),
  );
  throw new MillraceError(
    'INVALID_OPTION',
    `--time: there is no field '${time}'${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`,
  );
}

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
  ['json', declared('json', /^\s*\{/)],
  ['cloudfront', plain('cloudFront')],
  ['elb', plain('elb')],
  ['combined', plain('combinedLog')],
  ['common', plain('commonLog')],
  ['syslog', plain('syslog')],
  ['ltsv', declared('ltsv', /^[\w.-]+:[^\t]*(?:\t[\w.-]+:[^\t]*)+$/)],
  ['logfmt', declared('logfmt', /^(?:[\w./@-]+=(?:"(?:[^"\\]|\\.)*"|\S*)(?:\s+|$)){2,}/)],
  ['tsv', delimited('tsv', '\t')],
  ['csv', delimited('csv', ',')],
];

function plain(name: PlainName): Candidate {
  return ({ sample, options }) => {
    const found = plainFormat(name, options);
    const { records, bad } = parseSample(found.format, sample);
    return records.length > 0 && bad <= (records.length + bad) * oddShare ? found : undefined;
  };
}

function formatOf(name: 'json' | 'ltsv' | 'logfmt', fields?: object): Format<unknown> {
  return (formats[name] as (fields?: object) => Format<unknown>)(fields);
}

/** A format whose fields are declared as the records of the sample show them. @param pattern what lines of it look like */
function declared(name: 'json' | 'ltsv' | 'logfmt', pattern: RegExp): Candidate {
  return ({ lines, sample, options, isSure }) => {
    if (!isSure && lines.filter((line) => pattern.test(line)).length < lines.length * (1 - oddShare)) return undefined;
    const { records, bad } = parseSample(formatOf(name), sample);
    if (!isSure && bad > (records.length + bad) * oddShare) return undefined;
    const seen = SeenField.of(records as object[], name === 'json');
    if (seen.size === 0) return undefined;
    return declaredFormat(seen, options, {
      create: (types) => formatOf(name, types),
      code: (types) => call(`formats.${name}`, types),
    });
  };
}

/** Columns that the format finds itself, unless one is to be read as a time. */
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
    const { time } = declaredFields(seen, options);
    if (options.byTime && time?.kind === 'time')
      return declaredFormat(seen, options, {
        create: (columns) => formats[name]({ columns: columns as never }) as Format<unknown>,
        code: (columns) => call(`formats.${name}`, object([['columns', columns]])),
      });
    return foundFormat(format, `formats.${name}()`, options, (field) => seen.get(field)?.timeKind);
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

function declaredFormat(
  seen: ReadonlyMap<string, SeenField>,
  options: DetectOptions,
  make: { create(types: object): Format<unknown>; code(types: Code): Code },
): FoundFormat {
  const { fields, time } = declaredFields(seen, options);
  const types = fields.map(({ name }) => {
    // A record without its time could be in no window: it is a bad one.
    if (options.byTime && time?.name === name && time.kind === 'time') return [name, t.timestamp, 't.timestamp'] as const;
    const type = (seen.get(name) as SeenField).type;
    return [name, t.nullable(t[type] as never), `t.nullable(t.${type})`] as const;
  });
  const format = make.create(Object.fromEntries(types));
  return { format, code: make.code(object(types.map(([name, , code]) => [name, code]))), fields, time };
}

/** The fields, and the one among them that tells the time. */
function declaredFields(
  seen: ReadonlyMap<string, SeenField>,
  { time: named, byTime }: DetectOptions,
): { readonly fields: readonly KnownField[]; readonly time: KnownField | undefined } {
  const fields = [...seen]
    .filter(([name]) => !isAwkwardName(name))
    .map(([name, field]): KnownField => ({ name, nullable: true, kind: field.kind }));
  const asTimes = fields.map((field): KnownField => ({ ...field, kind: seen.get(field.name)?.timeKind ?? field.kind }));
  const time = byTime || named !== undefined ? timeFieldOf(asTimes, named) : undefined;
  if (time === undefined || !byTime) return { fields, time };
  const read: KnownField = { ...time, nullable: time.kind !== 'time' };
  return { fields: fields.map((field) => (field.name === time.name ? read : field)), time: read };
}
