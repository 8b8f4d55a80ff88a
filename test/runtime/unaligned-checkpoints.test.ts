/** Whole jobs behind a sink that takes nothing for the moment: whether a checkpoint comes through, and what a restart makes of it. */

import { describe, expect, test } from 'vitest';
import type { Limits } from '../../src/base/limits.ts';
import { firing, keys, RunningJob, records, type SlowSink } from './running-job.ts';

/** How often each key was counted, by the last count of it. */
function counted(...parts: readonly SlowSink['rows'][]): number[] {
  return Array.from({ length: keys }, (_, key) => Math.max(...parts.flat().flatMap((row) => (row.key === key ? [row.n] : []))));
}

const all = Array.from({ length: keys }, (_, key) => Math.ceil((records - key) / keys));

/** A job of which nothing moves any more but one row at a time. */
async function stalledJob(parallelism: number): Promise<RunningJob> {
  const job = new RunningJob(parallelism);
  await job.start();
  await job.rounds(100);
  expect(job.sink.rows.length).toBeLessThan(50);
  return job;
}

describe.each([1, 2])('under full back-pressure, with parallelism %i', (parallelism) => {
  test('a checkpoint does not come through while its barriers wait behind rows', async () => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(false);
  });

  test.each([0, 10])('it does once they overtake, %i rounds later', async (rounds) => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(rounds);
    job.overtake(1);
    // A row that is being written is not taken along: the sink has it.
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(true);
    const bytes = job.acknowledged.map(({ statistics }) => statistics.persistedInFlightBytes);
    expect(Math.max(...bytes)).toBeGreaterThan(0);
    expect(job.sink.rows.length).toBeLessThan(records / 2);
  });

  test('the same happens again and again, without more and more rows on their way', async () => {
    const job = await stalledJob(parallelism);
    const sizes: number[] = [];
    for (let checkpoint = 1; checkpoint <= 5; checkpoint++) {
      job.acknowledged.length = 0;
      job.trigger(checkpoint);
      job.overtake(checkpoint);
      await job.rounds(40, () => job.sink.finishWrites());
      expect(job.isComplete).toBe(true);
      sizes.push(job.acknowledged.reduce((sum, { statistics }) => sum + statistics.persistedInFlightBytes, 0));
    }
    expect(Math.max(...sizes)).toBeLessThan(2 * Math.min(...sizes));
  });

  test.each([1, 2, 3])('a restart with parallelism %i counts every record once', async (next) => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(3);
    job.overtake(1);
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(true);
    const manifest = job.manifest(1);
    const again = new RunningJob(next);
    await again.start(manifest);
    await again.toEnd();
    expect(counted(job.sink.rows, again.sink.rows)).toEqual(all);
    // So does the job if nothing happens to it.
    await job.toEnd();
    expect(counted(job.sink.rows)).toEqual(all);
  });

  test('a checkpoint that is given up keeps nobody from the next', async () => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(3);
    job.abort(1);
    job.acknowledged.length = 0;
    job.trigger(2);
    job.overtake(2);
    job.overtake(1);
    job.overtake(2);
    await job.rounds(60, () => job.sink.finishWrites());
    const taken = job.acknowledged.filter(({ checkpoint }) => checkpoint === 2);
    expect(taken).toHaveLength(job.subtasks);
    await job.toEnd();
    expect(counted(job.sink.rows)).toEqual(all);
  });
});

describe.each([
  ['while a window fires', records],
  ['while a window fires at the end', 0],
])('%s', (_, behind) => {
  async function firingJob(parallelism: number, limits: Partial<Limits> = {}): Promise<RunningJob> {
    const job = new RunningJob(parallelism, firing(behind), { limits });
    await job.start();
    await job.rounds(600);
    expect(job.sink.rows.length).toBeGreaterThan(0);
    expect(job.sink.rows.length).toBeLessThan(50);
    return job;
  }

  test.each([1, 2])('a checkpoint takes along what is still to be emitted, with parallelism %i', async (parallelism) => {
    const job = await firingJob(parallelism);
    job.trigger(1);
    job.overtake(1);
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(true);
    expect(job.sink.rows.length).toBeLessThan(200);
    const again = new RunningJob(parallelism, firing(behind));
    await again.start(job.manifest(1));
    await again.toEnd();
    expect(new Set([...job.sink.rows, ...again.sink.rows].map(({ key, n }) => `${key}: ${n}`)).size).toBe(records + behind);
    expect(again.sink.rows.length).toBeGreaterThan(records + behind - 200);
    // Nor does it change anything for the job itself.
    await job.toEnd();
    expect(job.sink.rows.map(({ key }) => key).sort((a, b) => a - b)).toEqual(Array.from({ length: records + behind }, (_, key) => key));
  });

  test('no more is taken along than memory is meant for: then it waits until there is room', async () => {
    const job = await firingJob(1, { overtakenRows: 200 });
    job.trigger(1);
    job.overtake(1);
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(false);
    job.sink.isOpen = true;
    job.sink.finishWrites();
    for (let rounds = 0; !job.isComplete; rounds++) {
      expect(rounds).toBeLessThan(1000);
      await job.rounds(1);
    }
    expect(job.sink.rows.length).toBeLessThan(records + behind);
  });
});
