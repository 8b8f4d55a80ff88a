/** What `millrace logs` is asked for: the options of the command line, taken apart and checked against the fields that there are. Pure. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { aggregateOf } from './aggregates.ts';
import { checkedField, expressionCode, fieldCode, isNumber, isTime, type KnownField } from './expression.ts';

/** The options as they stand on the command line. */
export interface QueryOptions {
  readonly where?: string | undefined;
  readonly by?: string | undefined;
  readonly agg?: string | undefined;
  readonly select?: string | undefined;
  readonly window?: string | undefined;
  readonly slide?: string | undefined;
  readonly delay?: string | undefined;
  readonly top?: number | undefined;
  readonly order?: string | undefined;
  readonly follow?: boolean | undefined;
}

/** A column of the rows: its name, and the code of its value. */
export interface Column {
  readonly name: string;
  readonly code: string;
  /** Of a time that is a number: it is shown as a time. */
  readonly time?: ShownTime;
  /** Whether it holds bigints. */
  readonly isBig?: boolean;
}

export interface ShownTime {
  readonly unitMs: 1 | 1000;
  readonly nullable: boolean;
}

export interface GroupColumn extends Column {
  /** The field, where it is one; otherwise the code tells the value of the record `r`. */
  readonly field: string | undefined;
}

export interface AggregateColumn extends Column {
  /** What it is computed of. */
  readonly field: string | undefined;
  /** Whether rows can be ordered by it, and whether it may be null. */
  readonly ordered: boolean;
  readonly nullable: boolean;
}

/** Rows of groups, or records as they are. */
export type Query = {
  readonly where: string | undefined;
  readonly follow: boolean;
} & (
  | { readonly kind: 'rows'; readonly columns: readonly Column[]; readonly limit: number | undefined }
  | {
      readonly kind: 'groups';
      readonly by: readonly GroupColumn[];
      /** Their code is what stands in `aggregate({ … })`. */
      readonly aggregates: readonly AggregateColumn[];
      readonly window: WindowQuery | undefined;
      /** Rows of each window, or of all, and the column that they are the largest of. */
      readonly top: { readonly rows: number; readonly column: AggregateColumn } | undefined;
    }
);

export interface WindowQuery {
  readonly size: Duration;
  readonly slide: Duration | undefined;
  readonly delay: Duration;
}

/** What windows of a stream that does not end are, where nobody says. */
const followedWindow = '10s';
const usualDelay = '5s';
const usualTop = 20;

/** Whether rows are those of groups. */
function isGrouped({ by, agg, window }: QueryOptions): boolean {
  return by !== undefined || agg !== undefined || window !== undefined;
}

/** Whether rows are those of windows. */
export function isWindowed(options: QueryOptions): boolean {
  return options.window !== undefined || (options.follow === true && isGrouped(options));
}

/** @throws MillraceError INVALID_OPTION that names the option */
export function parseQuery(options: QueryOptions, fields: readonly KnownField[]): Query {
  checkTogether(options);
  const { where, follow = false } = options;
  const common = { where: where === undefined ? undefined : expressionCode('--where', where, fields), follow };
  if (!isGrouped(options)) return { ...common, kind: 'rows', columns: selectedColumns(options, fields), limit: options.top };
  const by = list('--by', options.by ?? '').map((each) => groupColumn(each, fields));
  const aggregates = list('--agg', options.agg ?? 'count()').map((each) => aggregateColumn(each, fields));
  const window = windowOf(options);
  checkNames([...by, ...aggregates], window !== undefined);
  return { ...common, kind: 'groups', by, aggregates, window, top: topOf(options, aggregates) };
}

/** Refuses what would have no effect. */
function checkTogether(options: QueryOptions): void {
  const refuse = (text: string): never => {
    throw new MillraceError('INVALID_OPTION', text);
  };
  if (options.select !== undefined && isGrouped(options))
    refuse('--select is for records; rows of groups have the columns of --by and --agg');
  if (options.order !== undefined && !isGrouped(options)) refuse('--order is for rows of groups; records come as they are read');
  if (options.slide !== undefined && !isWindowed(options))
    refuse('--slide says how far windows are apart; how long they are, --window says');
  if (options.delay !== undefined && !isWindowed(options)) refuse('--delay is for windows; --window says how long they are');
}

function selectedColumns({ select }: QueryOptions, fields: readonly KnownField[]): Column[] {
  if (select === undefined) return fields.filter(({ name }) => name !== 'raw').map(fieldColumn);
  const columns = list('--select', select).map((each) => {
    const { name, field, code } = itemOf('--select', each, fields);
    return field === undefined ? { name, code } : { ...fieldColumn(field), name };
  });
  checkNames(columns, false);
  return columns;
}

function fieldColumn(field: KnownField): Column {
  return { name: field.name, code: fieldCode(field), isBig: field.kind === 'bigint', ...shownTime(field) };
}

/** How a field that is a time is shown, where it is a number. */
function shownTime({ kind, nullable }: KnownField): Pick<Column, 'time'> {
  return kind === 'millis' || kind === 'seconds' ? { time: { unitMs: kind === 'millis' ? 1 : 1000, nullable } } : {};
}

