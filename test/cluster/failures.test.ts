/** Jobs that fail: each ends with an error that says what happened where, and the cluster runs the next job. */

import { describe, expect, it, onTestFinished } from 'vitest';
import type { SpawnedTask, Spawner } from '../../src/base/system.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { built, builtParts, failureOf, jobModule, moduleOf, rowsOf, sharedCluster, testCluster, until, within } from './support.ts';

/** The cluster has all of its slots, and threads that work. */
async function stillWorks(cluster: Cluster): Promise<void> {
  const job = await cluster.submit(jobModule('numbers'), { args: { count: 4, parallelism: cluster.slots } });
  expect((await rowsOf<number>(job)).sort()).toEqual([2, 4, 6, 8]);
  await within(job.result(), 'the job');
}

describe('a user function that throws', () => {
  const shared = sharedCluster({ slots: 2 });

  const withRecord = [
    ['create', 'numbers'],
    ['map', 'mapper'],
    ['filter', 'sieve'],
    ['flatMap', 'splitter'],
    ['process', 'processor'],
    ['key', "keyBy((value) => key(value) % 1) in front of 'reducer'"],
    ['custom', "partitionCustom((value, subtasks) => custom(value) % subtasks) behind 'processor'"],
    ['reduce', 'reducer'],
    ['write', 'store'],
    ['writeAsync', 'asyncStore'],
  ] as const;
  const withoutRecord = [
    ['open', 'processor'],
    ['close', 'processor'],
    ['createWriter', 'store'],
    ['flush', 'store'],
    ['finish', 'store'],
    ['closeSink', 'store'],
    ['flushAsync', 'asyncStore'],
    ['finishAsync', 'asyncStore'],
  ] as const;

  it('fails the job with the operator, the record and the original stack', async () => {
    const cluster = shared();
    for (const [where, operator] of withRecord) {
      const job = await cluster.submit(jobModule('failing'), { args: { where } });
      const error = await failureOf(job.result());
      expect(error, where).toMatchObject({ code: 'USER_FUNCTION', cause: { name: 'RangeError', message: `broken ${where}` } });
      const failed = operator.includes(' ') ? operator : `'${operator}'`;
      expect(error.message).toBe(`${failed} failed with RangeError: broken ${where}\n  at the record 7`);
      expect((error.cause as Error).stack).toContain('failing.mjs');
      expect(job.status()).toBe('failed');
    }
    await stillWorks(cluster);
  });

  it('names the operator where there is no record', async () => {
    const cluster = shared();
    for (const [where, operator] of withoutRecord) {
      const job = await cluster.submit(jobModule('failing'), { args: { where } });
      const error = await failureOf(job.result());
      expect(error, where).toMatchObject({ code: 'USER_FUNCTION', cause: { name: 'RangeError', message: `broken ${where}` } });
      expect(error.message).toBe(`'${operator}' failed with RangeError: broken ${where}`);
      expect((error.cause as Error).stack).toContain('failing.mjs');
    }
    await stillWorks(cluster);
  });

  it('may throw what is no error', async () => {
    const cluster = shared();
    for (const [how, text] of [
      ['throwText', 'just a text'],
      ['throwObject', '{ status: 500 }'],
      ['throwNothing', 'undefined'],
    ]) {
      const job = await cluster.submit(jobModule('misbehaving'), { args: { how } });
      expect(await failureOf(job.result())).toMatchObject({
        code: 'USER_FUNCTION',
        message: `'harm' failed with ${text}\n  at the record 7`,
      });
    }
  });
});

describe('a value that cannot cross threads', () => {
  const shared = sharedCluster();

  it.each([
    ['{ id: n, callback: () => n }', '.callback', 'function'],
    ['{ id: n, nested: { list: [1, new WeakMap()] } }', '.nested.list[1]', 'WeakMap'],
    ['Symbol(String(n))', 'it', 'symbol'],
  ])('%s: the error names operator, field and type', async (record, field, type) => {
    const cluster = shared();
    const job = await cluster.submit(
      moduleOf(`env.fromSequence(1, 3).map((n) => (${record})).name('maker').toHost('out'); await env.execute('odd');`),
    );
    const error = await failureOf(job.result());
    expect(error.code).toBe('UNSUPPORTED_VALUE');
    expect(error.message).toMatch(/^'maker' emitted a record that cannot cross threads/);
    expect(error.message).toContain(field);
    expect(error.message).toContain(type);
    await stillWorks(cluster);
  });
});

