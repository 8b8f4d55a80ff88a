/** What programs do with clusters and jobs, and when they may. */

import { describe, expect, it } from 'vitest';
import {
  failureOf,
  type JobClient,
  type JobStatus,
  jobModule,
  LocalCluster,
  moduleOf,
  rowsOf,
  StreamEnvironment,
  testCluster,
  until,
  within,
} from './support.ts';

/** The states that a job goes through from now on. */
function statesOf(job: JobClient): JobStatus[] {
  const states: JobStatus[] = [];
  job.on('status', (status) => {
    expect(job.status()).toBe(status);
    states.push(status);
  });
  return states;
}

const endless = { parallelism: 1, ratePerSecond: 1000 };

describe('a job', () => {
  it('that runs to its end goes from created to finished', async () => {
    const cluster = testCluster({ slots: 2 });
    const job = await cluster.submit(jobModule('numbers'), { args: { count: 1000, parallelism: 2 } });
    expect(job).toMatchObject({ name: 'numbers', id: 'job-1' });
    expect(job.status()).toBe('created');
    const states = statesOf(job);
    expect((await rowsOf<number>(job)).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => 2 * i + 2));
    const result = await within(job.result(), 'the job');
    expect(states).toEqual(['running', 'finished']);
    expect(result.name).toBe('numbers');
    expect(result.runtimeMs).toBeGreaterThan(0);
    // Rows may still have waited for the reader when the job was over; all have been read by now.
    const { stages } = result.metrics;
    const allRead = stages.map((stage) => ({ ...stage, subtasks: stage.subtasks.map((each) => ({ ...each, queuedBytesOut: 0 })) }));
    expect(job.metrics()).toEqual({ ...result.metrics, stages: allRead });
  });

  it('that is cancelled while it runs goes through cancelling', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('numbers'), { args: endless });
    const states = statesOf(job);
    await rowsOf(job, 'out', 1);
    const cancelled = Promise.all([job.cancel(), job.cancel()]);
    await until(() => job.status() !== 'running', 'it reacts');
    await within(cancelled, 'the cancellation');
    expect(states).toEqual(['running', 'cancelling', 'cancelled']);
    expect(await failureOf(job.result())).toMatchObject({ code: 'JOB_CANCELLED', message: "the job 'numbers' was cancelled" });
    await job.cancel();
    expect(await failureOf(job.stop())).toMatchObject({ code: 'JOB_CANCELLED' });
  });

  it('that is cancelled at once never runs', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('numbers'), { args: endless });
    const states = statesOf(job);
    await within(job.cancel(), 'the cancellation');
    expect(states).toEqual(['cancelling', 'cancelled']);
    expect(await failureOf(rowsOf(job))).toMatchObject({ code: 'JOB_CANCELLED' });
  });

  it.each(['at once', 'while it runs'])('that is stopped %s finishes with what its sources have read', async (when) => {
    const cluster = testCluster({ slots: 2 });
    const job = await cluster.submit(jobModule('numbers'), { args: { ...endless, parallelism: 2 } });
    const states = statesOf(job);
    const seen = when === 'at once' ? [] : await rowsOf(job, 'out', 5);
    const rest = rowsOf(job);
    await within(job.stop(), 'the stop');
    seen.push(...(await rest));
    expect(states).toEqual(['running', 'finished']);
    expect(seen).toHaveLength((await job.result()).metrics.stages[0]?.subtasks.reduce((sum, each) => sum + each.recordsOut, 0) ?? -1);
  });

  it('survives listeners that throw', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('failing').href.replace('failing', 'numbers'), { args: { count: 3 } });
    job.on('status', () => {
      throw new Error('a listener of the test, thrown on purpose');
    });
    expect(await rowsOf(job)).toHaveLength(3);
    await within(job.result(), 'the job');
    expect(job.status()).toBe('finished');
    expect(() => job.on('state' as 'status', () => {})).toThrow("on: there is no event 'state'; there are 'status', 'failure'");
    expect(() => job.on('status', 'listener' as never)).toThrow("on('status'): the listener must be a function, not 'listener'");
  });

  it('can be watched while it runs, without asking its workers', async () => {
    const cluster = testCluster({ slots: 2 });
    const limits = { ringBytes: 4096, batchRows: 16, hostRows: 16 };
    const job = await cluster.submit(jobModule('numbers'), { args: { parallelism: 2, limits } });
    // Nobody reads, so everything fills up and the subtasks end up waiting for room.
    const subtasks = () => job.metrics().stages.flatMap((stage) => stage.subtasks);
    await until(() => subtasks().every((each) => each.queuedOut > 0), 'both subtasks are held back');
    await until(() => subtasks().every((each) => each.backPressuredMs > 0), 'time passes');
    for (const each of subtasks()) {
      expect(each.recordsIn).toBeGreaterThan(0);
      expect(each.recordsOut).toBeGreaterThan(0);
      expect(each.bytesOut).toBeGreaterThan(each.recordsOut);
      expect(each.busyMs).toBeGreaterThan(0);
      // The rings to the host are full, but for what no frame fits into.
      expect(each.queuedBytesOut).toBeGreaterThan(limits.ringBytes / 2);
      expect(each.queuedBytesOut).toBeLessThanOrEqual(limits.ringBytes);
      expect([each.queuedIn, each.queuedBytesIn]).toEqual([0, 0]);
    }
    const before = subtasks().map((each) => each.recordsOut);
    await rowsOf(job, 'out', 5000);
    await until(() => subtasks().every((each, i) => each.recordsOut > (before[i] ?? 0)), 'both go on');
    expect(job.metrics().stages.map((stage) => stage.name)).toEqual(['generate → map']);
  });

  it('has metrics that add up once it has finished', async () => {
    const cluster = testCluster({ slots: 2 });
    const job = await cluster.submit(jobModule('numbers'), { args: { count: 20_000, parallelism: 2 } });
    expect(await rowsOf(job)).toHaveLength(20_000);
    const { runtimeMs, metrics } = await within(job.result(), 'the job');
    const subtasks = metrics.stages.flatMap((stage) => stage.subtasks);
    expect(subtasks.reduce((sum, each) => sum + each.recordsIn, 0)).toBe(20_000);
    expect(subtasks.reduce((sum, each) => sum + each.recordsOut, 0)).toBe(20_000);
    for (const each of subtasks) {
      expect(each.busyMs).toBeGreaterThan(0);
      // Its part of the time begins when its worker has loaded the job.
      expect(each.busyMs + each.idleMs + each.backPressuredMs).toBeLessThanOrEqual(runtimeMs);
      expect(each).toMatchObject({ queuedIn: 0, queuedOut: 0, queuedBytesIn: 0 });
    }
    // Rows may still have waited for the reader when the job was over; all have been read by now.
    for (const each of job.metrics().stages.flatMap((stage) => stage.subtasks)) expect(each.queuedBytesOut).toBe(0);
  });
});

