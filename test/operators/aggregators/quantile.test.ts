/** Quantiles: accuracy on distributions of many shapes, and what happens at the limits. */

import { describe, expect, test } from 'vitest';
import { BucketStore } from '../../../src/operators/aggregators/bucket-store.ts';
import { quantile } from '../../../src/operators/aggregators/index.ts';
import { aggregated, merged, randomNumbers } from './harness.ts';

const quantiles = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

const random = randomNumbers(42);
const distributions: [string, () => number][] = [
  ['uniform', () => random() * 1000],
  ['exponential', () => -Math.log(1 - random()) * 250],
  ['Pareto, with a long tail', () => (1 - random()) ** -1.5],
  ['normal around zero', () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) * 100],
  ['negative', () => -(random() ** 3) * 1e6],
  ['whole numbers with many zeros', () => Math.max(0, Math.floor(random() * 20) - 10)],
  ['tiny', () => random() * 1e-200],
  ['huge', () => (random() - 0.5) * Number.MAX_VALUE],
];

describe.each([0.05, 0.01, 0.001])('accuracy %d', (accuracy) => {
  test.each(distributions)('%s', (_, next) => {
    const values = Array.from({ length: 5000 }, next);
    const sorted = Float64Array.from(values).sort();
    const estimates = aggregated(quantile(quantiles, { accuracy }), values) as number[];
    for (const [i, q] of quantiles.entries()) {
      const exact = sorted[Math.floor(q * (sorted.length - 1))];
      expect(Math.abs(estimates[i] - exact)).toBeLessThanOrEqual(Math.abs(exact) * accuracy * (1 + 1e-9));
    }
  });
});

test('zero, the infinities and NaN are exact', () => {
  const { NEGATIVE_INFINITY, NaN: notANumber, POSITIVE_INFINITY } = Number;
  const values = [notANumber, 0, POSITIVE_INFINITY, NEGATIVE_INFINITY, -0];
  expect(aggregated(quantile([0, 0.25, 0.5, 0.75, 1]), values)).toEqual([NEGATIVE_INFINITY, 0, 0, POSITIVE_INFINITY, notANumber]);
});

test('the largest numbers do not become infinite, the smallest count as zero', () => {
  const estimate = aggregated(quantile(1), [Number.MAX_VALUE]) as number;
  expect(estimate).toBeGreaterThan(Number.MAX_VALUE * 0.99);
  expect(estimate).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(aggregated(quantile(0.5), [Number.MIN_VALUE])).toBe(0);
  expect((aggregated(quantile(0.5), [2 ** -1022]) as number) * 2 ** 1022).toBeCloseTo(1, 1);
});

test('one quantile is a number, several an array', () => {
  expect(aggregated(quantile('x', 0.5), [{ x: 0 }])).toBe(0);
  expect(aggregated(quantile('x', [0.5]), [{ x: 0 }])).toEqual([0]);
  expect(aggregated(quantile('x', []), [{ x: 0 }])).toEqual([]);
});

test('values far below the largest lose accuracy, those above keep it', () => {
  const values = [1e-30, 1e-20, 1e-5, 1, 1e10];
  const [lowest, , third, , highest] = aggregated(quantile([0, 0.25, 0.5, 0.75, 1]), values) as number[];
  expect(lowest).toBeGreaterThan(1e-9);
  expect(lowest).toBeLessThan(2e-8);
  expect(third / 1e-5).toBeCloseTo(1, 1);
  expect(highest / 1e10).toBeCloseTo(1, 1);
  expect(merged(quantile([0, 0.5]), [[1e10], [1e-30, 1], [1e-20, 1e-5]])).toEqual([lowest, third]);
});

describe('the store of buckets', () => {
  /** The definition: the buckets up to `capacity` below the highest, with all lower ones counted in the lowest. */
  function expected(buckets: readonly number[], capacity: number): Map<number, number> {
    const lowest = Math.max(...buckets) - capacity + 1;
    const counts = new Map<number, number>();
    for (const bucket of buckets) {
      const kept = Math.max(bucket, lowest);
      counts.set(kept, (counts.get(kept) ?? 0) + 1);
    }
    return counts;
  }

  test.each([1, 2, 7, 100])('keeps %d buckets', (capacity) => {
    for (let run = 0; run < 100; run++) {
      const buckets = Array.from({ length: 1 + Math.floor(random() * 50) }, () => Math.floor((random() - 0.5) * 10 ** (random() * 5)));
      const store = new BucketStore(capacity);
      for (const bucket of buckets) store.add(bucket, 1);
      const { first, counts } = store.content();
      expect(counts.length).toBeLessThanOrEqual(capacity);
      const filled = [...counts].flatMap((count, i) => (count > 0 ? [[first + i, count] as const] : []));
      expect(new Map(filled)).toEqual(expected(buckets, capacity));
      expect(store.total).toBe(buckets.length);
    }
  });
});
