/** Jobs that fail while nobody listens, in programs of their own. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { built, moduleOf } from './support.ts';

const failing = "env.fromSequence(1, 3).map(() => { throw new Error('no'); }).print();";

interface Outcome {
  readonly status: number | null;
  readonly stderr: string;
}

function run(lines: string): Outcome {
  const program = fileURLToPath(moduleOf(lines));
  const env = { ...process.env, MILLRACE_LOG: 'warn' };
  const { stderr, status } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000, env });
  return { status, stderr };
}

it('are told of on standard error, and by the exit code of a program that is the job', () => {
  const told = "the job 'sums' failed, and nobody has asked for its result: 'map' failed with Error: no";
  expect(run(`${failing} await env.executeAsync('sums');`)).toEqual({ status: 1, stderr: expect.stringContaining(told) });
});

it('are told of where a cluster runs them', () => {
  const job = moduleOf(`${failing} await env.execute('sums');`).href;
  const { status, stderr } = run(`
    import { LocalCluster } from '${built}';
    const cluster = new LocalCluster({ slots: 1 });
    const job = await cluster.submit(new URL('${job}'));
    while (job.status() !== 'failed') await new Promise((resolve) => setTimeout(resolve, 5));
    await cluster.close();`);
  expect(stderr).toContain("the job 'sums' failed");
  expect(status).toBe(0);
});

it.each([
  ['asks for the result', "await (await env.executeAsync('sums')).result().catch(() => {});"],
  ['listens', "(await env.executeAsync('sums')).on('failure', () => {});"],
])('are not told of where somebody %s', (_, lines) => {
  expect(run(`${failing} ${lines}`)).toEqual({ status: 0, stderr: '' });
});
