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

/**
 * The chance that differences without a direction lie above zero as much as these do, or more: Wilcoxon's signed-rank test, one-sided and
 * exact. Ranks that are tied are shared, and differences of zero say nothing.
 *
 * @param {readonly number[]} differences of pairs
 * @returns {number} above 0, up to 1; with n differences no less than 1 in 2^n
 */
export function signedRankChance(differences) {
  const told = differences.filter((difference) => difference !== 0);
  const ranks = doubledRanks(told.map(Math.abs));
  let against = 0;
  for (const [i, difference] of told.entries()) if (difference < 0) against += ranks[i];
  return subsetsUpTo(ranks, against) / 2 ** ranks.length;
}

/**
 * @param {readonly number[]} values
 * @returns {number[]} twice the rank of each, so that the mean rank of ties is a whole number
 */
function doubledRanks(values) {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
}

/**
 * @param {readonly number[]} ranks
 * @param {number} limit
 * @returns {number} how many of all subsets of the ranks have a sum up to the limit
 */
function subsetsUpTo(ranks, limit) {
  const ways = new Float64Array(limit + 1);
  ways[0] = 1;
  for (const rank of ranks) for (let sum = limit; sum >= rank; sum--) ways[sum] += ways[sum - rank];
  return ways.reduce((all, each) => all + each, 0);
}
