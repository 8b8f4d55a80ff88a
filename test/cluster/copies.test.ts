/** A job that is built with another copy of the package than the one that runs it is told so, and nothing runs. */

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { failureOf, testCluster } from './support.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A job module beside a copy of the package. */
function jobWithCopy(job: string): { module: URL; copy: string } {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-copies-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const copy = join(directory, 'node_modules/millrace');
  mkdirSync(copy, { recursive: true });
  for (const part of ['dist', 'package.json']) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(directory, 'job.mjs'), job);
  return { module: pathToFileURL(join(directory, 'job.mjs')), copy: `${pathToFileURL(join(copy, 'dist')).href}/` };
}

it.each([
  ['execute', "await env.execute('squares');"],
  ['executeAsync', "await (await env.executeAsync('squares')).result();"],
  ['executeAndCollect', 'for await (const row of env.fromData([1]).executeAndCollect()) console.log(row);'],
])('%s', async (_, run) => {
  const { module, copy } = jobWithCopy(
    `import { StreamEnvironment } from 'millrace';\nconst env = new StreamEnvironment({ parallelism: 1 });\nenv.fromData([1]).print();\n${run}\n`,
  );
  const error = await failureOf(testCluster().submit(module));
  expect(error.code).toBe('JOB_MODULE');
  expect(error.message).toContain(`the job is built with another copy of millrace (${copy}) than the one that runs it`);
  expect(error.message).toContain(`(${pathToFileURL(join(root, 'dist')).href}/)`);
  expect(error.message).toContain('npm ls millrace');
});
