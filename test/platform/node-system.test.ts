/** Clocks, timers and chance of Node. */

import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';

const { clock, timers, random } = nodeSystem();

describe('nodeSystem', () => {
  it('calls back after the delay, never before', async () => {
    for (const delayMs of [0, 0.3, 1.7, 4]) {
      const start = clock.monotonic();
      await new Promise<void>((resolve) => void timers.after(delayMs, resolve));
      expect(clock.monotonic() - start).toBeGreaterThanOrEqual(delayMs);
    }
  });

  it('keeps a delay that is longer than Node can wait', async () => {
    const calls: string[] = [];
    const long = timers.after(2 ** 32, () => calls.push('long'));
    await new Promise<void>((resolve) => void timers.after(5, resolve));
    long.cancel();
    long.cancel();
    expect(calls).toEqual([]);
  });

  it('does not call back when it was cancelled', async () => {
    const calls: string[] = [];
    timers.after(0, () => calls.push('cancelled')).cancel();
    await new Promise<void>((resolve) => void timers.after(2, resolve));
    expect(calls).toEqual([]);
  });

  it('calls back soon, but not at once', async () => {
    const calls: string[] = [];
    timers.soon(() => calls.push('soon'));
    expect(calls).toEqual([]);
    await new Promise<void>((resolve) => timers.soon(resolve));
    expect(calls).toEqual(['soon']);
  });

  it('knows the time', () => {
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
    expect(random.next()).not.toBe(nodeSystem().random.next());
  });
});

describe('seededRandom', () => {
  const draw = (seed: number, count: number) => {
    const generator = seededRandom(seed);
    return Array.from({ length: count }, () => generator.next());
  };

  it('repeats when its seed does, and only then', () => {
    expect(draw(7, 100)).toEqual(draw(7, 100));
    expect(new Set([0, 1, 2, -1, 2 ** 31].map((seed) => draw(seed, 1)[0])).size).toBe(5);
  });

  it('is even over [0, 1)', () => {
    const buckets = new Array<number>(16).fill(0);
    for (const value of draw(1, 160_000)) buckets[Math.floor(value * 16)] = (buckets[Math.floor(value * 16)] as number) + 1;
    expect(buckets).toHaveLength(16);
    // Chi-squared with 15 degrees of freedom: above 37.7 once in a thousand.
    const chiSquared = buckets.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(37.7);
  });
});
