/** The most frequent values: exact while there are counters, within the bounds beyond. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { topK } from '../../../src/operators/aggregators/index.ts';
import type { TopValue } from '../../../src/operators/aggregators/space-saving.ts';
import { aggregated, merged, randomNumbers } from './harness.ts';

function countsOf(values: readonly unknown[]): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** What the documentation promises, for all counters. */
function expectBounds(tops: readonly TopValue<unknown>[], values: readonly unknown[], capacity: number): void {
  const counts = countsOf(values);
  for (const { value, count, error } of tops) {
    const exact = counts.get(value) ?? 0;
    expect(count).toBeGreaterThanOrEqual(exact);
    expect(count - error).toBeLessThanOrEqual(exact);
    expect(error).toBeLessThanOrEqual(values.length / capacity);
  }
  const counted = new Set(tops.map(({ value }) => value));
  for (const [value, exact] of counts) if (exact > values.length / capacity) expect(counted).toContain(value);
  expect(tops.length).toBe(Math.min(capacity, counts.size));
  for (let i = 1; i < tops.length; i++) expect(tops[i - 1].count).toBeGreaterThanOrEqual(tops[i].count);
}

describe('more different values than counters', () => {
  const values = fc.array(
    fc.nat({ max: 30 }).map((value) => Math.floor(Math.sqrt(value * 3))),
    { maxLength: 80 },
  );

  test('the bounds hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), values, (capacity, all) => {
        expectBounds(aggregated(topK(capacity, { capacity }), all) as TopValue<unknown>[], all, capacity);
      }),
      { numRuns: 300 },
    );
  });

  test('they hold after merging', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(values, { maxLength: 5 }), values, (capacity, parts, after) => {
        const aggregator = topK(capacity, { capacity });
        const all = [...parts.flat(), ...after];
        expectBounds(merged(aggregator, [...parts, after]) as TopValue<unknown>[], all, capacity);
        const state = aggregator.createState();
        for (const part of parts) {
          const source = aggregator.createState();
          for (const value of part) source.add(0, value);
          state.merge(0, source.partial(0));
        }
        for (const value of after) state.add(0, value);
        expectBounds(state.result(0) as TopValue<unknown>[], all, capacity);
      }),
      { numRuns: 300 },
    );
  });
});

test('finds the most frequent among many, in parts as well', () => {
  const random = randomNumbers(7);
  // Zipf's law: the value v comes about 1 / v times as often as 1.
  const values = Array.from({ length: 40_000 }, () => `value ${Math.floor(10_000 ** random())}`);
  const expected = [...countsOf(values)]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([value]) => value);
  const parts = [0, 1, 2, 3].map((part) => values.slice(part * 10_000, (part + 1) * 10_000));
  for (const tops of [aggregated(topK(5), values), merged(topK(5), parts)] as TopValue<unknown>[][]) {
    expect(tops.map(({ value }) => value)).toEqual(expected);
    for (const { error } of tops) expect(error).toBeLessThanOrEqual(400);
  }
});

test('values equal by content count together, and come back as they were first', () => {
  const tops = aggregated(topK(2), [[1], new Date(3), [1], '1', [1], new Date(3)]);
  expect(tops).toEqual([
    { value: [1], count: 3, error: 0 },
    { value: new Date(3), count: 2, error: 0 },
  ]);
});

test('of equally frequent values the first to appear comes first', () => {
  const parts = [
    ['c', 'a'],
    ['b', 'a'],
    ['c', 'b', 'd'],
  ];
  expect((merged(topK(3), parts) as TopValue<unknown>[]).map(({ value }) => value)).toEqual(['c', 'a', 'b']);
});
