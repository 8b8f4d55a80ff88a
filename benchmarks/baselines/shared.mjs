/**
 * What the baselines share with the native reference programs: the generated records, and a checksum of the results by
 * which a runner sees that two programs did the same work.
 */

const FNV1A_32_START = 0x811c9dc5;
const FNV1A_32_PRIME = 0x01000193;

/**
 * @typedef {{ key: number, v1: number, v2: number, v3: number }} ExchangeRecord
 * @typedef {{ count: number, sum: number }} KeyedSum
 */

/**
 * Continues an FNV-1a 32-bit checksum over the UTF-8 bytes of `text`.
 *
 * @param {number} hash the checksum so far
 * @param {string} text
 * @returns {number}
 */
export function fnv1a(hash, text) {
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV1A_32_PRIME);
  return hash >>> 0;
}

/**
 * @param {Iterable<string>} lines without line feeds
 * @returns {string} the checksum of the lines, each with a line feed, as eight hexadecimal digits
 */
export function hashOfLines(lines) {
  let hash = FNV1A_32_START;
  for (const line of lines) hash = fnv1a(hash, `${line}\n`);
  return hash.toString(16).padStart(8, '0');
}

/**
 * Record number `i` of the exchange benchmarks, as in `native-bench/exchange.c`. All values are whole numbers below 1000,
 * so that sums are exact in any order.
 *
 * @param {number} i from 0 to 2^32 - 1
 * @param {number} keys how many keys there are
 * @returns {ExchangeRecord}
 */
export function exchangeRecord(i, keys) {
  let x = Math.imul(i, 2654435761);
  x ^= x >>> 15;
  x = Math.imul(x, 2246822519);
  x = (x ^ (x >>> 13)) >>> 0;
  return { key: x % keys, v1: i % 1000, v2: (i >>> 3) % 1000, v3: x % 997 };
}

/**
 * @param {Map<number, KeyedSum>} sums
 * @param {ExchangeRecord} record
 */
export function addToSum(sums, { key, v1, v2, v3 }) {
  const entry = sums.get(key);
  if (entry === undefined) {
    sums.set(key, { count: 1, sum: v1 + v2 + v3 });
    return;
  }
  entry.count += 1;
  entry.sum += v1 + v2 + v3;
}

/**
 * @param {Map<number, KeyedSum>} sums
 * @returns {string} the checksum of the lines `key count sum`, keys ascending
 */
export function hashOfSums(sums) {
  const sorted = [...sums].sort(([a], [b]) => a - b);
  return hashOfLines(sorted.map(([key, { count, sum }]) => `${key} ${count} ${sum}`));
}

/**
 * @param {Map<string, number>} counts
 * @param {string} line
 */
export function countWordsOfLine(counts, line) {
  for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
}

/**
 * Counts the words of a text by the rules of `native-bench/word-count.c`: lines end with a line feed and with nothing
 * else, and a line feed at the end starts no other line.
 *
 * @param {string} text
 * @returns {Map<string, number>}
 */
export function countWords(text) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) countWordsOfLine(counts, line);
  return counts;
}

/**
 * @param {Map<string, number | string>} counts
 * @returns {string} the checksum of the lines `word count`, words in the order of their UTF-8 bytes
 */
export function hashOfCounts(counts) {
  // Strings compare by UTF-16 code units, which is another order.
  const sorted = [...counts].map(([word, count]) => ({ bytes: Buffer.from(word), word, count }));
  sorted.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  return hashOfLines(sorted.map(({ word, count }) => `${word} ${count}`));
}

/**
 * Record number `i` of a side of the interval join: a hundred in each millisecond, keys by chance.
 *
 * @param {number} i
 * @param {number} salt of the side
 * @param {number} keys how many keys there are
 * @returns {{ key: number, at: number, value: number }}
 */
export function joinRecord(i, salt, keys) {
  let x = Math.imul(i + salt * 7919, 2654435761);
  x ^= x >>> 15;
  x = Math.imul(x, 2246822519);
  x = (x ^ (x >>> 13)) >>> 0;
  return { key: x % keys, at: Math.floor(i / 100), value: i % 1000 };
}

/** @returns {{ records: number, keys: number }} of the arguments `[records] [keys]` */
export function joinArguments() {
  const [records = '4000000', keys = '1000'] = process.argv.slice(2);
  return { records: Number(records), keys: Number(keys) };
}

/**
 * Computes for about half a microsecond.
 *
 * @param {number} n
 * @returns {number} one of 64 buckets
 */
export function spin(n) {
  let h = n | 0;
  for (let i = 0; i < 200; i++) h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) + i;
  return h & 63;
}

/**
 * @param {number} start of `performance.now()`
 * @returns {number} the seconds since then, to a microsecond
 */
export function secondsSince(start) {
  return Math.round((performance.now() - start) * 1_000) / 1_000_000;
}

/**
 * Measures work that takes a while to get going: threads start, code is compiled. The clock starts when a tenth is done, and what
 * it shows is the time of all the work at the speed of the rest.
 */
export class SteadyClock {
  #work;
  #start = performance.now();
  /** Work done when the clock started. */
  #before = 0;

  /** @param {number} work in all */
  constructor(work) {
    this.#work = work;
  }

  /** @param {number} done so far */
  at(done) {
    if (this.#before > 0 || done < this.#work / 10 || done >= this.#work / 2) return;
    this.#start = performance.now();
    this.#before = done;
  }

  /** @returns {number} seconds, those of the whole run where it was too short to be seen under way */
  end() {
    const share = 1 - this.#before / Math.max(1, this.#work);
    return Math.round((secondsSince(this.#start) / share) * 1_000_000) / 1_000_000;
  }
}

/**
 * @param {number} count
 * @param {number} seconds
 * @returns {number} the rate as a whole number, 0 where the clock saw no time pass
 */
export function perSecond(count, seconds) {
  return seconds > 0 ? Math.round(count / seconds) : 0;
}

/**
 * The argument at `index` of the command line as a whole number, or `fallback` where it is not given. Ends the process
 * with a message where it is something else.
 *
 * @param {number} index from 0
 * @param {{ name: string, fallback: number, min: number, max: number }} options
 * @returns {number}
 */
export function wholeNumberArgument(index, { name, fallback, min, max }) {
  const text = process.argv[2 + index];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  console.error(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  process.exit(1);
}

/** @returns {{ records: number, keys: number }} the arguments of the exchange programs: `[records] [keys]` */
export function exchangeArguments() {
  return {
    records: wholeNumberArgument(0, {
      name: 'records',
      fallback: 2_000_000,
      min: 0,
      max: 0xffff_ffff,
    }),
    keys: wholeNumberArgument(1, { name: 'keys', fallback: 1_000, min: 1, max: 1 << 24 }),
  };
}
