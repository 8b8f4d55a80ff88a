/**
 * Counts the words of a file as `native-bench/word-count.c` does: one row for each word, when all is read.
 *
 *   node benchmarks/jobs/word-count.mjs <file> [parallelism]
 */
import { count, StreamEnvironment } from 'millrace';
import { hashOfCounts, perSecond, secondsSince } from '../baselines/shared.mjs';
import { Checksum, totalOf } from '../runner/checksum.mjs';

const [file, parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism) });
const rows = env
  .readTextFile(file)
  .flatMap((line) => line.split(' '))
  .keyBy((word) => word)
  .aggregate({ times: count() });

const start = performance.now();
const counts = new Map();
for await (const { key, times } of rows.executeAndCollect('word count')) counts.set(key, times);
const seconds = secondsSince(start);

let words = 0;
// The sum and the hash of what a rolling count of the same words emits, as of word-count-streaming.mjs: 1, 2, … times for each word.
let rollingSum = 0;
const rolling = new Checksum();
for (const [key, count] of counts) {
  words += count;
  rollingSum += (count * (count + 1)) / 2;
  for (let times = 1; times <= count; times *= 2) rolling.add({ key, times });
}
console.log(
  JSON.stringify({
    program: 'word-count',
    words,
    distinct: counts.size,
    seconds,
    wordsPerSecond: perSecond(words, seconds),
    hash: hashOfCounts(counts),
    rollingSum,
    rollingHash: totalOf([rolling.parts]).hash,
  }),
);
