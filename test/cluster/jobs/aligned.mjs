// One source of two splits on two threads: the slow one goes as far as the test lets it, the fast one until it is held back. Arguments:
// maxDrift, and memory of four numbers: records that the slow one may make; those that it has made; those that the fast one has made;
// and how often that was woken since.
import { StreamEnvironment, watermarks } from '../../../dist/index.js';

const { maxDrift, memory } = new StreamEnvironment().args;
const told = new Int32Array(memory);
const env = new StreamEnvironment({ parallelism: 2, autoWatermarkInterval: 2 });

/** Reads a record whenever it is woken, every millisecond. */
class WokenReader {
  #context;
  #split;
  #timer;
  #isWoken = true;

  constructor(context) {
    this.#context = context;
    this.#wakeSoon();
  }

  addSplit(split) {
    this.#split = split;
  }

  noMoreSplits() {}

  poll() {
    if (this.#split === undefined) return 'needs-split';
    const { id, made } = this.#split;
    if (!this.#isWoken || (id === 'slow' && made >= Atomics.load(told, 0))) return 'pending';
    this.#isWoken = false;
    this.#split = { id, made: made + 1 };
    Atomics.store(told, id === 'slow' ? 1 : 2, made + 1);
    if (id === 'fast') Atomics.store(told, 3, 0);
    return [{ at: 10 * (made + 1) }];
  }

  #wakeSoon() {
    this.#timer = this.#context.system.timers.after(1, () => {
      if (this.#split?.id === 'fast') Atomics.add(told, 3, 1);
      this.#isWoken = true;
      this.#context.wake();
      this.#wakeSoon();
    });
  }

  splits() {
    return this.#split === undefined ? [] : [this.#split];
  }

  close() {
    this.#timer.cancel();
  }
}

const splits = [
  { id: 'fast', made: 0 },
  { id: 'slow', made: 0 },
];
const source = { name: 'woken', bounded: false, enumerate: () => splits, createReader: (context) => new WokenReader(context) };
const alignment = { group: 'both', maxDrift, updateInterval: 2 };
env
  .fromSource(source, { watermarks: watermarks.monotonous({ timestamp: 'at', alignment }) })
  .sinkTo({ name: 'nowhere', createWriter: () => ({ write() {} }) });

await env.execute('aligned');
