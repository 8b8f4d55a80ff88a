/**
 * A worker's doorbell: one word in shared memory that says whether the worker sleeps. Whoever gives a worker something to
 * do rings it; ringing costs one load unless the worker sleeps.
 *
 * Why nothing is missed: the sleeper stores `asleep`, then looks for work once more; the ringer publishes the work, then
 * loads the word. Both are sequentially consistent, so at least one sees what the other wrote (Dekker's argument).
 */

import type { Timers } from '../base/system.ts';

const awake = 0;
const asleep = 1;

export const doorbellBytes = 4;

export class Doorbell {
  readonly #word: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#word = new Int32Array(memory, 0, 1);
  }

  /** Wakes the worker if it sleeps. Call it after what it should see has been published. */
  ring(): void {
    // Pairs with the store in `announceSleep`.
    if (Atomics.load(this.#word, 0) !== asleep) return;
    Atomics.store(this.#word, 0, awake);
    // Pairs with the wait in `sleep`: the word has changed before the sleeper is told to look.
    Atomics.notify(this.#word, 0);
  }

  /** First step of going to sleep: from now on a ring will wake. Look for work again before `sleep`. */
  announceSleep(): void {
    // Pairs with the load in `ring`.
    Atomics.store(this.#word, 0, asleep);
  }

  stayAwake(): void {
    // Pairs with the load in `ring`: from now on nobody need wake this worker.
    Atomics.store(this.#word, 0, awake);
  }

  /** Sleeps without turning the event loop, for threads that wait for nothing else. Returns at a ring or after `timeoutMs`. */
  sleepBlocking(timeoutMs: number): void {
    // Pairs with the notify in `ring`.
    Atomics.wait(this.#word, 0, asleep, timeoutMs);
    this.stayAwake();
  }

  /**
   * Resolves at a ring, or when `milliseconds` are over; timers, files and sockets go on meanwhile. The time is a timer's of its own:
   * each timeout of `Atomics.waitAsync` would leave one behind that runs on after the ring.
   */
  async sleep(milliseconds: number, timers: Timers): Promise<void> {
    const timer = Number.isFinite(milliseconds) ? timers.after(milliseconds, () => this.ring()) : null;
    // Atomics.waitAsync is in Node 20 but not yet in its types.
    const atomics = Atomics as unknown as {
      waitAsync(array: Int32Array, index: number, value: number): { async: boolean; value: unknown };
    };
    // Pairs with the notify in `ring`; returns at once when the word has changed since it was announced.
    const result = atomics.waitAsync(this.#word, 0, asleep);
    if (result.async) await result.value;
    timer?.cancel();
    this.stayAwake();
  }
}
