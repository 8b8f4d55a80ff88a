/** Standard input, read on a worker thread of a real process: from pipes and files, to its end or not. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-stdin-'));
const program = join(directory, 'program.mjs');

beforeAll(async () => {
  const entry = fileURLToPath(new URL('./stdin-program.ts', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' });
});

afterAll(() => rmSync(directory, { recursive: true }));

/** What the program prints until it ends by itself. */
async function output(child: ChildProcess): Promise<unknown[]> {
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

function run(stdin: 'pipe' | number, ...options: string[]): ChildProcess {
  return spawn(process.execPath, [program, ...options], { stdio: [stdin, 'pipe', 'inherit'] });
}

const content = '\ufeffone\r\n\nzwölf\n日本';
const lines = ['one', '', 'zwölf', '日本'];
const atTheEnd = { bounded: true, bytesRead: Buffer.byteLength(content) };

describe('stdinSource on a worker thread', () => {
  it('reads a pipe to its end, byte by byte', async () => {
    const child = run('pipe');
    const printed = output(child);
    for (const byte of Buffer.from(content)) await new Promise((resolve) => child.stdin?.write(Buffer.of(byte), resolve));
    child.stdin?.end();
    expect(await printed).toEqual([...lines, atTheEnd]);
  });

  it('reads what another program writes', async () => {
    const child = spawn('sh', ['-c', `printf 'a\\nb' | "$0" "$1"`, process.execPath, program], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(await output(child)).toEqual(['a', 'b', { bounded: true, bytesRead: 3 }]);
  });

  it('reads a file', async () => {
    const path = join(temporaryDirectory(), 'input.txt');
    writeFileSync(path, content);
    const descriptor = openSync(path, 'r');
    const printed = output(run(descriptor));
    closeSync(descriptor);
    expect(await printed).toEqual([...lines, atTheEnd]);
  });

  it('reads nothing from an empty input', async () => {
    const descriptor = openSync('/dev/null', 'r');
    const printed = output(run(descriptor));
    closeSync(descriptor);
    expect(await printed).toEqual([{ bounded: true, bytesRead: 0 }]);
  });

  it('reads more than it would keep waiting', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => `line ${i}`);
    const child = run('pipe');
    const printed = output(child);
    child.stdin?.end(many.join('\n'));
    expect((await printed).slice(0, -1)).toEqual(many);
  });

  it('leaves nothing behind that keeps the process when it is closed before the end', async () => {
    const child = run('pipe', '--cancel');
    const printed = output(child);
    child.stdin?.write('first\n');
    expect(await printed).toEqual(['first', { bounded: true, bytesRead: 6 }]);
    child.stdin?.destroy();
  });
});
