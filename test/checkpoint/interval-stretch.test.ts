/** The interval grows with what checkpoints cost, shrinks again, and says so now and then. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StretchOptions, stretchAfter, unstretched } from '../../src/checkpoint/interval-stretch.ts';

const options: StretchOptions = { intervalMs: 1000, costShareMax: 0.1 };

/** Intervals and notices behind checkpoints of these costs. */
function intervals(costs: readonly number[], given = options): readonly (readonly [intervalMs: number, notice: string | undefined])[] {
  let stretch = unstretched(given);
  return costs.map((cost) => {
    const decision = stretchAfter(given, stretch, cost);
    stretch = decision.stretch;
    return [stretch.intervalMs, decision.notice];
  });
}

describe('the interval', () => {
  test('stays while checkpoints take no more than their share', () => {
    expect(intervals([0, 50, 100, 99])).toEqual([0, 0, 0, 0].map(() => [1000, undefined]));
  });

  test('stretches at once, and says why', () => {
    expect(intervals([250])).toEqual([
      [2500, 'checkpoints take about 250 ms, more than 10 % of their interval of 1 s: the interval is 2.5 s for now'],
    ]);
  });

  test('says it again only when it is another by far', () => {
    const told = intervals([250, 260, 300, 490, 500, 999, 1000, 5000]).map(([ms, notice]) => [ms, notice !== undefined]);
    expect(told).toEqual([
      [2500, true],
      [2600, false],
      [3000, false],
      [4900, false],
      [5000, true],
      [9990, false],
      [10_000, true],
      [50_000, true],
    ]);
  });

  test('comes back by and by, and says so', () => {
    expect(intervals([400, 0, 0, 0])).toEqual([
      [4000, expect.stringContaining('4 s')],
      [2000, expect.stringContaining('2 s')],
      [1000, 'checkpoints are cheap again: their interval is back at 1 s'],
      [1000, undefined],
    ]);
  });

  test('is not stretched where checkpoints may take all the time', () => {
    expect(intervals([5000], { intervalMs: 1000, costShareMax: 1 })).toEqual([[1000, undefined]]);
  });

  test('is never shorter than asked for, and long enough for the last cost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 100_000 })),
        fc.nat({ max: 10_000 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (costs, intervalMs, share) => {
          for (const [i, [ms]] of intervals(costs, { intervalMs, costShareMax: share }).entries()) {
            expect(ms).toBeGreaterThanOrEqual(Math.max(intervalMs, costs[i] as number));
            expect((costs[i] as number) / ms || 0).toBeLessThanOrEqual(share * (1 + 1e-9));
          }
        },
      ),
    );
  });
});