describe('a cluster', () => {
  it('runs jobs after one another, and each sees its own arguments', async () => {
    const cluster = testCluster();
    for (let count = 1; count <= 8; count++) {
      const job = await cluster.submit(jobModule('numbers'), { args: { count } });
      expect(await rowsOf(job)).toHaveLength(count);
      await within(job.result(), 'the job');
    }
  });

  it('runs jobs side by side as long as there are slots', async () => {
    const cluster = testCluster({ slots: 2 });
    const submit = (args: object) => cluster.submit(jobModule('numbers'), { args });
    const [first, second] = await Promise.all([submit(endless), submit({ count: 3 })]);
    const error = await failureOf(submit({ count: 1 }));
    expect(error).toMatchObject({
      code: 'NO_SLOTS',
      message: "the job 'numbers' needs 1 slots, but 0 of 2 are free; lower its parallelism, or make the cluster larger",
    });
    expect(await rowsOf(second)).toEqual([2, 4, 6]);
    await within(second.result(), 'the second job');
    const third = await submit({ count: 2 });
    expect(await rowsOf(third)).toEqual([2, 4]);
    expect(await rowsOf(first, 'out', 3)).toEqual([2, 4, 6]);
    await within(first.cancel(), 'the cancellation');
    await within(third.result(), 'the third job');
    expect(await failureOf(submit({ count: 1, parallelism: 3 }))).toMatchObject({ code: 'NO_SLOTS' });
  });

  it('has its slots back when a job tells that it has ended', async () => {
    const cluster = testCluster();
    const next = new Promise<JobClient>((resolve) => {
      void cluster.submit(jobModule('numbers'), { args: { count: 0 } }).then((job) => {
        job.on('status', (status) => {
          if (status === 'finished') resolve(cluster.submit(jobModule('numbers'), { args: { count: 1 } }));
        });
      });
    });
    expect(await rowsOf(await within(next, 'the next job'))).toEqual([2]);
  });

  it('takes no more jobs once it is closed', async () => {
    const cluster = new LocalCluster({ slots: 1 });
    const job = await cluster.submit(jobModule('numbers'), { args: endless });
    const submitted = failureOf(cluster.submit(jobModule('numbers')));
    await within(Promise.all([cluster.close(), cluster.close()]), 'close');
    expect(job.status()).toBe('cancelled');
    expect(await submitted).toMatchObject({ code: 'CLUSTER_CLOSED' });
    expect(await failureOf(cluster.submit(jobModule('numbers')))).toMatchObject({
      code: 'CLUSTER_CLOSED',
      message: 'the cluster is closed; make a new one',
    });
    await cluster.close();
  });

  it('can be closed before its threads have started', async () => {
    await within(new LocalCluster({ slots: 2 }).close(), 'close');
  });

  it('does not share job modules with another one', async () => {
    for (let i = 0; i < 2; i++) {
      const job = await testCluster().submit(jobModule('numbers'), { args: { count: 1 } });
      expect(await rowsOf(job)).toEqual([2]);
    }
  });
});

