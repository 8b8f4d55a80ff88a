/**
 * How long it takes from `submit` to the first row of output: in a process that was just started, and on a cluster whose threads
 * are warm.
 *
 *   node benchmarks/jobs/start.mjs [jobs]
 */
import { LocalCluster } from 'millrace';
import { hashOfRows } from '../runner/checksum.mjs';
import { spreadOf } from '../runner/statistics.mjs';

const jobs = Number(process.argv[2] ?? 30);
/** The rows of all jobs. @type {unknown[]} */
const rows = [];

const start = performance.now();
const cluster = new LocalCluster({ slots: 2 });
try {
  const first = await firstRowAfter(start);
  const sinceProcess = performance.now();
  const warm = [];
  for (let i = 0; i < jobs; i++) warm.push(await firstRowAfter(performance.now()));
  const { median, max } = spreadOf(warm);
  /** @type {import('../runner/measure.mjs').Figure[]} */
  const figures = [
    { name: 'from the start of the process to the first row', value: sinceProcess, unit: 'ms' },
    { name: 'from a new cluster to the first row', value: first, unit: 'ms' },
    { name: `warm, submit to first row: median of ${jobs}`, value: median, unit: 'ms' },
    { name: `warm, submit to first row: slowest of ${jobs}`, value: max, unit: 'ms' },
  ];
  console.log(JSON.stringify({ program: 'start', figures, hash: hashOfRows(rows) }));
} finally {
  await cluster.close();
}

/**
 * @param {number} since of `performance.now()`
 * @returns {Promise<number>} milliseconds
 */
async function firstRowAfter(since) {
  const job = await cluster.submit(new URL('./start.job.mjs', import.meta.url));
  const row = await job.output('rows').next();
  const elapsed = performance.now() - since;
  if (row.value !== 21) throw new Error(`the job returned ${row.value}, not 21`);
  rows.push(row.value);
  await job.result();
  return elapsed;
}
