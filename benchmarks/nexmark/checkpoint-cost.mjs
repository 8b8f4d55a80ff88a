/**
 * What checkpoints cost a query of Nexmark: the same events without them and with one every few seconds, to files of this machine.
 *
 *   node benchmarks/nexmark/checkpoint-cost.mjs [query] [events] [interval] [parallelism]
 *
 * Both run in turn on warm threads, and must come to the same rows; of a query that emits updates, which depend on what comes first,
 * to as many. The hash is over all rows of these runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import { takeNumbers } from '../jobs/subtask-numbers.mjs';
import { totalOf } from '../runner/checksum.mjs';
import { spreadOf } from '../runner/statistics.mjs';
import { loadQuery } from './queries.mjs';

/**
 * @typedef {import('millrace').CheckpointInfo} CheckpointInfo
 * @typedef {{ eventsPerSecond: number, hash: string, checkpoints: CheckpointInfo[] }} Measured
 */

const [query = 'q5', events = '20000000', interval = '3s', parallelism = String(availableParallelism())] = process.argv.slice(2);
const { emits } = await loadQuery(query);
const cluster = new LocalCluster({ slots: Number(parallelism), heapMebibytes: 4096 });
try {
  // What is loaded and compiled once is so in front of both.
  await measure([], Math.ceil(Number(events) / 20));
  const without = await measure([], Number(events));
  const { eventsPerSecond, hash, checkpoints } = await measure(['--checkpoint', interval], Number(events));
  if (hash !== without.hash) throw new Error(`${query} comes to ${hash} with checkpoints, and to ${without.hash} without`);
  console.log(
    JSON.stringify({
      program: 'nexmark-checkpoints',
      query,
      hash,
      figures: [
        { name: `${query} without checkpoints`, value: without.eventsPerSecond, unit: 'events/s' },
        { name: `${query} with one every ${interval}`, value: eventsPerSecond, unit: 'events/s' },
        { name: `${query}, as a share of that without`, value: eventsPerSecond / without.eventsPerSecond, unit: '×' },
        ...figuresOf(checkpoints),
      ],
    }),
  );
} finally {
  await cluster.close();
}

/**
 * @param {CheckpointInfo[]} checkpoints
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function figuresOf(checkpoints) {
  if (checkpoints.length === 0) return [];
  const durations = spreadOf(checkpoints.map(({ durationMs }) => durationMs));
  const bytes = spreadOf(checkpoints.map(({ bytes }) => bytes));
  const stops = checkpoints.flatMap(({ subtasks }) => subtasks.map(({ syncMs }) => syncMs));
  return [
    { name: 'checkpoints', value: checkpoints.length, unit: '' },
    { name: 'from trigger to the end, median', value: durations.median, unit: 'ms' },
    { name: 'from trigger to the end, longest', value: durations.max, unit: 'ms' },
    { name: 'bytes, median', value: bytes.median / 1e6, unit: 'MB' },
    { name: 'bytes, most', value: bytes.max / 1e6, unit: 'MB' },
    { name: 'a subtask stands still, longest', value: spreadOf(stops).max, unit: 'ms' },
  ];
}

/**
 * @param {readonly string[]} options
 * @param {number} count
 * @returns {Promise<Measured>}
 */
async function measure(options, count) {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
  const args = [query, '--events', String(count), '--parallelism', parallelism, '--state-dir', stateDir, ...options];
  /** @type {CheckpointInfo[]} */
  const checkpoints = [];
  try {
    const job = await cluster.submit(new URL('./job.mjs', import.meta.url), { args });
    job.on('checkpoint', (checkpoint) => {
      if (checkpoint.status === 'completed') checkpoints.push(checkpoint);
    });
    const { runtimeMs } = await job.result();
    const { rows, hash } = totalOf(takeNumbers());
    return { eventsPerSecond: (count * 1000) / runtimeMs, hash: emits === 'rows' ? hash : `${rows} updates`, checkpoints };
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}
