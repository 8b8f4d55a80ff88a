/** What `millrace logs` is asked for: the options of the command line, taken apart and checked against the fields that there are. Pure. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { type Aggregate, aggregateOf } from './aggregates.ts';
import { parseExpression } from './expression.ts';
import { checkedField, fieldNamed, isNumber, isTime, type KnownField } from './fields.ts';
import { RecordLayout } from './record-layout.ts';

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
  /** The column of the record, where it is one; otherwise the code tells the value of the record `r`. */
  readonly field: string | undefined;
}

export interface AggregateColumn extends Column {
  /** What it is computed of; undefined for `count()`. */
  readonly of: AggregatedValue | undefined;
  /** Whether rows can be ordered by it, and whether it may be null. */
  readonly ordered: boolean;
  readonly nullable: boolean;
  /** Whether it holds dates. */
  readonly isDate: boolean;
}

/** What an aggregate is computed of: a column of the record, or one that has to be made. */
export interface AggregatedValue {
  readonly name: string;
  readonly code: string;
  readonly isColumn: boolean;
}

/** Rows of groups, or records as they are. */
export type Query = {
  readonly where: string | undefined;
  readonly follow: boolean;
  /** How the fields that are named are read. */
  readonly layout: RecordLayout;
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

/**
 * @param time the field that windows go by
 * @throws MillraceError INVALID_OPTION that names the option
 */
export function parseQuery(options: QueryOptions, fields: readonly KnownField[], time?: KnownField): Query {
  checkTogether(options);
  const { where, follow = false, top } = options;
  const condition = where === undefined ? undefined : parseExpression('--where', where, fields, 'condition');
  const asked = isGrouped(options) ? groupsOf(options, fields) : { kind: 'rows' as const, items: selectedItems(options, fields) };
  const layout = layoutOf([...(condition?.fields ?? []), ...namedIn(asked)], isWindowed(options) ? time : undefined);
  const common = { where: condition?.code(layout), follow, layout };
  if (asked.kind === 'rows') return { ...common, kind: 'rows', columns: asked.items.map((item) => columnOf(item, layout)), limit: top };
  const window = windowOf(options);
  const by = asked.by.map((item) => groupColumn(item, layout));
  const aggregates = asked.aggregates.map((item) => aggregateColumn(item, layout));
  checkNames([...by, ...aggregates], window !== undefined);
  return { ...common, kind: 'groups', by, aggregates, window, top: topOf(options, aggregates) };
}

/** A value of a record that is asked for. */
interface Item {
  readonly name: string;
  /** The field, where it is no more than that. */
  readonly field: KnownField | undefined;
  /** The fields that it names. */
  readonly fields: readonly KnownField[];
  code(layout: RecordLayout): string;
}

interface AggregateItem extends Aggregate {
  readonly name: string;
  readonly call: string;
}

/** What is asked for, before it is known how it is read. */
type Asked =
  | { readonly kind: 'rows'; readonly items: readonly Item[] }
  | { readonly kind: 'groups'; readonly by: readonly Item[]; readonly aggregates: readonly AggregateItem[] };

function groupsOf({ by = '', agg = 'count()' }: QueryOptions, fields: readonly KnownField[]): Asked {
  return {
    kind: 'groups',
    by: list('--by', by).map((each) => itemOf('--by', each, fields)),
    aggregates: list('--agg', agg).map((each) => aggregateItem(each, fields)),
  };
}

function namedIn(asked: Asked): readonly KnownField[] {
  if (asked.kind === 'rows') return asked.items.flatMap((item) => item.fields);
  return [...asked.by.flatMap((item) => item.fields), ...asked.aggregates.flatMap(({ field }) => field ?? [])];
}

/** The time of a record is needed where it is read: it must be a column. */
function layoutOf(named: readonly KnownField[], time: KnownField | undefined): RecordLayout {
  const layout = new RecordLayout(time === undefined ? named : [...named, time]);
  if (time === undefined || !layout.read(time).isPart) return layout;
  throw new MillraceError(
    'INVALID_OPTION',
    `--time: '${time.name}' lies in an object that the question takes as a whole; name the fields of it that are wanted`,
  );
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

function selectedItems({ select }: QueryOptions, fields: readonly KnownField[]): readonly Item[] {
  if (select === undefined) return fields.filter(({ isLine }) => isLine !== true).map((field) => fieldItem(field.name, field));
  const items = list('--select', select).map((each) => itemOf('--select', each, fields));
  checkNames(items, false);
  return items;
}

function columnOf({ name, field, code }: Item, layout: RecordLayout): Column {
  return { name, code: code(layout), isBig: field?.kind === 'bigint', ...(field === undefined ? {} : shownTime(field)) };
}

/** How a field that is a time is shown, where it is a number. */
function shownTime({ kind, nullable }: KnownField): Pick<Column, 'time'> {
  return kind === 'millis' || kind === 'seconds' ? { time: { unitMs: kind === 'millis' ? 1 : 1000, nullable } } : {};
}

function groupColumn(item: Item, layout: RecordLayout): GroupColumn {
  const { field } = item;
  return { ...columnOf(item, layout), field: field === undefined || layout.read(field).isPart ? undefined : field.name };
}

/** `name=value`, or a value alone: a field, or an expression. */
function itemOf(option: string, text: string, fields: readonly KnownField[]): Item {
  const { name, value } = named(text);
  const isName = /^[\w$]+$/.test(value) || fieldNamed(value, fields) !== undefined;
  if (isName) {
    const field = checkedField(option, value, fields);
    return fieldItem(name ?? field.name, field);
  }
  const expression = parseExpression(option, value, fields, 'value');
  return { name: name ?? value, field: undefined, fields: expression.fields, code: expression.code };
}

function fieldItem(name: string, field: KnownField): Item {
  const code = (layout: RecordLayout): string => {
    const { code: read, isPart } = layout.read(field);
    return isPart ? `${read} ?? null` : read;
  };
  return { name, field, fields: [field], code };
}

function aggregateItem(text: string, fields: readonly KnownField[]): AggregateItem {
  const { name, value } = named(text);
  const { call, given = '' } = /^(?<call>\w+)\s*\((?<given>.*)\)$/s.exec(value)?.groups ?? {};
  if (call === undefined)
    throw new MillraceError('INVALID_OPTION', `--agg: '${value}' is no aggregate; write one such as count() or sum(bytes)`);
  const aggregate = aggregateOf(call, list('--agg', given), fields);
  return { ...aggregate, call, name: name ?? (aggregate.field === undefined ? call : `${call}_${aggregate.field.name}`) };
}

function aggregateColumn({ name, call, field, code, takes, result }: AggregateItem, layout: RecordLayout): AggregateColumn {
  const isOfField = result === 'field' && field !== undefined;
  const of = field === undefined ? undefined : aggregatedValue(field, takes, layout);
  return {
    name,
    code: code(of?.name ?? ''),
    of,
    ordered: result === 'number' || (isOfField && (isNumber(field) || isTime(field))),
    nullable: field?.nullable ?? false,
    isBig: field?.kind === 'bigint' && (result !== 'number' || call === 'sum'),
    isDate: isOfField && isTime(field),
    ...(isOfField ? shownTime(field) : {}),
  };
}

/** Numbers and nothing else, where aggregates want them. */
function aggregatedValue(field: KnownField, takes: Aggregate['takes'], layout: RecordLayout): AggregatedValue {
  const { name, kind } = field;
  const { code, isPart } = layout.read(field);
  if (takes === 'float' && kind === 'bigint')
    return { name: `${name}_number`, code: `${code} ${isPart ? '==' : '==='} null ? null : Number(${code})`, isColumn: false };
  if (takes !== 'any' && (kind === 'any' || kind === 'null'))
    return { name: `${name}_number`, code: `typeof ${code} === 'number' ? ${code} : null`, isColumn: false };
  return { name, code: isPart ? `${code} ?? null` : code, isColumn: !isPart };
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
