/** What `millrace logs` is asked for: the options of the command line, taken apart and checked against the fields that there are. Pure. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { checkedField, expressionCode, type KnownField } from './expression.ts';

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

/** A field of records, with what may be done with it. */
export interface QueryField extends KnownField {
  readonly kind: 'string' | 'number' | 'other';
}

/** A column of the rows: its name, and the code of its value. */
export interface Column {
  readonly name: string;
  readonly code: string;
}

export interface GroupColumn {
  readonly name: string;
  /** The field, where it is one; otherwise the code of its value, of the record `r`. */
  readonly field: string | undefined;
  readonly code: string;
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
      /** As they stand in `aggregate({ … })`. */
      readonly aggregates: readonly Column[];
      readonly window: WindowQuery | undefined;
      /** Rows of each window, or of all, and the column that they are the largest of. */
      readonly top: { readonly rows: number; readonly column: string } | undefined;
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

/** @throws MillraceError INVALID_OPTION that names the option */
export function parseQuery(options: QueryOptions, fields: readonly QueryField[]): Query {
  const { where, follow = false } = options;
  const common = { where: where === undefined ? undefined : expressionCode('--where', where, fields), follow };
  const grouped = options.by !== undefined || options.agg !== undefined || options.window !== undefined;
  if (!grouped) return { ...common, kind: 'rows', columns: selectedColumns(options, fields), limit: options.top };
  if (options.select !== undefined)
    throw new MillraceError('INVALID_OPTION', '--select is for records; rows of groups have the columns of --by and --agg');
  const by = list(options.by ?? '').map((each) => groupColumn(each, fields));
  const aggregates = list(options.agg ?? 'count()').map((each) => aggregateColumn(each, fields));
  checkNames([...by, ...aggregates]);
  return { ...common, kind: 'groups', by, aggregates, window: windowOf(options), top: topOf(options, aggregates) };
}

function selectedColumns({ select }: QueryOptions, fields: readonly QueryField[]): Column[] {
  if (select === undefined) return fields.filter(({ name }) => name !== 'raw').map(({ name }) => ({ name, code: `r.${name}` }));
  const columns = list(select).map((each) => {
    const { name, value } = named(each);
    return { name: name ?? checkedNameOf(value, fields), code: expressionCode('--select', value, fields) };
  });
  checkNames(columns);
  return columns;
}

function checkedNameOf(value: string, fields: readonly QueryField[]): string {
  return /^\w+$/.test(value) ? checkedField('--select', value, fields).name : value;
}

function groupColumn(text: string, fields: readonly QueryField[]): GroupColumn {
  const { name, value } = named(text);
  const code = expressionCode('--by', value, fields);
  const field = /^r\.(\w+)$/.exec(code)?.[1];
  return { name: name ?? field ?? value, field, code };
}

const aggregators: Readonly<
  Record<string, { readonly code: (field: string, more: string) => string; readonly takes: 'nothing' | 'field' | 'number' }>
> = {
  count: { takes: 'nothing', code: () => 'count()' },
  sum: { takes: 'number', code: (field) => `sum('${field}')` },
  avg: { takes: 'number', code: (field) => `avg('${field}')` },
  min: { takes: 'field', code: (field) => `min('${field}')` },
  max: { takes: 'field', code: (field) => `max('${field}')` },
  variance: { takes: 'number', code: (field) => `variance('${field}')` },
  distinct: { takes: 'field', code: (field) => `countDistinct('${field}')` },
  approxDistinct: { takes: 'field', code: (field) => `approxCountDistinct('${field}')` },
  first: { takes: 'field', code: (field) => `first('${field}')` },
  last: { takes: 'field', code: (field) => `last('${field}')` },
  median: { takes: 'number', code: (field) => `quantile('${field}', 0.5)` },
  topk: { takes: 'field', code: (field, k) => `topK('${field}', ${k === '' ? 5 : k})` },
};

function aggregateColumn(text: string, fields: readonly QueryField[]): Column {
  const { name, value } = named(text);
  const { call, given = '' } = /^(?<call>\w+)\s*\((?<given>[^()]*)\)$/.exec(value)?.groups ?? {};
  if (call === undefined)
    throw new MillraceError('INVALID_OPTION', `--agg: '${value}' is no aggregate; write one such as count() or sum(bytes)`);
  const [argument = '', more = ''] = given.split(',').map((each) => each.trim());
  const percent = /^p(\d{1,5})$/.exec(call)?.[1];
  const aggregator = percent === undefined ? aggregators[camel(call)] : { takes: 'number' as const, code: quantileCode(percent) };
  if (aggregator === undefined) refuseAggregate(call);
  if (aggregator.takes === 'nothing') {
    if (argument !== '')
      throw new MillraceError('INVALID_OPTION', `--agg: ${call}() takes no field; distinct(${argument}) counts different values`);
    return { name: name ?? call, code: aggregator.code('', '') };
  }
  if (argument === '') throw new MillraceError('INVALID_OPTION', `--agg: ${call}() needs a field: ${call}(${fields[0]?.name ?? 'field'})`);
  const field = checkedField('--agg', argument, fields);
  if (aggregator.takes === 'number' && field.kind === 'string')
    throw new MillraceError('INVALID_OPTION', `--agg: ${call}(${argument}) needs a number, and '${field.name}' is text`);
  return { name: name ?? `${call}_${field.name}`, code: aggregator.code(field.name, more) };
}

/** p99 is 0.99, p999 is 0.999. */
function quantileCode(percent: string): (field: string) => string {
  const q = percent.length <= 2 ? Number(percent) / 100 : Number(`0.${percent}`);
  return (field) => `quantile('${field}', ${q})`;
}

function refuseAggregate(call: string): never {
  const known = [...Object.keys(aggregators), 'p50', 'p95', 'p99'];
  const nearest = nearestName(call, known);
  const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  throw new MillraceError('INVALID_OPTION', `--agg: there is no ${call}()${hint} There are ${known.join(', ')} and other percentiles`);
}

function windowOf({ window, slide, delay, follow }: QueryOptions): WindowQuery | undefined {
  const size = window ?? (follow === true ? followedWindow : undefined);
  if (size === undefined) {
    if (slide !== undefined)
      throw new MillraceError('INVALID_OPTION', '--slide says how far windows are apart; how long they are, --window says');
    return undefined;
  }
  return {
    size: duration('--window', size),
    slide: slide === undefined ? undefined : duration('--slide', slide),
    delay: (delay ?? usualDelay) as Duration,
  };
}

function duration(option: string, text: string): Duration {
  if (parseDuration(text as Duration, option) === 0) throw new MillraceError('INVALID_OPTION', `${option}: it must be longer than 0`);
  return text as Duration;
}

function topOf({ top, order }: QueryOptions, aggregates: readonly Column[]): { rows: number; column: string } | undefined {
  if (top === undefined && order === undefined) return undefined;
  const names = aggregates.map(({ name }) => name);
  if (order !== undefined && !names.includes(order))
    throw new MillraceError('INVALID_OPTION', `--order: there is no column '${order}'; rows can be ordered by ${names.join(', ')}`);
  return { rows: top ?? usualTop, column: order ?? (names[0] as string) };
}

/** `name=value`, or a value alone. */
function named(text: string): { readonly name: string | undefined; readonly value: string } {
  const found = /^(?<name>[A-Za-z_]\w*)\s*=(?!=)\s*(?<value>.+)$/s.exec(text)?.groups;
  return { name: found?.name, value: found?.value ?? text };
}

/** The parts between commas that stand in no brackets and no quotes. */
function list(text: string): string[] {
  const parts = text.match(/(?:[^,()[\]{}'"`]|'[^']*'|"[^"]*"|`[^`]*`|\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]|\{[^}]*\})+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function checkNames(columns: readonly { readonly name: string }[]): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new MillraceError('INVALID_OPTION', `two columns are called '${twice}'; name one with other=${twice}`);
}
