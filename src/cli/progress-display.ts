/** Shows the progress of a job on the terminal that standard error leads to; elsewhere it says only what must not pass unnoticed. */

import { performance } from 'node:perf_hooks';
import type { JobClient, JobMetrics, RestoreInfo } from '../api/job-client.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { isSourceOperator } from '../operators/source.ts';
import { badRecordsLines } from './bad-records-text.ts';
import { CheckpointProgress } from './checkpoint-progress.ts';
import { Progress } from './progress.ts';
import { ageText } from './quantities.ts';
import { StatusLine } from './status-line.ts';

/** Milliseconds between two looks at the job. */
const refreshMs = 200;

export class ProgressDisplay {
  readonly checkpoints = new CheckpointProgress();
  readonly #enabled = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  #restoredFrom: string | undefined;
  #startedMs = 0;
  #isRestarted = false;
  #progress: Progress | undefined;
  #line: StatusLine | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** What the job would go on from: its newest checkpoint, or what it was started from. */
  get newest(): string | undefined {
    const { last } = this.checkpoints;
    return last === undefined ? this.#restoredFrom : `checkpoint ${last.id}`;
  }

  start(job: JobClient, plan: PhysicalPlan): void {
    this.#startedMs = performance.now();
    this.#listen(job);
    if (!this.#enabled) return;
    const progress = new Progress(sourceStages(plan));
    const line = new StatusLine(process.stderr, [process.stdout]);
    const text = (): string =>
      [progress.line(job.metrics(), performance.now() - this.#startedMs), ...this.checkpoints.parts(Date.now())].join(' · ');
    this.#timer = setInterval(() => line.show(text()), refreshMs);
    this.#progress = progress;
    this.#line = line;
  }

  #listen(job: JobClient): void {
    job.on('checkpoint', (checkpoint) => this.checkpoints.ended(checkpoint));
    job.on('restore', (from) => this.#restored(from));
    job.on('status', (status) => {
      if (status !== 'restarting') return;
      this.checkpoints.restarted();
      this.#isRestarted = true;
    });
  }

  #restored({ id, kind, place, triggeredAt, differences }: RestoreInfo): void {
    this.#restoredFrom = `${kind} ${id}`;
    // Of restarts the job itself has told, and nothing but the checkpoint is new.
    const how = this.#isRestarted ? 'going on' : 'resuming';
    this.say(`${how} from ${kind} ${id} in ${place}, taken ${ageText(Date.now() - triggeredAt)} ago`);
    if (!this.#isRestarted) for (const difference of differences) this.say(`  ${difference}`);
  }

  /** Says something that stays, on whatever standard error leads to. */
  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Says something that stays, to people only. */
  note(text: string): void {
    if (this.#enabled) this.say(text);
  }

  /** Takes the line away, and says how the job went if that is known. */
  end(metrics?: JobMetrics, verb = 'finished'): void {
    clearInterval(this.#timer);
    this.#line?.close();
    for (const line of metrics === undefined ? [] : badRecordsLines(metrics)) this.say(line);
    if (metrics !== undefined && this.#progress !== undefined)
      this.note(this.#progress.summary(metrics, { verb, runtimeMs: performance.now() - this.#startedMs }));
  }
}

function sourceStages(plan: PhysicalPlan) {
  return plan.job.stages.flatMap(({ id, operators: [head] }) => (head !== undefined && isSourceOperator(head.spec) ? [id] : []));
}
