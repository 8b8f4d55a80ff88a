/**
 * Records of four numbers, made by one half of the job, sent by key, and aggregated by the other half: the work of
 * `native-bench/exchange.c`. Every record goes through the exchange (`localAggregation: false`); with parallelism 2, half of
 * them goes to the other thread.
 *
 *   node benchmarks/jobs/exchange.mjs [records] [keys] [parallelism]
 *
 * The seconds are those of all records at the speed of the last nine tenths: `SteadyClock` in the baselines.
 */
import { count, StreamEnvironment, sum } from 'millrace';
import { exchangeArguments, hashOfSums, perSecond, SteadyClock } from '../baselines/shared.mjs';

/** Milliseconds between two looks at how far the job is. */
const lookMs = 5;

const { records, keys } = exchangeArguments();
const env = new StreamEnvironment({ parallelism: Number(process.argv[4] ?? 2), runtimeMode: 'batch', localAggregation: false });
env
  .generate({
    count: records,
    // `exchangeRecord` of the baselines, written out: a job's own functions are seldom calls of others.
    create: (i) => {
      let x = Math.imul(i, 2654435761);
      x ^= x >>> 15;
      x = Math.imul(x, 2246822519);
      x = (x ^ (x >>> 13)) >>> 0;
      return { key: x % keys, v1: i % 1000, v2: (i >>> 3) % 1000, v3: x % 997 };
    },
  })
  .keyBy('key')
  .aggregate({ count: count(), sum: sum(({ v1, v2, v3 }) => v1 + v2 + v3) })
  .toHost('sums');

const clock = new SteadyClock(records);
const job = await env.executeAsync('exchange');
const looking = setInterval(() => clock.at(aggregated(job.metrics())), lookMs);
const sums = new Map();
for await (const row of job.output('sums')) sums.set(row.key, row);
clearInterval(looking);
const seconds = clock.end();
console.log(
  JSON.stringify({ program: 'exchange', records, seconds, recordsPerSecond: perSecond(records, seconds), hash: hashOfSums(sums) }),
);

/**
 * @param {import('millrace').JobMetrics} metrics
 * @returns {number} the records behind the exchange so far
 */
function aggregated({ stages }) {
  return stages.at(-1)?.subtasks.reduce((records, { recordsIn }) => records + recordsIn, 0) ?? 0;
}
