/** The job that `millrace logs` runs, as code: what `--explain` prints is what is run, but for where its rows go. Pure. */

import { access, array, type Code, call, layout, object, quoted } from './code-layout.ts';
import type { AggregateColumn, GroupColumn, Query, ShownTime, WindowQuery } from './query.ts';

/** Where records come from, as code. */
export interface SourceCode {
  /** The method of the environment, and its arguments in front of the options. */
  readonly method: 'readFile' | 'stdin';
  readonly arguments: readonly Code[];
  /** Options of the source, without its watermarks. */
  readonly options: readonly (readonly [name: string, value: Code])[];
  /** Whether its records are lines, which get a field of that name. */
  readonly isText: boolean;
  /** The time of a record: its column, which may be null, and the unit of numbers; undefined where nothing tells it. */
  readonly time: { readonly field: string; readonly unitMs: 1 | 1000; readonly nullable: boolean } | undefined;
}

type Groups = Query & { readonly kind: 'groups' };

/** The name of the output that the rows are taken from. */
export const rowsOutput = 'rows';

/** The module whose rows are the output `rows`. */
export function toolJob(source: SourceCode, query: Query): string {
  return module(source, query, `rows.toHost('${rowsOutput}');\nawait env.executeAsync('logs');`);
}

/** The module that prints its rows itself. */
export function printingJob(source: SourceCode, query: Query): string {
  return module(source, query, printing(query));
}

function module(source: SourceCode, query: Query, ending: string): string {
  const lines = source.isText ? [call('.map', '(line) => ({ line })')] : [];
  const where = query.where === undefined ? [] : [call('.filter', `(r) => ${query.where}`)];
  const steps = query.kind === 'rows' ? [rowStep(query)] : groupSteps(query, source);
  const chain = [sourceStep(source, query), ...timeless(source, query), ...lines, ...where, ...steps]
    .map((step) => `\n  ${layout(step, 2)}`)
    .join('');
  const body = `const env = new StreamEnvironment();\nconst rows = env${chain};\n\n${ending}\n`;
  const imports = layout(['import ', { open: '{', items: importsOf(body), close: '}' }, " from 'millrace';"], 0);
  return `${imports}\n\n${body}`;
}

const importable = [
  ...['approxCountDistinct', 'avg', 'count', 'countDistinct', 'eventTime', 'first', 'formats', 'last', 'max', 'min', 'processingTime'],
  ...['quantile', 'StreamEnvironment', 'sum', 't', 'topK', 'variance', 'watermarks'],
];

function importsOf(body: string): string[] {
  return importable.filter((name) => new RegExp(`(?<![\\w.'"$])${name}[.(]`).test(body));
}

function sourceStep(source: SourceCode, query: Query): Code {
  const watermarks = usesEventTime(query, source) ? [['watermarks', watermarksOf(source, query as Groups)] as const] : [];
  const options = [...source.options, ...watermarks];
  return call(`.${source.method}`, ...source.arguments, ...(options.length === 0 ? [] : [object(options)]));
}

function usesEventTime(query: Query, { time }: SourceCode): boolean {
  return query.kind === 'groups' && query.window !== undefined && time !== undefined;
}

/** A record without a time is in no window. It needs one nevertheless, until it is left out. */
function timeless(source: SourceCode, query: Query): Code[] {
  if (source.time?.nullable !== true || !usesEventTime(query, source)) return [];
  return [call('.filter', `(r) => ${columnCode(source.time.field)} !== null`)];
}

function watermarksOf({ time }: SourceCode, { window }: Groups): Code {
  const { field, unitMs, nullable } = time as NonNullable<SourceCode['time']>;
  const code = nullable ? `${columnCode(field)} ?? 0` : columnCode(field);
  const inMillis = unitMs === 1 ? code : nullable ? `(${code}) * ${unitMs}` : `${code} * ${unitMs}`;
  const timestamp = unitMs === 1 && !nullable ? quoted(field) : `(r) => ${inMillis}`;
  return call('watermarks.boundedOutOfOrderness', quoted(String(window?.delay)), object([['timestamp', timestamp]]));
}

/** What reads a column of the record. */
function columnCode(name: string): string {
  return `r${access(name)}`;
}

function rowStep({ columns }: Query & { readonly kind: 'rows' }): Code {
  return mapTo(columns.map((column) => [column.name, shown(column.code, column.time)]));
}

function mapTo(entries: readonly (readonly [name: string, value: Code])[]): Code {
  return call('.map', ['(r) => (', object(entries), ')']);
}

function groupSteps(query: Groups, source: SourceCode): Code[] {
  const { by, aggregates, window } = query;
  const isEventTime = usesEventTime(query, source);
  const isComputed = computed(query);
  const keys = (isComputed ? keyNames(query) : by.map(({ field }) => field as string)).map(quoted);
  return [
    ...(isComputed ? [computedStep(query)] : []),
    call('.keyBy', keys.length === 0 ? "() => 'all'" : keys.length === 1 ? (keys[0] as string) : array(keys)),
    ...(window === undefined ? [] : [windowStep(window, isEventTime)]),
    call('.aggregate', object(aggregates.map(({ name, code }) => [name, code]))),
    mapTo(groupColumns(query)),
    ...(window === undefined ? [] : topSteps(query, window, isEventTime)),
  ];
}

