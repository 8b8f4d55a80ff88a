/**
 * How a window holds what is in it: as one value that records are added to, or as the records themselves.
 *
 * @hotpath
 */

import type { TimestampedValue } from './evictor.ts';

/**
 * Makes and changes the contents of windows. Contents are values that belong to one window; what a method returns replaces them.
 *
 * @example
 * const sums: WindowContents<number, number> = {
 *   create: (value) => value,
 *   add: (sum, value) => sum + value,
 *   merge: (into, from) => into + from,
 * };
 */
export interface WindowContents<in T, A> {
  /** Of a window that gets its first record, or the first after it was purged. */
  create(record: T, timestamp: number | undefined): A;
  add(contents: A, record: T, timestamp: number | undefined): A;
  /** Of two windows that become one; those of the earlier window are `into`. */
  merge(into: A, from: A): A;
  /** The contents are given up: at a purge, when the window ends, or merged into others. */
  drop?(contents: A): void;
}

/** One record that `reduce` makes of all. */
export function reducedContents<T>(reduce: (a: T, b: T) => T): WindowContents<T, T> {
  return { create: (record) => record, add: (soFar, record) => reduce(soFar, record), merge: (into, from) => reduce(into, from) };
}

/** The accumulator of an aggregate function. */
export function accumulatedContents<T, A>(fn: {
  createAccumulator(): A;
  add(value: T, accumulator: A): A;
  merge(a: A, b: A): A;
}): WindowContents<T, A> {
  return {
    create: (record) => fn.add(record, fn.createAccumulator()),
    add: (accumulator, record) => fn.add(record, accumulator),
    merge: (into, from) => fn.merge(into, from),
  };
}

/** All records, in the order in which they came. */
export function listedContents<T>(): WindowContents<T, T[]> {
  return { create: (record) => [record], add: appended, merge: joined };
}

/** All records with their timestamps: what evictors work on. */
export function timestampedContents<T>(): WindowContents<T, TimestampedValue<T>[]> {
  return {
    create: (value, timestamp) => [{ value, timestamp }],
    add: (elements, value, timestamp) => appended(elements, { value, timestamp }),
    merge: joined,
  };
}

function appended<E>(elements: E[], element: E): E[] {
  elements.push(element);
  return elements;
}

function joined<E>(into: E[], from: readonly E[]): E[] {
  for (const element of from) into.push(element);
  return into;
}
