/** The outside world as Node offers it: clocks, timers, chance and files. Any thread; each makes its own. */

import { performance } from 'node:perf_hooks';
import { seededRandom } from '../base/random.ts';
import type { Clock, System, Timer, Timers } from '../base/system.ts';
import { nodeStorage } from './node-storage.ts';

/** What a real thread of Millrace runs on. */
export function nodeSystem(): System {
  return { clock: nodeClock, timers: nodeTimers, random: seededRandom(Math.floor(Math.random() * 2 ** 32)), storage: nodeStorage };
}

const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

const nodeTimers: Timers = {
  after: (delayMs, callback) => new NodeTimer(performance.now() + delayMs, callback),
  soon: (callback) => {
    setImmediate(callback);
  },
};

/** `setTimeout` fires at once when it is asked for more. */
const timeoutMsMax = 2 ** 31 - 1;

/** Waits in steps, because Node's timers know no long delays and may fire up to a millisecond early. */
class NodeTimer implements Timer {
  readonly #dueMs: number;
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout;

  constructor(dueMs: number, callback: () => void) {
    this.#dueMs = dueMs;
    this.#callback = callback;
    this.#timeout = this.#wait();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #wait(): NodeJS.Timeout {
    const leftMs = Math.ceil(this.#dueMs - performance.now());
    return setTimeout(() => this.#fired(), Math.min(leftMs, timeoutMsMax));
  }

  #fired(): void {
    if (performance.now() < this.#dueMs) this.#timeout = this.#wait();
    else this.#callback();
  }
}
