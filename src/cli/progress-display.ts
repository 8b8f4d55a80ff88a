/** Shows the progress of a job on the terminal that standard error leads to; quiet when it leads elsewhere. */

import { performance } from 'node:perf_hooks';
import type { JobClient, JobResult } from '../api/job-client.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { isSourceOperator } from '../operators/source.ts';
import { Progress } from './progress.ts';
import { StatusLine } from './status-line.ts';

/** Milliseconds between two looks at the job. */
const refreshMs = 200;

export class ProgressDisplay {
  readonly #enabled = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  #progress: Progress | undefined;
  #line: StatusLine | undefined;
  #timer: NodeJS.Timeout | undefined;

  start(job: JobClient, plan: PhysicalPlan): void {
    if (!this.#enabled) return;
    const startedMs = performance.now();
    const progress = new Progress(sourceStages(plan));
    const line = new StatusLine(process.stderr, [process.stdout]);
    this.#timer = setInterval(() => line.show(progress.line(job.metrics(), performance.now() - startedMs)), refreshMs);
    this.#progress = progress;
    this.#line = line;
  }

  /** Says something that stays. */
  note(text: string): void {
    if (this.#enabled) process.stderr.write(`${text}\n`);
  }

  /** Takes the line away, and says how the job went if there is a result. */
  end(result?: JobResult, verb = 'finished'): void {
    clearInterval(this.#timer);
    this.#line?.close();
    if (result !== undefined && this.#progress !== undefined)
      this.note(this.#progress.summary(result.metrics, { verb, runtimeMs: result.runtimeMs }));
  }
}

function sourceStages(plan: PhysicalPlan) {
  return plan.job.stages.flatMap(({ id, operators: [head] }) => (head !== undefined && isSourceOperator(head.spec) ? [id] : []));
}
