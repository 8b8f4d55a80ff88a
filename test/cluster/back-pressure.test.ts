/** A sink that is slower than its source holds it back, in memory that does not grow. */

import { describe, expect, it } from 'vitest';
import { type JobClient, jobModule, testCluster, until, within } from './support.ts';

const batch = 16;
const limits = { batchRows: batch, ringBytes: 4096, localQueueBatches: 2 };

function recordsOfSource(job: JobClient): number {
  return job.metrics().stages[0]?.subtasks.reduce((sum, each) => sum + each.recordsIn, 0) ?? 0;
}

/** Records that the sink has been given; it may still work on the last batch of them. */
function recordsOfSink(job: JobClient): number {
  return (
    job
      .metrics()
      .stages.at(-1)
      ?.subtasks.reduce((sum, each) => sum + each.recordsIn, 0) ?? 0
  );
}

describe('a sink that returns promises', () => {
  it.each([
    // The batch that the sink works on.
    ['chained', batch],
    // Three stages: between two of them a queue, a batch in hand, and one that waits for room.
    ['queue', 2 * batch * (limits.localQueueBatches + 2)],
    // The same with two rings on the way, whose records take more than 8 bytes each.
    ['ring', 2 * (2 * batch + limits.ringBytes / 8)],
  ])('holds its source back: %s', async (exchange, ahead) => {
    const cluster = testCluster({ slots: 2 });
    const job = await cluster.submit(jobModule('slow-sink'), { args: { exchange, limits } });
    for (const records of [100, 200, 400]) {
      await until(() => recordsOfSink(job) >= records, `the sink has ${records} records`);
      // One after the other, so the source may seem to be a batch further ahead than it is.
      const sink = recordsOfSink(job);
      expect(recordsOfSource(job) - sink).toBeLessThanOrEqual(ahead + batch);
    }
    const waited = job.metrics().stages.at(-1)?.subtasks[0];
    expect(waited?.busyMs).toBeGreaterThan(waited?.idleMs ?? 0);
    await within(job.cancel(), 'the cancellation');
  });
});
