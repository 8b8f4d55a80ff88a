/**
 * A sketch of the distribution of numbers that answers quantiles within a relative accuracy: DDSketch (C. Masson, J. E. Rim,
 * H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019).
 *
 * With accuracy α, bucket i counts the values from γⁱ⁻¹ (exclusive) to γⁱ (inclusive), γ = (1 + α) / (1 − α), and stands for
 * the value 2γⁱ / (γ + 1), which is within α of all of them. Negative values are kept by their magnitude in a store of their own.
 * Zero, the infinities and NaN are counted exactly; numbers below 2⁻¹⁰²², which have not all their digits, count as zero.
 *
 * The buckets are bounded: each store keeps those whose values are at most a factor of 10¹⁸ below its largest magnitude; what
 * is smaller is counted in the lowest bucket kept. So only quantiles that fall on such tiny values are less accurate.
 *
 * Invariant: the content depends on what was added only, not on order or splits. One thread owns a sketch.
 *
 * @hotpath
 */

import { type BucketContent, BucketStore } from './bucket-store.ts';

/** From nanoseconds to decades; some 2,000 buckets with an accuracy of 1 %. */
const rangeKept = 1e18;
/** A magnitude that is less than this factor below the largest is in a bucket that is kept: it is smaller than `rangeKept` by two buckets at least. */
const rangeApart = 1e17;

/** The smallest number with all its digits. */
const magnitudeMin = 2 ** -1022;

/** The content as plain data. */
export interface DDSketchContent {
  readonly positive: BucketContent;
  readonly negative: BucketContent;
  readonly zeros: number;
  readonly positiveInfinities: number;
  readonly negativeInfinities: number;
  readonly notANumbers: number;
}

/** The buckets of an accuracy; all sketches of a state share one. */
export class LogarithmicBuckets {
  readonly capacity: number;
  readonly #logGamma: number;
  /** The logarithm of 2 / (γ + 1). */
  readonly #logCentre: number;

  constructor(accuracy: number) {
    const gamma = (1 + accuracy) / (1 - accuracy);
    this.#logGamma = Math.log(gamma);
    this.#logCentre = Math.log(2 / (gamma + 1));
    this.capacity = Math.ceil(Math.log(rangeKept) / this.#logGamma);
  }

  /** The bucket of a positive, finite number. It is well within 32 bits; the operator turns −0 into 0. */
  bucketOf(magnitude: number): number {
    return Math.ceil(Math.log(magnitude) / this.#logGamma) | 0;
  }

  /** What the bucket stands for. The largest bucket could reach beyond the numbers. */
  valueOf(bucket: number): number {
    return Math.min(Number.MAX_VALUE, Math.exp(bucket * this.#logGamma + this.#logCentre));
  }

  /** What a sketch of some numbers tells of one of them. @param sorted all `count` of them, ascending, NaN last */
  toldOf(value: number, sorted: Float64Array, count: number): number {
    if (isPositive(value)) {
      let top = count - 1;
      while (!isPositive(sorted[top])) top--;
      return this.#toldBeside(value, sorted[top]);
    }
    if (isPositive(-value)) {
      let top = 0;
      while (!isPositive(-sorted[top])) top++;
      return -this.#toldBeside(-value, -sorted[top]);
    }
    return Number.isFinite(value) ? 0 : value;
  }

  /** @param largest magnitude of the same sign, on which depends what is kept apart */
  #toldBeside(magnitude: number, largest: number): number {
    const bucket = this.bucketOf(magnitude);
    // Two logarithms take most of the time.
    if (largest < magnitude * rangeApart) return this.valueOf(bucket);
    return this.valueOf(Math.max(bucket, this.bucketOf(largest) - this.capacity + 1));
  }
}

/** Whether a number has a bucket among the positive ones: others are counted exactly, or by their magnitude. */
function isPositive(value: number): boolean {
  return value >= magnitudeMin && value <= Number.MAX_VALUE;
}

export class DDSketch {
  readonly #buckets: LogarithmicBuckets;
  readonly #positive: BucketStore;
  readonly #negative: BucketStore;
  #zeros = 0;
  #positiveInfinities = 0;
  #negativeInfinities = 0;
  #notANumbers = 0;

  constructor(buckets: LogarithmicBuckets) {
    this.#buckets = buckets;
    this.#positive = new BucketStore(buckets.capacity);
    this.#negative = new BucketStore(buckets.capacity);
  }

  /** How many numbers were added. */
  get count(): number {
    const finite = this.#negative.total + this.#zeros + this.#positive.total;
    return this.#negativeInfinities + finite + this.#positiveInfinities + this.#notANumbers;
  }

  add(value: number): void {
    if (isPositive(value)) this.#positive.add(this.#buckets.bucketOf(value), 1);
    else if (isPositive(-value)) this.#negative.add(this.#buckets.bucketOf(-value), 1);
    else this.#addSpecial(value);
  }

  /** Adds the content of another sketch of the same accuracy. */
  merge(content: DDSketchContent): void {
    this.#positive.merge(content.positive);
    this.#negative.merge(content.negative);
    this.#zeros += content.zeros;
    this.#positiveInfinities += content.positiveInfinities;
    this.#negativeInfinities += content.negativeInfinities;
    this.#notANumbers += content.notANumbers;
  }

  /** A copy of the content. */
  content(): DDSketchContent {
    return {
      positive: this.#positive.content(),
      negative: this.#negative.content(),
      zeros: this.#zeros,
      positiveInfinities: this.#positiveInfinities,
      negativeInfinities: this.#negativeInfinities,
      notANumbers: this.#notANumbers,
    };
  }

  /** The value at index ⌊q · (count − 1)⌋ of the sorted numbers, about; there must be one. NaN is the greatest. */
  quantile(q: number): number {
    let rank = q * (this.count - 1);
    if (rank < this.#negativeInfinities) return Number.NEGATIVE_INFINITY;
    rank -= this.#negativeInfinities;
    if (rank < this.#negative.total) return -this.#buckets.valueOf(this.#negative.bucketAtRankFromTop(rank));
    rank -= this.#negative.total;
    if (rank < this.#zeros) return 0;
    rank -= this.#zeros;
    if (rank < this.#positive.total) return this.#buckets.valueOf(this.#positive.bucketAtRank(rank));
    return rank - this.#positive.total < this.#positiveInfinities ? Number.POSITIVE_INFINITY : Number.NaN;
  }

  #addSpecial(value: number): void {
    if (value === Number.POSITIVE_INFINITY) this.#positiveInfinities++;
    else if (value === Number.NEGATIVE_INFINITY) this.#negativeInfinities++;
    else if (Number.isNaN(value)) this.#notANumbers++;
    else this.#zeros++;
  }
}
