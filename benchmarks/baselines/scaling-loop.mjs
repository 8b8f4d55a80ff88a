/**
 * The work of `benchmarks/jobs/scaling.mjs` in a plain loop on one thread.
 *
 *   node benchmarks/baselines/scaling-loop.mjs [records]
 */
import { hashOfCounts, perSecond, secondsSince, spin, wholeNumberArgument } from './shared.mjs';

const records = wholeNumberArgument(0, { name: 'records', fallback: 10_000_000, min: 1, max: 0xffff_ffff });
const start = performance.now();
/** @type {Map<number, number>} */
const counts = new Map();
for (let i = 0; i < records; i++) {
  const bucket = spin(i);
  counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
}
const seconds = secondsSince(start);
const hash = hashOfCounts(new Map([...counts].map(([bucket, times]) => [String(bucket), times])));
console.log(JSON.stringify({ program: 'scaling-loop', records, seconds, recordsPerSecond: perSecond(records, seconds), hash }));
