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
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import { spreadOf } from '../runner/statistics.mjs';

/**
 * @typedef {import('../runner/measure.mjs').Figure} Figure
 * @typedef {{ keys: number, changedPercent: number, valueBytes?: number, seconds: number, interval?: string, restores?: boolean }} Run
 * @typedef {{ recordsPerSecond: number, checkpoints: import('millrace').CheckpointInfo[], restoreSeconds?: number }} Measured
 */

const [mode = 'cost', keys = '1000000', seconds = '20'] = process.argv.slice(2);
/** Runs that only show that it works have short intervals, and one round. */
const isShort = Number(seconds) < 5;
const interval = isShort ? '50ms' : '1s';
const rounds = isShort ? 1 : 3;
const module = new URL('./checkpoints.job.mjs', import.meta.url);
const modes = { cost, bytes, large };
if (!Object.hasOwn(modes, mode)) throw new Error(`there is no '${mode}'; there are ${Object.keys(modes).join(', ')}`);
const figures = await modes[/** @type {keyof typeof modes} */ (mode)]({ keys: Number(keys), seconds: Number(seconds) });
console.log(JSON.stringify({ program: 'checkpoints', figures }));

/**
 * @param {Pick<Run, 'keys' | 'seconds'>} sizes
 * @returns {Promise<Figure[]>}
 */
async function cost(sizes) {
  const shares = [];
  const rates = [];
  const all = [];
  // Pair by pair: the machine may be shared with others.
  for (let round = 0; round < rounds; round++) {
    const without = await measure({ ...sizes, changedPercent: 10 });
    const { recordsPerSecond, checkpoints } = await measure({ ...sizes, changedPercent: 10, interval });
    rates.push(recordsPerSecond);
    shares.push(recordsPerSecond / without.recordsPerSecond);
    all.push(...checkpoints);
  }
  return [
    { name: 'with a checkpoint each second', value: spreadOf(rates).median, unit: 'records/s' },
    { name: 'as a share of those without', value: spreadOf(shares).median, unit: '×', goal: '≥ 0.9' },
    { name: 'from trigger to the end', value: spreadOf(all.map(({ durationMs }) => durationMs)).median, unit: 'ms' },
    { name: 'encoding between records, of the busiest subtask', value: spreadOf(all.map(encodeMs)).median, unit: 'ms' },
    { name: 'the stream stands still, p99', value: p99(all), unit: 'ms' },
  ];
}

/**
 * @param {Pick<Run, 'keys' | 'seconds'>} sizes
 * @returns {Promise<Figure[]>}
 */
async function bytes(sizes) {
  const figures = [];
  for (const changedPercent of [1, 3, 10, 30, 100]) {
    const { checkpoints } = await measure({ ...sizes, changedPercent, interval });
    figures.push({
      name: `${changedPercent} % of the keys in a second`,
      value: spreadOf(checkpoints.map((each) => each.bytes)).median / 1e6,
      unit: 'MB',
    });
  }
  return figures;
}

/**
 * @param {Pick<Run, 'keys' | 'seconds'>} sizes
 * @returns {Promise<Figure[]>}
 */
async function large(sizes) {
  const { checkpoints, restoreSeconds = Number.NaN } = await measure({
    ...sizes,
    changedPercent: 1,
    valueBytes: 1000,
    interval,
    restores: true,
  });
  return [
    { name: 'bytes of a checkpoint', value: spreadOf(checkpoints.map((each) => each.bytes)).median / 1e6, unit: 'MB' },
    { name: 'the stream stands still, p99', value: p99(checkpoints), unit: 'ms', goal: '< 50' },
    { name: 'restored from a savepoint', value: restoreSeconds, unit: 's', goal: '< 5' },
  ];
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
    return { ...measured, restoreSeconds: await restore(cluster, { ...args, interval: 'off' }, savepoint) };
  } finally {
    await cluster.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/**
 * @param {LocalCluster} cluster
 * @param {import('./checkpoints.job.mjs').StateArgs} args
 * @param {string} savepoint
 * @returns {Promise<number>} seconds from `submit` until every subtask takes records in
 */
async function restore(cluster, args, savepoint) {
  const began = performance.now();
  const job = await cluster.submit(module, { args, from: savepoint });
  job.result().catch(() => {});
  // A subtask counts its first record when it has its state.
  await reach(() => job.metrics().stages.every(({ subtasks }) => subtasks.every(({ recordsIn }) => recordsIn > 0)));
  const seconds = (performance.now() - began) / 1000;
  await job.cancel();
  return seconds;
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
