/** When a difference from the base counts, on synthetic times: a machine of which single runs differ by a third. */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';

type Pairs = readonly (readonly [base: number, tree: number])[];

const { judge, directionOf } = (await import(fileURLToPath(new URL('../../benchmarks/runner/verdict.mjs', import.meta.url)))) as {
  judge(
    pairs: Pairs,
    options: { better: 'lower' | 'higher'; secondsPerUnit?: number },
  ): { outcome: string; ratio: { median: number }; chance: number };
  directionOf(unit: string): { better: string; secondsPerUnit?: number } | undefined;
};

const time = { better: 'lower', secondsPerUnit: 1 } as const;

/** Runs take up to `noise` more of `seconds`, both sides of a pair by themselves. */
function outcomes(options: { seconds: number; slowdown: number; noise: number; pairs: number; times: number }): Map<string, number> {
  const random = seededRandom(1);
  const run = (seconds: number) => seconds * (1 + options.noise * random.next());
  const counts = new Map<string, number>();
  for (let i = 0; i < options.times; i++) {
    const pairs = Array.from({ length: options.pairs }, () => [run(options.seconds), run(options.seconds * options.slowdown)] as const);
    const { outcome } = judge(pairs, time);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

describe('verdicts', () => {
  test('noise is no difference: once in hundreds at most, and then all pairs are measured again', () => {
    for (const pairs of [6, 12]) {
      const counts = outcomes({ seconds: 1, slowdown: 1, noise: 0.3, pairs, times: 2000 });
      expect(counts.get('same')).toBeGreaterThan(1950);
      expect(counts.get('worse') ?? 0).toBeLessThan(pairs === 6 ? 30 : 5);
    }
  });

  test('a third more time is found among noise of a third', () => {
    expect(outcomes({ seconds: 1, slowdown: 1.33, noise: 0.3, pairs: 12, times: 500 }).get('worse')).toBeGreaterThan(490);
  });

  test('one run that went wrong does not count, however long it took', () => {
    const pairs: Pairs = [
      [1, 1.01],
      [1, 0.99],
      [1, 100],
      [1.02, 1],
      [1, 1],
      [1, 1.03],
    ];
    expect(judge(pairs, time).outcome).toBe('same');
  });

  test.each([
    ['a fifth more', 1, 1.2, 'worse'],
    ['a fifth less', 1.2, 1, 'better'],
    ['not beyond 10 %', 1, 1.09, 'same'],
    ['beyond 10 %, but not 10 ms', 0.02, 0.029, 'same'],
    ['beyond 10 % and 10 ms', 0.05, 0.062, 'worse'],
  ])('of steady times: %s', (_, base, tree, outcome) => {
    expect(judge(Array(6).fill([base, tree]), time).outcome).toBe(outcome);
  });

  test('five pairs are too few, as they may agree by chance', () => {
    expect(judge(Array(5).fill([1, 2]), time).outcome).toBe('too few pairs');
  });

  test('of rates less is worse, and 10 ms mean nothing', () => {
    expect(judge(Array(6).fill([0.002, 0.001]), { better: 'higher' })).toMatchObject({ outcome: 'worse', ratio: { median: 2 } });
    expect(judge(Array(6).fill([1, 2]), { better: 'higher' }).outcome).toBe('better');
  });

  test('what is better is told by the unit', () => {
    expect(['ms', 'records/s', 'MB', 'bytes a key', '×'].map((unit) => directionOf(unit)?.better)).toEqual([
      'lower',
      'higher',
      'lower',
      'lower',
      undefined,
    ]);
    expect(directionOf('ms')?.secondsPerUnit).toBe(0.001);
  });
});
