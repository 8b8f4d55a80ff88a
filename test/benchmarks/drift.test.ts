/** What counts as drift, on series made by hand and by a seed; and what a histogram of latencies says. */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Drift {
  readonly drifts: boolean;
  readonly from: number;
  readonly to: number;
  readonly growth: number;
  readonly perHour: number;
}

type Series = readonly { readonly at: number; readonly value: number }[];

const { driftOf, mannKendall, theilSen } = await runner<{
  driftOf(series: Series, options: { block?: 'median' | 'min'; tolerance: number }): Drift;
  mannKendall(values: readonly number[]): number;
  theilSen(series: Series): number;
}>('drift.mjs');
const { LatencyHistogram } = await runner<{
  LatencyHistogram: new () => {
    readonly counts: Float64Array;
    readonly total: number;
    record(ms: number): void;
    add(counts: ArrayLike<number>): void;
    quantile(share: number): number;
  };
}>('latency-histogram.mjs');

function runner<M>(name: string): Promise<M> {
  return import(fileURLToPath(new URL(`../../benchmarks/runner/${name}`, import.meta.url))) as Promise<M>;
}

/** In [0, 1): Lehmer's generator. */
function randomOf(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const minute = 60_000;

/** Five minutes, a measurement every two seconds. */
function series(value: (i: number) => number, length = 150): Series {
  return Array.from({ length }, (_, i) => ({ at: 1_700_000_000_000 + i * 2000, value: value(i) }));
}

/** A heap that grows by 1 a measurement up to 60 and is let down by the collector, to 100 and what leaks. */
function sawtooth(period: number, leak = 0): Series {
  return series((i) => 100 + (i % period) * (60 / period) + leak * i);
}

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

describe('drift', () => {
  test('is not what chance makes', () => {
    const drifting = seeds.filter((seed) => {
      const random = randomOf(seed);
      return driftOf(
        series(() => 200 + 40 * random()),
        { tolerance: 10 },
      ).drifts;
    });
    expect(drifting).toEqual([]);
  });

  test('is not what wanders to and fro', () => {
    expect(
      driftOf(
        series((i) => 200 + 30 * Math.sin(i / 10)),
        { tolerance: 10 },
      ).drifts,
    ).toBe(false);
  });

  test('is a steady rise under noise, and is told in full', () => {
    const found = seeds.map((seed) => {
      const random = randomOf(seed);
      return driftOf(
        series((i) => 200 + 0.4 * i + 40 * random()),
        { tolerance: 10 },
      );
    });
    expect(found.filter(({ drifts }) => !drifts)).toEqual([]);
    const [{ growth, perHour, from, to }] = found as [Drift];
    // 0.4 every two seconds.
    expect(Math.abs(perHour - 720)).toBeLessThan(150);
    expect(Math.abs(growth - 57)).toBeLessThan(12);
    expect(to - from).toBeGreaterThan(30);
  });

  test('is not a rise within the tolerance, however steady', () => {
    const steady = series((i) => 200 + 0.05 * i);
    expect(driftOf(steady, { tolerance: 10 }).drifts).toBe(false);
    expect(driftOf(steady, { tolerance: 5 }).drifts).toBe(true);
  });

  test('is a step that stays', () => {
    const random = randomOf(1);
    const { drifts, growth } = driftOf(
      series((i) => (i < 75 ? 100 : 150) + 10 * random()),
      { tolerance: 20 },
    );
    expect(drifts).toBe(true);
    expect(Math.abs(growth - 50)).toBeLessThan(10);
  });

  test('is neither a fall nor a few outliers', () => {
    expect(
      driftOf(
        series((i) => 200 - i),
        { tolerance: 1 },
      ).drifts,
    ).toBe(false);
    expect(
      driftOf(
        series((i) => (i % 40 === 39 ? 5000 : 10 + (i % 3))),
        { tolerance: 1 },
      ).drifts,
    ).toBe(false);
  });

  test.each([3, 8, 25])('of a heap is what the collector leaves, which runs every %i measurements', (period) => {
    expect(driftOf(sawtooth(period), { block: 'min', tolerance: 20 }).drifts).toBe(false);
    expect(driftOf(sawtooth(period, 0.5), { block: 'min', tolerance: 20 }).drifts).toBe(true);
  });

  test('cannot be told from a handful of measurements', () => {
    expect(() =>
      driftOf(
        series(() => 1, 17),
        { tolerance: 1 },
      ),
    ).toThrow(/17 measurements are too few/);
  });

  test('the score of Mann and Kendall, worked out by hand', () => {
    // 9 pairs rise and 1 falls: (8 − 1) / √(5·4·15 / 18).
    expect(mannKendall([1, 2, 4, 3, 5])).toBeCloseTo(7 / Math.sqrt(300 / 18), 12);
    // 7 rise, 2 fall, 1 is tied, which takes 2·1·9 / 18 from the variance.
    expect(mannKendall([1, 3, 2, 2, 4])).toBeCloseTo(4 / Math.sqrt((300 - 18) / 18), 12);
    expect(mannKendall([7, 7, 7])).toBe(0);
  });

  test('the line of Theil and Sen does not see one outlier', () => {
    const values = [0, 1, 2, 300, 4, 5, 6];
    expect(theilSen(values.map((value, i) => ({ at: i * minute, value })))).toBe(1 / minute);
  });
});

describe('a histogram of latencies', () => {
  test('says quantiles of what was measured, at most 0.8 % too much', () => {
    const random = randomOf(3);
    const latencies = Float64Array.from({ length: 20_000 }, () => 10 ** (random() * 7 - 2)).sort();
    const histogram = new LatencyHistogram();
    for (const latency of latencies) histogram.record(latency);
    expect(histogram.total).toBe(20_000);
    for (const share of [0.0001, 0.1, 0.5, 0.99, 0.9999, 1]) {
      const exact = latencies[Math.ceil(20_000 * share) - 1] as number;
      const told = histogram.quantile(share);
      // Whole microseconds, rounded down.
      expect(told).toBeGreaterThan(exact - 0.001);
      expect(told).toBeLessThanOrEqual(exact * 1.008);
    }
  });

  test('adds up with others, from the least to the most that it can hold', () => {
    const [a, b] = [new LatencyHistogram(), new LatencyHistogram()];
    for (const ms of [0, 0.255, 0.256]) a.record(ms);
    b.record(1e9);
    a.add(b.counts);
    expect([0.25, 0.5, 0.75, 1].map((share) => a.quantile(share))).toEqual([0, 0.255, 0.257, 4294967.295]);
  });

  test('has none where nothing was measured, and takes no latency from two clocks', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.quantile(0.5)).toBeNaN();
    expect(() => histogram.record(-1)).toThrow(/got -1/);
    expect(() => histogram.record(Number.NaN)).toThrow(/got NaN/);
  });
});
