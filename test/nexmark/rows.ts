/** How rows of a job differ from those that it should have, whatever their order. */

import type { Query, Row } from './suite.ts';

/** Numbers with fractions may differ by so much of their size: sums are rounded in the order of their terms. */
const tolerance = 1e-9;

/** Empty when the rows are the same, each as often. */
export function difference(expected: readonly Row[], found: readonly Row[]): string {
  if (expected.length !== found.length) return [`${found.length} rows, not ${expected.length}`, ...examples(expected, found)].join('; ');
  const fields = fieldsOf([...expected, ...found]);
  const sorted = inOrder(expected, fields);
  const others = inOrder(found, fields);
  const at = sorted.findIndex((row, i) => !isSame(row, others[i]));
  return at === -1 ? '' : `${text(others[at])} where there should be ${text(sorted[at])}`;
}

/** What is to be compared of the rows of a query. */
export function essenceOf({ emits, upsertKey = [], repeats = true }: Query, rows: readonly Row[]): readonly Row[] {
  if (emits === 'updates') return lastByKey(rows, upsertKey);
  return repeats ? rows : bidsOfBidders(rows);
}

/** Windows of processing time are others in every run, but what is in them adds up. */
function bidsOfBidders(rows: readonly Row[]): Row[] {
  const bids = new Map<number, number>();
  for (const { bidder, bid_count } of rows as readonly Record<string, number>[]) bids.set(bidder, (bids.get(bidder) ?? 0) + bid_count);
  return [...bids].map(([bidder, bid_count]) => ({ bidder, bid_count }));
}

/** Of updates: the last row of each key. */
export function lastByKey(rows: readonly Row[], key: readonly string[]): Row[] {
  return [...new Map(rows.map((row) => [JSON.stringify(key.map((field) => row[field])), row])).values()];
}

/** A row that is missing, and one that should not be there. */
function examples(expected: readonly Row[], found: readonly Row[]): string[] {
  const without = (rows: readonly Row[], others: readonly Row[], what: string): string[] => {
    const known = new Set(others.map(text));
    const row = rows.find((each) => !known.has(text(each)));
    return row === undefined ? [] : [`${what} ${text(row)}`];
  };
  return [...without(expected, found, 'missing'), ...without(found, expected, 'surplus')];
}

function text(row: Row): string {
  return JSON.stringify(row, Object.keys(row).sort());
}

/** By the fields that are exact, then by the others: rows that differ by rounding alone stand at the same place. */
function inOrder(rows: readonly Row[], fields: readonly string[]): Row[] {
  return [...rows].sort((a, b) => {
    const field = fields.find((name) => a[name] !== b[name]);
    return field === undefined ? 0 : compareValues(a[field], b[field]);
  });
}

function compareValues(a: Row[string] | undefined, b: Row[string] | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : 1;
}

/** Names of the fields, those of which some are fractions behind the others. */
function fieldsOf(rows: readonly Row[]): string[] {
  const fractions = new Set(rows.flatMap((row) => Object.keys(row).filter((name) => isFraction(row[name]))));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].sort();
  return [...names.filter((name) => !fractions.has(name)), ...fractions];
}

function isFraction(value: unknown): boolean {
  return typeof value === 'number' && !Number.isInteger(value);
}

function isSame(a: Row, b: Row): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSameValue(a[name], b[name]));
}

function isSameValue(a: Row[string] | undefined, b: Row[string] | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return a === b || ((isFraction(a) || isFraction(b)) && Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b)));
}