describe('wrong options', () => {
  it('of a cluster are errors that name them', () => {
    const make = (options: object) => () => new LocalCluster(options);
    expect(make({ slot: 2 })).toThrow("LocalCluster: unknown option 'slot'; did you mean 'slots'?");
    expect(make({ slots: 0 })).toThrow('LocalCluster: slots must be a whole number from 1, not 0');
    expect(make({ slots: 1.5 })).toThrow('LocalCluster: slots must be a whole number from 1, not 1.5');
    expect(make({ heapMebibytes: '100' })).toThrow("LocalCluster: heapMebibytes must be a whole number from 16, not '100'");
  });

  it('of a submission are errors that name them', async () => {
    const cluster = testCluster();
    const submit = (module: unknown, options?: object) => failureOf(cluster.submit(module as URL, options));
    expect(await submit('./numbers.mjs')).toMatchObject({
      code: 'INVALID_OPTION',
      message: "submit: './numbers.mjs' is not a URL; write new URL('./my.job.js', import.meta.url)",
    });
    expect(await submit(undefined)).toMatchObject({ code: 'INVALID_OPTION' });
    expect(await submit(jobModule('numbers'), { arguments: {} })).toMatchObject({
      code: 'INVALID_OPTION',
      message: "submit: unknown option 'arguments'; it takes 'args', 'parallelism', 'from', 'fresh', 'allowNonRestoredState'",
    });
    expect(await submit(jobModule('numbers'), { parallelism: 0 })).toMatchObject({
      code: 'INVALID_OPTION',
      message: 'submit: parallelism must be a whole number from 1, not 0',
    });
    const error = await submit(jobModule('numbers'), { args: { call: () => 1 } });
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringMatching(/^submit: args must be plain data/) });
  });

  it('of an environment are errors that name them', () => {
    const make = (config: object) => () => new StreamEnvironment(config);
    expect(make({ paralelism: 2 })).toThrow("StreamEnvironment: unknown option 'paralelism'; did you mean 'parallelism'?");
    expect(make({ parallelism: -1 })).toThrow('StreamEnvironment: parallelism must be a whole number from 1, not -1');
    expect(make({ bufferTimeout: '10 sec' })).toThrow(
      "bufferTimeout: '10 sec' is not a duration; write milliseconds as a number, or '250ms', '5s', '1m', '2h', '1d'",
    );
    expect(make({ runtimeMode: 'fast' })).toThrow("StreamEnvironment: runtimeMode must be 'streaming', 'batch' or 'automatic', not 'fast'");
  });

  it('of a job reach whoever submits it', async () => {
    const cluster = testCluster();
    const error = await failureOf(cluster.submit(moduleOf("new StreamEnvironment({ bufferTimeout: 'soon' });")));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining("bufferTimeout: 'soon' is not a duration") });
  });
});
