/**
 * Counts the words of a file as `native-bench/word-count.c` does: one row for each word, when all is read.
 *
 *   node benchmarks/jobs/word-count.mjs <file> [parallelism]
 */
import { count, StreamEnvironment } from 'millrace';
import { hashOfCounts, perSecond, secondsSince } from '../baselines/shared.mjs';

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
// The sum of what a rolling count of the same words emits: 1 + 2 + … + times for each word.
let rollingSum = 0;
for (const times of counts.values()) {
  words += times;
  rollingSum += (times * (times + 1)) / 2;
}
const wordsPerSecond = perSecond(words, seconds);
console.log(
  JSON.stringify({ program: 'word-count', words, distinct: counts.size, seconds, wordsPerSecond, hash: hashOfCounts(counts), rollingSum }),
);