/** Whether groups or aggregates need more than columns. */
function computed({ by, aggregates }: Groups): boolean {
  return by.some(({ field }) => field === undefined) || aggregates.some(({ of }) => of?.isColumn === false);
}

/** The record with what it is grouped by, and with no more than what is aggregated. */
function computedStep(query: Groups): Code {
  const keys = keyNames(query).map((name, i) => [name, query.by[i]?.code as string] as const);
  const fields = query.aggregates.flatMap(({ of }) => (of === undefined ? [] : [[of.name, of.code] as const]));
  return mapTo([...new Map([...keys, ...fields])]);
}

/** What the values are called that computed groups are told by: what is aggregated keeps its name, and is perhaps another value. */
function keyNames({ by, aggregates }: Groups): string[] {
  const taken = (name: string, code: string): boolean => aggregates.some(({ of }) => of?.name === name && of.code !== code);
  return by.map(({ name, code }) => (taken(name, code) ? `${name}_key` : name));
}

function groupColumns({ by, aggregates, window }: Groups): (readonly [name: string, value: Code])[] {
  const times = window === undefined ? [] : ([['start', 'new Date(r.start)'] as const, ['end', 'new Date(r.end)'] as const] as const);
  const keys = by.map(({ name, time }, i) => [name, shown(by.length === 1 ? 'r.key' : `r.key[${i}]`, time)] as const);
  return [...times, ...keys, ...aggregates.map(({ name, time }) => [name, shown(columnCode(name), time)] as const)];
}

/** A value as it is shown: times are dates. */
function shown(code: string, time: ShownTime | undefined): string {
  if (time === undefined) return code;
  const date = `new Date(${code}${time.unitMs === 1 ? '' : ` * ${time.unitMs}`})`;
  return time.nullable ? `${code} === null ? null : ${date}` : date;
}

function windowStep({ size, slide }: WindowQuery, isEventTime: boolean): Code {
  const time = isEventTime ? 'eventTime' : 'processingTime';
  return call('.window', slide === undefined ? `${time}.tumbling('${size}')` : `${time}.sliding('${size}', '${slide}')`);
}

/**
 * The largest rows of each window: all have the time at which it ends. In processing time, they come right behind that time, and are not
 * held back for another window.
 */
function topSteps({ by, top }: Groups, { size, slide }: WindowQuery, isEventTime: boolean): Code[] {
  if (top === undefined) return [];
  const together = isEventTime ? `eventTime.tumbling('${slide ?? size}')` : "processingTime.tumbling('1s')";
  return [
    call('.windowAll', together),
    [
      '.apply((_window, rows, out) => {',
      `    const sorted = [...rows].sort(${larger(top.column, by, '    ')});`,
      `    for (const row of sorted.slice(0, ${top.rows})) out(row);`,
      '  })',
    ].join('\n'),
  ];
}

/** What a line of a comparison may be long, behind what it stands in. */
const comparisonMax = 80;

/** What sorts rows by a column, the largest first; of as large ones by the text of their groups, whichever came first. */
function larger({ name, nullable, isBig = false, isDate }: AggregateColumn, by: readonly GroupColumn[], indent: string): string {
  const value = (row: string): string => {
    const known = nullable ? `${row}${access(name)} ?? -Infinity` : row + access(name);
    return isBig || isDate ? `Number(${known})` : nullable ? `(${known})` : known;
  };
  const text = (row: string): string => `\`${by.map((column) => `\${${row}${access(column.name)}}`).join(' ')}\``;
  const difference = `${value('b')} - ${value('a')}`;
  if (by.length === 0) return `(a, b) => ${difference}`;
  const tie = `(${text('a')} < ${text('b')} ? -1 : 1)`;
  const line = `(a, b) => ${difference} || ${tie}`;
  if (line.length <= comparisonMax) return line;
  const parts = tie.length <= comparisonMax ? [tie] : [`(${text('a')} <`, `  ${text('b')} ? -1 : 1)`];
  const lines = ['  (a, b) =>', `    ${difference} ||`, ...parts.map((part) => `    ${part}`)];
  return `\n${lines.map((each) => indent + each).join('\n')},\n${indent}`;
}

/** Bounded rows are ordered when all are there; those of windows are printed as they come. */
function printing(query: Query): string {
  const columns = query.kind === 'rows' ? query.columns : [...query.by, ...query.aggregates];
  // JSON.stringify knows no bigints.
  const print = columns.some(({ isBig }) => isBig) ? 'console.log(row);' : 'console.log(JSON.stringify(row));';
  const each = "for await (const row of rows.executeAndCollect('logs'))";
  if (query.kind === 'rows' && query.limit !== undefined)
    return `let left = ${query.limit};\n${each} {\n  ${print}\n  if (--left === 0) break;\n}`;
  if (query.kind === 'rows' || query.top === undefined || query.window !== undefined) return `${each} ${print}`;
  const { rows, column } = query.top;
  return [
    'const all = [];',
    `${each} all.push(row);`,
    `all.sort(${larger(column, query.by, '')});`,
    `for (const row of all.slice(0, ${rows})) ${print}`,
  ].join('\n');
}
