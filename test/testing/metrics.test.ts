/** The metrics of a whole job: what they add up to, and what waits where. On one thread, on a manual clock. */

import { describe, expect, test } from 'vitest';
import { count, type JobMetrics, type Sink, type SubtaskMetrics } from '../../src/index.ts';
import { TestEnvironment, type TestEnvironmentConfig } from '../../src/testing/index.ts';
import { SingleThreadJob } from '../../src/testing/single-thread-job.ts';
import { manualClock, manualSystem } from '../runtime/support.ts';

function total(metrics: JobMetrics, stage: number, counter: keyof SubtaskMetrics): number {
  return metrics.stages.at(stage)?.subtasks.reduce((sum, subtask) => sum + subtask[counter], 0) ?? Number.NaN;
}

/** A job whose stages are one operator each. */
function stagedJob(config: TestEnvironmentConfig = {}): TestEnvironment {
  const env = new TestEnvironment({ parallelism: 2, chaining: false, localAggregation: false, ...config });
  env
    .generate({ count: 500, ratePerSecond: 1000, create: (i) => ({ key: `key ${i % 7}`, i }) })
    .filter(({ i }) => i % 2 === 0)
    .keyBy('key')
    .aggregate({ n: count() })
    .sinkTo({ name: 'nowhere', createWriter: () => ({ write: () => {} }) });
  return env;
}

describe('the result of a job in a test environment', () => {
  test('has the metrics of a real one', async () => {
    const { name, runtimeMs, metrics } = await stagedJob().execute('metered');
    expect(name).toBe('metered');
    expect(runtimeMs).toBeGreaterThan(0);
    expect(metrics.stages.slice(-3).map((stage) => [stage.name, stage.subtasks.length])).toEqual([
      ['filter', 2],
      ['aggregate', 2],
      ['nowhere', 2],
    ]);
  });

  test.each([{}, { limits: { batchRows: 1 } }, { limits: { batchRows: 7, ringBytes: 256 } }, { parallelism: 1 }])(
    'has records and bytes that add up from stage to stage: %o',
    async (config) => {
      const { metrics } = await stagedJob(config).execute();
      expect(total(metrics, 0, 'recordsIn')).toBe(500);
      expect([-3, -2, -1].map((stage) => total(metrics, stage, 'recordsIn'))).toEqual([500, 250, 7]);
      expect(total(metrics, -1, 'recordsOut')).toBe(0);
      for (let stage = 1; stage < metrics.stages.length; stage++) {
        expect(total(metrics, stage, 'recordsIn')).toBe(total(metrics, stage - 1, 'recordsOut'));
        expect(total(metrics, stage, 'bytesIn')).toBe(total(metrics, stage - 1, 'bytesOut'));
      }
      // Only the hash exchange leaves the slot.
      const crossing = metrics.stages.flatMap(({ name }, stage) => (total(metrics, stage, 'bytesOut') > 0 ? [name] : []));
      expect(crossing).toEqual(config.parallelism === 1 ? [] : ['filter']);
    },
  );

  test('leaves nothing behind in any queue', async () => {
    const { metrics } = await stagedJob({ limits: { batchRows: 3, localQueueBatches: 1 } }).execute();
    for (const subtask of metrics.stages.flatMap((stage) => stage.subtasks)) {
      expect(subtask).toMatchObject({ queuedIn: 0, queuedOut: 0, queuedBytesIn: 0, queuedBytesOut: 0 });
    }
  });

  test('divides all of the time of each subtask', async () => {
    const { runtimeMs, metrics } = await stagedJob().execute();
    for (const { busyMs, idleMs, backPressuredMs } of metrics.stages.flatMap((stage) => stage.subtasks)) {
      expect(busyMs + idleMs + backPressuredMs).toBeCloseTo(runtimeMs, 6);
      // On a clock that stands still while something moves, everything is waiting.
      expect(busyMs).toBe(0);
    }
  });

  test('counts the time of one job, not of those before', async () => {
    const clocks = await Promise.all([stagedJob().execute(), stagedJob().execute()]);
    expect(clocks[0]?.runtimeMs).toBe(clocks[1]?.runtimeMs);
  });

  test('knows the bytes of its input', async () => {
    const env = new TestEnvironment();
    env.readTextFile(import.meta.filename).sinkTo({ name: 'nowhere', createWriter: () => ({ write: () => {} }) });
    const { metrics } = await env.execute();
    expect(metrics.inputBytes).toBeGreaterThan(1000);
    expect(total(metrics, 0, 'bytesIn')).toBe(metrics.inputBytes);
  });
});

/** Runs a job whose sink looks at the metrics whenever it gets a record, and takes a turn of the event loop for each. */
async function watched(config: TestEnvironmentConfig, build: (env: TestEnvironment, sink: Sink<unknown>) => void): Promise<JobMetrics[]> {
  const seen: JobMetrics[] = [];
  const sink: Sink<unknown> = {
    name: 'watching',
    createWriter: () => ({
      write: async () => {
        await new Promise<void>((resolve) => setImmediate(resolve));
        seen.push(run.metrics());
      },
    }),
  };
  const env = new TestEnvironment({ chaining: false, ...config });
  build(env, sink);
  const clock = manualClock();
  const run = new SingleThreadJob({ job: env.describe('watched'), system: manualSystem(clock), clock, warn: () => {} });
  await run.run();
  return seen;
}

function largest(seen: readonly JobMetrics[], stage: number, counter: keyof SubtaskMetrics): number {
  return Math.max(...seen.map((metrics) => total(metrics, stage, counter)));
}

describe('what waits, while a job runs', () => {
  test.each([1, 2, 7])('in a queue of %i batches is counted on both sides of it', async (localQueueBatches) => {
    const seen = await watched({ limits: { batchRows: 1, localQueueBatches } }, (env, sink) => {
      env
        .fromData(Array.from({ length: 60 }, (_, i) => i))
        .map((i) => i)
        .sinkTo(sink);
    });
    expect(largest(seen, 2, 'queuedIn')).toBe(localQueueBatches);
    expect(largest(seen, 1, 'queuedIn')).toBe(localQueueBatches);
    // The queue, and the batch that waits for room in it.
    expect(largest(seen, 1, 'queuedOut')).toBe(localQueueBatches + 1);
    // The source's batch has as many rows as one batch.
    expect(largest(seen, 0, 'queuedOut')).toBe(localQueueBatches + 1);
    expect(largest(seen, 0, 'queuedIn')).toBe(0);
    expect(largest(seen, 2, 'queuedOut')).toBe(0);
    for (const stage of [0, 1, 2])
      for (const counter of ['queuedBytesIn', 'queuedBytesOut'] as const) expect(largest(seen, stage, counter)).toBe(0);
  });

  test('in rings is counted in bytes on both sides of them', async () => {
    const limits = { batchRows: 1, ringBytes: 1024, localQueueBatches: 1 };
    const seen = await watched({ parallelism: 2, limits }, (env, sink) => {
      env.fromSequence(1, 400).global().sinkTo(sink);
    });
    for (const [stage, counter] of [
      [0, 'queuedBytesOut'],
      [1, 'queuedBytesIn'],
    ] as const) {
      expect(largest(seen, stage, counter)).toBeGreaterThan(limits.ringBytes / 2);
      expect(largest(seen, stage, counter)).toBeLessThanOrEqual(limits.ringBytes);
    }
    for (const metrics of seen) expect(total(metrics, 0, 'queuedBytesOut')).toBe(total(metrics, 1, 'queuedBytesIn'));
    expect(largest(seen, 0, 'queuedOut')).toBeGreaterThan(0);
  });
});