function groupColumn(text: string, fields: readonly KnownField[]): GroupColumn {
  const { name, field, code } = itemOf('--by', text, fields);
  return field === undefined ? { name, code, field } : { ...fieldColumn(field), name, field: field.name };
}

/** `name=value`, or a value alone: a field, or an expression. */
function itemOf(
  option: string,
  text: string,
  fields: readonly KnownField[],
): { name: string; code: string; field: KnownField | undefined } {
  const { name, value } = named(text);
  const isName = /^[\w$]+$/.test(value) || fields.some((field) => field.name === value);
  const field = isName ? checkedField(option, value, fields) : undefined;
  const code = field === undefined ? orNull(expressionCode(option, value, fields)) : fieldCode(field);
  return { name: name ?? field?.name ?? value, code, field };
}

/** What a part that is missing reads as would be no value. */
function orNull(code: string): string {
  return /^r[\w$.?[\]']*$/.test(code) && code.includes('?.') ? `${code} ?? null` : code;
}

function aggregateColumn(text: string, fields: readonly KnownField[]): AggregateColumn {
  const { name, value } = named(text);
  const { call, given = '' } = /^(?<call>\w+)\s*\((?<given>.*)\)$/s.exec(value)?.groups ?? {};
  if (call === undefined)
    throw new MillraceError('INVALID_OPTION', `--agg: '${value}' is no aggregate; write one such as count() or sum(bytes)`);
  const { field, code, result } = aggregateOf(call, list('--agg', given), fields);
  const isOfField = result === 'field' && field !== undefined;
  return {
    name: name ?? (field === undefined ? call : `${call}_${field.name}`),
    code,
    field: field?.name,
    ordered: result === 'number' || (isOfField && (isNumber(field) || isTime(field))),
    nullable: field?.nullable ?? false,
    isBig: field?.kind === 'bigint' && (result !== 'number' || call === 'sum'),
    ...(isOfField ? shownTime(field) : {}),
  };
}

function windowOf(options: QueryOptions): WindowQuery | undefined {
  if (!isWindowed(options)) return undefined;
  const { window = followedWindow, slide, delay = usualDelay } = options;
  return {
    size: duration('--window', window, 1),
    slide: slide === undefined ? undefined : duration('--slide', slide, 1),
    delay: duration('--delay', delay, 0),
  };
}

/** @param leastMs milliseconds that it has at least */
function duration(option: string, text: string, leastMs: number): Duration {
  if (parseDuration(text as Duration, option) < leastMs) throw new MillraceError('INVALID_OPTION', `${option}: it must be longer than 0`);
  return text as Duration;
}

function topOf({ top, order }: QueryOptions, aggregates: readonly AggregateColumn[]): (Query & { kind: 'groups' })['top'] {
  if (top === undefined && order === undefined) return undefined;
  const known = aggregates.filter(({ ordered }) => ordered);
  const column = known.find(({ name }) => name === (order ?? known[0]?.name));
  if (column !== undefined) return { rows: top ?? usualTop, column };
  const names = known.map(({ name }) => name);
  if (order === undefined || names.length === 0)
    throw new MillraceError('INVALID_OPTION', '--top: rows are ordered by a number, and no aggregate is one; add one such as count()');
  const nearest = nearestName(order, names);
  const hint = nearest === undefined ? '; rows' : `; did you mean '${nearest}'? Rows`;
  throw new MillraceError(
    'INVALID_OPTION',
    `--order: there is no number in a column '${order}'${hint} can be ordered by ${names.join(', ')}`,
  );
}

/** `name=value`, or a value alone. */
function named(text: string): { readonly name: string | undefined; readonly value: string } {
  const found = /^(?<name>[A-Za-z_$][\w$]*)\s*=(?![=>])\s*(?<value>.+)$/s.exec(text)?.groups;
  return { name: found?.name, value: found?.value ?? text };
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The parts between commas that stand in no brackets and no quotes. @throws MillraceError INVALID_OPTION for one that is empty */
function list(option: string, text: string): string[] {
  if (text.trim() === '') return [];
  const parts = [''];
  const open: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    const expected = open.at(-1);
    const inQuotes = expected !== undefined && '\'"`'.includes(expected);
    if (character === expected) open.pop();
    else if (!inQuotes && closing[character] !== undefined) open.push(closing[character] as string);
    else if (!inQuotes && '\'"`'.includes(character)) open.push(character);
    if (character === ',' && open.length === 0) parts.push('');
    else parts[parts.length - 1] += character;
    if (inQuotes && character === '\\') parts[parts.length - 1] += text[++i] ?? '';
  }
  const trimmed = parts.map((part) => part.trim());
  if (trimmed.includes('')) throw new MillraceError('INVALID_OPTION', `${option}: '${text}' has nothing between two commas, or at an end`);
  return trimmed;
}

function checkNames(columns: readonly { readonly name: string }[], isWindowed: boolean): void {
  const names = [...(isWindowed ? ['start', 'end'] : []), ...columns.map(({ name }) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  const what =
    isWindowed && (twice === 'start' || twice === 'end') ? `'${twice}' is a column of windows` : `two columns are called '${twice}'`;
  throw new MillraceError('INVALID_OPTION', `${what}; give one another name, such as ${twice}2=${twice}`);
}
