/** Windows that go on from a savepoint at another parallelism, and those whose state was kept another way. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { JobInput } from '../../src/index.ts';
import { built, failureOf, type JobClient, moduleOf, rowsOf, sharedCluster, within } from './support.ts';

const shared = sharedCluster({ slots: 4 });

interface How {
  readonly parallelism: number;
  /** Code: the windows, and what is made of their records. */
  readonly windows: string;
}

const summed = `{ createAccumulator: () => 0, add: ({ value }, sum) => sum + value, merge: (a, b) => a + b, getResult: (sum) => sum }`;
const handed = '{ process: (_context, [sum], out) => out(sum) }';
const ofAll = 'windowAll(eventTime.tumbling(10))';
const ofKeys = "keyBy('key').window(eventTime.tumbling(10))";

/** A job that adds numbers up by windows. */
function jobOf({ parallelism, windows }: How, directory: string): URL {
  return moduleOf(`
    import { eventTime, watermarks } from '${built}';
    const job = new StreamEnvironment({ parallelism: ${parallelism}, stateDir: ${JSON.stringify(directory)}, checkpoint: { interval: '1h' } });
    job.fromHost('numbers').rebalance().filter(() => true)
      .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(0, { timestamp: 'value' }))
      .${windows}.uid('sums').toHost('sums');
    await job.execute('sums');`);
}

interface Run {
  readonly job: JobClient;
  readonly rows: Promise<number[]>;
}

async function started(how: How, from?: string): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-windows-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const job = await shared().submit(jobOf(how, directory), from === undefined ? {} : { from });
  const rows = rowsOf<number>(job, 'sums');
  // Whoever expects a failure asks the job for it.
  rows.catch(() => {});
  return { job, rows };
}

interface Value {
  readonly key: string;
  readonly value: number;
}

/** Writes the numbers from the first on. */
async function write({ job }: Run, first: number, behind: number): Promise<JobInput<Value>> {
  const numbers = job.input<Value>('numbers');
  await numbers.write(Array.from({ length: behind - first }, (_, i) => ({ key: 'a', value: first + i })));
  return numbers;
}

/** Stops a job in the middle of a window, and returns its rows and its savepoint. */
async function stopped(how: How): Promise<{ readonly rows: number[]; readonly savepoint: string }> {
  const run = await started(how);
  await write(run, 0, 25);
  const savepoint = (await within(run.job.stop({ savepoint: true }), 'the savepoint')) as string;
  return { rows: await run.rows, savepoint };
}

it.each([
  ['an aggregate function', `${ofAll}.aggregate(${summed})`],
  ['sum', `${ofAll}.sum('value').map(({ value }) => value)`],
  ['reduce', `${ofAll}.reduce((a, b) => ({ ...a, value: a.value + b.value })).map(({ value }) => value)`],
])('over all records go from one parallelism to another, with %s', async (_, windows) => {
  for (const [before, after] of [
    [2, 1],
    [1, 4],
  ] as const) {
    const first = await stopped({ parallelism: before, windows });
    const second = await started({ parallelism: after, windows }, first.savepoint);
    await (await write(second, 25, 40)).end();
    await within(second.job.result(), 'the job');
    expect([...first.rows, ...(await second.rows)].sort((a, b) => a - b)).toEqual([45, 145, 245, 345]);
  }
});

it.each([
  ['by slices', `${ofKeys}.aggregate(${summed})`, `${ofKeys}.aggregate(${summed}, ${handed})`],
  ['one by one', `${ofKeys}.aggregate(${summed}, ${handed})`, `${ofKeys}.aggregate(${summed})`],
])('are refused where they were kept %s, and are not any more', async (_, before, after) => {
  const { savepoint } = await stopped({ parallelism: 2, windows: before });
  const { job } = await started({ parallelism: 2, windows: after }, savepoint);
  expect(await failureOf(job.result())).toMatchObject({
    code: 'STATE_MISMATCH',
    message: expect.stringMatching(/'aggregate': its state is stored as '(slices|windows)', and it keeps '(slices|windows)' now/),
  });
});
