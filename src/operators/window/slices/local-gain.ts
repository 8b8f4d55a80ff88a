/**
 * Whether it pays to aggregate in front of an exchange, and how: records come in, and fewer partial results should go out.
 *
 *     holding ──hardly fewer──▶ renewing ──hardly fewer──▶ passing ──after a while──▶ holding
 *
 * Who holds keeps the keys that came first while there is room, and records of others pass: that is best where some keys are always
 * frequent. Who renews lets all go whenever there is no room any more: that is best where keys are frequent for a while, one after the
 * other. Where neither makes less of records they pass as they are; but data change.
 *
 * Partial results of several records may be of another type than those of one, and an exchange that has seen both is slower for good.
 * There a sample is looked at first, of records that pass: how many pairs of a key and a slice are among them. One subtask owns it.
 *
 * @hotpath
 */

/** Records for each that goes out below which it does not pay: an aggregation costs about as much as a trip through an exchange. */
const gainMin = 2;
/** The same where partial results are of another type than records: then each costs as much as many records do, which travel in columns. */
const gainMinOfValues = 16;
/** Batches that pass between two attempts, at first and at most: then an attempt costs next to nothing. */
const passingBatches = 512;
const passingBatchesMax = 8192;

/** Places for pairs of a sample, a power of two: some for each of as many as there may be. */
const placeBits = 16;
const golden = 0x9e3779b1;

export interface LocalGainOptions {
  /** Records by which it is judged. */
  readonly judgedRows: number;
  /** Whether a sample is looked at before any record is aggregated. */
  readonly samples: boolean;
}

export class LocalGain {
  /** Records that came in since the last judgement. */
  rows = 0;
  /** Partial results that went out. */
  passed = 0;
  /** Whether all records pass. */
  passes = false;
  /** Whether those that pass are a sample. */
  isSampling = false;
  /** Whether all that is held shall go on, so that it is done another way. */
  letsGo = false;
  /** Whether all that is held shall go on whenever there is no room for more. */
  renews = false;
  readonly #options: LocalGainOptions;
  #patience = passingBatches;
  #batches = 0;
  /** Of a sample: by the first bits of the hash of a pair, whether it was seen. */
  readonly #places: Uint8Array;
  #taken = 0;

  constructor(options: LocalGainOptions) {
    this.#options = options;
    this.#places = new Uint8Array(options.samples ? 1 << placeBits : 0);
    if (options.samples) this.#sample();
  }

  get #gainMin(): number {
    return this.samples ? gainMinOfValues : gainMin;
  }

  /** Whether a sample is looked at before any record is aggregated. */
  get samples(): boolean {
    return this.#options.samples;
  }

  /** @param isEmpty whether nothing is held */
  beginBatch(isEmpty: boolean): void {
    if (this.isSampling) {
      if (this.rows >= this.#options.judgedRows) this.#reset(this.rows < this.#pairs() * this.#gainMin);
    } else if (this.passes) {
      if (++this.#batches < this.#patience) return;
      if (this.#options.samples) this.#sample();
      else this.#reset(false);
    } else if (this.letsGo && isEmpty) this.#turn();
    // So many went by that it must be full.
    else if (this.passed >= this.#options.judgedRows) this.look();
  }

  /** A record of a sample. @param slice any number that tells its slice from others, mostly */
  see(hash: number, slice: number): void {
    this.rows++;
    const place = Math.imul(hash ^ Math.imul(slice, golden), golden) >>> (32 - placeBits);
    this.#taken += 1 - this.#places[place];
    this.#places[place] = 1;
  }

  /** Judges, if there is enough to go by. */
  look(): void {
    if (this.rows < this.#options.judgedRows || this.letsGo) return;
    if (this.rows < this.passed * this.#gainMin) {
      this.letsGo = true;
      return;
    }
    this.#patience = passingBatches;
    this.#forget();
  }

  /** From holding to renewing, and from renewing to passing. */
  #turn(): void {
    if (this.renews) {
      this.#reset(true);
      return;
    }
    this.renews = true;
    this.letsGo = false;
    this.#forget();
  }

  #forget(): void {
    this.rows = 0;
    this.passed = 0;
  }

  /** How many pairs have taken so many places, about: linear counting (K.-Y. Whang et al., 1990). */
  #pairs(): number {
    const places = this.#places.length;
    return -places * Math.log1p(-Math.min(this.#taken, places - 1) / places);
  }

  #sample(): void {
    this.#reset(true);
    this.isSampling = true;
    this.#taken = 0;
    this.#places.fill(0);
  }

  #reset(passes: boolean): void {
    if (passes && !this.isSampling) this.#patience = Math.min(this.#patience * 2, passingBatchesMax);
    this.#batches = 0;
    this.passes = passes;
    this.isSampling = false;
    this.letsGo = false;
    this.renews = false;
    this.#forget();
  }
}
