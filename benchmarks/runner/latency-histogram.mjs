/**
 * How often each latency was measured, in a table of fixed size: a run may have a hundred million of them, and each counts in the tail. A latency is
 * counted with those of the same 128th of its power of two, so what is read from the table is at most 0.8 % above what was measured.
 */

/** Latencies below this are counted exactly, in microseconds; above, 128 steps to the next power of two. */
const exactMicros = 256;
const stepBits = 7;
const steps = (31 - stepBits) * 2 ** stepBits + exactMicros;

export class LatencyHistogram {
  /** By step; plain numbers, to be handed over and added to others. */
  counts = new Float64Array(steps);

  /**
   * @param {number} ms from 0; more than 71 minutes counts as that
   * @throws RangeError for what no latency can be: something was measured by two clocks
   */
  record(ms) {
    if (!(ms >= 0)) throw new RangeError(`a latency must be a number of milliseconds from 0, got ${ms}`);
    this.counts[stepOf(Math.min(ms * 1000, 0xffffffff) >>> 0)]++;
  }

  /** @param {ArrayLike<number>} counts of another histogram */
  add(counts) {
    for (let i = 0; i < steps; i++) this.counts[i] += counts[i];
  }

  clear() {
    this.counts.fill(0);
  }

  get total() {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * @param {number} share above 0, up to 1: 0.5 is the median, 1 the maximum
   * @returns {number} milliseconds; NaN where nothing was measured
   */
  quantile(share) {
    let left = Math.ceil(this.total * share);
    if (left === 0) return Number.NaN;
    for (let i = 0; i < steps; i++) {
      left -= this.counts[i];
      if (left <= 0) return lastOf(i) / 1000;
    }
    return Number.NaN;
  }
}

/** @param {number} micros unsigned, 32 bits */
function stepOf(micros) {
  if (micros < exactMicros) return micros;
  const shift = 31 - stepBits - Math.clz32(micros);
  return (shift << stepBits) + (micros >>> shift);
}

/**
 * @param {number} step
 * @returns {number} the most microseconds that count there
 */
function lastOf(step) {
  if (step < exactMicros) return step;
  const shift = (step >> stepBits) - 1;
  return (step - (shift << stepBits) + 1) * 2 ** shift - 1;
}
