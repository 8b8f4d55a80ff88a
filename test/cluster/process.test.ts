/** Programs as a whole, each in a process of its own: what they print, what they end with, and that they end. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { built, moduleOf, within } from './support.ts';

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** Milliseconds after which a program counts as hung. The machine may be busy. */
const programMsMax = 50_000;

/** Runs a program to its end. One that does not end by itself is ended by the signal that the outcome then shows. */
async function run(
  program: URL | string,
  options: { readonly input?: string; readonly stopReading?: boolean; readonly flags?: readonly string[] } = {},
): Promise<Outcome> {
  const { input = '', stopReading = false, flags = [] } = options;
  const child = spawn(process.execPath, [...flags, typeof program === 'string' ? program : fileURLToPath(program)], {
    stdio: 'pipe',
    timeout: programMsMax,
  });
  let out = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (stopReading) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error += text;
  });
  child.stdin.end(input);
  return within(
    new Promise<Outcome>((resolve) => child.once('close', (code, signal) => resolve({ code, signal, out, error }))),
    'the process',
  );
}

/** A program that imports all of the package. */
function program(lines: string): URL {
  return moduleOf(`import { LocalCluster } from '${built}';\n${lines}`);
}

/** Each thread adds listeners to the output of the process; Node warns where a stream has more than ten. */
describe('a cluster of many threads', () => {
  const job = "env.fromSequence(1, 3, { parallelism: 12 }).print(); await env.execute('wide');";

  it('prints without a warning of leaking listeners', async () => {
    expect(await run(program(job))).toMatchObject({ code: 0, out: expect.stringContaining('3\n'), error: '' });
  });

  it('leaves the streams of the process as they were', async () => {
    const most = 'process.stdout.getMaxListeners()';
    const lines = `const cluster = new LocalCluster({ slots: 12 }); const during = ${most}; await cluster.close(); console.log(during, ${most});`;
    expect(await run(program(lines))).toMatchObject({ out: '22 10\n', error: '' });
  });
});

describe('a program that submits jobs', () => {
  // Node gives promises ids only where hooks watch them, which makes each of them slower.
  it('has no hooks at its promises once they are loaded', async () => {
    const job = moduleOf("env.fromSequence(1, 2).toHost('numbers'); await env.execute('numbers');");
    const lines = `import { executionAsyncId } from 'node:async_hooks';
      const id = () => Promise.resolve().then(() => executionAsyncId());
      const cluster = new LocalCluster({ slots: 1 });
      const before = await id();
      const running = await cluster.submit(new URL('${job.href}'));
      for await (const _ of running.output('numbers'));
      console.log(before, await id());
      await cluster.close();`;
    expect(await run(program(lines))).toMatchObject({ code: 0, out: '0 0\n', error: '' });
  });
});

