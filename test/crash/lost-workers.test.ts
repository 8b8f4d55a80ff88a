/** Worker threads that end in the middle of a job, by what they run or from outside: the job goes on, and its output is exact. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { SpawnedTask, Spawner } from '../../src/base/system.ts';
import { built, builtParts, Gate, type JobClient, testCluster, within } from '../cluster/support.ts';
import { committedLines, difference } from './committed-lines.ts';

const job = new URL('./jobs/lost-workers.mjs', import.meta.url);
const isLong = process.env.MILLRACE_CRASH === 'long';
const seed = Number(process.env.MILLRACE_CRASH_SEED ?? Math.floor(Math.random() * 1e9));

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-lost-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function expected(records: number): string[] {
  const windows = new Map<string, { records: number; total: number }>();
  for (let index = 0; index < records; index++) {
    const name = `${index - (index % 100)} ${(index * 7919) % 13}`;
    const found = windows.get(name) ?? { records: 0, total: 0 };
    windows.set(name, { records: found.records + 1, total: found.total + (index % 10) });
  }
  return Array.from(windows, ([name, { records, total }]) => `${name} ${records} ${total}`).sort();
}

/** Messages of the failures of a job, by code. */
function failuresOf(client: JobClient): string[] {
  const codes: string[] = [];
  client.on('failure', (error) => codes.push((error as { code?: string }).code ?? error.message));
  return codes;
}

describe('a job whose worker threads are lost', () => {
  it.each(['exit', 'reject'])('by a function of its own (%s) goes on from its last checkpoint', async (how) => {
    const directory = temporaryDirectory();
    const cluster = testCluster({ slots: 2 });
    const records = 5000;
    const client = await cluster.submit(job, { args: { directory, records, deadly: [700, 2500, 4500], how } });
    const codes = failuresOf(client);
    await within(client.result(), 'the job');
    expect(codes).toEqual(['WORKER_LOST', 'WORKER_LOST', 'WORKER_LOST']);
    expect(difference(expected(records), committedLines(join(directory, 'counts')))).toBe('');
  });

  it('from outside, at any moment, goes on from its last checkpoint', async () => {
    const directory = temporaryDirectory();
    const random = seededRandom(seed);
    const { cluster, tasks } = await killableCluster();
    const [records, kills] = isLong ? [60_000, 40] : [6000, 5];
    // The job is not through before it has lost all of the threads that it is to lose.
    const gate = new Gate(records - 1);
    const client = await cluster.submit(job, { args: { directory, records, until: gate.memory } });
    const codes = failuresOf(client);
    let killed = 0;
    client.on('status', (status) => {
      if (status !== 'running') return;
      if (killed === kills) return gate.open(records);
      killed++;
      setTimeout(() => tasks.get(Math.floor(random.next() * 2))?.kill(), random.next() * 250);
    });
    await client.result();
    expect(difference(expected(records), committedLines(join(directory, 'counts'))), `seed ${seed}`).toBe('');
    expect(codes).toEqual(Array(kills).fill('WORKER_LOST'));
  });
});

/** A cluster, and what runs on each of its slots now. */
async function killableCluster() {
  const { Cluster, nodeSystem, piscinaSpawner } = await builtParts();
  const inner = piscinaSpawner({ slots: 2, worker: new URL('./runtime/worker.js', built), heapMebibytes: undefined });
  const tasks = new Map<number, SpawnedTask>();
  const spawn: Spawner['spawn'] = (task) => {
    const spawned = inner.spawn(task);
    tasks.set((task as { slot: number }).slot, spawned);
    return spawned;
  };
  const cluster = new Cluster({ spawner: { ...inner, spawn }, system: nodeSystem(), print: () => {}, warn: () => {} });
  onTestFinished(() => within(cluster.close(), 'close'));
  return { cluster, tasks };
}
