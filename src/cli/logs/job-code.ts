/** The job that `millrace logs` runs, as code: what `--explain` prints is what is run, but for where its rows go. Pure. */

import type { Column, GroupColumn, Query, WindowQuery } from './query.ts';

/** Where records come from, as code. */
export interface SourceCode {
  /** Names that it imports. */
  readonly imports: readonly string[];
  /** What stands behind `env.`, up to the options: `readFile(['a.log'], formats.json()`. */
  readonly call: string;
  /** Options of the source, without its watermarks. */
  readonly options: readonly string[];
  /** Whether its records are lines, which get a field of that name. */
  readonly isText: boolean;
  /** The field that tells the time of a record; undefined where none does. */
  readonly timeField: string | undefined;
}

/** The name of the output that the rows are taken from. */
export const rowsOutput = 'rows';

/** The module whose rows are the output `rows`. */
export function toolJob(source: SourceCode, query: Query): string {
  return module(source, query, [`rows.toHost('${rowsOutput}');`, "await env.executeAsync('logs');"]);
}

/** The module that prints its rows itself. */
export function printingJob(source: SourceCode, query: Query): string {
  return module(source, query, printing(query));
}

function module(source: SourceCode, query: Query, ending: readonly string[]): string {
  const steps = query.kind === 'rows' ? rowSteps(query) : groupSteps(query, source);
  const watermarks = usesEventTime(query, source) ? [watermarksOption(source, query)] : [];
  const options = [...source.options, ...watermarks];
  const separator = source.call.endsWith('(') ? '' : ', ';
  const call = `${source.call}${options.length === 0 ? '' : `${separator}{ ${options.join(', ')} }`})`;
  const lines = source.isText ? ['.map((line) => ({ line }))'] : [];
  const where = query.where === undefined ? [] : [`.filter((r) => ${query.where})`];
  const chain = [`.${call}`, ...lines, ...where, ...steps].map((step) => `  ${step}`).join('\n');
  const body = `const env = new StreamEnvironment();\nconst rows = env\n${chain};\n\n${ending.join('\n')}\n`;
  const imports = importsOf(body, source.imports);
  return `import { ${imports.join(', ')} } from 'millrace';\n\n${body}`;
}

const importable = [
  ...['approxCountDistinct', 'avg', 'count', 'countDistinct', 'eventTime', 'first', 'formats', 'last', 'max', 'min', 'processingTime'],
  ...['quantile', 'sum', 't', 'topK', 'variance', 'watermarks'],
];

function importsOf(body: string, more: readonly string[]): string[] {
  const used = importable.filter((name) => new RegExp(`(?<![\\w.'"$])${name}[.(]`).test(body));
  return [...new Set(['StreamEnvironment', ...used, ...more])].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
}

function rowSteps({ columns }: Query & { readonly kind: 'rows' }): string[] {
  return [`.map((r) => ({ ${columns.map(property).join(', ')} }))`];
}

function groupSteps(query: Query & { readonly kind: 'groups' }, source: SourceCode): string[] {
  const { by, aggregates, window } = query;
  const grouped = by.every(({ field }) => field !== undefined)
    ? []
    : [
        `.map((r) => ({ ...r, ${by
          .filter(({ field }) => field === undefined)
          .map(property)
          .join(', ')} }))`,
      ];
  const keys = by.map(({ field, name }) => `'${field ?? name}'`);
  const key = keys.length === 0 ? "() => 'all'" : keys.length === 1 ? keys[0] : `[${keys.join(', ')}]`;
  const aggregate = `.aggregate({ ${aggregates.map(({ name, code }) => `${propertyName(name)}: ${code}`).join(', ')} })`;
  return [
    ...grouped,
    `.keyBy(${key})`,
    ...(window === undefined ? [] : [windowStep(window, usesEventTime(query, source))]),
    aggregate,
    `.map((r) => ({ ${columnsOfGroups(query).join(', ')} }))`,
    ...(window === undefined ? [] : topSteps(query, window, usesEventTime(query, source))),
  ];
}

function columnsOfGroups({ by, aggregates, window }: Query & { readonly kind: 'groups' }): string[] {
  return [...(window === undefined ? [] : ['start: r.start', 'end: r.end']), ...keyColumns(by), ...aggregates.map(result)];
}

/** The largest rows of each window: all of its rows have the time at which it ends. */
function topSteps({ top }: Query & { readonly kind: 'groups' }, { size, slide }: WindowQuery, event: boolean): string[] {
  if (top === undefined) return [];
  const largest = `[...rows].sort((a, b) => Number(b${access(top.column)}) - Number(a${access(top.column)})).slice(0, ${top.rows})`;
  return [
    `.windowAll(${event ? 'eventTime' : 'processingTime'}.tumbling('${slide ?? size}'))`,
    `.apply((_window, rows, out) => ${largest}.forEach((row) => out(row)))`,
  ];
}

function usesEventTime(query: Query, { timeField }: SourceCode): boolean {
  return query.kind === 'groups' && query.window !== undefined && timeField !== undefined;
}

function watermarksOption({ timeField }: SourceCode, query: Query): string {
  const delay = query.kind === 'groups' ? query.window?.delay : undefined;
  return `watermarks: watermarks.boundedOutOfOrderness('${delay}', { timestamp: '${timeField}' })`;
}

function windowStep({ size, slide }: WindowQuery, event: boolean): string {
  const time = event ? 'eventTime' : 'processingTime';
  return slide === undefined ? `.window(${time}.tumbling('${size}'))` : `.window(${time}.sliding('${size}', '${slide}'))`;
}

function keyColumns(by: readonly GroupColumn[]): string[] {
  if (by.length === 1) return by.map(({ name }) => `${propertyName(name)}: r.key`);
  return by.map(({ name }, i) => `${propertyName(name)}: r.key[${i}]`);
}

function result({ name }: Column): string {
  return `${propertyName(name)}: r${access(name)}`;
}

function access(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function property({ name, code }: { readonly name: string; readonly code: string }): string {
  return `${propertyName(name)}: ${code}`;
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** Bounded rows are ordered when all are there; windows' rows are printed as they come. */
function printing(query: Query): string[] {
  const each = "for await (const row of rows.executeAndCollect('logs'))";
  if (query.kind === 'rows' && query.limit !== undefined) {
    return [`let left = ${query.limit};`, `${each} {`, '  if (left-- === 0) break;', '  console.log(JSON.stringify(row));', '}'];
  }
  if (query.kind === 'rows' || query.top === undefined || query.window !== undefined) return [`${each} console.log(JSON.stringify(row));`];
  const { rows, column } = query.top;
  const value = access(column);
  return [
    'const all = [];',
    `${each} all.push(row);`,
    `all.sort((a, b) => Number(b${value}) - Number(a${value}));`,
    `for (const row of all.slice(0, ${rows})) console.log(JSON.stringify(row));`,
  ];
}
