/** A lock belongs to one process until that ends, however it ends. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { nodeStorage } from '../../src/platform/node-storage.ts';
import { temporaryDirectory } from '../connectors/support.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
const program = join(directory, 'program.mjs');

beforeAll(async () => {
  const entry = fileURLToPath(new URL('./lock-program.ts', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' });
});

afterAll(() => rmSync(directory, { recursive: true }));

interface Contender {
  readonly child: ChildProcess;
  /** Says whether it got the lock. */
  tryLock(): Promise<string>;
  kill(): Promise<void>;
}

async function contender(path: string): Promise<Contender> {
  const child = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[Symbol.asyncIterator]();
  await lines.next();
  const tryLock = async (): Promise<string> => {
    child.stdin?.write('\n');
    return (await lines.next()).value as string;
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return { child, tryLock, kill };
}

function lockIn(path: string): () => string {
  return () => {
    try {
      nodeStorage.lock(path);
      return 'locked';
    } catch (error) {
      return `${(error as { code?: string }).code}: ${(error as Error).message}`;
    }
  };
}

describe('nodeStorage.lock', () => {
  it('is released, and taken again', () => {
    const path = join(temporaryDirectory(), 'lock');
    for (let i = 0; i < 3; i++) {
      const lock = nodeStorage.lock(path);
      expect(lockIn(path)()).toMatch(new RegExp(`^EBUSY: held by this process, ${process.pid}, since \\d{4}-`));
      lock.release();
      lock.release();
    }
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('does not release the lock of another', () => {
    const path = join(temporaryDirectory(), 'lock');
    const lock = nodeStorage.lock(path);
    rmSync(path);
    nodeStorage.lock(path);
    lock.release();
    expect(readdirSync(join(path, '..'))).toEqual(['lock']);
  });

  it('is held by a process as long as that lives, and taken over when it was killed', async () => {
    const path = join(temporaryDirectory(), 'lock');
    const { child, tryLock, kill } = await contender(path);
    expect(await tryLock()).toBe('locked');
    expect(lockIn(path)()).toMatch(new RegExp(`^EBUSY: held by process ${child.pid} since \\d{4}-`));
    await kill();
    expect(lockIn(path)()).toBe('locked');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
  });

  it('goes to one of many that want to take it over', async () => {
    for (let round = 0; round < 3; round++) {
      const path = join(temporaryDirectory(), 'lock');
      const first = await contender(path);
      await first.tryLock();
      await first.kill();
      const all = await Promise.all(Array.from({ length: 5 }, () => contender(path)));
      const said = await Promise.all(all.map(({ tryLock }) => tryLock()));
      expect(said.filter((each) => each === 'locked')).toHaveLength(1);
      expect(said.filter((each) => each.startsWith('held by '))).toHaveLength(4);
      expect(readdirSync(join(path, '..'))).toEqual(['lock']);
    }
  });

  it.each([
    ['a crash of the machine has left empty', ''],
    ['is full of zeros', '\0'.repeat(100)],
    ['holds something else', '[1, 2]'],
    ['is of an earlier process with our number', JSON.stringify({ pid: process.pid, host: hostname(), since: 'then', start: 'other' })],
  ])('is taken over when it %s', (_, content) => {
    const path = join(temporaryDirectory(), 'lock');
    writeFileSync(path, content);
    expect(lockIn(path)()).toBe('locked');
  });

  it.each([
    ['another machine', { pid: 1, host: 'elsewhere', since: 'then', start: '' }, "EBUSY: held by process 1 of host 'elsewhere' since then"],
    [
      'a process that does not say when it began',
      { pid: process.ppid, host: hostname(), since: 'then', start: '' },
      `EBUSY: held by process ${process.ppid} since then`,
    ],
  ])('is not taken from %s', (_, holder, message) => {
    const path = join(temporaryDirectory(), 'lock');
    writeFileSync(path, JSON.stringify(holder));
    expect(lockIn(path)()).toBe(message);
  });

  it('fails where there is no directory for it', () => {
    expect(lockIn(join(temporaryDirectory(), 'missing', 'lock'))()).toMatch(/^ENOENT/);
  });
});
