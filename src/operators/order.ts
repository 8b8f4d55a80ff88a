/** The order of values that `min`, `max`, `minBy` and `maxBy` go by. */

import { withArticle } from '../base/describe-value.ts';

/**
 * Negative when `a` comes before `b`, positive when behind it, 0 when neither. Numbers by value with NaN behind all others
 * (as Java's `Double.compare`, but −0 equals 0), strings by UTF-16 units, bigints by value, dates by time, false before true.
 *
 * @throws TypeError for values of different kinds, or of a kind without an order
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : a === b ? 0 : compareNaN(a, b);
  if (typeof a === typeof b && ordered.has(typeof a)) return (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0;
  if (a instanceof Date && b instanceof Date) return compareValues(a.getTime(), b.getTime());
  throw new TypeError(`cannot compare ${kindOf(a)} with ${kindOf(b)}; compare numbers, strings, bigints, booleans or dates of one kind`);
}

const ordered = new Set(['string', 'bigint', 'boolean']);

function compareNaN(a: number, b: number): number {
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return value instanceof Date ? 'a date' : withArticle(typeof value);
}
