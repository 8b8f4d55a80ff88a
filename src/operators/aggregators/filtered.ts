/** `filtered`: an aggregator of some of the records, as `FILTER (WHERE …)` in SQL. Runs where jobs are built, on every thread alike. */

import { unexpected } from '../../base/options.ts';
import type { UserFunction } from '../../graph/logical.ts';
import { synchronous } from '../functions.ts';
import type { Aggregator } from './aggregator.ts';

/**
 * The aggregator of those records alone for which `where` returns true, as if there were no others: `FILTER (WHERE …)` in SQL. Another
 * truthy value counts as true. Where several aggregators of one `aggregate({ … })` are given the same function, it is called
 * once for a record.
 *
 * @throws MillraceError INVALID_OPTION for what is no aggregator or no function
 * @example
 * logs.keyBy('url').aggregate({ hits: count(), large: filtered(count(), (log) => log.bytes > 250) });
 * // → { key: '/a', hits: 4, large: 2 }
 */
export function filtered<T, Out>(aggregator: Aggregator<NoInfer<T>, Out>, where: (record: NoInfer<T>) => unknown): Aggregator<T, Out>;
// Made elsewhere: the records are those that the function takes.
export function filtered<T, Out>(aggregator: Aggregator<NoInfer<T>, Out>, where: (record: T) => unknown): Aggregator<T, Out>;
export function filtered(aggregator: Aggregator<never, unknown>, where: unknown): Aggregator<never, unknown> {
  if (typeof aggregator?.createState !== 'function') throw unexpected('filtered', 'an aggregator, such as count()', aggregator);
  const fn = synchronous(where as UserFunction, 'filtered');
  // What is known of the partial result of a record is so only of those that are taken.
  const { partialOfNumber: _number, partialOfString: _string, ...others } = aggregator;
  return { ...others, details: { ...aggregator.details, filtered: true }, where: both(aggregator.where, fn) };
}

function both(first: UserFunction | undefined, second: UserFunction): UserFunction {
  if (first === undefined) return second;
  const [inner, outer] = [first, second] as ((record: unknown) => unknown)[];
  return ((record: unknown) => inner?.(record) && outer?.(record)) as UserFunction;
}