describe('a worker that is lost', () => {
  it.each([
    ['exit', /its thread ended; does a function of the job call process\.exit\?/, {}],
    ['exitWell', /its thread ended; does a function of the job call process\.exit\?/, {}],
    ['reject', /an error outside of any operator, RangeError: nobody waits for this/, {}],
    ['throwLater', /an error outside of any operator, RangeError: thrown by a timer/, {}],
    ['objects', /ran out of memory; let the job keep less, or raise heapMebibytes/, { heapMebibytes: 32 }],
    ['array', /ran out of memory; let the job keep less, or raise heapMebibytes/, { heapMebibytes: 32 }],
  ])('%s: fails the job, not the process', async (how, message, options) => {
    const cluster = testCluster({ slots: 2, ...options });
    const job = await cluster.submit(jobModule('misbehaving'), { args: { how } });
    const failures: Error[] = [];
    job.on('failure', (error) => failures.push(error));
    const error = await failureOf(job.result());
    expect(error).toMatchObject({ code: 'WORKER_LOST', message: expect.stringMatching(/^worker [01] was lost: /) });
    expect(error.message).toMatch(message);
    expect(failures).toEqual([error]);
    await stillWorks(cluster);
  });

  it('is killed from outside', async () => {
    const { Cluster, nodeSystem, piscinaSpawner } = await builtParts();
    const inner = piscinaSpawner({ slots: 2, worker: new URL('./runtime/worker.js', built), heapMebibytes: undefined });
    const tasks: SpawnedTask[] = [];
    const spawn: Spawner['spawn'] = (task) => {
      const spawned = inner.spawn(task);
      tasks.push(spawned);
      return spawned;
    };
    const cluster = new Cluster({ spawner: { ...inner, spawn }, system: nodeSystem(), print: () => {}, warn: () => {} });
    onTestFinished(() => within(cluster.close(), 'close'));
    const job = await cluster.submit(jobModule('numbers'), { args: { parallelism: 2 } });
    // A thread that still loads its module must not be killed: Node may end with it.
    await until(() => job.metrics().stages.every(({ subtasks }) => subtasks.every(({ recordsOut }) => recordsOut > 0)), 'both work');
    tasks[1]?.kill();
    expect(await failureOf(job.result())).toMatchObject({ code: 'WORKER_LOST', message: 'worker 1 was lost: its thread was killed' });
    await stillWorks(cluster);
  });

  it('is killed when a function never returns', async () => {
    const cluster = testCluster({ slots: 2 });
    const looping = new Int32Array(new SharedArrayBuffer(4));
    const job = await cluster.submit(jobModule('misbehaving'), { args: { how: 'loop', looping, limits: { cancelMs: 100 } } });
    await until(() => Atomics.load(looping, 0) === 1, 'the function loops');
    await within(job.cancel(), 'the cancellation');
    expect(job.status()).toBe('cancelled');
    await stillWorks(cluster);
  });

  it('after the job has ended is replaced', async () => {
    const cluster = testCluster();
    // The timer outlives the job and its worker has none when it throws.
    const thrown = new Int32Array(new SharedArrayBuffer(4));
    const job = await cluster.submit(
      moduleOf(`
        const throwing = () => { Atomics.store(env.args, 0, 1); throw new Error('afterwards'); };
        env.fromSequence(1, 3).map((n) => { if (n === 3) setTimeout(throwing, 50); return n; }).toHost('out');
        await env.execute('time bomb');`),
      { args: thrown },
    );
    expect(await rowsOf(job)).toEqual([1, 2, 3]);
    await within(job.result(), 'the job');
    const another = async (): Promise<void> => {
      const next = await cluster.submit(jobModule('numbers'), { args: { count: 4 } });
      await Promise.allSettled([rowsOf(next), next.result()]);
    };
    // One of the jobs may be the one that is hit; no later one is.
    while (Atomics.load(thrown, 0) === 0) await another();
    await another();
    await stillWorks(cluster);
  });
});

