/**
 * Whole numbers from 0 at a steady rate, each due at a time of its own: a source on the public API. The schedule is fixed from the start. A job that falls
 * behind gets the numbers later, yet they were due when they were due, so what waits is seen in the latencies of all that wait behind it.
 */
import { nowMs } from './clock.mjs';

/**
 * @typedef {{ count: number, ratePerSecond: number, startAt: number }} Pace `startAt`: when number 0 is due, by `nowMs`
 * @typedef {{ id: string, next: number }} PacedSplit every number of one reader from `next` on
 * @typedef {import('millrace').SourceReader<number, PacedSplit>} Reader
 */

/**
 * @param {number} number
 * @param {Pick<Pace, 'ratePerSecond' | 'startAt'>} pace
 * @returns {number} by `nowMs`
 */
export function dueAt(number, { ratePerSecond, startAt }) {
  return startAt + (number * 1000) / ratePerSecond;
}

/**
 * @param {Pace} pace
 * @param {number} readers each has every n-th number
 * @returns {import('millrace').Source<number, PacedSplit>}
 */
export function pacedNumbers(pace, readers) {
  return {
    name: 'paced numbers',
    bounded: true,
    parallelismMax: readers,
    details: { ...pace, readers },
    enumerate: () => Array.from({ length: readers }, (_, i) => ({ id: `every-${i}`, next: i })),
    createReader: (context) => new PacedReader(pace, readers, context),
  };
}

/** @implements {Reader} */
class PacedReader {
  #pace;
  #step;
  #context;
  /** @type {PacedSplit | undefined} */
  #split;
  #complete = false;
  /** @type {import('millrace').Timer | undefined} */
  #timer;

  /**
   * @param {Pace} pace
   * @param {number} step
   * @param {import('millrace').SourceReaderContext} context
   */
  constructor(pace, step, context) {
    this.#pace = pace;
    this.#step = step;
    this.#context = context;
  }

  /** @param {PacedSplit} split */
  addSplit(split) {
    this.#split = split;
  }

  noMoreSplits() {
    this.#complete = true;
  }

  /** @returns {import('millrace').Polled<number>} */
  poll() {
    if (this.#split === undefined) return this.#complete ? 'end' : 'needs-split';
    if (this.#timer !== undefined) return 'pending';
    const { id, next } = this.#split;
    const { count, ratePerSecond, startAt } = this.#pace;
    const due = Math.min(count - 1, Math.floor(((nowMs() - startAt) * ratePerSecond) / 1000));
    const length = Math.min(this.#context.limits.batchRows, Math.floor((due - next) / this.#step) + 1);
    if (length < 1) return this.#wait(next);
    const behind = next + length * this.#step;
    this.#split = behind < count ? { id, next: behind } : undefined;
    return Array.from({ length }, (_, i) => next + i * this.#step);
  }

  /** Wakes when the next number is due, a millisecond from now at least: one by one they would keep a thread busy. @param {number} next */
  #wait(next) {
    const delayMs = Math.max(1, dueAt(next, this.#pace) - nowMs());
    this.#timer = this.#context.system.timers.after(delayMs, () => {
      this.#timer = undefined;
      this.#context.wake();
    });
    return /** @type {const} */ ('pending');
  }

  splits() {
    return this.#split === undefined ? [] : [this.#split];
  }

  close() {
    this.#timer?.cancel();
  }
}
