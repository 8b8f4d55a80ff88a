/**
 * Counts in buckets with consecutive numbers, of which at most `capacity` are kept: the highest. What falls into lower ones
 * is counted in the lowest kept. Invariant: the content depends on what was added only, not on order or splits, because
 * the lowest bucket kept follows from the highest seen. One thread owns a store.
 *
 * @hotpath
 */

/** The content as plain data: the number of the first bucket, and the counts from there on. */
export interface BucketContent {
  readonly first: number;
  readonly counts: Float64Array;
}

const noCounts = new Float64Array(0);

/** Spare buckets on both sides, at least. */
const slackMin = 8;

export class BucketStore {
  /** Sum of all counts. */
  total = 0;
  readonly #capacity: number;
  /** The counts of the buckets from `#base` on; those outside `#first … #last` are zero. */
  #counts = noCounts;
  #base = 0;
  #first = 0;
  #last = -1;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(bucket: number, count: number): void {
    if (bucket < this.#first || bucket > this.#last) this.#extend(bucket);
    this.#counts[Math.max(bucket, this.#first) - this.#base] += count;
    this.total += count;
  }

  merge({ first, counts }: BucketContent): void {
    for (let i = 0; i < counts.length; i++) if (counts[i] > 0) this.add(first + i, counts[i]);
  }

  content(): BucketContent {
    return { first: this.#first, counts: this.#counts.slice(this.#first - this.#base, this.#last + 1 - this.#base) };
  }

  /** The first bucket, going upwards, up to which there are more than `rank` counts; the last one for all else. */
  bucketAtRank(rank: number): number {
    let seen = 0;
    for (let bucket = this.#first; bucket < this.#last; bucket++) {
      seen += this.#counts[bucket - this.#base];
      if (seen > rank) return bucket;
    }
    return this.#last;
  }

  /** Going downwards. */
  bucketAtRankFromTop(rank: number): number {
    let seen = 0;
    for (let bucket = this.#last; bucket > this.#first; bucket--) {
      seen += this.#counts[bucket - this.#base];
      if (seen > rank) return bucket;
    }
    return this.#first;
  }

  /** Makes the bucket one of those kept, or finds that it is too low for that. */
  #extend(bucket: number): void {
    const isEmpty = this.#last < this.#first;
    const last = isEmpty ? bucket : Math.max(this.#last, bucket);
    const first = Math.max(isEmpty ? bucket : Math.min(this.#first, bucket), last - this.#capacity + 1);
    const collapsed = this.#takeBelow(first);
    if (first < this.#base || last >= this.#base + this.#counts.length) this.#move(first, last);
    this.#first = first;
    this.#last = last;
    this.#counts[first - this.#base] += collapsed;
  }

  /** Empties the buckets below `first` and returns what was in them. */
  #takeBelow(first: number): number {
    let taken = 0;
    const end = Math.min(first, this.#last + 1);
    for (let bucket = this.#first; bucket < end; bucket++) {
      taken += this.#counts[bucket - this.#base];
      this.#counts[bucket - this.#base] = 0;
    }
    return taken;
  }

  /** Moves to an array that has room for these buckets, and for as many again to come. */
  #move(first: number, last: number): void {
    const width = last - first + 1;
    const slack = Math.max(slackMin, width >> 1);
    const counts = new Float64Array(width + 2 * slack);
    const base = first - slack;
    for (let bucket = Math.max(first, this.#first); bucket <= this.#last; bucket++)
      counts[bucket - base] = this.#counts[bucket - this.#base];
    this.#counts = counts;
    this.#base = base;
  }
}
