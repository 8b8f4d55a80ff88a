/**
 * What checkpoints cost: keyed state that changes all the time.
 *
 *   node benchmarks/jobs/checkpoints.mjs [cost | bytes | large] [keys] [seconds]
 *
 * First every key gets a value. Then records change the keys of one part of all after the other: in each second another part, at random.
 *
 * cost   a tenth of the keys changes in a second: records a second with a checkpoint each second, as a share of those without
 * bytes  what a checkpoint writes when 1 % to 100 % of the keys have changed since the one before
 * large  values of 1,000 characters, of which 1 % changes: for how long the stream stands still, and how long a restore takes
 *
 * The last run of each ends with a savepoint, from which the state is read again. Which values keys have is another matter in every run, but not whose
 * they are: the hash is over that, of all keys.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import { Checksum, totalOf } from '../runner/checksum.mjs';
import { spreadOf } from '../runner/statistics.mjs';

/**
 * @typedef {import('../runner/measure.mjs').Figure} Figure
 * @typedef {{ keys: number, changedPercent: number, valueBytes?: number, seconds: number, interval?: string, restores?: boolean }} Run
 * @typedef {{ recordsPerSecond: number, checkpoints: import('millrace').CheckpointInfo[], restored?: Restored }} Measured
 * @typedef {{ seconds: number, hash: string }} Restored
 * @typedef {{ figures: Figure[], hash: string | undefined }} Found
 */

const [mode = 'cost', keys = '1000000', seconds = '20'] = process.argv.slice(2);
/** Runs that only show that it works have short intervals, and one round. */
const isShort = Number(seconds) < 5;
const interval = isShort ? '50ms' : '1s';
const rounds = isShort ? 1 : 3;
const module = new URL('./checkpoints.job.mjs', import.meta.url);
const modes = { cost, bytes, large };
if (!Object.hasOwn(modes, mode)) throw new Error(`there is no '${mode}'; there are ${Object.keys(modes).join(', ')}`);
const { figures, hash } = await modes[/** @type {keyof typeof modes} */ (mode)]({ keys: Number(keys), seconds: Number(seconds) });
console.log(JSON.stringify({ program: 'checkpoints', figures, hash }));

/**
 * @param {Pick<Run, 'keys' | 'seconds'>} sizes
 * @returns {Promise<Found>}
 */
async function cost(sizes) {
  const shares = [];
  const rates = [];
  const all = [];
  let hash;
  // Pair by pair: the machine may be shared with others.
  for (let round = 0; round < rounds; round++) {
    const without = await measure({ ...sizes, changedPercent: 10 });
    const restores = round === rounds - 1;
    const { recordsPerSecond, checkpoints, restored } = await measure({ ...sizes, changedPercent: 10, interval, restores });
    hash = restored?.hash;
    rates.push(recordsPerSecond);
    shares.push(recordsPerSecond / without.recordsPerSecond);
    all.push(...checkpoints);
  }
  const figures = [
    { name: 'with a checkpoint each second', value: spreadOf(rates).median, unit: 'records/s' },
    { name: 'as a share of those without', value: spreadOf(shares).median, unit: '×', goal: '≥ 0.9' },
    { name: 'from trigger to the end', value: spreadOf(all.map(({ durationMs }) => durationMs)).median, unit: 'ms' },
    { name: 'encoding between records, of the busiest subtask', value: spreadOf(all.map(encodeMs)).median, unit: 'ms' },
    { name: 'the stream stands still, p99', value: p99(all), unit: 'ms' },
  ];
  return { figures, hash };
}

/**
 * @param {Pick<Run, 'keys' | 'seconds'>} sizes
 * @returns {Promise<Found>}
 */
async function bytes(sizes) {
  const figures = [];
  let hash;
  for (const changedPercent of [1, 3, 10, 30, 100]) {
    const { checkpoints, restored } = await measure({ ...sizes, changedPercent, interval, restores: changedPercent === 100 });
    hash = restored?.hash;
    figures.push({
      name: `${changedPercent} % of the keys in a second`,
      value: spreadOf(checkpoints.map((each) => each.bytes)).median / 1e6,
      unit: 'MB',
    });
  }
  return { figures, hash };
}

