/**
 * A worker's doorbell: one word in shared memory that says whether the worker sleeps. Whoever gives a worker something to
 * do rings it; ringing costs one load unless the worker sleeps.
 *
 * Why nothing is missed: the sleeper stores `asleep`, then looks for work once more; the ringer publishes the work, then
 * loads the word. Both are sequentially consistent, so at least one sees what the other wrote (Dekker's argument).
 */

import type { Timers, Waits } from '../base/system.ts';

const awake = 0;
const asleep = 1;

export const doorbellBytes = 4;

/** Atomics.waitAsync is in Node 20 but not yet in its types. */
const atomics = Atomics as unknown as {
  waitAsync(array: Int32Array, index: number, value: number): { async: boolean; value: unknown };
};

const atomicWaits: Waits = {
  wait(word, value) {
    // Pairs with the notify below, of another thread.
    const waiting = atomics.waitAsync(word, 0, value);
    return waiting.async ? (waiting.value as Promise<unknown>) : undefined;
  },
  notify(word) {
    // Pairs with the wait above, of the thread whose word it is.
    Atomics.notify(word, 0);
  },
};

export class Doorbell {
  readonly #word: Int32Array;
  readonly #waits: Waits;
  /** Ends the sleep of this thread, while it sleeps. */
  #endSleep: (() => void) | null = null;
  /** Whether a wait of this thread is under way; one that its own thread has woken from serves the next sleep. */
  #waiting = false;

  constructor(memory: SharedArrayBuffer, waits: Waits = atomicWaits) {
    this.#word = new Int32Array(memory, 0, 1);
    this.#waits = waits;
  }

  /** Wakes the worker if it sleeps. Call it after what it should see has been published. */
  ring(): void {
    // Pairs with the store in `announceSleep`.
    if (Atomics.load(this.#word, 0) !== asleep) return;
    Atomics.store(this.#word, 0, awake);
    // Pairs with the wait in `sleep`: the word has changed before the sleeper is told to look.
    this.#waits.notify(this.#word);
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
   * Resolves at a ring, a `wake`, or when `milliseconds` are over; timers, files and sockets go on meanwhile. The time is a timer's of
   * its own: each timeout of `Atomics.waitAsync` would leave one behind that runs on after the ring.
   */
  sleep(milliseconds: number, timers: Timers): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(milliseconds) ? timers.after(milliseconds, () => this.wake()) : null;
      this.#endSleep = () => {
        this.#endSleep = null;
        timer?.cancel();
        resolve();
      };
      this.#wait();
    });
  }

  /** Ends the sleep of this very thread, or keeps it from one that it has announced. Unlike `ring`, it ends before this returns. */
  wake(): void {
    this.stayAwake();
    this.#endSleep?.();
  }

  /**
   * Waits for a ring, with the wait that is under way if there is one. Its ring may have been meant for an earlier sleep; the thread
   * then looks around and sleeps again. None is missed: it has changed the word, or notifies the wait, or the wait's end is on its
   * way to this thread.
   */
  #wait(): void {
    if (this.#waiting) {
      // Pairs with the store in `ring`.
      if (Atomics.load(this.#word, 0) !== asleep) this.wake();
      return;
    }
    // Pairs with the notify in `ring`; there is none when the word has changed since it was announced.
    const rung = this.#waits.wait(this.#word, asleep);
    if (rung === undefined) {
      this.wake();
      return;
    }
    this.#waiting = true;
    rung.then(() => {
      this.#waiting = false;
      this.wake();
    });
  }

  /** Ends the wait that may be left of the last sleep. */
  close(): void {
    // Pairs with the wait in `#wait`, of this same thread.
    if (this.#waiting) this.#waits.notify(this.#word);
  }
}
