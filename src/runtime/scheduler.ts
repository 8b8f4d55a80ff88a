/** Runs the subtasks of one worker, one step at a time, until all have finished. Cooperative: a step is short and never waits. */

import { Pump, type PumpOptions } from './pump.ts';
import type { Subtask } from './subtask.ts';

export interface SchedulerOptions extends Omit<PumpOptions, 'round' | 'deadline'> {
  readonly subtasks: readonly Subtask[];
}

export class Scheduler {
  readonly #pump: Pump;
  #running: readonly Subtask[];

  constructor(options: SchedulerOptions) {
    this.#running = options.subtasks;
    this.#pump = new Pump({
      ...options,
      round: () => this.#round(),
      deadline: () => Math.min(...this.#running.map((subtask) => subtask.deadline)),
    });
    if (this.#running.length === 0) this.#pump.stop();
  }

  /** Something from outside changed: a callback of this thread calls this. */
  readonly wake = (): void => this.#pump.wake();

  /** Makes `run` return after the current step. */
  stop(): void {
    this.#pump.stop();
  }

  /** Resolves when all subtasks have finished, or after `stop`. @throws whatever a step throws */
  run(): Promise<void> {
    return this.#pump.run();
  }

  /** Steps every subtask once; true when one of them worked. */
  #round(): boolean {
    let worked = false;
    let finished = false;
    for (const subtask of this.#running) {
      const result = subtask.step();
      if (result === 'worked') worked = true;
      if (result === 'finished') finished = true;
    }
    if (!finished) return worked;
    this.#running = this.#running.filter((subtask) => subtask.phase !== 'finished');
    if (this.#running.length === 0) this.#pump.stop();
    return true;
  }
}
