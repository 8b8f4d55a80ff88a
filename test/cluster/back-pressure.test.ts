/** A sink that is slower than its source holds it back, in memory that does not grow. */

import { describe, expect, it } from 'vitest';
import type { StageMetrics } from '../../src/index.ts';
import { type JobClient, jobModule, testCluster, until, within } from './support.ts';

const batch = 16;
const limits = { batchRows: batch, ringBytes: 4096, localQueueBatches: 2 };

/** Longer than the least that a timer takes by one millisecond, which it may be early. */
const delayMs = 2;

function recordsOf(stage: StageMetrics | undefined): number {
  return stage?.subtasks.reduce((sum, each) => sum + each.recordsIn, 0) ?? 0;
}

/** Records that the sink has been given; it may still work on the last batch of them. */
function recordsOfSink(job: JobClient): number {
  return recordsOf(job.metrics().stages.at(-1));
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
    const job = await cluster.submit(jobModule('slow-sink'), { args: { exchange, limits, delayMs } });
    for (const records of [50, 100, 200]) {
      await until(() => recordsOfSink(job) >= records, `the sink has ${records} records`);
      // The source's first: whatever the sink does meanwhile makes the difference smaller. It is counted behind its batch.
      const source = recordsOf(job.metrics().stages[0]);
      expect(source - recordsOfSink(job)).toBeLessThanOrEqual(ahead + batch);
    }
    // Waiting for a promise is work, and takes its time for all records but those of the batch that is counted already.
    expect(job.metrics().stages.at(-1)?.subtasks[0]?.busyMs).toBeGreaterThanOrEqual((200 - batch) * (delayMs - 1));
    await within(job.cancel(), 'the cancellation');
  });
});
