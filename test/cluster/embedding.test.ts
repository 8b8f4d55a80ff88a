/** A job inside of a program: records in, records out, back-pressure both ways, and endings of every kind. */

import { describe, expect, it } from 'vitest';
import type { JobInput } from '../../src/index.ts';
import { failureOf, type JobClient, jobModule, LocalCluster, moduleOf, rowsOf, testCluster, within } from './support.ts';

/** Rings and batches so small that a few hundred records fill everything between host and host. */
const tiny = { ringBytes: 1024, batchRows: 8, hostRows: 16, localQueueBatches: 1 };

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

/** Writes numbers, ten at a time, until a write does not return; says how many have been taken. */
class Flood {
  taken = 0;
  readonly done: Promise<void>;

  constructor(input: JobInput<number>) {
    this.done = this.#write(input);
    this.done.catch(() => {});
  }

  async #write(input: JobInput<number>): Promise<void> {
    for (;;) {
      await input.write(numbers(10, this.taken));
      this.taken += 10;
    }
  }

  /** Resolves when no write has returned for a while. */
  async stuck(): Promise<number> {
    for (let before = -1; before !== this.taken; ) {
      before = this.taken;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return this.taken;
  }
}

describe('inputs and outputs', () => {
  it('take events in and give alerts out', async () => {
    await using cluster = new LocalCluster({ slots: 2 });
    const job = await cluster.submit(jobModule('alerts'), { args: { threshold: 100 } });
    const payments = job.input<{ account: string; amount: number }>('payments');
    const alerts = rowsOf(job, 'alerts');
    await payments.write([
      { account: 'a', amount: 60 },
      { account: 'b', amount: 70 },
    ]);
    await payments.write([{ account: 'a', amount: 50 }]);
    await payments.end();
    expect(await alerts).toEqual([{ account: 'a', amount: 110 }]);
    await within(job.result(), 'the job');
  });

  it('let a record through without a second one to push it', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'));
    const input = job.input<number>('in');
    for (const record of [1, 2, 3]) {
      await within(input.write([record]), 'the write');
      // The reader that stops at one record leaves the output to the next.
      expect(await rowsOf(job, 'out', 1)).toEqual([[record, `<${record}>`]]);
    }
  });

  it('keep the rows that a reader which stopped early had not seen', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'));
    const input = job.input<number>('in');
    await input.write(numbers(100));
    await input.end();
    const seen: unknown[] = [];
    for (const count of [1, 0, 30, 69, 1]) seen.push(...(await rowsOf<[number, string]>(job, 'out', count)).map(([n]) => n));
    expect(seen).toEqual(numbers(100));
    await within(job.result(), 'the job');
  });

  it('can be written before the job runs, and read after it has finished', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'));
    expect(job.status()).toBe('created');
    const input = job.input<number>('in');
    await Promise.all([input.write([1, 2]), input.write([]), input.write([3]), input.end()]);
    await within(job.result(), 'the job');
    expect(await rowsOf<[number, string]>(job, 'out')).toEqual([
      [1, '<1>'],
      [2, '<2>'],
      [3, '<3>'],
    ]);
    expect(await rowsOf(job, 'out')).toEqual([]);
  });

  it('carry large writes in one piece', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'), { args: { limits: tiny } });
    const input = job.input<number>('in');
    const rows = rowsOf<[number, string]>(job);
    await within(input.write(numbers(5000)), 'the write');
    await input.end();
    expect((await rows).map(([n]) => n)).toEqual(numbers(5000));
  });

  it.each([0, '0ms', '1h'] as const)('come to their end with bufferTimeout %s', async (bufferTimeout) => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'), { args: { bufferTimeout } });
    const input = job.input<number>('in');
    await input.write(numbers(3));
    await input.end();
    expect(await rowsOf(job)).toHaveLength(3);
  });
});

