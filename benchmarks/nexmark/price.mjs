/** Prices: 10 to the power of a random number up to 6, in cents, so that small ones are as frequent as large ones. */

const digits = 6;
const tableBits = 11;
/** 10 to the power of what the highest bits of a word say, and the ones behind them. */
const high = tableOf(2 ** -tableBits, 100);
const low = tableOf(2 ** -(2 * tableBits), 1);
/** The last bits say so little that two terms of the series are exact. */
const rest = (digits * Math.LN10) / 2 ** 32;

/**
 * @param {number} step
 * @param {number} factor
 */
function tableOf(step, factor) {
  return Float64Array.from({ length: 1 << tableBits }, (_, i) => factor * 10 ** (i * step * digits));
}

/**
 * 100 to 100,000,000.
 *
 * @param {number} word 32 random bits
 */
export function priceOf(word) {
  const x = (word & 0x3ff) * rest;
  return Math.floor(high[word >>> 21] * low[(word >>> 10) & 0x7ff] * (1 + x + (x * x) / 2) + 0.5);
}
