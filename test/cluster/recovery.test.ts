/** Jobs that fail, are cancelled or are started again, with real worker threads: what they go on from, and what they tell. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JobClient, JobInput } from '../../src/index.ts';
import { counted, countedAnswers, listenTo, Reading, type Told, testDirectory } from './checkpoint-support.ts';
import { failureOf, Gate, jobModule, sharedCluster, testCluster, until, within } from './support.ts';

const shared = sharedCluster({ slots: 2 });
const answers = countedAnswers();

const seldom = { interval: '1h' };

/** All files, in whatever directory. */
function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
}

interface Recovering {
  readonly job: JobClient;
  readonly told: Told;
  readonly input: JobInput<number>;
  readonly counts: Reading;
}

async function recovering(args: object, cluster = shared()): Promise<Recovering> {
  const job = await cluster.submit(jobModule('recovering'), { args });
  return { job, told: listenTo(job), input: job.input<number>('in'), counts: new Reading(job, 'counts') };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** What the job tells of the numbers below, sorted: each count once. */
function countsOf(until: number): string[] {
  return numbers(0, until)
    .map((n) => `${n % 7}: ${Math.floor(n / 7) + 1}`)
    .sort();
}

describe('a job that is started again', () => {
  test('resumes by itself after it was cancelled, and writes every row of the host once where it ended with a checkpoint', async () => {
    const stateDir = testDirectory();
    const options = { parallelism: 2, stateDir, checkpoint: seldom };
    const first = await counted(shared(), { ...options, gate: new Gate(2000) });
    await first.counts.reaches(500);
    const { id, status } = await within(first.job.checkpoint(), 'the checkpoint');
    expect(status).toBe('completed');
    await within(first.job.cancel(), 'cancel');
    expect(first.told.statuses).toEqual(['running', 'cancelling', 'cancelled']);
    expect(await failureOf(first.job.result())).toMatchObject({ code: 'JOB_CANCELLED' });

    const second = await counted(shared(), options);
    await within(second.job.result(), 'the job');
    expect(second.told.restores).toEqual([{ id, kind: 'checkpoint', place: stateDir, triggeredAt: expect.any(Number), differences: [] }]);
    await within(Promise.all([second.counts.done, second.windows.done]), 'the outputs');
    const all = new Set(answers.counts);
    expect(second.counts.rows.filter((row) => !all.has(row))).toEqual([]);
    expect(second.counts.rows.length).toBeLessThanOrEqual(answers.counts.length - 500);
    expect(answers.totals.filter((row) => !second.counts.rows.includes(row))).toEqual([]);
    // It has finished: there is nothing to go on from.
    const third = await counted(shared(), options);
    await within(third.job.result(), 'the job');
    expect(third.told.restores).toEqual([]);
    await within(third.counts.done, 'the output');
    expect(third.counts.rows.sort()).toEqual(answers.counts);
  });

  test.each([
    ['its checkpoints were to be deleted', { ...seldom, onCancel: 'delete' }, {}],
    ['it is to be fresh', seldom, { fresh: true }],
  ])('starts over where %s', async (_, checkpoint, submit) => {
    const stateDir = testDirectory();
    const options = { parallelism: 1, stateDir, checkpoint };
    const first = await counted(shared(), { ...options, gate: new Gate(500) });
    await first.counts.reaches(100);
    await within(first.job.checkpoint(), 'the checkpoint');
    await within(first.job.cancel(), 'cancel');
    const second = await counted(shared(), options, submit);
    await within(second.job.result(), 'the job');
    expect(second.told.restores).toEqual([]);
    await within(second.counts.done, 'the output');
    expect(second.counts.rows.sort()).toEqual(answers.counts);
    expect(filesIn(stateDir)).toEqual([]);
  });

  test('waits for nobody: a directory that another run uses is an error with the process that has it', async () => {
    const stateDir = testDirectory();
    const first = await counted(shared(), { parallelism: 1, stateDir, checkpoint: seldom, gate: new Gate(100) });
    await first.counts.reaches(1);
    const second = await counted(shared(), { parallelism: 1, stateDir, checkpoint: seldom });
    const error = await failureOf(second.job.result());
    expect(error.code).toBe('STATE_DIR');
    expect(error.message).toContain(`the state directory '${stateDir}' is held by this process, ${process.pid}, since `);
    await within(first.job.cancel(), 'cancel');
    expect(existsSync(join(stateDir, 'lock'))).toBe(false);
  });
});

describe('a job that fails', () => {
  test('is restarted from its last checkpoint, and every row reaches the host once', async () => {
    const directory = testDirectory();
    const ledger = join(directory, 'ledger');
    const args = { stateDir: join(directory, 'state'), checkpoint: seldom, attempts: 3, failAt: 700, failures: 2, ledger };
    const { job, told, input, counts } = await recovering(args);
    await input.write(numbers(0, 500));
    await within(job.checkpoint(), 'the checkpoint');
    await input.write(numbers(500, 1000));
    await input.end();
    await within(job.result(), 'the job');
    await within(counts.done, 'the output');
    expect(told.statuses).toEqual(['running', 'restarting', 'running', 'restarting', 'running', 'finished']);
    expect(told.failures).toEqual(Array(2).fill("'seen' failed with Error: broken at 700\n  at the record 700"));
    expect(told.restores.map(({ id, kind }) => ({ id, kind }))).toEqual(Array(2).fill({ id: told.checkpoints[0]?.id, kind: 'checkpoint' }));
    // What was sent behind the checkpoint is sent again: the host is told of it at least once.
    expect([...new Set(counts.rows)].sort()).toEqual(countsOf(1000));
  });

  test('starts from the beginning where it has no checkpoint yet, and from its savepoint where it was started from one', async () => {
    const directory = testDirectory();
    const args = { stateDir: join(directory, 'state'), checkpoint: seldom, attempts: 1, ledger: join(directory, 'ledger') };
    const first = await recovering({ ...args, failAt: 60, failures: 1 });
    await first.input.write(numbers(0, 100));
    await first.counts.reaches(100);
    const savepoint = (await within(first.job.stop({ savepoint: true }), 'stop')) as string;
    expect(first.told.failures).toHaveLength(1);
    expect(first.told.restores).toEqual([]);
    expect([...new Set(first.counts.rows)].sort()).toEqual(countsOf(100));

    const job = await shared().submit(jobModule('recovering'), { args: { ...args, failAt: 150, failures: 2 }, from: savepoint });
    const told = listenTo(job);
    const counts = new Reading(job, 'counts');
    const input = job.input<number>('in');
    expect(input.position).toBe(100);
    await input.write(numbers(100, 200));
    await input.end();
    await within(job.result(), 'the job');
    expect(told.restores).toMatchObject([
      { kind: 'savepoint', place: savepoint },
      { kind: 'savepoint', place: savepoint },
    ]);
    await within(counts.done, 'the output');
    expect([...new Set([...first.counts.rows, ...counts.rows])].sort()).toEqual(countsOf(200));
  });

  test('goes on from its checkpoint behind a savepoint, and gets again what came between them', async () => {
    const directory = testDirectory();
    const ledger = join(directory, 'ledger');
    const args = { stateDir: join(directory, 'state'), checkpoint: seldom, attempts: 1, failAt: 900, failures: 1, ledger };
    const { job, told, input, counts } = await recovering(args);
    const stored: number[] = [];
    input.onCheckpoint((records) => stored.push(records));
    await input.write(numbers(0, 300));
    await within(job.checkpoint(), 'the checkpoint');
    await input.write(numbers(300, 600));
    const savepoint = await within(job.savepoint(join(directory, 'apart')), 'the savepoint');
    expect(await failureOf(job.savepoint(savepoint))).toMatchObject({ code: 'STATE_DIR' });
    expect(stored).toEqual([300]);
    await input.write(numbers(600, 1000));
    await input.end();
    await within(job.result(), 'the job');
    await within(counts.done, 'the output');
    expect(told.restores).toMatchObject([{ id: told.checkpoints[0]?.id, kind: 'checkpoint' }]);
    expect([...new Set(counts.rows)].sort()).toEqual(countsOf(1000));
  });

  test('fails for good when its strategy gives up', async () => {
    const directory = testDirectory();
    const args = { stateDir: directory, checkpoint: seldom, attempts: 2, failAt: 5, failures: 10, ledger: join(directory, 'ledger') };
    const { job, told, input } = await recovering(args);
    await input.write(numbers(0, 10)).catch(() => {});
    expect(await failureOf(job.result())).toMatchObject({ code: 'USER_FUNCTION' });
    expect(told.statuses).toEqual(['running', 'restarting', 'running', 'restarting', 'running', 'failing', 'failed']);
    expect(told.failures).toHaveLength(3);
  });

  test('fails for good at once where it takes no checkpoints, or where a restart would not help', async () => {
    const directory = testDirectory();
    const args = { stateDir: directory, failAt: 5, failures: 1, ledger: join(directory, 'ledger') };
    const first = await recovering(args);
    await first.input.write(numbers(0, 10)).catch(() => {});
    expect(await failureOf(first.job.result())).toMatchObject({ code: 'USER_FUNCTION' });
    expect(first.told.statuses).toEqual(['running', 'failing', 'failed']);

    const second = await recovering({ ...args, checkpoint: seldom, attempts: 5 });
    await second.input.write([() => {}] as never).catch(() => {});
    expect(await failureOf(second.job.result())).toMatchObject({ code: 'UNSUPPORTED_VALUE' });
    expect(second.told.statuses).toEqual(['running', 'failing', 'failed']);
  });
});

describe('checkpoints', () => {
  test('tell how they fared, subtask by subtask', async () => {
    const { job, told, input, counts } = await recovering({ stateDir: testDirectory(), checkpoint: seldom });
    await input.write(numbers(0, 100));
    await counts.reaches(100);
    const first = await within(job.checkpoint(), 'the checkpoint');
    const second = await within(job.checkpoint(), 'the checkpoint');
    expect(told.checkpoints).toEqual([first, second]);
    expect(second.id).toBe(first.id + 1);
    const { stages } = job.metrics();
    for (const { status, durationMs, bytes, subtasks, triggeredAt } of told.checkpoints) {
      expect(status).toBe('completed');
      expect(triggeredAt).toBeGreaterThan(1_700_000_000_000);
      expect(subtasks.map(({ stage, subtask }) => `${stage}-${subtask}`).sort()).toEqual(
        stages.flatMap(({ subtasks: all }, stage) => all.map((_, subtask) => `${stage}-${subtask}`)).sort(),
      );
      for (const { alignmentMs, syncMs, encodeMs, asyncMs } of subtasks) {
        for (const time of [alignmentMs, syncMs, encodeMs, asyncMs]) expect(time).toBeGreaterThanOrEqual(0);
        expect(asyncMs).toBeLessThanOrEqual(durationMs + alignmentMs);
      }
      expect(bytes).toBe(subtasks.reduce((sum, subtask) => sum + subtask.bytes, 0));
    }
    // All keys in the first, none in the second.
    expect(first.bytes).toBeGreaterThan(second.bytes);
    await input.end();
    await within(job.result(), 'the job');
  });

  test.each([
    ['a worker', { brokenWrites: 2 }],
    ['the host', { brokenManifests: 2 }],
  ])('that fail are borne as often as the job tolerates: %s cannot store them', async (_, broken) => {
    const stateDir = testDirectory();
    const { job, told, input, counts } = await recovering({ stateDir, checkpoint: { interval: '5ms', tolerableFailures: 2 }, ...broken });
    await input.write(numbers(0, 50));
    await until(() => told.checkpoints.some(({ status }) => status === 'completed'), 'a checkpoint is complete');
    expect(told.checkpoints.slice(0, 3).map(({ id, status, reason }) => ({ id, status, reason }))).toEqual([
      { id: 1, status: 'failed', reason: expect.stringContaining('broken') },
      { id: 2, status: 'failed', reason: expect.stringContaining('broken') },
      { id: 3, status: 'completed', reason: undefined },
    ]);
    expect(told.failures).toEqual([]);
    await input.write(numbers(50, 100));
    await input.end();
    await within(job.result(), 'the job');
    await within(counts.done, 'the output');
    expect(counts.rows.sort()).toEqual(countsOf(100));
  });

  test('that fail once too often fail the job, which goes on from those before', async () => {
    const stateDir = testDirectory();
    const checkpoint = { interval: '5ms', tolerableFailures: 1 };
    const { job, told, input, counts } = await recovering({ stateDir, checkpoint, attempts: 1, brokenWrites: 3 });
    await input.write(numbers(0, 50));
    await until(() => told.checkpoints.some(({ status }) => status === 'completed'), 'a checkpoint is complete');
    await input.end();
    await within(job.result(), 'the job');
    expect(told.statuses).toEqual(['running', 'restarting', 'running', 'finished']);
    expect(told.failures).toEqual([
      expect.stringMatching(
        /^checkpoint 2 failed: .*the disk is broken; with it 2 in a row is more than the job tolerates \(checkpoint\.tolerableFailures: 1\)/,
      ),
    ]);
    await within(counts.done, 'the output');
    expect([...new Set(counts.rows)].sort()).toEqual(countsOf(50));
  });
});

test('a program that was started again goes on where the checkpoint says that its input stands', async () => {
  const stateDir = testDirectory();
  const args = { stateDir, checkpoint: seldom };
  const cluster = testCluster({ slots: 2 });
  const first = await recovering(args, cluster);
  const stored: number[] = [];
  first.input.onCheckpoint((records) => stored.push(records));
  expect(first.input.position).toBe(0);
  await first.input.write(numbers(0, 300));
  await within(first.job.checkpoint(), 'the checkpoint');
  expect(stored).toEqual([300]);
  // Of these nothing is left when the program ends.
  await first.input.write(numbers(300, 400));
  await first.counts.reaches(400);
  await within(cluster.close(), 'close');

  const second = await recovering(args);
  const { position } = second.input;
  expect(position).toBe(300);
  second.input.onCheckpoint((records) => stored.push(records));
  await second.input.write(numbers(position, 500));
  await within(second.job.checkpoint(), 'the checkpoint');
  expect(stored).toEqual([300, 500]);
  await second.input.end();
  await within(second.job.result(), 'the job');
  await within(second.counts.done, 'the output');
  expect([...first.counts.rows.slice(0, 300), ...second.counts.rows].sort()).toEqual(countsOf(500));
});
