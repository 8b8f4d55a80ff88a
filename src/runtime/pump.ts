/**
 * Repeats rounds of work on one thread until it is stopped, and sleeps while there is none. A worker's subtasks and the host's
 * endpoints are both driven by one. A round is short and never waits.
 *
 * After some turns of the event loop without work the thread sleeps on its doorbell, where timers, files and sockets still wake it.
 */

import type { Limits } from '../base/limits.ts';
import type { Clock, Timers } from '../base/system.ts';
import type { Doorbell } from '../channel/doorbell.ts';

export interface PumpOptions {
  /** Does what there is to do; true when it did something. */
  readonly round: () => boolean;
  /** Monotonic time by which a round is due although nothing arrived; Infinity for none. */
  readonly deadline: () => number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly doorbell: Doorbell;
  readonly limits: Limits;
}

export class Pump {
  readonly #options: PumpOptions;
  #stopped = false;
  /** Set by `wake`: look again before sleeping. */
  #woken = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Something from outside changed: a callback of this thread calls this. */
  readonly wake = (): void => {
    this.#woken = true;
    this.#options.doorbell.wake();
  };

  /** Makes `run` return after the current round. */
  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  /** Resolves after `stop`. @throws whatever a round throws */
  async run(): Promise<void> {
    try {
      await this.#repeat();
    } finally {
      this.#options.doorbell.close();
    }
  }

  async #repeat(): Promise<void> {
    const { clock, limits } = this.#options;
    let idleRounds = 0;
    while (!this.#stopped) {
      const until = clock.monotonic() + limits.eventLoopMs;
      while (this.#round()) {
        idleRounds = 0;
        if (this.#stopped || clock.monotonic() >= until) break;
      }
      if (this.#stopped) return;
      await this.#turn();
      if (++idleRounds > limits.idleRounds) {
        await this.#sleep();
        idleRounds = 0;
      }
    }
  }

  #round(): boolean {
    this.#woken = false;
    return this.#options.round();
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#options.timers.soon(resolve));
  }

  async #sleep(): Promise<void> {
    const { doorbell, clock, timers, deadline, limits } = this.#options;
    doorbell.announceSleep();
    // Between the announcement and this look nothing can be missed: whoever brings work now rings.
    if (this.#woken || this.#stopped || this.#round()) {
      doorbell.stayAwake();
      return;
    }
    const milliseconds = Math.min(limits.sleepMs, deadline() - clock.monotonic());
    if (milliseconds > 0) await doorbell.sleep(milliseconds, timers);
    else doorbell.stayAwake();
  }
}
