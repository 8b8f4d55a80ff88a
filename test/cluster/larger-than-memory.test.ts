/** State that is larger than its memory, with real worker threads and files: through checkpoints, another parallelism, and back into memory. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listenTo, Reading, testDirectory } from './checkpoint-support.ts';
import { failureOf, Gate, jobModule, sharedCluster, within } from './support.ts';

const records = 12_000;
const keys = 700;
const shared = sharedCluster({ slots: 3 });

/** What the last row of each key says. */
function answers(kind: string): string[] {
  const seen = new Map<string, { count: number; total: number }>();
  for (let n = 0; n < records; n++) {
    const key = `key ${(n * 7919) % keys}`;
    const { count, total } = seen.get(key) ?? { count: 0, total: 0 };
    seen.set(key, { count: kind === 'sum' ? 1 : count + 1, total: total + n });
  }
  return [...seen].map(([key, { count, total }]) => `${key} ${count} ${total}`).sort();
}

async function run(
  options: { readonly from?: string } & Record<string, unknown>,
): Promise<{ job: Awaited<ReturnType<ReturnType<typeof shared>['submit']>>; counts: Reading }> {
  const { from, ...args } = options;
  const job = await shared().submit(jobModule('larger-than-memory'), {
    args: { records, keys, ...args },
    ...(from === undefined ? {} : { from }),
  });
  return { job, counts: new Reading(job, 'counts') };
}

describe('state that is larger than its memory', () => {
  test.each(['process', 'aggregate', 'reduce', 'fold', 'sum'])(
    'of %s is what it would be in memory, from one checkpoint to the next',
    async (kind) => {
      const stateDir = testDirectory();
      const options = { kind, stateDir, memory: 20_000, checkpoint: { interval: '100ms' } };
      const first = await run({ ...options, parallelism: 2, until: new Gate(3000).memory });
      await first.counts.reaches(2000);
      const { status, bytes } = await within(first.job.checkpoint(), 'the checkpoint');
      expect(status).toBe('completed');
      expect(bytes).toBeGreaterThan(0);
      expect(readdirSync(join(stateDir, 'disk')).length).toBeGreaterThan(1);
      // Checkpoints have names of their own for files that are there already.
      expect(readdirSync(join(stateDir, 'state')).some((name) => /\.\d+\.state$/.test(name))).toBe(true);
      await within(first.job.cancel(), 'cancel');
      expect(await failureOf(first.job.result())).toMatchObject({ code: 'JOB_CANCELLED' });
      expect(existsSync(join(stateDir, 'disk'))).toBe(false);

      const second = await run({ ...options, parallelism: 3, until: new Gate(6000).memory });
      const told = listenTo(second.job);
      await second.counts.reaches(1500);
      const savepoint = join(testDirectory(), 'savepoint');
      await within(second.job.stop({ savepoint }), 'the savepoint');
      expect(told.restores).toHaveLength(1);

      const third = await run({ kind, stateDir: testDirectory(), parallelism: 1, from: savepoint });
      await within(third.job.result(), 'the job');
      await within(third.counts.done, 'the output');
      const all = new Set([...first.counts.rows, ...second.counts.rows, ...third.counts.rows]);
      expect(answers(kind).filter((row) => !all.has(row))).toEqual([]);
    },
  );

  test('is for one run of a job at a time', async () => {
    const stateDir = testDirectory();
    const options = { kind: 'process', stateDir, memory: 20_000, parallelism: 1, until: new Gate(100).memory };
    const first = await run(options);
    await first.counts.reaches(1);
    const second = await run(options);
    expect(await failureOf(second.job.result())).toMatchObject({ code: 'STATE_DIR' });
    await within(first.job.cancel(), 'cancel');
  });
});
