/** A sink that is slower than its source holds it back, in memory that does not grow. */

import { describe, expect, it } from 'vitest';
import { type JobClient, jobModule, testCluster, until, within } from './support.ts';

const limits = { batchRows: 16, ringBytes: 4096, localQueueBatches: 2 };

function recordsOfSource(job: JobClient): number {
  return job.metrics().stages[0]?.subtasks.reduce((sum, each) => sum + each.recordsIn, 0) ?? 0;
}

/** Calls of the sink, by what the last stage has been given less what waits in front of the sink: at most a batch. */
function recordsOfSink(job: JobClient): number {
  return job.metrics().stages.at(-1)?.subtasks.reduce((sum, each) => sum + each.recordsIn, 0) ?? 0;
}

describe('a sink that returns promises', () => {
  it.each([
    // The batch that the sink works on.
    ['chained', 16],
    // That one, the queue, and one that waits for room in it.
    ['queue', 16 * (1 + 2 + 1)],
    // The same with a ring, whose records take more than 8 bytes each, on both sides of the map.
    ['ring', 16 * 4 + (2 * 4096) / 8],
  ])('holds its source back: %s', async (exchange, ahead) => {
    const cluster = testCluster({ slots: 2 });
    const job = await cluster.submit(jobModule('slow-sink'), { args: { exchange, limits } });
    for (const records of [100, 200, 400]) {
      await until(() => recordsOfSink(job) >= records, `the sink has ${records} records`);
      // Read first what the sink has, so that the source can only seem to be further ahead than it is, never less.
      const sink = recordsOfSink(job);
      expect(recordsOfSource(job) - sink).toBeLessThanOrEqual(ahead + 16);
    }
    const waited = job.metrics().stages.at(-1)?.subtasks[0];
    expect(waited?.busyMs).toBeGreaterThan(waited?.idleMs ?? 0);
    await within(job.cancel(), 'the cancellation');
  });
});
