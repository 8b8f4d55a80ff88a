/**
 * A map that computes for about half a microsecond for each record, and a small aggregation behind it: what a second core
 * is worth where the cores have something to do.
 *
 *   node benchmarks/jobs/scaling.mjs [records] [parallelism]
 */
import { count, StreamEnvironment } from 'millrace';
import { hashOfCounts, perSecond, secondsSince, spin } from '../baselines/shared.mjs';

const [records = '10000000', parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism) });
const rows = env
  .fromSequence(0, Number(records) - 1)
  .map(spin)
  .keyBy((bucket) => bucket)
  .aggregate({ times: count() });

const start = performance.now();
const counts = new Map();
for await (const { key, times } of rows.executeAndCollect('scaling')) counts.set(String(key), times);
const seconds = secondsSince(start);
console.log(
  JSON.stringify({
    program: 'scaling',
    records: Number(records),
    seconds,
    recordsPerSecond: perSecond(Number(records), seconds),
    hash: hashOfCounts(counts),
  }),
);