describe('a program that executes its job', () => {
  it('ends by itself when the job has finished', async () => {
    const { code, signal, out, error } = await run(
      program(
        "env.fromSequence(1, 3).map((n) => n * n).print('square'); const { name } = await env.execute('squares'); console.log(name, 'is done');",
      ),
    );
    expect({ code, signal, error }).toEqual({ code: 0, signal: null, error: '' });
    expect(out).toBe('square> 1\nsquare> 4\nsquare> 9\nsquares is done\n');
  });

  it('fails with what made the job fail', async () => {
    const { code, error } = await run(program("env.fromSequence(1, 3).map((n) => n.missing.field).print(); await env.execute('typo');"));
    expect(code).toBe(1);
    expect(error).toMatch(/'map' failed with TypeError: Cannot read properties of undefined \(reading 'field'\)\n {2}at the record 1/);
    expect(error).toMatch(/\[cause\]: TypeError: .*\n\s+at .*job\.mjs/);
  });

  it('fails clearly when it executes a second job', async () => {
    const { code, out, error } = await run(
      program(
        "env.fromSequence(1, 2).print(); await env.execute('one'); const next = new StreamEnvironment(); next.fromSequence(1, 2).print(); await next.execute('two');",
      ),
    );
    expect(code).toBe(1);
    expect(out).toBe('1\n2\n');
    expect(error).toContain('this program has executed a job already');
  });

  it('fails clearly when a file is missing', async () => {
    const { code, error } = await run(program("env.readTextFile('/no/such/file').print(); await env.execute('missing');"));
    expect(code).toBe(1);
    expect(error).toContain('/no/such/file');
    expect(error).toContain("code: 'SOURCE_MISSING'");
  });

  it('fails clearly when it is in no file', async () => {
    const source = `const { StreamEnvironment } = await import('${built}'); const env = new StreamEnvironment(); env.fromSequence(1, 2).print(); await env.execute('nowhere');`;
    const child = await run(source, { flags: ['--input-type=module', '-e'] });
    expect(child.code).toBe(1);
    expect(child.error).toContain('the job is in no file');
  });

  it('ends when it leaves its results early', async () => {
    const { code, signal, out } = await run(
      program('for await (const n of env.generate({ create: (i) => i }).executeAndCollect()) { console.log(n); if (n === 2) break; }'),
    );
    expect({ code, signal, out }).toEqual({ code: 0, signal: null, out: '0\n1\n2\n' });
  });

  it('ends when it cancels its job', async () => {
    const { code, signal, out } = await run(
      program(
        "env.generate({ create: (i) => i }).toHost('out'); const job = await env.executeAsync('endless'); await job.cancel(); console.log(job.status());",
      ),
    );
    expect({ code, signal, out }).toEqual({ code: 0, signal: null, out: 'cancelled\n' });
  });

  it.each([
    [
      "env.fromHost('orders').print()",
      /nobody is at the other end of fromHost\('orders'\): use executeAsync\(\) and job\.input\('orders'\)/,
    ],
    [
      "env.fromData([1]).toHost('alerts')",
      /nobody is at the other end of toHost\('alerts'\): use executeAsync\(\) and job\.output\('alerts'\)/,
    ],
  ])('does not wait for ever for itself: %s', async (lines, message) => {
    const { code, error } = await run(program(`${lines}; await env.execute('alone');`));
    expect({ code, error }).toEqual({ code: 1, error: expect.stringMatching(message) });
  });

  it('ends when nobody reads what it prints', async () => {
    const { code, signal, error } = await run(
      program("env.generate({ create: (i) => `line ${i}` }).print(); await env.execute('chatter');"),
      { stopReading: true },
    );
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(error).toContain('cannot write to standard output');
  });

  it('is stopped by a worker that throws outside of any operator, with its error', async () => {
    const { code, error } = await run(
      program(
        "env.generate({ ratePerSecond: 100, create: (i) => i }).map((i) => { if (i === 3) setTimeout(() => { throw new RangeError('late'); }, 1); return i; }).print(); await env.execute('x');",
      ),
    );
    expect(code).toBe(1);
    expect(error).toContain('WORKER_LOST');
    expect(error).toContain('RangeError: late');
  });
});

describe('a program that keeps a cluster', () => {
  const job = "new URL('./jobs/numbers.mjs', 'THERE')".replace('THERE', import.meta.url);

  it('ends by itself when it has closed it', async () => {
    const outcome = await run(
      program(
        `const cluster = new LocalCluster({ slots: 1 }); const job = await cluster.submit(${job}, { args: { count: 3 } }); for await (const n of job.output('out')) console.log(n); await cluster.close();`,
      ),
    );
    expect(outcome).toEqual({ code: 0, signal: null, out: '2\n4\n6\n', error: '' });
  });

  it('ends by itself even when it has not', async () => {
    const outcome = await run(
      program(
        `const cluster = new LocalCluster({ slots: 2 }); const job = await cluster.submit(${job}, { args: { count: 1 } }); await job.result(); console.log('done');`,
      ),
    );
    expect(outcome).toEqual({ code: 0, signal: null, out: 'done\n', error: '' });
  });

  it('survives what its jobs do', async () => {
    const bad = "new URL('./jobs/misbehaving.mjs', 'THERE')".replace('THERE', import.meta.url);
    const outcome = await run(
      program(`
        const cluster = new LocalCluster({ slots: 2, heapMebibytes: 32 });
        for (const how of ['exit', 'reject', 'throwLater', 'array', 'throwNothing']) {
          const job = await cluster.submit(${bad}, { args: { how } });
          console.log(how, await job.result().then(() => 'finished', (error) => error.code));
        }
        await cluster.close();`),
    );
    expect(outcome.error).toBe('');
    expect(outcome.out).toBe(
      'exit WORKER_LOST\nreject WORKER_LOST\nthrowLater WORKER_LOST\narray WORKER_LOST\nthrowNothing USER_FUNCTION\n',
    );
    expect(outcome).toMatchObject({ code: 0, signal: null });
  });

  it('is not started again by its own workers', async () => {
    const outcome = await run(program("new LocalCluster({ slots: 1 }); env.fromSequence(1, 3).print(); await env.execute('both');"));
    expect(outcome.code).toBe(1);
    expect(outcome.error).toContain('a worker thread starts no cluster');
  });
});
