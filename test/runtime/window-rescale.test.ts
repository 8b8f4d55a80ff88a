/**
 * Windows by slices of a job without checkpoints: with parallelism 1 they take records, else what was aggregated in front of the exchange.
 * Neither goes on from the state of the other, and the error names a way that does.
 */

import { expect, test } from 'vitest';
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts';
import { firing, RunningJob, records } from './running-job.ts';

const options = { localAggregation: true, limits: { batchRows: 64, ringBytes: 8192 } };

async function savepoint(parallelism: number): Promise<CheckpointManifest> {
  const job = new RunningJob(parallelism, firing(records), options);
  await job.start();
  await job.rounds(20);
  expect(job.sink.rows).toEqual([]);
  job.trigger(1);
  await job.rounds(60);
  expect(job.isComplete).toBe(true);
  return job.manifest(1);
}

async function goOn(job: RunningJob, from: CheckpointManifest): Promise<void> {
  await job.start(from);
  await job.toEnd();
  const all = job.sink.rows.map(({ key, n }) => `${key}: ${n}`);
  expect(all).toHaveLength(2 * records);
  expect(new Set(all).size).toBe(2 * records);
  expect(all).toContain(`${records - 1}: 1`);
}

test('from parallelism 1 to 2 they go on without local aggregation', async () => {
  const from = await savepoint(1);
  const job = new RunningJob(2, firing(records), options);
  await expect(job.start(from)).rejects.toThrow(/'aggregate' \(windows\) took records as they are, .*; set localAggregation: false/);
  await goOn(new RunningJob(2, firing(records), { ...options, localAggregation: false }), from);
});

test('from parallelism 2 to 1 they go on with checkpoints', async () => {
  const from = await savepoint(2);
  const job = new RunningJob(1, firing(records), options);
  await expect(job.start(from)).rejects.toThrow(
    /'aggregate' \(windows\) took what was aggregated in front of its exchange, .* set checkpoint/,
  );
  await goOn(new RunningJob(1, firing(records), { ...options, checkpoint: { interval: '1h' } }), from);
});
