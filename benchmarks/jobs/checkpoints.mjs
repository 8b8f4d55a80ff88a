/**
 * What checkpoints cost: keyed state that changes all the time, with and without them.
 *
 *   node benchmarks/jobs/checkpoints.mjs [keys] [changed %] [bytes of a value] [seconds] [interval, or off] [parallelism] [restore]
 *
 * First every key gets a value. Then, for so many seconds, records change the keys of one part of all after the other: in each second
 * another `changed` percent of them, at random. Prints records per second of that time and, of the checkpoints in it, the bytes and for
 * how long the stream stood still. With `restore` the job is stopped with a savepoint and started from it; the time is that from `submit`
 * until all subtasks run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import { spreadOf } from '../runner/statistics.mjs';

const [keys = '1000000', changed = '10', bytes = '8', seconds = '20', interval = '1s', parallelism = '2', restore] = process.argv.slice(2);
const stateDir = mkdtempSync(join(tmpdir(), 'millrace-checkpoints-'));
const args = { keys: Number(keys), changedPercent: Number(changed), valueBytes: Number(bytes), interval, stateDir };
const module = new URL('./checkpoints.job.mjs', import.meta.url);

const cluster = new LocalCluster({ slots: Number(parallelism) });
/** @type {import('../runner/measure.mjs').Figure[]} */
const figures = [];
try {
  const job = await cluster.submit(module, { args, parallelism: Number(parallelism) });
  job.result().catch(() => {});
  /** @type {import('millrace').CheckpointInfo[]} */
  const checkpoints = [];
  job.on('checkpoint', (checkpoint) => checkpoints.push(checkpoint));
  // All keys have come, and are in a checkpoint.
  await reach(() => recordsOf(job) > 1.5 * Number(keys));
  if (interval !== 'off') await reach(() => checkpoints.some(({ status }) => status === 'completed'));
  if (interval !== 'off') await reach(() => checkpoints.filter(({ status }) => status === 'completed').length >= 2);
  checkpoints.length = 0;
  const before = recordsOf(job);
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
  const records = recordsOf(job) - before;
  figures.push({ name: 'records', value: records / ((performance.now() - began) / 1000), unit: 'records/s' });
  const completed = checkpoints.filter(({ status }) => status === 'completed');
  if (completed.length > 0) {
    const standstill = completed.flatMap(({ subtasks }) => subtasks.map(({ syncMs }) => syncMs)).sort((a, b) => a - b);
    figures.push(
      { name: 'checkpoints', value: completed.length, unit: '' },
      { name: 'bytes of a checkpoint', value: spreadOf(completed.map((each) => each.bytes)).median / 2 ** 20, unit: 'MiB' },
      { name: 'from trigger to the end', value: spreadOf(completed.map(({ durationMs }) => durationMs)).median, unit: 'ms' },
      { name: 'stream stands still, p99', value: standstill[Math.floor(standstill.length * 0.99)] ?? 0, unit: 'ms' },
      {
        name: 'encoding between records',
        value: spreadOf(completed.map(({ subtasks }) => Math.max(...subtasks.map(({ encodeMs }) => encodeMs)))).median,
        unit: 'ms',
      },
    );
  }
  figures.push({ name: 'memory at most', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' });
  if (restore !== 'restore') await job.cancel();
  else {
    const savepoint = /** @type {string} */ (await job.stop({ savepoint: true }));
    const submitted = performance.now();
    const again = await cluster.submit(module, { args: { ...args, interval: 'off' }, parallelism: Number(parallelism), from: savepoint });
    again.result().catch(() => {});
    // A subtask counts its first record when it has its state.
    await reach(() => again.metrics().stages.every(({ subtasks }) => subtasks.every(({ recordsIn }) => recordsIn > 0)));
    figures.push({ name: 'restored', value: (performance.now() - submitted) / 1000, unit: 's' });
    await again.cancel();
  }
  console.log(JSON.stringify({ program: 'checkpoints', figures }));
} finally {
  await cluster.close();
  rmSync(stateDir, { recursive: true, force: true });
}

/** @param {import('millrace').JobClient} job */
function recordsOf(job) {
  return (
    job
      .metrics()
      .stages.at(-1)
      ?.subtasks.reduce((sum, { recordsIn }) => sum + recordsIn, 0) ?? 0
  );
}

/** @param {() => boolean} condition */
async function reach(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
