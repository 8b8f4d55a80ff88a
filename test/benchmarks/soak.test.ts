/** The parts of the soak: numbers that come when they are due, what is observed, and what counts as right output. */

import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobClient, Sink, Source, Timer } from '../../src/index.ts';

interface Pace {
  readonly count: number;
  readonly ratePerSecond: number;
  readonly startAt: number;
}

interface Measured {
  readonly at: number;
  readonly value: number;
}

type Series = Readonly<Record<string, readonly Measured[]>>;

interface Observing {
  readonly series: Series;
  readonly faults: readonly string[];
  watch(job: JobClient): void;
  close(): void;
}

interface WatchedDrift {
  readonly name: string;
  readonly drifts: boolean;
}

const { nowMs } = await soak<{ nowMs(): number }>('soak/clock.mjs');
const { pacedNumbers, dueAt } = await soak<{
  pacedNumbers(pace: Pace, readers: number): Source<number>;
  dueAt(number: number, pace: Pace): number;
}>('soak/paced-numbers.mjs');
const { expectedOf, orderOf, checkOf } = await soak<{
  expectedOf(count: number): { events: number; checks: number; filed: number };
  orderOf(number: number, alive: number): number;
  checkOf(number: number): number;
}>('soak/orders.mjs');
const { outputFaults, hashOfOutput } = await soak<{
  outputFaults(directory: string, count: number): string[];
  hashOfOutput(directory: string): string;
}>('soak/output.mjs');
const { observer } = await soak<{ observer(options: { everyMs: number; leakBytes: number }): Sink<{ at: number }> }>('soak/observer.mjs');
const { Observing } = await soak<{ Observing: new (subtasks: number, onSample: () => void) => Observing }>('soak/observing.mjs');
const { driftsOf, driftSentences } = await soak<{
  driftsOf(series: Series, steadyAt: number): WatchedDrift[];
  driftSentences(drifts: readonly WatchedDrift[]): string[];
}>('soak/verdict.mjs');
const { keptUp, highestRate } = await soak<{
  keptUp(slices: readonly { at: number; meanMs: number }[]): boolean;
  highestRate(first: number, halvings: number, holds: (rate: number) => Promise<boolean>): Promise<number>;
}>('nexmark/live/sustainable.mjs');

function soak<M>(path: string): Promise<M> {
  return import(fileURLToPath(new URL(`../../benchmarks/${path}`, import.meta.url))) as Promise<M>;
}

describe('paced numbers', () => {
  /** A reader, and the delays for which it has set timers. */
  function readerOf(pace: Pace, next: number, readers: number) {
    const delays: number[] = [];
    const timers = {
      after(delayMs: number): Timer {
        delays.push(delayMs);
        return { cancel() {} };
      },
    };
    const context = { limits: { batchRows: 4 }, system: { timers }, wake() {} };
    const reader = pacedNumbers(pace, readers).createReader(context as never);
    reader.addSplit({ id: 'every', next } as never);
    reader.noMoreSplits();
    return { reader, delays };
  }

  test('all that are due come in batches, each reader has every n-th, and a split says what comes next', () => {
    const { reader } = readerOf({ count: 12, ratePerSecond: 1000, startAt: nowMs() - 60_000 }, 1, 2);
    expect(reader.poll()).toEqual([1, 3, 5, 7]);
    expect(reader.splits()).toEqual([{ id: 'every', next: 9 }]);
    expect(reader.poll()).toEqual([9, 11]);
    expect(reader.splits()).toEqual([]);
    expect(reader.poll()).toBe('end');
  });

  test('what is not due yet is waited for, until its time of the schedule', () => {
    const pace = { count: 1000, ratePerSecond: 1, startAt: nowMs() - 500 };
    const { reader, delays } = readerOf(pace, 0, 1);
    expect(reader.poll()).toEqual([0]);
    expect(reader.poll()).toBe('pending');
    expect(delays.length).toBe(1);
    expect(delays[0]).toBeLessThanOrEqual(500);
    expect(delays[0]).toBeGreaterThanOrEqual(1);
    expect(dueAt(7, pace)).toBe(pace.startAt + 7000);
    reader.close();
  });
});

