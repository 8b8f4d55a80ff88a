/** Whether a job has kept up with its input, from the latencies of a run, and the search for the highest rate at which it does. */
import { theilSen } from '../../runner/drift.mjs';

/**
 * @typedef {{ at: number, meanMs: number }} Slice
 */

/** What a second of input may add to the latency; what is 2 % too fast adds 20 ms. */
const growthMsPerSecond = 10;
/** More than this is a backlog, even one that does not grow. */
const latencyMsMax = 1000;

/** @param {readonly Slice[]} slices */
export function keptUp(slices) {
  if (slices.length < 4) return false;
  const growth = theilSen(slices.map(({ at, meanMs }) => ({ at, value: meanMs }))) * 1000;
  return growth < growthMsPerSecond && slices[slices.length - 1].meanMs < latencyMsMax;
}

/**
 * Doubles the rate until one is not kept up with, then halves the range in between again and again.
 *
 * @param {number} first to begin with
 * @param {number} halvings
 * @param {(ratePerSecond: number) => Promise<boolean>} holds
 * @returns {Promise<number>} the highest rate that was seen to hold
 * @throws Error when not even the first one does
 */
export async function highestRate(first, halvings, holds) {
  let [low, high] = [0, first];
  while (await holds(high)) [low, high] = [high, 2 * high];
  if (low === 0) throw new Error(`the job did not keep up with ${first} events a second`);
  for (let i = 0; i < halvings; i++) {
    const rate = Math.round((low + high) / 2);
    if (await holds(rate)) low = rate;
    else high = rate;
  }
  return low;
}
