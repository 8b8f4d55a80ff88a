/** Time that stands still until a test moves it: a clock and the timers that go by it. */

import { assert } from '../base/assert.ts';
import type { Clock, Timer, Timers } from '../base/system.ts';

interface SetTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * @example
 * const clock = new ManualClock(0);
 * clock.after(10, () => console.log('ten'));
 * clock.advance(10); // ten
 */
export class ManualClock implements Clock, Timers {
  #now: number;
  #monotonic = 0;
  #order = 0;
  #timers: SetTimer[] = [];
  readonly #soon: (callback: () => void) => void;

  /**
   * @param epochMs the time of day to begin with
   * @param soon runs a callback after a turn of the event loop; without it, the next `advance` runs it
   */
  constructor(epochMs = 0, soon?: (callback: () => void) => void) {
    this.#now = epochMs;
    this.#soon = soon ?? ((callback) => void this.after(0, callback));
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.#monotonic + delayMs, order: this.#order++, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  soon(callback: () => void): void {
    this.#soon(callback);
  }

  /** Monotonic time of the next timer; Infinity when none is set. */
  get nextTimer(): number {
    return Math.min(...this.#timers.map((timer) => timer.at));
  }

  /** Lets time pass and calls the timers that are due, in the order of their times. */
  advance(milliseconds: number): void {
    assert(milliseconds >= 0, 'time does not go back');
    const end = this.#monotonic + milliseconds;
    for (let due = this.#due(end); due !== undefined; due = this.#due(end)) {
      this.#moveTo(due.at);
      this.#timers = this.#timers.filter((timer) => timer !== due);
      due.callback();
    }
    this.#moveTo(end);
  }

  #due(end: number): SetTimer | undefined {
    return this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }

  #moveTo(monotonic: number): void {
    if (monotonic <= this.#monotonic) return;
    this.#now += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}
