/**
 * Golden jobs: run straight through; and at another parallelism up to a savepoint in their middle, and from there at a third. What they
 * have written in the end is the same.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { difference } from '../crash/committed-lines.ts';
import { Gate, type JobClient, jobModule, sharedCluster, until, within } from './support.ts';

const jobs = [
  'wordCount',
  'rolling',
  'tumbling',
  'sliding',
  'sessions',
  'windows',
  'keyedProcess',
  'intervalJoin',
  'windowJoin',
  'broadcast',
  'asyncMap',
  'operatorList',
] as const;

const records = 800;

interface Run {
  readonly directory: string;
  readonly which: readonly string[];
  readonly parallelism: number;
  /** How far the source may go. */
  readonly until?: SharedArrayBuffer;
}

/** What is committed, of one job. */
function linesOf({ directory, which }: Run): string[] {
  return which.flatMap((name) => {
    const parts = readdirSync(join(directory, 'out', name)).filter((part) => !part.startsWith('.'));
    return parts.flatMap((part) =>
      readFileSync(join(directory, 'out', name, part), 'utf8')
        .split('\n')
        .slice(0, -1),
    );
  });
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-golden-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Records that the job's source has made. */
function made(client: JobClient): number {
  return client.metrics().stages[0]?.subtasks[0]?.recordsIn ?? 0;
}

describe('a job that is stopped with a savepoint and goes on from it', () => {
  const shared = sharedCluster({ slots: 3 });

  const submit = (run: Run, from?: string): Promise<JobClient> =>
    shared().submit(jobModule('golden'), { args: { records, checkpoint: true, ...run }, ...(from === undefined ? {} : { from }) });

  const straight = async (which: readonly string[]): Promise<string[]> => {
    const run = { directory: temporaryDirectory(), which, parallelism: 1 };
    await within((await submit(run)).result(), 'the job');
    return linesOf(run);
  };

  /** Stops the job when it has made some of its records, and may be about to make a few more. Returns the savepoint. */
  const stopped = async (run: Run, some: number): Promise<string> => {
    const client = await submit({ ...run, until: new Gate(some + 100).memory });
    await until(() => made(client) >= some, 'the job is in its middle');
    return (await within(client.stop({ savepoint: true }), 'the savepoint')) as string;
  };

  it.each(jobs)('%s', async (name) => {
    const which = [name];
    const expected = await straight(which);
    for (const [before, after, share] of [
      [2, 3, 0.3],
      [3, 1, 0.6],
    ] as const) {
      const directory = temporaryDirectory();
      const savepoint = await stopped({ directory, which, parallelism: before }, records * share);
      const some = linesOf({ directory, which, parallelism: before });
      expect(some.length).toBeLessThan(expected.length);
      const run = { directory, which, parallelism: after };
      await within((await submit(run, savepoint)).result(), 'the job that goes on');
      expect(difference(expected, linesOf(run)), `at parallelism ${before}, then ${after}`).toBe('');
    }
  });
});
