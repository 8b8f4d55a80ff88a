/**
 * A bit of a file has changed while the job was down. It goes on from the checkpoint before, and says so, or refuses to start; it never
 * runs on state that is not what was written.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { callback } from '../../src/index.ts';
import { nodeStorage } from '../../src/platform/node-storage.ts';
import { systemError, VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { describing, runInProcess } from './in-process-job.ts';
import { committed, expected, job } from './windows-and-keys.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const seed = Number(process.env.MILLRACE_CRASH_SEED ?? Math.floor(Math.random() * 1e9));
const flips = process.env.MILLRACE_CRASH === 'long' ? 60 : 3;
const random = seededRandom(seed);

type Files = ReadonlyMap<string, Buffer>;

/** What a run leaves that was killed with two checkpoints and more. */
let left: Files;
let manifests: readonly string[];
/** Those that the newest manifest names. */
let stateFiles: readonly string[];

beforeAll(async () => {
  for (let last = 300; ; last += 20) {
    const disk = new VirtualDisk();
    disk.before = (call) => {
      if (call > last) throw systemError('EIO', '/disk');
    };
    await outcomeOf(disk);
    disk.before = () => {};
    left = new Map(disk.paths().map((path) => [path, disk.bytes(path)]));
    manifests = disk.paths().filter((path) => path.endsWith('.manifest'));
    const newest = left.get(manifests.at(-1) ?? '')?.toString() ?? '';
    stateFiles = disk.paths().filter((path) => path.endsWith('.state') && newest.includes(`"state/${basename(path)}"`));
    if (manifests.length === 2 && stateFiles.length > 0) return;
    if (last > 2000) throw new Error('the job takes too few calls to have two checkpoints');
  }
});

interface Outcome {
  readonly result: unknown;
  readonly warnings: readonly string[];
}

async function outcomeOf(disk: VirtualDisk): Promise<Outcome> {
  const { client, closed, warnings } = runInProcess(job, disk.storage);
  const result = await client.result().catch((error: unknown) => error);
  await closed;
  return { result, warnings };
}

/** Starts the job again on files of which some have changed. */
async function goOn(changed: ReadonlyMap<string, Buffer>): Promise<Outcome & { readonly disk: VirtualDisk }> {
  const disk = new VirtualDisk();
  for (const [path, bytes] of new Map([...left, ...changed])) disk.put(path, bytes);
  return { ...(await outcomeOf(disk)), disk };
}

/** Any bit of some bytes of a file. */
function flipped(path: string, from = 0, until = left.get(path)?.length ?? 0): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(left.get(path) as Buffer);
  const at = from + Math.floor(random.next() * (until - from));
  bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random.next() * 8));
  return new Map([[path, bytes]]);
}

/** What went on from an older checkpoint writes some lines once more, since their parts were committed; but none is wrong or missing. */
function checkLines(disk: VirtualDisk): void {
  for (const [directory, lines] of Object.entries(expected())) {
    expect([...new Set(committed(disk, `/${directory}`))], `seed ${seed}`).toEqual(lines);
  }
}

function isCorrupt(result: unknown): result is MillraceError {
  return result instanceof MillraceError && result.code === 'CHECKPOINT_CORRUPT';
}

describe('a flipped bit', () => {
  it('that is none leaves nothing to say', async () => {
    const { result, warnings, disk } = await goOn(new Map());
    expect(result).toMatchObject({ name: 'job' });
    expect(warnings.filter((warning) => warning.includes('passed over'))).toEqual([]);
    checkLines(disk);
  });

  it.each([
    ['the first line', 0, 30],
    ['the rest', 60, undefined],
  ])('in %s of the newest manifest: the one before is taken, with a warning', async (_, from, until) => {
    const newest = manifests.at(-1) as string;
    for (let i = 0; i < flips; i++) {
      const { result, warnings, disk } = await goOn(flipped(newest, from, until));
      expect(result, `seed ${seed}`).toMatchObject({ name: 'job' });
      expect(warnings.join('\n'), `seed ${seed}`).toMatch(/checkpoint \d+ is passed over for an older one: manifest '.*' cannot be read/);
      checkLines(disk);
    }
  });

  it('in every manifest: the job refuses', async () => {
    const { result } = await goOn(new Map(manifests.flatMap((path) => [...flipped(path)])));
    expect(isCorrupt(result), `seed ${seed}: ${String(result)}`).toBe(true);
    expect(String(result)).toMatch(/none of the 2 checkpoints in \/state can be used.*--fresh/);
  });

  it('in a file of state: the one before is taken, or the job refuses', async () => {
    let noticed = 0;
    for (let i = 0; i < flips * 2; i++) {
      const path = stateFiles[Math.floor(random.next() * stateFiles.length)] as string;
      const { result, disk, warnings } = await goOn(flipped(path));
      if (isCorrupt(result)) {
        expect(result.message).toContain(path);
        noticed++;
      } else {
        // A file may have bytes that no checkpoint needs any more.
        if (warnings.some((warning) => warning.includes('passed over'))) noticed++;
        expect(result, `seed ${seed}: ${warnings.join('\n')}`).toMatchObject({ name: 'job' });
        checkLines(disk);
      }
    }
    expect(noticed).toBeGreaterThan(0);
  });

  it('that is a missing file of state: the one before is taken, or the job refuses', async () => {
    for (const path of stateFiles) {
      const { result, disk } = await goOn(new Map([[path, Buffer.alloc(0)]]));
      if (isCorrupt(result)) continue;
      expect(result).toMatchObject({ name: 'job' });
      checkLines(disk);
    }
  });

  it('that is a missing end of a part which is not committed: the job refuses', async () => {
    const open = [...left.keys()].filter((path) => path.includes('/.') && (left.get(path)?.length ?? 0) > 0);
    for (const path of open) {
      const { result, disk } = await goOn(new Map([[path, Buffer.alloc(0)]]));
      if (result instanceof MillraceError) expect(result).toMatchObject({ code: 'SINK_CORRUPT', message: expect.stringContaining(path) });
      else checkLines(disk);
    }
  });

  it('in the lock that was left behind: it is taken over, or the error says which file to remove', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const lock = nodeStorage.lock(join(directory, 'lock'));
    const content = readFileSync(join(directory, 'lock'));
    lock.release();
    // Of a process that is no more: no process has this number.
    const gone = Buffer.from(content.toString().replace(`"pid":${process.pid}`, '"pid":4194399'));
    const one = describing({ parallelism: 1, stateDir: directory, checkpoint: { interval: '1h' } }, (env) => {
      env.fromData([1, 2, 3]).sinkTo(callback(() => {}));
    });
    for (let i = 0; i < flips; i++) {
      const bytes = Buffer.from(gone);
      const at = Math.floor(random.next() * bytes.length);
      if (i > 0) bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random.next() * 8));
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'lock'), bytes);
      const { client, closed } = runInProcess(one, nodeStorage);
      const result = await client.result().catch((error: unknown) => error);
      await closed;
      if (result instanceof Error)
        expect(result).toMatchObject({ code: 'STATE_DIR', message: expect.stringContaining(join(directory, 'lock')) });
      rmSync(join(directory, 'lock'), { force: true });
    }
  });
});
