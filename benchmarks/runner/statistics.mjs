/** What is made of measured numbers. Pure. */

/**
 * @typedef {{ min: number, median: number, max: number }} Spread
 */

/**
 * @param {readonly number[]} values at least one
 * @returns {Spread}
 */
export function spreadOf(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}

/**
 * The smallest of the values that at least this share of them does not exceed.
 *
 * @param {Float64Array} sorted ascending, at least one
 * @param {number} share above 0, up to 1
 * @returns {number}
 */
export function quantileOf(sorted, share) {
  return sorted[Math.ceil(sorted.length * share) - 1];
}
