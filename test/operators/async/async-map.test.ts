import { describe, expect, test } from 'vitest';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';

/** Resolves after a delay of the environment's clock. */
function resolved<T>(env: TestEnvironment, delayMs: number, value: T): Promise<T> {
  return new Promise((resolve) => void env.clock.after(delayMs, () => resolve(value)));
}

const tiny = [{ batchRows: 1, ringBytes: 256, localQueueBatches: 1 }, { batchRows: 2, ringBytes: 512, localQueueBatches: 2 }, {}];

describe.each(tiny)('asyncMap with limits %o', (limits) => {
  test('keeps the order of the records by default, whatever takes longer', async () => {
    const env = new TestEnvironment({ limits });
    const rows = env.fromData([50, 10, 30, 0, 20]).asyncMap((ms) => resolved(env, ms, `after ${ms}`));
    expect(await env.collect(rows)).toEqual(['after 50', 'after 10', 'after 30', 'after 0', 'after 20']);
  });

  test('hands results on as they come when unordered', async () => {
    const env = new TestEnvironment({ limits });
    const rows = env.fromData([50, 10, 30, 0, 20]).asyncMap((ms) => resolved(env, ms, ms), { ordered: false });
    expect(await env.collect(rows)).toEqual([0, 10, 20, 30, 50]);
  });

  test.each([1, 2, 7])('has no more calls on their way than its capacity of %i', async (capacity) => {
    const env = new TestEnvironment({ limits });
    let running = 0;
    let most = 0;
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    const rows = env.fromData(numbers).asyncMap(
      async (n) => {
        most = Math.max(most, ++running);
        await resolved(env, n % 3, undefined);
        running--;
        return n * 2;
      },
      { capacity },
    );
    expect(await env.collect(rows)).toEqual(numbers.map((n) => n * 2));
    expect(most).toBe(capacity);
  });
});

describe('asyncMap', () => {
  test('takes plain results, and is chained like any operator', async () => {
    const env = new TestEnvironment({ parallelism: 2 });
    const rows = env
      .fromSequence(1, 100)
      .asyncMap((n) => n + 1)
      .filter((n) => n % 2 === 0)
      .keyBy((n) => n % 3)
      .sum();
    const all = Array.from({ length: 100 }, (_, i) => i + 2).filter((n) => n % 2 === 0);
    const sums = [0, 1, 2].map((key) => all.filter((n) => n % 3 === key).reduce((a, b) => a + b));
    expect((await env.collect(rows)).sort()).toEqual(sums.sort());
  });

  test('tries again, as often and as long as it is told', async () => {
    const env = new TestEnvironment();
    const calls: number[] = [];
    const rows = env.fromData(['a']).asyncMap(
      async () => {
        calls.push(env.clock.now());
        if (calls.length < 4) throw new Error('not yet');
        return 'done';
      },
      { retry: { attempts: 4, delay: 100, backoff: 2, maxDelay: 300 } },
    );
    expect(await env.collect(rows)).toEqual(['done']);
    expect(calls).toEqual([0, 100, 300, 600]);
  });

  test('tries again for a result that is none', async () => {
    const env = new TestEnvironment();
    let calls = 0;
    const rows = env.fromData(['a']).asyncMap(async () => ++calls, { retry: { attempts: 5, onResult: (n) => n < 3 } });
    expect(await env.collect(rows)).toEqual([3]);
  });

  test('fails with the last error and its record', async () => {
    const env = new TestEnvironment();
    const rows = env
      .fromData([{ id: 7 }])
      .asyncMap(async () => Promise.reject(new RangeError('gone')), {
        retry: { attempts: 2, onError: (error) => error instanceof RangeError },
      })
      .name('look up');
    await expect(env.collect(rows)).rejects.toThrow(/'look up' failed with RangeError: gone\n {2}at the record \{ id: 7 \}/);
  });

  test('fails a record that takes too long, with all its calls, or gives it another result', async () => {
    const never = () => new Promise<string>(() => {});
    const env = new TestEnvironment();
    await expect(env.collect(env.fromData([1]).asyncMap(never, { timeout: '2s' }).name('look up'))).rejects.toThrow(
      /^'look up' failed with AsyncTimeout: no result within 2000 ms; .*\n {2}at the record 1$/,
    );
    const other = new TestEnvironment();
    const signals: AbortSignal[] = [];
    const rows = other.fromData([1, 2]).asyncMap(
      (_n, { signal }) => {
        signals.push(signal);
        return never();
      },
      { timeout: '2s', onTimeout: (n) => `none for ${n}` },
    );
    expect(await other.collect(rows)).toEqual(['none for 1', 'none for 2']);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  });

  test('ends the calls that are on their way when the job fails', async () => {
    const env = new TestEnvironment();
    let aborted = false;
    const rows = env.fromData([1, 2]).asyncMap((n, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return n === 1 ? new Promise<number>(() => {}) : Promise.reject(new Error('second'));
    });
    await expect(env.collect(rows)).rejects.toThrow('second');
    expect(aborted).toBe(true);
  });
});