describe('a job module', () => {
  const shared = sharedCluster();

  it.each([
    ['that is not there', new URL('./jobs/missing.mjs', import.meta.url), /missing\.mjs cannot be loaded: Error: Cannot find module/],
    ['in a package that is not there', 'millrace-no-such:job', /cannot be loaded: /],
  ])('%s is an error', async (_, module, message) => {
    const error = await failureOf(shared().submit(module));
    expect(error).toMatchObject({ code: 'JOB_MODULE', message: expect.stringMatching(message) });
  });

  it.each([
    ['with a syntax error', 'const = 1;', /cannot be loaded: SyntaxError: /],
    ['that throws', "throw new RangeError('not today');", /cannot be loaded: RangeError: not today/],
    ['that imports what there is not', "import { nothing } from 'node:fs';", /cannot be loaded: SyntaxError: .*'nothing'/],
    ['that executes nothing', "env.fromSequence(1, 3).toHost('out');", /executed no job; end it with: await env\.execute/],
    [
      'that executes twice',
      "env.fromSequence(1, 3).toHost('out'); const second = new StreamEnvironment(); second.fromSequence(1, 3).toHost('out'); env.execute('one'); second.execute('two');",
      /executes 2 jobs at once: 'one', 'two'; a job module executes one job/,
    ],
  ])('%s is an error', async (_, lines, message) => {
    const cluster = shared();
    const error = await failureOf(cluster.submit(moduleOf(lines)));
    expect(error).toMatchObject({ code: 'JOB_MODULE', message: expect.stringMatching(message) });
    await stillWorks(cluster);
  });

  it.skipIf('typescript' in process.features && process.features.typescript)('in TypeScript is an error that says what to do', async () => {
    const error = await failureOf(shared().submit(moduleOf("env.fromSequence(1, 3).print(); await env.execute('typed');", 'ts')));
    expect(error).toMatchObject({
      code: 'JOB_MODULE',
      message: expect.stringMatching(/loads no TypeScript: run the job with `millrace run`/),
    });
  });

  it.each([
    ['that executes an empty graph', "await env.execute('empty');", /the job has no operators/],
    ['without a sink', "env.fromSequence(1, 3); await env.execute('no sink');", /the job has no sink/],
    [
      'that executes its environment twice',
      "env.fromSequence(1, 3).print(); env.execute('one'); await env.execute('two');",
      /was executed already/,
    ],
  ])('%s is an error', async (_, lines, message) => {
    const error = await failureOf(shared().submit(moduleOf(lines)));
    expect(error).toMatchObject({ code: 'INVALID_JOB', message: expect.stringMatching(message) });
  });

  it('that builds another graph in a worker is an error that names the operator', async () => {
    const cluster = shared();
    const lines = "env.fromSequence(1, 3).map((n) => n).name(`steps ${Math.random()}`).toHost('out'); await env.execute('random');";
    const job = await cluster.submit(moduleOf(lines));
    const error = await failureOf(job.result());
    expect(error.code).toBe('PLAN_MISMATCH');
    expect(error.message).toMatch(/operator 1 differs: 'steps 0\.\d+' on the host, 'steps 0\.\d+' in the worker \(name\)/);
    await stillWorks(cluster);
  });

  it('that throws only in the workers fails the job', async () => {
    const cluster = shared();
    const lines =
      "import { isMainThread } from 'node:worker_threads'; if (!isMainThread) throw new Error('only here'); env.fromSequence(1, 3).print(); await env.execute('x');";
    const job = await cluster.submit(moduleOf(lines));
    expect(await failureOf(job.result())).toMatchObject({
      code: 'JOB_MODULE',
      message: expect.stringContaining('cannot be loaded: Error: only here'),
    });
    await stillWorks(cluster);
  });

  it('that never comes to its end can be given up', async () => {
    const cluster = testCluster();
    const submitted = failureOf(cluster.submit(moduleOf('await new Promise(() => {});')));
    await within(cluster.close(), 'close');
    expect(await submitted).toMatchObject({ code: 'CLUSTER_CLOSED' });
  });

  it('may be CommonJS, and is evaluated for every job', async () => {
    const cluster = shared();
    const module = moduleOf("env.fromSequence(1, env.args.last).toHost('out');\nenv.execute('common');", 'cjs');
    for (const last of [2, 3]) {
      const job = await cluster.submit(module, { args: { last } });
      expect(await rowsOf(job)).toHaveLength(last);
      await within(job.result(), 'the job');
    }
  });

  it('that makes a cluster of its own is an error', async () => {
    const cluster = shared();
    const lines = `
      import { LocalCluster } from '${new URL('../../dist/index.js', import.meta.url).href}';
      env.fromSequence(1, 3).map((n) => { new LocalCluster({ slots: 1 }); return n; }).toHost('out');
      await env.execute('matryoshka');`;
    const job = await cluster.submit(moduleOf(lines));
    expect(await failureOf(job.result())).toMatchObject({
      code: 'INVALID_JOB',
      message: expect.stringContaining('a worker thread starts no cluster'),
    });
  });
});

