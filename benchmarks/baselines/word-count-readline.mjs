/**
 * The usual way to count the words of a file in Node: `readline`, `split` and a `Map`.
 *
 *   node benchmarks/baselines/word-count-readline.mjs <file>
 *
 * It agrees with `native-bench/word-count.c` on text in valid UTF-8 whose lines end with a line feed alone. `readline` also
 * ends lines at carriage returns, U+2028 and U+2029, all of which the native program leaves in the words.
 */
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { countWordsOfLine, hashOfCounts, perSecond, secondsSince } from './shared.mjs';

const file = process.argv[2];
if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
  console.error(file === undefined ? 'usage: word-count-readline.mjs <file>' : `"${file}" is not a file`);
  process.exit(1);
}

const start = performance.now();
/** @type {Map<string, number>} */
const counts = new Map();
// Events rather than `for await`, which is slower.
const lines = createInterface({
  input: createReadStream(file),
  crlfDelay: Number.POSITIVE_INFINITY,
});
lines.on('line', (line) => countWordsOfLine(counts, line));
await once(lines, 'close');
const seconds = secondsSince(start);

const words = [...counts.values()].reduce((sum, count) => sum + count, 0);
console.log(
  JSON.stringify({
    program: 'word-count-readline',
    bytes: statSync(file).size,
    words,
    distinct: counts.size,
    seconds,
    wordsPerSecond: perSecond(words, seconds),
    hash: hashOfCounts(counts),
  }),
);
