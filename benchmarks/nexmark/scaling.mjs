/**
 * What further workers are worth: a query on one core, two, … up to all that there are, and on twice as many workers as cores.
 *
 *   node benchmarks/nexmark/scaling.mjs [query] [events]
 *
 * Each is a process of its own, and all must come to the same rows; of a query that emits updates, which depend on what comes first, to as many. Efficiency is the rate as a
 * share of that of one worker times the cores that the workers have. The hash is over all rows of these runs.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { loadQuery } from './queries.mjs';

const [query = 'q5', events = '10000000'] = process.argv.slice(2);
const { emits } = await loadQuery(query);
const cores = availableParallelism();

/** @typedef {{ events: number, seconds: number, eventsPerSecond: number, coreEventsPerSecond: number, rows: number, hash: string }} JobReport */

/**
 * @param {number} workers
 * @returns {JobReport}
 */
function measure(workers) {
  const job = fileURLToPath(new URL('./job.mjs', import.meta.url));
  const args = [job, query, '--events', events, '--parallelism', String(workers)];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${query} on ${workers} workers ended with ${status}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** @param {JobReport} report */
function hashOf({ rows, hash }) {
  return emits === 'rows' ? hash : `${rows} updates`;
}

const one = measure(1);
/** @type {import('../runner/measure.mjs').Figure[]} */
const figures = [{ name: `${query} × 1`, value: one.eventsPerSecond, unit: 'events/s' }];
for (const workers of [...Array.from({ length: cores - 1 }, (_, i) => i + 2), 2 * cores]) {
  const many = measure(workers);
  const [hash, expected] = [hashOf(many), hashOf(one)];
  if (hash !== expected) throw new Error(`${query} comes to ${hash} on ${workers} workers, and to ${expected} on one`);
  const speedUp = many.eventsPerSecond / one.eventsPerSecond;
  figures.push(
    { name: `${query} × ${workers}`, value: many.eventsPerSecond, unit: 'events/s' },
    { name: `${query} × ${workers}, efficiency`, value: speedUp / Math.min(workers, cores), unit: '×' },
  );
}
console.log(JSON.stringify({ program: 'nexmark-scaling', query, events: one.events, hash: hashOf(one), figures }));
