/**
 * Whether a series of measurements drifts: rises over the length of a run by more than chance and the collector's to and fro. Pure.
 *
 * The series is cut into blocks of equal length, each stands for itself by one number, and only blocks are compared: neighbours among single
 * measurements are alike, which a test of significance would take for a trend. Two things must come together: the blocks rise more
 * steadily than chance has it (the test of Mann and Kendall), and the rise is more than what is tolerated. What rises is the line of Theil and
 * Sen, the median of the slopes between all pairs, which single outliers do not move; or the median of the last third of the blocks over that
 * of the first, where the series rose in one step.
 */
import { spreadOf } from './statistics.mjs';

/**
 * @typedef {{ at: number, value: number }} Measured at some time, in ms
 * @typedef {object} Drift
 * @property {boolean} drifts
 * @property {number} from the level in the first third
 * @property {number} to that in the last
 * @property {number} growth from the first block to the last
 * @property {number} perHour
 * @property {number} z how far beyond chance, in standard deviations
 */

const blockCount = 18;
/** A series without drift is beyond this once in two hundred times, and then it must be beyond its tolerance, too. */
const significantZ = 2.58;

/**
 * @param {readonly Measured[]} series in the order of time, at least as many as there are blocks
 * @param {{ block?: 'median' | 'min', tolerance: number }} options `block`: what stands for a block; the minimum is for what the collector lets down again.
 * `tolerance`: how much may be gained over the series
 * @returns {Drift}
 * @throws RangeError where there are fewer measurements than blocks
 */
export function driftOf(series, { block = 'median', tolerance }) {
  if (series.length < blockCount)
    throw new RangeError(`${series.length} measurements are too few to tell a drift, ${blockCount} are needed: measure for longer`);
  const blocks = blocksOf(series, block);
  const values = blocks.map(({ value }) => value);
  const z = mannKendall(values);
  const slope = theilSen(blocks);
  const third = blockCount / 3;
  const [from, to] = [spreadOf(values.slice(0, third)).median, spreadOf(values.slice(-third)).median];
  const growth = Math.max(slope * (blocks[blockCount - 1].at - blocks[0].at), to - from);
  return { drifts: z > significantZ && growth > tolerance, from, to, growth, perHour: slope * 3_600_000, z };
}

/**
 * @param {readonly Measured[]} series
 * @param {'median' | 'min'} block
 * @returns {Measured[]}
 */
function blocksOf(series, block) {
  return Array.from({ length: blockCount }, (_, i) => {
    const part = series.slice(Math.floor((i * series.length) / blockCount), Math.floor(((i + 1) * series.length) / blockCount));
    return { at: spreadOf(part.map(({ at }) => at)).median, value: spreadOf(part.map(({ value }) => value))[block] };
  });
}

/**
 * The slope of a line through a series that a few outliers do not move: the median of those through all pairs.
 *
 * @param {readonly Measured[]} series at least two, at different times
 * @returns {number} for a millisecond
 */
export function theilSen(series) {
  const slopes = series.flatMap((a, i) => series.slice(i + 1).map((b) => (b.value - a.value) / (b.at - a.at)));
  return spreadOf(slopes).median;
}

/**
 * How much more often a later value is above an earlier one than below it, in standard deviations of what chance would have.
 *
 * @param {readonly number[]} values
 * @returns {number} above 0 where they rise; 0 where all are equal
 */
export function mannKendall(values) {
  let score = 0;
  for (const [i, a] of values.entries()) for (const b of values.slice(i + 1)) score += Math.sign(b - a);
  const ties = new Map();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  const tied = [...ties.values()].reduce((sum, n) => sum + pairVariance(n), 0);
  const variance = (pairVariance(values.length) - tied) / 18;
  return variance === 0 ? 0 : (score - Math.sign(score)) / Math.sqrt(variance);
}

/** @param {number} n */
function pairVariance(n) {
  return n * (n - 1) * (2 * n + 5);
}
