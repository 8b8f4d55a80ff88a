/**
 * What V8 has compiled of the engine is kept beside it: the built package, in a copy of its own, run by programs.
 */

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const program = `
  import { StreamEnvironment } from 'millrace';
  const env = new StreamEnvironment({ parallelism: 1 });
  const rows = [];
  for await (const row of env.fromData([1, 2, 3]).map((n) => n * 2).executeAndCollect('doubles')) rows.push(row);
  console.log(rows.join());
`;

/** The directory of an installed package, and where it keeps what is compiled. */
function installed(): { directory: string; compiled: string } {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-installed-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const engine = readdirSync(join(root, 'dist/engine')).filter((name) => /\.cjs(\.map)?$/.test(name));
  const files = ['index.js', 'engine-loader.js', 'runtime/worker.js', ...engine.map((name) => `engine/${name}`)].map(
    (name) => `dist/${name}`,
  );
  for (const name of ['package.json', ...files]) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    copyFileSync(join(root, name), join(directory, name));
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'program.mjs'), program);
  return { directory, compiled: join(directory, 'dist/engine/compiled') };
}

function run(directory: string, ...options: string[]): string {
  return execFileSync(process.execPath, [...options, join(directory, 'program.mjs')], { encoding: 'utf8' }).trim();
}

/** Paths of what hosts and workers have kept. */
function keptIn(compiled: string): { host: string; worker: string } {
  const names = readdirSync(compiled).sort();
  expect(names).toEqual([expect.stringContaining('-host-'), expect.stringContaining('-worker-')]);
  return { host: join(compiled, names[0] as string), worker: join(compiled, names[1] as string) };
}

function identities(files: { host: string; worker: string }): number[] {
  return [statSync(files.host).ino, statSync(files.worker).ino];
}

test('the first job leaves it, others use it, and damaged or foreign code is replaced', () => {
  const { directory, compiled } = installed();
  expect(run(directory)).toBe('2,4,6');
  const kept = keptIn(compiled);
  const first = identities(kept);
  expect(run(directory)).toBe('2,4,6');
  expect(identities(keptIn(compiled))).toEqual(first);

  const damaged = readFileSync(kept.host);
  const middle = damaged.length >> 1;
  damaged.writeUInt8(damaged.readUInt8(middle) ^ 0x55, middle);
  writeFileSync(kept.host, damaged);
  const foreign = readFileSync(kept.worker);
  const end = foreign.length - 4;
  // The version of V8, behind a magic number.
  foreign.writeUInt32LE(foreign.readUInt32LE(4) ^ 1, 4);
  foreign.writeUInt32LE(crc32(foreign.subarray(0, end)), end);
  writeFileSync(kept.worker, foreign);
  expect(run(directory)).toBe('2,4,6');
  expect(identities(keptIn(compiled))).not.toContain(first[0]);
  expect(readFileSync(kept.host).equals(damaged)).toBe(false);
  expect(readFileSync(kept.worker).equals(foreign)).toBe(false);

  // Of other versions, until it is too much.
  for (let i = 0; i < 16; i++) writeFileSync(join(compiled, `engine-old-${i}.bin`), '');
  rmSync(kept.host);
  expect(run(directory)).toBe('2,4,6');
  expect(readdirSync(compiled)).toEqual([basename(kept.host)]);
});

test('a package that nobody may write to runs without it', () => {
  const { directory, compiled } = installed();
  writeFileSync(compiled, 'not a directory');
  expect(run(directory)).toBe('2,4,6');
  expect(readFileSync(compiled, 'utf8')).toBe('not a directory');
});

test('stack traces lead to the sources where source maps are asked for', () => {
  const { directory } = installed();
  const text = `
    import { StreamEnvironment } from 'millrace';
    try { new StreamEnvironment({ parallelism: -1 }); } catch (error) { console.log(error.stack); }
  `;
  writeFileSync(join(directory, 'program.mjs'), text);
  expect(run(directory, '--enable-source-maps')).toMatch(/src\/base\/options\.ts:\d+/);
});

test('a package that was moved does not tell of where it was', () => {
  const { directory } = installed();
  const failing = program.replace('=> n * 2', "=> { throw new Error('no'); }").replace('for await', 'try { for await');
  writeFileSync(join(directory, 'program.mjs'), `${failing.replace('push(row);', 'push(row); } catch (error) { console.log(error); }')}`);
  expect(run(directory)).toContain(basename(directory));
  const moved = `${directory}-moved`;
  renameSync(directory, moved);
  onTestFinished(() => rmSync(moved, { recursive: true }));
  mkdirSync(directory);
  const stack = run(moved);
  expect(stack).toContain(`${moved}/dist/engine/`);
  expect(stack).not.toContain(`${directory}/`);
});
