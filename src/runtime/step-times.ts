/** What the time of a subtask counts as: busy, idle or held up by its outputs. Runs on the subtask's thread. */

import type { SubtaskCounters } from '../metrics/counters.ts';
import type { StepResult } from './subtask.ts';

/** What the time until the next step counts as. A sink that waits for the world outside is at work. */
const timeAfter = {
  worked: 'idleMs',
  idle: 'idleMs',
  finished: 'idleMs',
  waiting: 'busyMs',
  blocked: 'backPressuredMs',
} as const satisfies Record<StepResult, string>;

export class StepTimes {
  readonly #counters: SubtaskCounters;
  /** What the time since the last step counts as. */
  #between: (typeof timeAfter)[StepResult] = 'idleMs';
  #begunAt = 0;
  #endedAt: number;

  /** @param now monotonic time */
  constructor(counters: SubtaskCounters, now: number) {
    this.#counters = counters;
    this.#endedAt = now;
  }

  begin(now: number): void {
    this.#counters.add(this.#between, now - this.#endedAt);
    this.#begunAt = now;
  }

  end(now: number, result: StepResult): void {
    this.#counters.add(result === 'worked' ? 'busyMs' : this.#between, now - this.#begunAt);
    this.#between = timeAfter[result];
    this.#endedAt = now;
  }
}