describe('back-pressure', () => {
  it('makes a write wait while nobody reads, and go on when somebody does', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'), { args: { limits: tiny } });
    const flood = new Flood(job.input<number>('in'));
    const stuckAt = await flood.stuck();
    // Three rings of 1 KiB, a batch under construction at each place, and what the output holds: no room for more.
    expect(stuckAt).toBeLessThan(1000);
    expect(job.status()).toBe('running');
    const rows = await rowsOf<[number, string]>(job, 'out', stuckAt + 100);
    expect(rows.map(([n]) => n)).toEqual(numbers(stuckAt + 100));
    expect(flood.taken).toBeGreaterThan(stuckAt);
    await within(job.cancel(), 'the cancellation');
    expect(await failureOf(flood.done)).toMatchObject({ code: 'JOB_CANCELLED' });
  });

  it('does not keep a cluster from closing', async () => {
    const cluster = new LocalCluster({ slots: 2 });
    const jobs = [await cluster.submit(jobModule('echo'), { args: { limits: tiny } }), await cluster.submit(jobModule('numbers'))];
    const flood = new Flood((jobs[0] as JobClient).input<number>('in'));
    await flood.stuck();
    await within(cluster.close(), 'close');
    expect(jobs.map((job) => job.status())).toEqual(['cancelled', 'cancelled']);
    expect(await failureOf(flood.done)).toMatchObject({ code: 'JOB_CANCELLED' });
  });
});

describe('the end of a job', () => {
  it('that fails reaches whoever writes and whoever reads, with the same error', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'), { args: { failAt: 700, limits: tiny } });
    const flood = new Flood(job.input<number>('in'));
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const row of job.output('out')) seen.push(row);
    })();
    const error = await failureOf(job.result());
    expect(error).toMatchObject({ code: 'USER_FUNCTION', message: "'echo' failed with RangeError: never 700\n  at the record 700" });
    expect(await failureOf(reading)).toBe(error);
    expect(await failureOf(flood.done)).toBe(error);
    expect(await failureOf(rowsOf(job))).toBe(error);
    expect(seen.length).toBeLessThanOrEqual(700);
  });

  it('comes with a written value that cannot cross threads', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'), { args: { bufferTimeout: 0 } });
    const input = job.input<unknown>('in');
    // The write may return before the record is encoded; the job does not go on without it.
    await input.write([{ id: 1, call: () => {} }]).catch(() => {});
    const error = await failureOf(job.result());
    expect(error).toMatchObject({ code: 'UNSUPPORTED_VALUE' });
    expect(error.message).toMatch(/^'fromHost\(in\)' emitted a record that cannot cross threads: its field \.call is a function/);
    expect(await failureOf(input.write([1]))).toBe(error);
  });

  it('by stop() lets everything run through that was written', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'));
    const input = job.input<number>('in');
    await input.write(numbers(1000));
    const rows = rowsOf(job);
    await within(job.stop(), 'the stop');
    expect(await rows).toHaveLength(1000);
    expect(job.status()).toBe('finished');
    expect(await failureOf(input.write([1]))).toMatchObject({
      code: 'ENDPOINT',
      message: 'the job has finished and takes no more records',
    });
    await input.end();
    await job.stop();
    await job.cancel();
    expect(job.status()).toBe('finished');
  });
});

describe('misuse', () => {
  it('of names is an error that knows the right ones', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(jobModule('echo'));
    const plain = await cluster.submit(moduleOf("env.fromSequence(1, 3).print(); await env.execute('x');")).catch((error: Error) => error);
    expect(plain).toMatchObject({ code: 'NO_SLOTS' });
    expect(() => job.input('inn')).toThrow("the job has no input 'inn'; it has 'in'");
    expect(() => job.output('in')).toThrow("the job has no output 'in'; it has 'out'");
    const input = job.input<number>('in');
    expect(() => job.input('in')).toThrow("the input 'in' is in use already");
    const reader = job.output('out');
    const row = reader.next();
    expect(await failureOf(rowsOf(job))).toMatchObject({ code: 'ENDPOINT', message: "the output 'out' is in use already" });
    expect(await failureOf(input.write(5 as never))).toMatchObject({ code: 'ENDPOINT' });
    await input.write([5]);
    expect(await within(row, 'the row')).toEqual({ value: [5, '<5>'], done: false });
    await input.end();
    await input.end();
    expect(await failureOf(input.write([6]))).toMatchObject({ code: 'ENDPOINT', message: 'the input was ended already' });
  });

  it('of a job without endpoints says how to add one', async () => {
    const cluster = testCluster();
    const job = await cluster.submit(
      moduleOf("env.fromSequence(1, 1).sinkTo({ name: 'none', createWriter: () => ({ write() {} }) }); await env.execute('x');"),
    );
    expect(() => job.output('out')).toThrow("the job has no output 'out'; add one with stream.toHost('out')");
    expect(() => job.input('in')).toThrow("the job has no input 'in'; add one with env.fromHost('in')");
    await within(job.result(), 'the job');
  });
});
