/**
 * Records of four numbers, made by one half of the job, sent by key, and aggregated by the other half: the work of
 * `native-bench/exchange.c`. Every record goes through the exchange (`localAggregation: false`); with parallelism 2, half of
 * them goes to the other thread.
 *
 *   node benchmarks/jobs/exchange.mjs [records] [keys] [parallelism]
 */
import { count, StreamEnvironment, sum } from 'millrace';
import { exchangeArguments, hashOfSums, perSecond, secondsSince } from '../baselines/shared.mjs';

const { records, keys } = exchangeArguments();
const env = new StreamEnvironment({ parallelism: Number(process.argv[4] ?? 2), runtimeMode: 'batch', localAggregation: false });
const rows = env
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
  .aggregate({ count: count(), sum: sum(({ v1, v2, v3 }) => v1 + v2 + v3) });

const start = performance.now();
const sums = new Map();
for await (const row of rows.executeAndCollect('exchange')) sums.set(row.key, row);
const seconds = secondsSince(start);
console.log(
  JSON.stringify({ program: 'exchange', records, seconds, recordsPerSecond: perSecond(records, seconds), hash: hashOfSums(sums) }),
);
