/** Savepoints of running jobs, with real worker threads: taken, moved, and started from by the same job or a changed one. */

import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CountedOptions, counted, countedAnswers, countedRecords, Reading, testDirectory } from './checkpoint-support.ts';
import { failureOf, Gate, jobModule, sharedCluster, until, within } from './support.ts';

const answers = countedAnswers();
const shared = sharedCluster({ slots: 4 });

/** No checkpoints by themselves: what the tests are about is what they ask for. */
const seldom = { interval: '1h' };

interface Stop {
  /** The job is stopped behind so many rows of counts, while others may be on their way. */
  readonly rows: number;
  /** Records of all runs that its source does not go beyond. */
  readonly records: number;
  readonly from?: string;
}

/** Runs the job up to its middle, and stops it with a savepoint. */
async function stoppedAfter({ rows, records, from }: Stop, options: CountedOptions) {
  const run = await counted(shared(), { gate: new Gate(records), ...options }, from === undefined ? {} : { from });
  await run.counts.reaches(rows);
  const savepoint = (await within(run.job.stop({ savepoint: true }), 'stop')) as string;
  await within(Promise.all([run.counts.done, run.windows.done]), 'the outputs');
  return { ...run, savepoint };
}

/** the job from a savepoint to its end. */
async function finishedFrom(from: string, options: CountedOptions) {
  const run = await counted(shared(), options, { from });
  await within(run.job.result(), 'the job');
  await within(Promise.all([run.counts.done, run.windows.done]), 'the outputs');
  return run;
}

describe('a savepoint', () => {
  test('is taken while the job goes on, and a job that starts from it tells what came behind it', async () => {
    const directory = testDirectory();
    const gate = new Gate(3000);
    const { job, told, counts, windows } = await counted(shared(), {
      parallelism: 2,
      stateDir: directory,
      checkpoint: seldom,
      gate,
    });
    await counts.reaches(1000);
    const savepoint = await within(job.savepoint(join(directory, 'mine')), 'the savepoint');
    expect(savepoint).toBe(join(directory, 'mine'));
    expect(told.checkpoints).toMatchObject([{ status: 'completed', savepoint }]);
    expect(job.status()).toBe('running');
    gate.open(countedRecords);
    await within(job.result(), 'the job');
    await within(Promise.all([counts.done, windows.done]), 'the outputs');
    expect(counts.rows.sort()).toEqual(answers.counts);
    expect(windows.rows.sort()).toEqual(answers.windows);

    const again = await finishedFrom(savepoint, { parallelism: 2, stateDir: join(directory, 'other'), checkpoint: seldom });
    expect(again.told.restores).toMatchObject([{ kind: 'savepoint', place: savepoint, differences: [] }]);
    expect(again.counts.rows.length).toBeLessThan(answers.counts.length - 900);
    const all = new Set(answers.counts);
    expect(again.counts.rows.filter((row) => !all.has(row))).toEqual([]);
    expect(new Set(again.counts.rows).size).toBe(again.counts.rows.length);
    expect(answers.totals.filter((row) => !again.counts.rows.includes(row))).toEqual([]);
  });

  test.each(['process', 'aggregate'] as const)('of a stopped job holds all that came before: 1 → 2 → 4 subtasks, %s', async (kind) => {
    const directory = testDirectory();
    const options = { stateDir: join(directory, 'state'), checkpoint: seldom, kind };
    const first = await stoppedAfter({ rows: 1500, records: 2500 }, { ...options, parallelism: 1 });
    expect(first.job.status()).toBe('finished');
    expect(first.told.statuses).toEqual(['running', 'finished']);
    expect(first.savepoint).toMatch(/state.savepoint-\d+$/);
    const second = await stoppedAfter({ rows: 1500, records: 5000, from: first.savepoint }, { ...options, parallelism: 2 });
    const third = await finishedFrom(second.savepoint, { ...options, parallelism: 4 });
    const runs = [first, second, third];
    expect(runs.flatMap(({ counts }) => counts.rows).sort()).toEqual(answers.counts);
    expect(runs.flatMap(({ windows }) => windows.rows).sort()).toEqual(answers.windows);
  });

  test('is of use to a batch job as well, whose subtasks become fewer: 4 → 2 → 1', async () => {
    const directory = testDirectory();
    const options = { stateDir: directory, checkpoint: seldom, kind: 'aggregate', runtimeMode: 'batch' } as const;
    let from: string | undefined;
    for (const [parallelism, records] of [
      [4, 2000],
      [2, 4000],
    ] as const) {
      const run = await counted(shared(), { ...options, parallelism, gate: new Gate(records) }, from === undefined ? {} : { from });
      await until(() => (run.job.metrics().stages[0]?.subtasks[0]?.recordsIn ?? 0) > 200, 'some records are read');
      from = await within(run.job.stop({ savepoint: true }), 'stop');
      await within(run.counts.done, 'the output');
      expect(run.counts.rows).toEqual([]);
    }
    const last = await finishedFrom(from as string, { ...options, parallelism: 1 });
    expect(last.counts.rows.sort()).toEqual(answers.totals);
  });

  test('can be moved, and needs nothing of the job that made it', async () => {
    const directory = testDirectory();
    const first = await stoppedAfter(
      { rows: 2000, records: 3000 },
      { parallelism: 2, stateDir: join(directory, 'state'), checkpoint: { interval: '20ms' } },
    );
    mkdirSync(join(directory, 'backup'));
    renameSync(first.savepoint, join(directory, 'backup', 'moved'));
    renameSync(join(directory, 'state'), join(directory, 'gone'));
    const second = await finishedFrom(join(directory, 'backup', 'moved'), { parallelism: 2, stateDir: join(directory, 'state') });
    expect([...first.counts.rows, ...second.counts.rows].sort()).toEqual(answers.counts);
    expect([...first.windows.rows, ...second.windows.rows].sort()).toEqual(answers.windows);
  });

  test('needs no checkpoints: neither of the job that it is taken of, nor of the one that starts from it', async () => {
    const directory = testDirectory();
    const first = await stoppedAfter({ rows: 2000, records: 3000 }, { parallelism: 2, stateDir: directory });
    expect(readdirSync(directory)).toEqual([expect.stringMatching(/^savepoint-/)]);
    const second = await finishedFrom(first.savepoint, { parallelism: 4, stateDir: directory });
    expect([...first.counts.rows, ...second.counts.rows].sort()).toEqual(answers.counts);
    expect([...first.windows.rows, ...second.windows.rows].sort()).toEqual(answers.windows);
    expect(await failureOf(first.job.checkpoint())).toMatchObject({ code: 'INVALID_JOB' });
  });
});

