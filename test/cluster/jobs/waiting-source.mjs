// A source that makes records up to a point, and waits there until it may go on: a job with it is met half-way, however fast or slow the
// machine is. It needs nothing of the package, so that programs with any copy of it can use it.

/** Records of a batch: few, so that not all there is comes at once. */
const batchRows = 16;
/** Milliseconds between two looks at how far it may go. */
const lookMs = 2;

/** Reads splits one after the other: the records with the numbers `next`, `next + step` and so on. */
class Reader {
  #options;
  #context;
  #splits = [];
  #noMore = false;
  #timer;

  constructor(options, context) {
    this.#options = options;
    this.#context = context;
  }

  addSplit(split) {
    this.#splits.push(split);
  }

  noMoreSplits() {
    this.#noMore = true;
  }

  poll() {
    const { count, create, until, pauseMs } = this.#options;
    const [split] = this.#splits;
    if (split === undefined) return this.#noMore ? 'end' : 'needs-split';
    if (split.next >= count) {
      this.#splits.shift();
      return this.poll();
    }
    if (this.#timer !== undefined) return 'pending';
    const limit = Math.min(count, until());
    if (split.next >= limit) return this.#rest(lookMs);
    const records = [];
    let { next } = split;
    for (; next < limit && records.length < batchRows; next += split.step) records.push(create(next));
    this.#splits[0] = { ...split, next };
    if (pauseMs > 0) this.#rest(pauseMs);
    return records;
  }

  #rest(milliseconds) {
    this.#timer = this.#context.system.timers.after(milliseconds, () => {
      this.#timer = undefined;
      this.#context.wake();
    });
    return 'pending';
  }

  splits() {
    return this.#splits;
  }

  close() {
    this.#timer?.cancel();
  }
}

/**
 * @param {object} options
 * @param {number} options.count records in all
 * @param {(index: number) => unknown} options.create makes a record
 * @param {() => number} [options.until] how many may be made by now; all when absent
 * @param {number} [options.splits] what is read by several readers, in no order
 * @param {number} [options.pauseMs] time between two batches
 */
export function waitingSource({ count, create, until = () => count, splits = 1, pauseMs = 0 }) {
  return {
    name: 'waiting',
    bounded: true,
    enumerate: () => Array.from({ length: splits }, (_, i) => ({ id: `every-${i}`, next: i, step: splits })),
    createReader: (context) => new Reader({ count, create, until, pauseMs }, context),
  };
}

/** What `until` is where a test says it, in memory that it shares with the job; undefined where it says nothing. */
export function untilTold(memory) {
  if (memory === undefined) return undefined;
  const told = new Int32Array(memory);
  return () => Atomics.load(told, 0);
}
