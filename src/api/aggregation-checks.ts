/** Checks of what aggregations are given, on keyed streams and on windows. */

import { describeValue } from '../base/describe-value.ts';
import { fieldRule, unexpected } from '../base/options.ts';

/** @throws MillraceError INVALID_OPTION unless it is a field, an index, or nothing */
export function checkField(of: string, field: unknown): void {
  if (field === undefined || fieldRule.accepts(field)) return;
  const wayOut = typeof field === 'function' ? '; a function goes into aggregate({ … })' : '';
  throw unexpected(of, 'a field name or an index, or nothing for plain values', field, describeValue(field) + wayOut);
}

/** @throws MillraceError INVALID_OPTION unless it may be aggregators by name, or an aggregate function */
export function checkAggregation(spec: unknown): void {
  if (typeof spec === 'object' && spec !== null && !Array.isArray(spec) && !('createState' in spec)) return;
  const given = typeof spec === 'object' && spec !== null && 'createState' in spec ? 'an aggregator without a name' : describeValue(spec);
  throw unexpected('aggregate', 'aggregators by name, such as { hits: count() }, or an aggregate function', spec, given);
}
