/** A job that is built with another copy of the package than the one that runs it is told so, and nothing runs. */

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failureOf, sharedCluster } from './support.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const shared = sharedCluster();

/** A place for jobs with a copy of the package beside them. */
let directory: string;
let copy: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-copies-'));
  copy = join(directory, 'node_modules/millrace');
  mkdirSync(copy, { recursive: true });
  for (const part of ['dist', 'package.json']) cpSync(join(root, part), join(copy, part), { recursive: true, filter: isPublished });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** The engine file by file is not. */
function isPublished(path: string): boolean {
  return path !== join(root, 'dist/modules');
}

it.each([
  ['execute', "await env.execute('squares');"],
  ['executeAsync', "await (await env.executeAsync('squares')).result();"],
  ['executeAndCollect', 'for await (const row of env.fromData([1]).executeAndCollect()) console.log(row);'],
])('%s', async (name, run) => {
  const file = join(directory, `${name}.mjs`);
  writeFileSync(
    file,
    `import { StreamEnvironment } from 'millrace';\nconst env = new StreamEnvironment({ parallelism: 1 });\nenv.fromData([1]).print();\n${run}\n`,
  );
  const error = await failureOf(shared().submit(pathToFileURL(file)));
  expect(error.code).toBe('JOB_MODULE');
  expect(error.message).toContain(
    `the job is built with another copy of millrace (${pathToFileURL(join(copy, 'dist')).href}/) than the one that runs it`,
  );
  expect(error.message).toContain(`(${pathToFileURL(join(root, 'dist')).href}/)`);
  expect(error.message).toContain('npm ls millrace');
});
