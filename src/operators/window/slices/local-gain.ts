/**
 * Whether it pays to aggregate in front of an exchange: records come in, and fewer partial results should go out. Where they are
 * hardly fewer, records pass as they are; after a while they are aggregated again, since data change. One subtask owns it.
 *
 * @hotpath
 */

/** Records by which it is judged: enough to say something, few enough to be soon done with where nothing is gained. */
const judgedRows = 32 * 1024;
/** Records for each that goes out below which it does not pay: an aggregation costs about as much as a trip through an exchange. */
const gainMin = 2;
/** Batches that pass between two attempts, at first and at most: then an attempt costs next to nothing. */
const passingBatches = 512;
const passingBatchesMax = 8192;

export class LocalGain {
  /** Records that came in since the last judgement. */
  rows = 0;
  /** Partial results that went out. */
  passed = 0;
  /** Whether all records pass. */
  passes = false;
  /** Whether all that is held shall go on, so that they can. */
  letsGo = false;
  #patience = passingBatches;
  #batches = 0;

  /** @param isEmpty whether nothing is held */
  beginBatch(isEmpty: boolean): void {
    if (this.passes) {
      if (++this.#batches >= this.#patience) this.#reset(false);
      return;
    }
    if (this.letsGo && isEmpty) this.#reset(true);
    // So many went by that it must be full.
    else if (this.passed >= judgedRows) this.look();
  }

  /** Judges, if there is enough to go by. */
  look(): void {
    if (this.rows < judgedRows || this.letsGo) return;
    if (this.rows < this.passed * gainMin) {
      this.letsGo = true;
      return;
    }
    this.#patience = passingBatches;
    this.rows = 0;
    this.passed = 0;
  }

  #reset(passes: boolean): void {
    if (passes) this.#patience = Math.min(this.#patience * 2, passingBatchesMax);
    this.#batches = 0;
    this.passes = passes;
    this.letsGo = false;
    this.rows = 0;
    this.passed = 0;
  }
}
