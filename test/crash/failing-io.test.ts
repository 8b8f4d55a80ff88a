/**
 * The k-th call of the storage fails, for k = 1, 2, 3, …, once or for a while, as of a broken or a full disk. The job goes on, is
 * restarted, or fails with an error that says so; started again, on a disk that works, it ends with exactly the output that it should have.
 */

import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/system.ts';
import { systemError, VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { difference } from './committed-lines.ts';
import { runInProcess } from './in-process-job.ts';
import { committed, expected, job } from './windows-and-keys.ts';

const isLong = process.env.MILLRACE_CRASH === 'long';
const seed = Number(process.env.MILLRACE_CRASH_SEED ?? Math.floor(Math.random() * 1e9));

/** What the storage does from its k-th call on. */
interface Fault {
  readonly name: string;
  /** Code of the error of a call; undefined for one that works. */
  readonly code: (call: number, k: number, name: string) => string | undefined;
}

const writing = new Set(['write', 'create', 'createNew', 'append', 'makeDirectory', 'rename']);
const faults: readonly Fault[] = [
  { name: 'one call fails', code: (call, k) => (call === k ? 'EIO' : undefined) },
  { name: 'ten calls fail', code: (call, k) => (call >= k && call < k + 10 ? 'EIO' : undefined) },
  {
    name: 'the disk is full for 40 calls',
    code: (call, k, name) => (call >= k && call < k + 40 && writing.has(name) ? 'ENOSPC' : undefined),
  },
  { name: 'nothing works any more', code: (call, k) => (call >= k ? 'EIO' : undefined) },
];

/** What a job may fail with when its disk does. */
const codes = new Set(['CHECKPOINT_FAILED', 'SINK_FAILED', 'SOURCE_FAILED', 'STATE_DIR', 'CHECKPOINT_CORRUPT']);

async function outcomeOf(disk: VirtualDisk): Promise<unknown> {
  const { client, closed } = runInProcess(job, disk.storage);
  const outcome = await client.result().catch((error: unknown) => error);
  await closed;
  return outcome;
}

async function survives(fault: Fault, k: number, random: Random): Promise<'finished' | 'failed' | 'untouched'> {
  const disk = new VirtualDisk();
  const wanted = expected();
  disk.before = (call, name) => {
    const code = fault.code(call, k, name);
    if (code !== undefined) throw systemError(code, `/${name}`);
  };
  const outcome = await outcomeOf(disk);
  const isUntouched = disk.calls < k;
  disk.before = () => {};
  const where = `${fault.name}, k = ${k}, seed ${seed}`;
  if (outcome instanceof Error) {
    const code = outcome instanceof MillraceError ? outcome.code : undefined;
    if (code === undefined || !codes.has(code)) throw new Error(`${where}: ${code}: ${outcome.stack}`, { cause: outcome });
    // The machine goes down, too: what was not synchronized is there or not.
    disk.kill();
    disk.crash(random);
    const again = await outcomeOf(disk);
    if (again instanceof Error) throw new Error(`${where}, started again: ${again.stack}`, { cause: again });
  }
  for (const [directory, lines] of Object.entries(wanted)) {
    const differs = difference(lines, committed(disk, `/${directory}`));
    if (differs !== '') throw new Error(`${where}: '${directory}' differs after ${String(outcome)}: ${differs}`);
  }
  if (isUntouched) return 'untouched';
  return outcome instanceof Error ? 'failed' : 'finished';
}

describe('a job whose storage fails', () => {
  it('without a failure does what it should', async () => {
    const disk = new VirtualDisk();
    expect(await outcomeOf(disk)).toMatchObject({ name: 'job' });
    expect(difference(expected().windows, committed(disk, '/windows'))).toBe('');
    expect(difference(expected().keys, committed(disk, '/keys'))).toBe('');
    expect(disk.paths().filter((path) => path.startsWith('/state') || path.includes('/.'))).toEqual([]);
  });

  it.each(faults)('$name', { timeout: isLong ? 900_000 : 180_000 }, async (fault) => {
    const random = seededRandom(seed);
    const outcomes = { finished: 0, failed: 0, untouched: 0 };
    // A run makes some hundred calls: all of them fail in the long form, some by chance in the short one.
    for (
      let k = isLong ? 1 : 1 + Math.floor(random.next() * 50);
      outcomes.untouched === 0;
      k += isLong ? 1 : 1 + Math.floor(random.next() * 200)
    ) {
      outcomes[await survives(fault, k, random)]++;
    }
    console.log(
      `${fault.name}, seed ${seed}: ${outcomes.finished} runs finished, ${outcomes.failed} failed and finished when started again`,
    );
  });
});
