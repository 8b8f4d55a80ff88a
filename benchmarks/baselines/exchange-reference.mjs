/**
 * The results of the exchange benchmarks, computed in one thread without any exchange: what every program that exchanges
 * the same records must find.
 *
 *   node benchmarks/baselines/exchange-reference.mjs [records] [keys]
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addToSum, exchangeArguments, exchangeRecord, hashOfSums, perSecond, secondsSince } from './shared.mjs';

export { exchangeRecord };

/**
 * @param {number} records
 * @param {number} keys
 * @returns {Map<number, import('./shared.mjs').KeyedSum>} count and sum of each key that occurs
 */
function expectedSums(records, keys) {
  /** @type {Map<number, import('./shared.mjs').KeyedSum>} */
  const sums = new Map();
  for (let i = 0; i < records; i++) addToSum(sums, exchangeRecord(i, keys));
  return sums;
}

/**
 * @param {number} records
 * @param {number} [keys]
 * @returns {string} the checksum that a program prints as `hash`
 */
export function expectedExchangeHash(records, keys = 1_000) {
  return hashOfSums(expectedSums(records, keys));
}

function main() {
  const { records, keys } = exchangeArguments();
  const start = performance.now();
  const sums = expectedSums(records, keys);
  const seconds = secondsSince(start);
  const recordsPerSecond = perSecond(records, seconds);
  console.log(
    JSON.stringify({
      program: 'exchange-reference',
      records,
      seconds,
      recordsPerSecond,
      hash: hashOfSums(sums),
    }),
  );
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
