/** The aggregates that `--agg` knows, and the code of each. Pure. */

import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { quoted } from './code-layout.ts';
import { checkedField, fieldNamed, isNumber, isSpelling, isUntyped, type KnownField, kindText } from './fields.ts';

export interface Aggregate {
  /** What it is computed of; undefined for `count()`. */
  readonly field: KnownField | undefined;
  readonly takes: Takes;
  /** As it stands in `aggregate({ … })`. @param column the one that holds what it is computed of */
  code(column: string): string;
  /** What comes out: a number, something of the field, or something else. */
  readonly result: 'number' | 'field' | 'other';
}

/** Which values an aggregate is computed of; `float` are numbers without bigints. */
type Takes = 'any' | 'ordered' | 'number' | 'float';

interface Aggregator {
  readonly takes: Takes;
  readonly result: Aggregate['result'];
  code(field: string, more: string): string;
}

const of = (name: string, takes: Aggregator['takes'], result: Aggregator['result']): Aggregator => ({
  takes,
  result,
  code: (field) => `${name}(${field})`,
});

const quantile = (q: number): Aggregator => ({ takes: 'float', result: 'number', code: (field) => `quantile(${field}, ${q})` });

const topK: Aggregator = { takes: 'any', result: 'other', code: (field, k) => `topK(${field}, ${k})` };

const aggregators: Readonly<Record<string, Aggregator>> = {
  sum: of('sum', 'number', 'number'),
  avg: of('avg', 'float', 'number'),
  min: of('min', 'ordered', 'field'),
  max: of('max', 'ordered', 'field'),
  variance: of('variance', 'float', 'number'),
  distinct: of('countDistinct', 'any', 'number'),
  approxDistinct: of('approxCountDistinct', 'any', 'number'),
  first: of('first', 'any', 'field'),
  last: of('last', 'any', 'field'),
  median: quantile(0.5),
  topK,
};

/** Other names of some. */
const others: Readonly<Record<string, string>> = { mean: 'avg', approx_distinct: 'approxDistinct', topk: 'topK', top_k: 'topK' };
const usualK = '5';

/**
 * @param call its name
 * @param given what stands in its brackets
 * @throws MillraceError INVALID_OPTION
 */
export function aggregateOf(call: string, given: readonly string[], fields: readonly KnownField[]): Aggregate {
  if (call === 'count') return count(given);
  const aggregator = aggregatorOf(call);
  const [argument, k, ...rest] = given;
  if (argument === undefined) throw refused(`${call}() needs a field, such as ${call}(${exampleOf(aggregator, fields)})`);
  if ((k !== undefined && aggregator !== topK) || rest.length > 0) throw refused(`${call}() takes one field, not ${given.join(', ')}`);
  const field = aggregatedField(call, argument, fields);
  if (!isTaken(field, aggregator)) {
    const wanted = aggregator.takes === 'ordered' ? 'something with an order' : 'a number';
    throw refused(`${call}(${argument}) needs ${wanted}, and '${field.name}' is ${kindText(field)}${memberHint(field, aggregator)}`);
  }
  if (k !== undefined && !/^[1-9]\d{0,5}$/.test(k))
    throw refused(`${call}(${given.join(', ')}): how many values must be a whole number from 1`);
  const { takes, result } = aggregator;
  return { field, takes, result, code: (column) => aggregator.code(quoted(column), k ?? usualK) };
}

/** What is computed is no column that could be aggregated. */
function aggregatedField(call: string, argument: string, fields: readonly KnownField[]): KnownField {
  if (isSpelling(argument) || fieldNamed(argument, fields) !== undefined) return checkedField('--agg', argument, fields);
  const names = fields.map(({ name }) => name);
  const [inside] = (argument.match(/[\p{ID_Continue}$]+/gu) ?? []).flatMap((word) => fieldNamed(word, fields) ?? []);
  const nearest = inside?.name ?? nearestName(argument, names);
  const hint = nearest === undefined ? '' : `, such as ${call}(${nearest})`;
  throw refused(
    `${call}(${argument}) computes something, and aggregates are of fields as they are; name a field${hint}, or let --explain print the job, to compute it there. The fields are ${names.join(', ')}`,
  );
}

/** Whether an aggregate can be computed of a field. Where it holds this and that, the numbers among it are taken. */
function isTaken(field: KnownField, { takes }: Aggregator): boolean {
  if (takes === 'any' || field.kind === 'any' || field.kind === 'null') return true;
  return takes === 'ordered' ? !isUntyped(field) : isNumber(field);
}

function count([argument]: readonly string[]): Aggregate {
  if (argument === undefined) return { field: undefined, takes: 'any', code: () => 'count()', result: 'number' };
  throw refused(`count() takes no field; distinct(${argument}) counts different values, and --where says which records count`);
}

function aggregatorOf(call: string): Aggregator {
  const percent = /^p(\d{1,5})$/.exec(call)?.[1];
  if (percent !== undefined) return quantile(quantileOf(percent));
  const name = others[call] ?? call;
  if (Object.hasOwn(aggregators, name)) return aggregators[name] as Aggregator;
  const known = ['count', ...Object.keys(aggregators), 'p50', 'p95', 'p99'];
  const nearest = nearestName(call, known);
  const hint = nearest === undefined ? '; there' : `; did you mean '${nearest}'? There`;
  throw refused(`there is no ${call}()${hint} are ${known.join(', ')} and other percentiles`);
}

/** p99 is 0.99, p999 is 0.999, p100 the largest. */
function quantileOf(percent: string): number {
  if (percent.length <= 2 || percent === '100') return Number(percent) / 100;
  return Number(`0.${percent}`);
}

/** What may have been meant instead of an object. */
function memberHint({ members = [] }: KnownField, aggregator: Aggregator): string {
  return members.length === 0 ? '' : `; name one of its fields, such as ${exampleOf(aggregator, members)}`;
}

function exampleOf({ takes }: Aggregator, fields: readonly KnownField[]): string {
  return (fields.find(({ kind }) => takes === 'any' || isNumber({ kind })) ?? fields[0])?.name ?? 'field';
}

function refused(text: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `--agg: ${text}`);
}
