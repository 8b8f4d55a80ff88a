/**
 * Watermark alignment: the subtasks of all sources of a group tell each other their watermarks in shared memory, and one that is
 * ahead of the slowest by more than it may is not read. Flink's `SourceCoordinator` does the same by messages.
 *
 *     word 0        16        32                                  of 64 bits; 128 bytes apart, as neighbours are other threads
 *     ┌─────────────┬─────────┬─────────┬───
 *     │ subtask 0   │ 1       │ 2       │ …       watermark in whole milliseconds; the largest int64: idle or at its end;
 *     └─────────────┴─────────┴─────────┴───      the smallest: none yet
 *
 * Each word is written by the subtask that it belongs to and read by all. Subtasks that have no watermark yet, and idle ones,
 * hold nobody back.
 */

import { assert } from '../base/assert.ts';

const wordsPerSubtask = 16;
const none = -(2n ** 63n);
const idle = 2n ** 63n - 1n;

/** Watermarks between the two, with room for rounding. */
const timeMax = 2 ** 62;

/** Memory for a group of so many subtasks, of all of its sources together. */
export function createAlignmentMemory(subtasks: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(subtasks * wordsPerSubtask * BigInt64Array.BYTES_PER_ELEMENT);
  // Before any other thread has the memory.
  new BigInt64Array(memory).fill(none);
  return memory;
}

/**
 * What one source subtask has of its group.
 *
 * @example
 * const memory = createAlignmentMemory(2);
 * const [fast, slow] = [0, 1].map((subtask) => new AlignmentGroup({ memory, subtask, maxDriftMs: 1000, updateIntervalMs: 100 }));
 * slow.update(0, 5_000, false);
 * fast.update(0, 6_001, false);
 * fast.mayRead(6_001); // false
 */
export class AlignmentGroup {
  /** The least watermark of the group when this subtask last asked: −Infinity when nobody has one, Infinity when all are idle. */
  minimum = Number.NEGATIVE_INFINITY;
  /** When `update` is due; in the time that it is called with. */
  deadline = Number.NEGATIVE_INFINITY;
  readonly #words: BigInt64Array;
  readonly #subtask: number;
  readonly #maxDriftMs: number;
  readonly #updateIntervalMs: number;
  /** Up to which watermark this subtask is read. */
  #allowed = Number.POSITIVE_INFINITY;

  constructor(options: {
    readonly memory: SharedArrayBuffer;
    /** Number of the subtask in its group. */
    readonly subtask: number;
    readonly maxDriftMs: number;
    readonly updateIntervalMs: number;
  }) {
    this.#words = new BigInt64Array(options.memory);
    this.#subtask = options.subtask;
    this.#maxDriftMs = options.maxDriftMs;
    this.#updateIntervalMs = options.updateIntervalMs;
    assert(options.subtask * wordsPerSubtask < this.#words.length, 'a group has a word for each of its subtasks');
  }

  /** Whether a subtask with this watermark may read on. A decision of the last `update`. */
  mayRead(watermark: number): boolean {
    // Rounded as what the others see of it: the slowest of all may always read on.
    return Math.floor(watermark) <= this.#allowed;
  }

  /**
   * Tells the others the watermark of this subtask, and asks for theirs. To be called when `deadline` has come, once the subtask
   * becomes idle, and at its end, with Infinity: otherwise it would hold the others back for ever.
   */
  update(now: number, watermark: number, isIdle: boolean): void {
    this.deadline = now + this.#updateIntervalMs;
    // Pairs with the loads in `#least` of the other subtasks: 64 bits are never seen half written. What they read may be
    // older than what is written meanwhile; then they wait, or read, an interval longer, as with messages.
    Atomics.store(this.#words, this.#subtask * wordsPerSubtask, encode(watermark, isIdle));
    this.minimum = this.#least();
    this.#allowed = this.minimum === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : this.minimum + this.#maxDriftMs;
  }

  #least(): number {
    let least = idle;
    let known = false;
    for (let at = 0; at < this.#words.length; at += wordsPerSubtask) {
      // Pairs with the store in `update` of the subtask that the word belongs to.
      const word = Atomics.load(this.#words, at);
      if (word === none) continue;
      known = true;
      if (word < least) least = word;
    }
    if (!known) return Number.NEGATIVE_INFINITY;
    return least === idle ? Number.POSITIVE_INFINITY : Number(least);
  }
}

/** Rounded down: nobody is let further than the watermark says. */
function encode(watermark: number, isIdle: boolean): bigint {
  if (isIdle || watermark === Number.POSITIVE_INFINITY) return idle;
  if (watermark === Number.NEGATIVE_INFINITY) return none;
  return BigInt(Math.floor(Math.max(-timeMax, Math.min(timeMax, watermark))));
}
