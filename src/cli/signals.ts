/**
 * Ctrl-C and SIGTERM: the first takes a last checkpoint and ends the job, or lets everything run through where none are taken; the
 * second cancels the job, the third ends the process. Before there is a job, the first ends the process.
 */

import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';

/**
 * Milliseconds in which signals count as one: npm and npx pass on the Ctrl-C that the terminal has sent to the job as well.
 */
const togetherMs = 150;

interface Stoppable {
  interrupt(): Promise<void>;
  cancel(): Promise<void>;
}

export class StopSignals {
  readonly #notify: (text: string) => void;
  #job: Stoppable | undefined;
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #exitCode: number | undefined;

  constructor(notify: (text: string) => void) {
    this.#notify = notify;
    process.on('SIGINT', this.#receive);
    process.on('SIGTERM', this.#receive);
  }

  /** What the process ends with after a signal, as shells count it: 130 after Ctrl-C. Undefined while none has come. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Whether the job was cancelled rather than ended. */
  get cancelled(): boolean {
    return this.#count > 1;
  }

  /** Signals go to this job from now on; without a job the first ends the process. */
  attach(job: Stoppable | undefined): void {
    this.#job = job;
  }

  readonly #receive = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now();
    if (now - this.#lastMs < togetherMs) return;
    this.#lastMs = now;
    this.#count++;
    this.#exitCode ??= 128 + constants.signals[signal];
    if (this.#job === undefined || this.#count > 2) process.exit(this.#exitCode);
    // Whoever waits for the result of the job learns how it ended.
    if (this.#count === 1) this.#job.interrupt().catch(() => {});
    else this.#job.cancel().catch(() => {});
    this.#notify(this.#count === 1 ? 'stopping; Ctrl-C again cancels the job at once' : 'cancelling; Ctrl-C again kills it');
  };
}
