/** Aggregators by their definitions: functions of all records at once. Nothing is shared with the engine. */

import { keyText } from './canonical.ts';
import type { Aggregate, AggregateInput } from './plan.ts';

/** The result of an aggregator for records in their order. */
export function aggregated(aggregate: Aggregate, records: readonly unknown[]): unknown {
  if (aggregate.kind === 'count') return records.length;
  const values = records.map((record) => read(record, aggregate.of));
  const present = values.filter((value) => value !== null && value !== undefined);
  switch (aggregate.kind) {
    case 'sum':
      return present.length === 0 ? 0 : typeof present[0] === 'bigint' ? total(present as bigint[], 0n) : total(present as number[], 0);
    case 'avg':
      return present.length === 0 ? null : total(present as number[], 0) / present.length;
    case 'variance':
      return variance(present as number[]);
    case 'min':
      return extreme(present, (value) => value, -1) ?? null;
    case 'max':
      return extreme(present, (value) => value, 1) ?? null;
    case 'minBy':
      return extreme(having(records, values), ([, value]) => value, -1)?.[0] ?? null;
    case 'maxBy':
      return extreme(having(records, values), ([, value]) => value, 1)?.[0] ?? null;
    case 'first':
      return values[0] ?? null;
    case 'last':
      return values.at(-1) ?? null;
    case 'collect':
      return values.map((value) => value ?? null);
    case 'countDistinct':
    case 'approxCountDistinct':
      return new Set(present.map(keyText)).size;
    case 'quantile':
      return quantiles(present as number[], aggregate.q);
    case 'topK':
      return top(present, aggregate.k);
  }
}

function read(record: unknown, of: AggregateInput): unknown {
  if (of === undefined) return record;
  if (typeof of === 'function') return of(record as never);
  return (record as Record<string, unknown> | null | undefined)?.[of];
}

function total<N extends number | bigint>(values: readonly N[], zero: N): N {
  return values.reduce((sum, value) => ((sum as number) + (value as number)) as N, zero);
}

/** Of a sample: divided by one less than there are. */
function variance(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = total(values, 0) / values.length;
  return (
    total(
      values.map((value) => (value - mean) ** 2),
      0,
    ) /
    (values.length - 1)
  );
}

function having(records: readonly unknown[], values: readonly unknown[]): [unknown, unknown][] {
  return records.map((record, i): [unknown, unknown] => [record, values[i]]).filter(([, value]) => value !== null && value !== undefined);
}

/** The item with the least (`sign` −1) or the greatest value; the first of equal ones. */
export function extreme<I>(items: readonly I[], of: (item: I) => unknown, sign: 1 | -1): I | undefined {
  return items.reduce<I | undefined>((best, item) => (best === undefined || sign * order(of(item), of(best)) > 0 ? item : best), items[0]);
}

/** NaN and invalid dates are behind all others; −0 equals 0. */
function order(a: unknown, b: unknown): number {
  if (a instanceof Date && b instanceof Date) return order(a.getTime(), b.getTime());
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function quantiles(values: readonly number[], q: number | readonly number[]): number | number[] | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort(order);
  const at = (each: number): number => sorted[Math.floor(each * (values.length - 1))] as number;
  return typeof q === 'number' ? at(q) : q.map(at);
}

/** The most frequent values, the earlier of equally frequent ones in front. Exact, as the sketch is for few values. */
function top(values: readonly unknown[], k: number): { value: unknown; count: number; error: number }[] {
  const counts = new Map<string, { value: unknown; count: number; error: number }>();
  for (const value of values) {
    const text = keyText(value);
    const known = counts.get(text);
    if (known === undefined) counts.set(text, { value, count: 1, error: 0 });
    else known.count++;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).slice(0, k);
}
