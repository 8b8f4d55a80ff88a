/**
 * Checkpoints while everything waits for a function that is too slow, with barriers that may overtake records and with those that
 * may not.
 *
 *   node benchmarks/jobs/back-pressure.mjs [rows | firing] [records] [checkpoints] [depths]
 *
 * rows    each record goes from the source to that function
 * firing  each record is a key of one window, which fires all of them at once: most of them wait in the window to be emitted
 *
 * For each depth of rings and queues the durations of so many checkpoints with barriers that may overtake; and of one that is aligned,
 * which is given up after 15 seconds. Then the job is cancelled, and goes on from its last checkpoint with a fast function: the
 * totals must be right. The hash is over these totals, of the runs with barriers that overtake.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import { hashOfRows } from '../runner/checksum.mjs';
import { spreadOf } from '../runner/statistics.mjs';

/**
 * @typedef {import('../runner/measure.mjs').Figure} Figure
 * @typedef {import('./back-pressure.job.mjs').BackPressureArgs} BackPressureArgs
 * @typedef {{ bucket: number, n: number, total: number }} Total
 * @typedef {{ durations: readonly number[], totals: readonly Total[] }} Measured `durations`: milliseconds from trigger to end, of checkpoints that were
 *   triggered under back-pressure; `totals`: what the job came to when it went on from its last checkpoint, none where it had none
 */

const module = new URL('./back-pressure.job.mjs', import.meta.url);
const buckets = 10;
/** Rows in a look below which the source is taken for stopped: what the slow function takes in that time is less. */
const trickle = 2500;
const lookMs = 100;

const busyMs = 1;
const alignedMs = 15_000;
/** A run that only shows that it works has too few records for an aligned checkpoint. */
const shortRecords = 100_000;

const [mode = 'rows', records = '1000000', checkpoints = '10', depths = 'small,default,large'] = process.argv.slice(2);
if (mode !== 'rows' && mode !== 'firing') throw new Error(`there is no '${mode}'; there are rows, firing`);
/** @type {Figure[]} */
const figures = [];
/** @type {({ depth: string } & Total)[]} */
const results = [];
for (const depth of /** @type {import('./back-pressure.job.mjs').Depth[]} */ (depths.split(','))) {
  const job = { mode, depth, records: Number(records), busyMs };
  const { durations, totals } = await measure({ ...job, overtakes: true, timeoutMs: 60_000 }, Number(checkpoints));
  if (totals.length === 0) throw new Error(`${depth} rings: no checkpoint was completed`);
  results.push(...totals.map((total) => ({ depth, ...total })));
  const overtaking = spreadOf(durations);
  figures.push({ name: `${depth} rings, barriers overtake after 200 ms, p50`, value: overtaking.median, unit: 'ms' });
  figures.push({ name: `${depth} rings, barriers overtake after 200 ms, max`, value: overtaking.max, unit: 'ms', goal: '< 2,000' });
  if (job.records < shortRecords) continue;
  const [aligned = Number.NaN] = (await measure({ ...job, overtakes: false, timeoutMs: alignedMs }, 1)).durations;
  const isCut = aligned >= alignedMs;
  figures.push({ name: `${depth} rings, aligned${isCut ? ', given up' : ''}`, value: aligned, unit: 'ms' });
}
console.log(JSON.stringify({ program: 'back-pressure', figures, hash: hashOfRows(results) }));

/**
 * @param {Omit<BackPressureArgs, 'stateDir'>} args
 * @param {number} wanted
 * @returns {Promise<Measured>} of so many checkpoints
 */
async function measure(args, wanted) {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-back-pressure-'));
  const cluster = new LocalCluster({ slots: 2, heapMebibytes: 4096 });
  try {
    const job = await cluster.submit(module, { args: { ...args, stateDir } });
    const failed = job.result().then(() => Promise.reject(new Error('the job has ended: there are too few records')));
    let filledAt = Number.POSITIVE_INFINITY;
    /** @type {number[]} */
    const measured = [];
    let stored = 0;
    job.on('checkpoint', ({ status, triggeredAt, durationMs }) => {
      if (status === 'completed') stored++;
      if (triggeredAt >= filledAt) measured.push(durationMs);
    });
    const measuring = reachStandstill(job).then(() => {
      filledAt = Date.now();
      return reach(() => measured.length >= wanted);
    });
    await Promise.race([measuring, failed]);
    if (!isHeldUp(job)) throw new Error('there was no back-pressure any more: there are too few records');
    failed.catch(() => {});
    await job.cancel();
    const totals = stored > 0 ? await checkedTotals(cluster, { ...args, busyMs: 0, stateDir }) : [];
    return { durations: measured.slice(0, wanted), totals };
  } finally {
    await cluster.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/**
 * What the job comes to when it goes on from its last checkpoint.
 *
 * @param {LocalCluster} cluster
 * @param {BackPressureArgs} args
 * @returns {Promise<Total[]>}
 */
async function checkedTotals(cluster, args) {
  const job = await cluster.submit(module, { args });
  /** @type {Map<number, Total>} */
  const totals = new Map();
  for await (const { bucket, n, total } of job.output('totals')) totals.set(bucket, { bucket, n, total });
  await job.result();
  for (let bucket = 0; bucket < buckets; bucket++) {
    const expected = { n: args.records / buckets, total: totalOf(bucket, args.records) };
    const found = totals.get(bucket);
    if (found?.n !== expected.n || found.total !== expected.total)
      throw new Error(`bucket ${bucket} came to ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
  return [...totals.values()];
}

/**
 * @param {number} bucket
 * @param {number} records
 */
function totalOf(bucket, records) {
  let total = 0;
  for (let i = bucket; i < records; i += buckets) total += i % 1000;
  return total;
}

/**
 * Resolves when rings and queues are full: windows in front of the slow function must have begun to fire.
 *
 * @param {import('millrace').JobClient} job
 */
async function reachStandstill(job) {
  let before = 0;
  await reach(() => {
    const emitted = sumOf(job, -2, 'recordsOut');
    const stands = emitted > 0 && emitted - before < trickle;
    before = emitted;
    return stands;
  }, lookMs);
}

/** @param {import('millrace').JobClient} job */
function isHeldUp(job) {
  return sumOf(job, -2, 'recordsOut') > sumOf(job, -1, 'recordsIn');
}

/**
 * @param {import('millrace').JobClient} job
 * @param {number} stage
 * @param {'recordsIn' | 'recordsOut'} counter
 */
function sumOf(job, stage, counter) {
  return (
    job
      .metrics()
      .stages.at(stage)
      ?.subtasks.reduce((sum, subtask) => sum + subtask[counter], 0) ?? 0
  );
}

/**
 * @param {() => boolean} condition
 * @param {number} [everyMs]
 */
async function reach(condition, everyMs = 5) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, everyMs));
}
