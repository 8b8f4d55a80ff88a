/**
 * Whether a program became worse, from pairs of runs of the base and of the working tree. Pure.
 *
 * The weather of a machine makes single runs differ by half, so three things must hold before a difference counts: the median of
 * the pairs' ratios is beyond 10 %, that of their differences beyond 10 ms, and nearly all of the pairs say the same.
 */
import { signedRankChance, spreadOf } from './statistics.mjs';

/**
 * @typedef {import('./statistics.mjs').Spread} Spread
 * @typedef {'lower' | 'higher'} Better
 * @typedef {'worse' | 'better' | 'same' | 'too few pairs'} Outcome
 */

/**
 * @typedef {object} Verdict
 * @property {Outcome} outcome
 * @property {Spread} ratio how many times as long, or as much, as in the base: above 1 is worse
 * @property {number} base the median
 * @property {number} tree the median
 * @property {number} chance that differences without a direction would look like this
 * @property {number} pairs
 */

const shareMin = 0.1;
const secondsMin = 0.01;
/** One in fifty. */
const chanceMax = 0.02;
/** With fewer not even pairs that all agree are less likely by chance. */
export const pairsMin = Math.ceil(-Math.log2(chanceMax));

/**
 * @param {readonly (readonly [base: number, tree: number])[]} pairs at least one, all above zero
 * @param {{ better: Better, secondsPerUnit?: number | undefined }} options `secondsPerUnit`: where the values are durations
 * @returns {Verdict}
 */
export function judge(pairs, { better, secondsPerUnit }) {
  const ratios = pairs.map(([base, tree]) => (better === 'lower' ? tree / base : base / tree));
  const ratio = spreadOf(ratios);
  const worse = ratio.median > 1;
  const chance = signedRankChance(ratios.map((each) => (worse ? Math.log(each) : -Math.log(each))));
  const difference = Math.abs(spreadOf(pairs.map(([base, tree]) => tree - base)).median);
  const isLarge = beyond(ratio.median) && (secondsPerUnit === undefined || difference * secondsPerUnit > secondsMin);
  return {
    outcome: outcomeOf({ isLarge, worse, chance, pairs: pairs.length }),
    ratio,
    base: spreadOf(pairs.map(([base]) => base)).median,
    tree: spreadOf(pairs.map(([, tree]) => tree)).median,
    chance,
    pairs: pairs.length,
  };
}

/** @param {number} ratio */
function beyond(ratio) {
  return Math.max(ratio, 1 / ratio) > 1 + shareMin;
}

/**
 * @param {{ isLarge: boolean, worse: boolean, chance: number, pairs: number }} facts
 * @returns {Outcome}
 */
function outcomeOf({ isLarge, worse, chance, pairs }) {
  if (!isLarge) return 'same';
  if (pairs < pairsMin) return 'too few pairs';
  if (chance > chanceMax) return 'same';
  return worse ? 'worse' : 'better';
}

/** Seconds of units of time. @type {Readonly<Record<string, number>>} */
const times = { s: 1, ms: 1e-3, µs: 1e-6, ns: 1e-9 };
/** Such as `MB` or `bytes a key`. */
const memory = /^([kKMG]?B|bytes)\b/;

/**
 * What is better of a figure, by its unit.
 *
 * @param {string} unit
 * @returns {{ better: Better, secondsPerUnit?: number } | undefined} undefined where the unit does not tell, as that of a multiple
 */
export function directionOf(unit) {
  if (unit.endsWith('/s')) return { better: 'higher' };
  if (unit in times) return { better: 'lower', secondsPerUnit: times[unit] };
  return memory.test(unit) ? { better: 'lower' } : undefined;
}
