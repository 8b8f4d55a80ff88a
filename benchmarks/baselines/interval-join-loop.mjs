/**
 * The interval join of `jobs/interval-join.mjs` by hand: the records of both sides in the order of their times, arrays of them by
 * key in a `Map`, from which those that are too old are removed.
 *
 *   node benchmarks/baselines/interval-join-loop.mjs [records] [keys]
 */
import { hashOfRows } from '../runner/checksum.mjs';
import { joinArguments, joinRecord, perSecond, secondsSince } from './shared.mjs';

/** Whom a record may still meet: of the left side those that are up to ten milliseconds older, of the right side none. */
const upperMs = 10;

const { records, keys } = joinArguments();
const start = performance.now();
/** @type {Map<number, { at: number, value: number }[]>} */
const lefts = new Map();
let [pairs, total] = [0, 0];
/** Records of the left side of one time come before those of the right side. */
for (let i = 0, j = 0; j < records / 2; ) {
  const left = i < records / 2 ? joinRecord(i, 1, keys) : undefined;
  const right = joinRecord(j, 2, keys);
  if (left !== undefined && left.at <= right.at) {
    const known = lefts.get(left.key);
    if (known === undefined) lefts.set(left.key, [left]);
    else known.push(left);
    i++;
    continue;
  }
  j++;
  const known = lefts.get(right.key);
  if (known === undefined) continue;
  while (known.length > 0 && known[0].at < right.at - upperMs) known.shift();
  for (const { value } of known) {
    pairs++;
    total += value + right.value;
  }
}
const seconds = secondsSince(start);
const speed = { seconds, recordsPerSecond: perSecond(records, seconds) };
console.log(JSON.stringify({ program: 'interval-join-loop', records, ...speed, pairs, total, hash: hashOfRows([{ pairs, total }]) }));
