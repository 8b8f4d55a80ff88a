/**
 * Two streams of records in the order of their times, each joined with the records of its key in the other stream that are up to
 * ten milliseconds younger: an interval join on one thread.
 *
 *   node benchmarks/jobs/interval-join.mjs [records] [keys]
 *
 * The records are those of both sides. The baseline is `interval-join-loop.mjs`: the same with arrays in a `Map`.
 */
import { count, StreamEnvironment, sum, watermarks } from 'millrace';
import { joinArguments, joinRecord, perSecond, secondsSince } from '../baselines/shared.mjs';
import { hashOfRows } from '../runner/checksum.mjs';

const { records, keys } = joinArguments();
const env = new StreamEnvironment({ parallelism: 1 });
const strategy = watermarks.monotonous({ timestamp: (/** @type {{ at: number }} */ { at }) => at });
/** @param {number} salt */
const stream = (salt) => env.generate({ count: records / 2, create: (i) => joinRecord(i, salt, keys), watermarks: strategy }).keyBy('key');
const totals = stream(1)
  .intervalJoin(stream(2))
  .between(0, 10)
  .process((left, right, _context, /** @type {(row: number) => void} */ out) => out(left.value + right.value))
  .keyBy(() => 0)
  .aggregate({ pairs: count(), total: sum((value) => value) });

const start = performance.now();
for await (const { pairs, total } of totals.executeAndCollect('interval-join')) {
  const seconds = secondsSince(start);
  const speed = { seconds, recordsPerSecond: perSecond(records, seconds) };
  console.log(JSON.stringify({ program: 'interval-join', records, ...speed, pairs, total, hash: hashOfRows([{ pairs, total }]) }));
}
