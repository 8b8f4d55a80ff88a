// One source of two splits on two threads, one ten times as fast as the other. Rows: the split, event time, when it was read.
// Arguments: maxDrift (not aligned when absent), records of the slow split.
import { StreamEnvironment, watermarks } from '../../../dist/index.js';

const { maxDrift, count } = new StreamEnvironment().args;
const env = new StreamEnvironment({ parallelism: 2, autoWatermarkInterval: 2 });

/** Reads one record after another, with time between them. */
class PacedReader {
  #context;
  #split;
  #waits = false;
  #noMore = false;
  #next = 0;

  constructor(context) {
    this.#context = context;
  }

  addSplit(split) {
    this.#split = split;
    this.#next = 0;
  }

  noMoreSplits() {
    this.#noMore = true;
  }

  poll() {
    if (this.#split === undefined) return this.#noMore ? 'end' : 'needs-split';
    if (this.#waits) return 'pending';
    const { id, gapMs, records } = this.#split;
    if (this.#next === records) {
      this.#split = undefined;
      return 'needs-split';
    }
    this.#waits = true;
    this.#context.system.timers.after(gapMs, () => {
      this.#waits = false;
      this.#context.wake();
    });
    return [{ id, at: 10 * ++this.#next, readAt: performance.timeOrigin + performance.now() }];
  }

  splits() {
    return this.#split === undefined ? [] : [this.#split];
  }

  close() {}
}

const splits = [
  { id: 'fast', gapMs: 1, records: count },
  { id: 'slow', gapMs: 10, records: count },
];
const source = { name: 'paced', bounded: true, enumerate: () => splits, createReader: (context) => new PacedReader(context) };
const alignment = maxDrift === undefined ? {} : { alignment: { group: 'both', maxDrift, updateInterval: 2 } };
env.fromSource(source, { watermarks: watermarks.monotonous({ timestamp: 'at', ...alignment }) }).toHost('out');

await env.execute('aligned');