/**
 * @param {Pick<Run, 'keys' | 'seconds'>} sizes
 * @returns {Promise<Found>}
 */
async function large(sizes) {
  const { checkpoints, restored } = await measure({ ...sizes, changedPercent: 1, valueBytes: 1000, interval, restores: true });
  const figures = [
    { name: 'bytes of a checkpoint', value: spreadOf(checkpoints.map((each) => each.bytes)).median / 1e6, unit: 'MB' },
    { name: 'the stream stands still, p99', value: p99(checkpoints), unit: 'ms', goal: '< 50' },
    { name: 'restored from a savepoint', value: restored?.seconds ?? Number.NaN, unit: 's', goal: '< 5' },
  ];
  return { figures, hash: restored?.hash };
}

/** @param {import('millrace').CheckpointInfo[]} checkpoints */
function p99(checkpoints) {
  const all = checkpoints.flatMap(({ subtasks }) => subtasks.map(({ syncMs }) => syncMs)).sort((a, b) => a - b);
  return all[Math.min(all.length - 1, Math.floor(all.length * 0.99))] ?? Number.NaN;
}

/** @param {import('millrace').CheckpointInfo} checkpoint */
function encodeMs({ subtasks }) {
  return Math.max(...subtasks.map((each) => each.encodeMs));
}

/**
 * @param {Run} run
 * @returns {Promise<Measured>}
 */
async function measure({ seconds, restores = false, interval = 'off', valueBytes = 8, ...run }) {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-checkpoints-'));
  const args = { ...run, valueBytes, interval, stateDir };
  const cluster = new LocalCluster({ slots: 2, heapMebibytes: 4096 });
  try {
    const job = await cluster.submit(module, { args });
    job.result().catch(() => {});
    /** @type {import('millrace').CheckpointInfo[]} */
    const checkpoints = [];
    job.on('checkpoint', (checkpoint) => {
      if (checkpoint.status === 'completed') checkpoints.push(checkpoint);
    });
    // Every key has come, and is in a checkpoint.
    await reach(() => recordsOf(job) > 1.5 * run.keys);
    if (interval !== 'off') await reach(() => checkpoints.length >= 2);
    checkpoints.length = 0;
    const before = recordsOf(job);
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const recordsPerSecond = (recordsOf(job) - before) / ((performance.now() - began) / 1000);
    const measured = { recordsPerSecond, checkpoints: [...checkpoints] };
    if (!restores) {
      await job.cancel();
      return measured;
    }
    const savepoint = /** @type {string} */ (await job.stop({ savepoint: true }));
    return { ...measured, restored: await restore(cluster, { ...args, interval: 'off', reads: true }, savepoint) };
  } finally {
    await cluster.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/**
 * @param {LocalCluster} cluster
 * @param {import('./checkpoints.job.mjs').StateArgs} args
 * @param {string} savepoint
 * @returns {Promise<Restored>} `seconds` from `submit` until every subtask takes records in
 */
async function restore(cluster, args, savepoint) {
  const began = performance.now();
  const job = await cluster.submit(module, { args, from: savepoint });
  job.result().catch(() => {});
  // A subtask counts its first record when it has its state.
  await reach(() => job.metrics().stages.every(({ subtasks }) => subtasks.every(({ recordsIn }) => recordsIn > 0)));
  const seconds = (performance.now() - began) / 1000;
  const hash = await hashOfHeld(job, args.keys);
  await job.cancel();
  return { seconds, hash };
}

/**
 * Of one row of each key: they come again and again.
 *
 * @param {import('millrace').JobClient} job
 * @param {number} keys
 */
async function hashOfHeld(job, keys) {
  const sum = new Checksum();
  const seen = new Uint8Array(keys);
  for await (const held of job.output('held')) {
    if (seen[held.key] === 1) continue;
    seen[held.key] = 1;
    sum.add(held);
    if (sum.rows === keys) break;
  }
  return totalOf([sum.parts]).hash;
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