describe('a source that fails', () => {
  const shared = sharedCluster();

  it('names the file that is missing', async () => {
    const cluster = shared();
    const job = await cluster.submit(moduleOf("env.readTextFile('/no/such/file.txt').print(); await env.execute('missing file');"));
    const error = await failureOf(job.result());
    expect(error.code).toBe('SOURCE_MISSING');
    expect(error.message).toContain('/no/such/file.txt');
    await stillWorks(cluster);
  });

  it.each([
    ['enumerate', 'throw'],
    ['enumerate', 'hang'],
    ['createReader', 'throw'],
    ['addSplit', 'throw'],
    ['poll', 'throw'],
    ['close', 'throw'],
  ])('in %s (%s) ends as a failure or can be cancelled', async (where, what) => {
    const cluster = shared();
    const lines = `
      const fail = (place) => { if (place === '${where}') throw new RangeError('broken ' + place); };
      env.fromSource({
        name: 'custom',
        bounded: true,
        enumerate: () => { ${what === 'hang' ? 'return new Promise(() => {});' : "fail('enumerate');"} return [{ id: 'all' }]; },
        createReader() {
          fail('createReader');
          let polled = 0;
          return { addSplit: () => fail('addSplit'), noMoreSplits() {}, poll: () => { if (polled > 0) fail('poll'); return polled++ === 0 ? [1, 2] : 'end'; }, splits: () => [], close: () => fail('close') };
        },
      }, { parallelism: 1 }).print();
      await env.execute('custom source');`;
    const job = await cluster.submit(
      moduleOf(lines.replace("polled++ === 0 ? [1, 2] : 'end'", where === 'addSplit' ? "'needs-split'" : "polled++ === 0 ? [] : 'end'")),
    );
    if (what === 'hang') {
      await within(job.cancel(), 'the cancellation');
      expect(job.status()).toBe('cancelled');
    } else {
      expect(await failureOf(job.result())).toMatchObject({
        code: 'SOURCE_FAILED',
        message: `the source 'custom' failed: broken ${where}`,
      });
    }
    await stillWorks(cluster);
  });
});

describe('the state of a job that fails', () => {
  it('goes through failing, and the failure is told once', async () => {
    const cluster = testCluster({ slots: 2 });
    const job = await cluster.submit(jobModule('failing'), { args: { where: 'map' } });
    const seen: string[] = [];
    job.on('status', (status) => seen.push(status));
    job.on('failure', () => seen.push(`failure while ${job.status()}`));
    await failureOf(job.result());
    expect(seen).toEqual(['running', 'failing', 'failure while failing', 'failed']);
  });
});