describe('what cannot be done', () => {
  test('to start from a directory that holds no savepoint', async () => {
    const stateDir = testDirectory();
    for (const from of [stateDir, join(stateDir, 'nowhere')]) {
      const { job } = await counted(shared(), { parallelism: 1, stateDir }, { from });
      const error = await failureOf(job.result());
      expect(error).toMatchObject({ code: 'STATE_DIR' });
      expect(error.message).toContain(`there is no checkpoint or savepoint at '${from}'`);
      expect(job.status()).toBe('failed');
    }
  });

  test('to take a savepoint of a job that is over', async () => {
    const directory = testDirectory();
    const { job } = await counted(shared(), { parallelism: 1, stateDir: directory });
    await within(job.result(), 'the job');
    expect(await failureOf(job.savepoint())).toMatchObject({
      code: 'CHECKPOINT_FAILED',
      message: "the job 'counts and windows' is finished: there is nothing to take a checkpoint of",
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('to write a savepoint where a file is in the way: the job goes on', async () => {
    const directory = testDirectory();
    const gate = new Gate(1000);
    const { job, counts } = await counted(shared(), { parallelism: 1, stateDir: directory, checkpoint: seldom, gate });
    await counts.reaches(100);
    const error = await failureOf(job.savepoint(jobModule('counts-and-windows').pathname));
    expect(error.code).toBe('STATE_DIR');
    gate.open(countedRecords);
    await within(job.result(), 'the job');
    await within(counts.done, 'the output');
    expect(counts.rows.sort()).toEqual(answers.counts);
  });

  test('to start a job from the state of an operator that it has not: unless that may be left behind', async () => {
    const stateDir = testDirectory();
    const { savepoint } = await stoppedAfter({ rows: 1000, records: 2000 }, { parallelism: 2, stateDir });
    const { job } = await counted(shared(), { parallelism: 2, stateDir, counts: null }, { from: savepoint });
    const error = await failureOf(job.result());
    expect(error).toMatchObject({ code: 'STATE_MISMATCH' });
    expect(error.message.replace(/savepoint \d+/, 'savepoint N').split('\n')).toEqual([
      `the job does not fit the state of savepoint N in ${savepoint}:`,
      "  the state of 'counts' (counts, a keyed-process) has no operator to go to; give the operator this uid, or leave the state behind with allowNonRestoredState (--allow-non-restored-state)",
    ]);

    const renamed = await counted(shared(), { parallelism: 2, stateDir, counts: 'renamed' }, { from: savepoint });
    expect((await failureOf(renamed.job.result())).message).toContain('(counts, a keyed-process) has no operator to go to');

    const allowed = await counted(
      shared(),
      { parallelism: 2, stateDir, counts: 'renamed' },
      { from: savepoint, allowNonRestoredState: true },
    );
    await within(allowed.job.result(), 'the job');
    expect(allowed.told.restores).toMatchObject([
      {
        differences: [
          "'counts' (renamed) has no state there: it starts empty",
          "the state of 'counts' (counts, a keyed-process) is left behind: no operator has this uid",
        ],
      },
    ]);
    await within(allowed.counts.done, 'the output');
    expect(allowed.counts.rows.some((row) => row.startsWith('k0 1 '))).toBe(true);
  });

  test('to find the state of a job whose checkpoints are kept elsewhere: it starts anew', async () => {
    const directory = testDirectory();
    const options = { parallelism: 1, stateDir: join(directory, 'a'), checkpoint: seldom };
    const { job } = await counted(shared(), { ...options, gate: new Gate(100) });
    const read = new Reading(job, 'unused');
    await expect(read.done).rejects.toMatchObject({ code: 'ENDPOINT' });
    await within(job.cancel(), 'cancel');
    const other = await counted(shared(), { parallelism: 1, stateDir: join(directory, 'b'), checkpoint: seldom });
    await within(other.job.result(), 'the job');
    expect(other.told.restores).toEqual([]);
  });
});
