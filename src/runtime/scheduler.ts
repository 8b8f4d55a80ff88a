/**
 * Runs the subtasks of one worker, one step at a time, until all have finished. Cooperative: a step is short and never waits.
 * When nothing moves it takes a few turns of the event loop, then the worker sleeps on its doorbell, where timers, files and
 * sockets still wake it.
 */

import type { Limits } from '../base/limits.ts';
import type { Clock, Timers } from '../base/system.ts';
import type { Doorbell } from '../channel/doorbell.ts';
import type { Subtask } from './subtask.ts';

export interface SchedulerOptions {
  readonly subtasks: readonly Subtask[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly doorbell: Doorbell;
  readonly limits: Limits;
}

/** A worker looks around once a second at least: times are counted, and a source that forgot to wake it is asked again. */
const sleepMsMax = 1000;

export class Scheduler {
  readonly #options: SchedulerOptions;
  #running: readonly Subtask[];
  #stopped = false;
  /** Set by `wake`: look again before sleeping. */
  #woken = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#running = options.subtasks;
  }

  /** Something from outside changed: a callback of this thread calls this. */
  readonly wake = (): void => {
    this.#woken = true;
    this.#options.doorbell.ring();
  };

  /** Makes `run` return after the current step. */
  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  /** Resolves when all subtasks have finished, or after `stop`. @throws whatever a step throws */
  async run(): Promise<void> {
    const { clock, limits } = this.#options;
    let idleRounds = 0;
    while (!this.#stopped && this.#running.length > 0) {
      const until = clock.monotonic() + limits.eventLoopMs;
      while (this.#round()) {
        idleRounds = 0;
        if (this.#stopped || clock.monotonic() >= until) break;
      }
      if (this.#stopped || this.#running.length === 0) return;
      await this.#turn();
      if (++idleRounds > limits.idleRounds) {
        await this.#sleep();
        idleRounds = 0;
      }
    }
  }

  /** Steps every subtask once; true when one of them worked. */
  #round(): boolean {
    let worked = false;
    let finished = false;
    this.#woken = false;
    for (const subtask of this.#running) {
      const result = subtask.step();
      if (result === 'worked') worked = true;
      if (result === 'finished') finished = true;
    }
    if (finished) {
      this.#running = this.#running.filter((subtask) => subtask.state !== 'finished');
      return true;
    }
    return worked;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#options.timers.soon(resolve));
  }

  async #sleep(): Promise<void> {
    const { doorbell, clock, timers } = this.#options;
    doorbell.announceSleep();
    // Between the announcement and this look nothing can be missed: whoever brings work now rings.
    if (this.#woken || this.#stopped || this.#round()) {
      doorbell.stayAwake();
      return;
    }
    const deadline = Math.min(...this.#running.map((subtask) => subtask.deadline));
    const milliseconds = Math.min(sleepMsMax, deadline - clock.monotonic());
    if (milliseconds > 0) await doorbell.sleep(milliseconds, timers);
    else doorbell.stayAwake();
  }
}
