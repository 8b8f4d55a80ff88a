/**
 * The life of a job as a table of allowed moves. A move that is not in the table does not compile; one that is made from
 * another state than the current one fails an assertion.
 */

import type { JobStatus } from '../api/job-client.ts';
import { assert } from '../base/assert.ts';

const transitions = {
  /** The host divides the input, the workers load the job module. */
  created: ['running', 'failing', 'cancelling'],
  running: ['finished', 'restarting', 'failing', 'cancelling'],
  /** A subtask has failed; the job lets go of everything, waits, and goes on from its last checkpoint: unless it was to end with that. */
  restarting: ['running', 'finished', 'failing', 'cancelling'],
  /** A subtask has failed; the others are being cancelled. */
  failing: ['failed'],
  cancelling: ['cancelled'],
  failed: [],
  cancelled: [],
  finished: [],
} as const satisfies Record<JobStatus, readonly JobStatus[]>;

type Transitions = typeof transitions;

/** The states that `To` may follow. */
type Before<To extends JobStatus> = { [From in JobStatus]: To extends Transitions[From][number] ? From : never }[JobStatus];

/** The states that may follow each state of `From`, which is a union where the current state is one of several. */
type After<From extends JobStatus> = { [To in JobStatus]: [From] extends [Before<To>] ? To : never }[JobStatus];

export class JobState {
  #status: JobStatus = 'created';
  readonly #changed: (status: JobStatus) => void;

  constructor(changed: (status: JobStatus) => void) {
    this.#changed = changed;
  }

  get status(): JobStatus {
    return this.#status;
  }

  /** Whether the job has come to its end. */
  get terminal(): boolean {
    return transitions[this.#status].length === 0;
  }

  move<From extends JobStatus>(from: From, to: After<From>): void {
    const allowed: readonly JobStatus[] = transitions[from];
    assert(this.#status === from && allowed.includes(to), `a job moves from ${from} to ${to}, but it is ${this.#status}`);
    this.#status = to;
    this.#changed(to);
  }
}
