/** Restart strategies, with Flink's defaults. */

import { describe, expect, test } from 'vitest';
import type { Random } from '../../src/base/system.ts';
import { decideRestart, noRestarts, type RestartStrategy, restart } from '../../src/checkpoint/restart.ts';

/** No chance: the middle of what it can be. */
const middle: Random = { next: () => 0.5 };

/** Delays of the restarts behind failures at these times, and why it ends if it does. */
function delays(strategy: RestartStrategy, failedAt: readonly number[], random = middle): readonly (number | string)[] {
  let history = noRestarts;
  const found: (number | string)[] = [];
  for (const now of failedAt) {
    const decision = decideRestart(strategy, history, now, random);
    if (decision.kind === 'give-up') return [...found, decision.reason];
    found.push(decision.delayMs);
    history = decision.history;
    // History is kept as long as the job runs: it must not grow with it.
    expect(history.failedAt.length).toBeLessThanOrEqual(10);
  }
  return found;
}

const minute = 60_000;
const hour = 60 * minute;

describe('restart.none', () => {
  test('gives up at once', () => {
    expect(delays(restart.none(), [0])).toEqual(['its restart strategy is restart.none()']);
  });
});

describe('restart.fixedDelay', () => {
  test.each([
    [restart.fixedDelay(), [0, hour], [1000, 'it has been restarted 1 time, as often as it may be']],
    [
      restart.fixedDelay({ attempts: 3, delay: '10s' }),
      [0, 1, 2, 3],
      [10_000, 10_000, 10_000, 'it has been restarted 3 times, as often as it may be'],
    ],
    [restart.fixedDelay({ attempts: 0 }), [0], ['it has been restarted 0 times, as often as it may be']],
    [restart.fixedDelay({ attempts: Number.POSITIVE_INFINITY, delay: 0 }), Array.from({ length: 50 }, (_, i) => i), Array(50).fill(0)],
  ])('%j', (strategy, failedAt, expected) => {
    expect(delays(strategy, failedAt)).toEqual(expected);
  });
});

describe('restart.failureRate', () => {
  const often = (times: number, within: number, max: number): string =>
    `it has failed ${times} times within ${within} ms; ${max} is what it survives`;

  test.each([
    ['the first', restart.failureRate(), [0], [1000]],
    ['a second in an interval', restart.failureRate(), [0, minute], [1000, often(2, minute, 1)]],
    ['a second, later', restart.failureRate(), [0, minute + 1, 2 * minute + 2], [1000, 1000, 1000]],
    ['a third', restart.failureRate({ max: 2, interval: 100, delay: 5 }), [0, 50, 100], [5, 5, often(3, 100, 2)]],
    ['a third when the first is long ago', restart.failureRate({ max: 2, interval: 100, delay: 5 }), [0, 50, 101, 151], [5, 5, 5, 5]],
    [
      'a third when the first two are near',
      restart.failureRate({ max: 2, interval: 100, delay: 5 }),
      [0, 50, 101, 102],
      [5, 5, 5, often(3, 100, 2)],
    ],
  ])('%s', (_, strategy, failedAt, expected) => {
    expect(delays(strategy, failedAt)).toEqual(expected);
  });
});

describe('restart.exponentialDelay', () => {
  test('waits longer each time, to a minute', () => {
    const failedAt = Array.from({ length: 13 }, (_, i) => i * minute);
    expect(delays(restart.exponentialDelay(), failedAt)).toEqual([
      1000, 1500, 2250, 3375, 5063, 7594, 11_391, 17_086, 25_629, 38_443, 57_665, 60_000, 60_000,
    ]);
  });

  test('never ends by itself', () => {
    const times = Array.from({ length: 2000 }, (_, i) => i * minute);
    expect(delays(restart.exponentialDelay(), times).at(-1)).toBe(60_000);
  });

  test('starts again when the job has run well for an hour, from its restart on', () => {
    expect(delays(restart.exponentialDelay(), [0, 1, hour])).toEqual([1000, 1500, 2250]);
    expect(delays(restart.exponentialDelay(), [0, 1, hour + 1500])).toEqual([1000, 1500, 2250]);
    expect(delays(restart.exponentialDelay(), [0, 1, hour + 1501, hour + 1502])).toEqual([1000, 1500, 1000, 1500]);
  });

  test('is shorter or longer by chance', () => {
    const strategy = restart.exponentialDelay({ jitter: 0.5 });
    expect(delays(strategy, [0, 1], { next: () => 0 })).toEqual([500, 750]);
    expect(delays(strategy, [0, 1], { next: () => 1 - 2 ** -53 })).toEqual([1500, 2250]);
  });

  test('is never longer than the longest delay, whatever chance says', () => {
    const strategy = restart.exponentialDelay({ initial: '1s', max: '1s', jitter: 1 });
    expect(delays(strategy, [0, 1], { next: () => 0.999 })).toEqual([1000, 1000]);
  });

  test('ends behind a number of attempts, counted from the last reset', () => {
    const strategy = restart.exponentialDelay({ attempts: 2, resetAfter: 100, initial: 10, jitter: 0 });
    expect(delays(strategy, [0, 1, 2])).toEqual([10, 15, 'it has been restarted 2 times, as often as it may be']);
    expect(delays(strategy, [0, 1, 200, 201, 202])).toEqual([10, 15, 10, 15, expect.stringContaining('2 times')]);
  });
});

describe('the options of a strategy', () => {
  test.each([
    [() => restart.fixedDelay({ attempts: -1 }), 'restart.fixedDelay: attempts must be a whole number from 0, or Infinity, not -1'],
    [() => restart.fixedDelay({ attempts: 1.5 }), 'not 1.5'],
    [() => restart.fixedDelay({ delay: 'soon' as never }), "restart.fixedDelay: delay: 'soon' is not a duration"],
    [() => restart.fixedDelay({ delays: 1 } as never), "restart.fixedDelay: unknown option 'delays'; did you mean 'delay'?"],
    [() => restart.fixedDelay(3 as never), 'restart.fixedDelay: the options must be an object'],
    [() => restart.failureRate({ max: 0 }), 'restart.failureRate: max must be a whole number from 1, not 0'],
    [() => restart.failureRate({ interval: -1 }), 'restart.failureRate: interval: -1 is not a duration'],
    [() => restart.exponentialDelay({ multiplier: 0.5 }), 'restart.exponentialDelay: multiplier must be a number from 1, not 0.5'],
    [() => restart.exponentialDelay({ jitter: 2 }), 'restart.exponentialDelay: jitter must be a number from 0 to 1, not 2'],
    [() => restart.exponentialDelay({ initial: '2m' }), 'restart.exponentialDelay: max must be at least initial, the first delay'],
    [() => restart.exponentialDelay({ attempts: Number.NaN }), 'attempts must be a whole number from 0, or Infinity'],
  ])('%#: are checked', (make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }));
  });
});