describe('the output of a soak', () => {
  /** Two rounds of 100 orders, in which each gets four events. */
  const count = 800;
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-soak-test-'));
    mkdirSync(join(directory, 'windows'));
    mkdirSync(join(directory, 'orders'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function write(windows: string, orders: string): void {
    writeFileSync(join(directory, 'windows', 'part-0-0.csv'), windows);
    writeFileSync(join(directory, 'orders', 'part-1-0.txt'), orders);
  }

  test('an order gets four events, and none of them comes back', () => {
    const orders = Array.from({ length: count }, (_, number) => orderOf(number, 100));
    const times = new Map<number, number>();
    for (const order of orders) times.set(order, (times.get(order) ?? 0) + 1);
    expect(times.size).toBe(200);
    expect(new Set(times.values())).toEqual(new Set([4]));
    expect(expectedOf(count)).toMatchObject({ events: 800, filed: 4 });
  });

  test('is right, or every fault is told', () => {
    const checks = Array.from({ length: count }, (_, number) => checkOf(number)).reduce((sum, check) => sum + check, 0);
    write(`300,0\n500,${checks}\n`, '0\n150\n50\n100\n');
    expect(outputFaults(directory, count)).toEqual([]);

    write(`300,0\n499,${checks - 3}\n`, '0\n150\n150\n100\n7\n');
    const orders = join(directory, 'orders');
    expect(outputFaults(directory, count)).toEqual([
      'windows have counted 799 events instead of 800',
      `windows have summed up ${checks - 3} instead of ${checks}`,
      `1 of 4 orders are missing in ${orders}`,
      `2 orders are twice in ${orders}, or do not belong there`,
    ]);
  });

  test('has a hash that does not depend on how it is divided', () => {
    const hashOf = (windows: string, orders: string): string => {
      write(windows, orders);
      return hashOfOutput(directory);
    };
    const hash = hashOf('300,7\n500,5\n', '0\n50\n');
    expect(hashOf('700,4\n100,8\n', '50\n0\n')).toBe(hash);
    expect(hashOf('300,7\n500,6\n', '0\n50\n')).not.toBe(hash);
    expect(hashOf('300,7\n500,5\n', '0\n100\n')).not.toBe(hash);
  });

  test('that was never committed is an error', () => {
    write('', '');
    writeFileSync(join(directory, 'windows', '.part-0-1.csv.inprogress'), '1,1\n');
    expect(() => outputFaults(directory, count)).toThrow(/part-0-1.csv.inprogress was never committed/);
  });
});

describe('what a soak observes', () => {
  /** Two subtasks of the job, which look at their memory with every record, as they do every second in a run. */
  async function observed(leakBytes: number): Promise<WatchedDrift[]> {
    const [observing, sampled] = sampling(36);
    const sink = observer({ everyMs: 0, leakBytes });
    const writers = [0, 1].map((subtask) => sink.createWriter({ subtask } as never));
    const job = new EventEmitter();
    observing.watch(job as never);
    for (let i = 0; i < 36; i++) {
      for (const writer of writers) writer.write({ at: nowMs() - 5 });
      job.emit('checkpoint', { id: i, status: 'completed', durationMs: 20 + (i % 3), bytes: 1e6 });
    }
    await sampled;
    for (const writer of writers) writer.close?.();
    observing.close();
    expect(observing.faults).toEqual([]);
    expect(observing.series.p50?.every(({ value }) => value >= 5)).toBe(true);
    return driftsOf(observing.series, 0);
  }

  /** Resolves with the last of so many samples. */
  function sampling(samples: number): [Observing, Promise<void>] {
    let observing: Observing | undefined;
    const sampled = new Promise<void>((resolve) => {
      let left = samples;
      observing = new Observing(2, () => --left === 0 && resolve());
    });
    return [observing as unknown as Observing, sampled];
  }

  test('memory that somebody keeps drifts, and is named', async () => {
    const steady = await observed(0);
    expect(steady.filter(({ name }) => name === 'memory outside of the heaps')).toMatchObject([{ drifts: false }]);
    const leaking = await observed(2e6);
    expect(driftSentences(leaking).join('\n')).toMatch(/^memory outside of the heaps drifts: it gained \d+ MB, tolerated are 32 MB$/m);
  });

  test('checkpoints and jobs that fail are faults', () => {
    const observing = new Observing(1, () => {});
    const job = new EventEmitter();
    observing.watch(job as never);
    job.emit('checkpoint', { id: 3, status: 'failed', reason: 'the disk is full' });
    job.emit('failure', new Error('a worker is gone'));
    expect(observing.faults).toEqual(['checkpoint 3 failed: the disk is full', 'the job failed: a worker is gone']);
    observing.close();
  });
});

describe('the highest rate', () => {
  const slices = (meanMs: (i: number) => number) => Array.from({ length: 20 }, (_, i) => ({ at: i * 250, meanMs: meanMs(i) }));

  test.each<[string, boolean, (i: number) => number]>([
    ['as late as at first', true, (i) => 20 + 10 * Math.sin(i)],
    ['later and later, by 5 % of the time', false, (i) => 20 + 12.5 * i],
    ['late for a moment', true, (i) => (i === 12 ? 400 : 20)],
    ['behind, if not more and more', false, () => 1500],
  ])('rows that are %s: kept up is %s', (_, expected, meanMs) => {
    expect(keptUp(slices(meanMs))).toBe(expected);
  });

  test('is found from below, as near as there are halvings', async () => {
    const tried: number[] = [];
    const rate = await highestRate(100, 3, async (rate) => {
      tried.push(rate);
      return rate <= 650;
    });
    expect(tried).toEqual([100, 200, 400, 800, 600, 700, 650]);
    expect(rate).toBe(650);
    await expect(highestRate(100, 3, async () => false)).rejects.toThrow(/did not keep up with 100 events a second/);
  });
});
