/** A job as programs see it. The host's thread. */

import { join, resolve } from 'node:path';
import type { CheckpointInfo, JobClient, JobEvents, JobInput, JobMetrics, JobResult, JobStatus, StopOptions } from '../api/job-client.ts';
import type { AsyncRows } from '../api/row-iterator.ts';
import { MillraceError } from '../base/errors.ts';
import type { JobId } from '../base/ids.ts';
import { checkArgument, checkOptions, flag, type OptionRules, optional, text } from '../base/options.ts';
import { savepointDirectory } from '../checkpoint/layout.ts';
import { JobRun, type JobRunOptions } from './job-run.ts';

export interface JobCoordinatorOptions extends JobRunOptions {
  readonly id: JobId;
}

const stopRules: OptionRules<StopOptions> = {
  savepoint: optional({
    expected: 'true, or a directory',
    accepts: (value) => typeof value === 'boolean' || (typeof value === 'string' && value !== ''),
  }),
  drain: optional(flag),
};

export class JobCoordinator implements JobClient {
  readonly #options: JobCoordinatorOptions;
  readonly #run: JobRun;

  constructor(options: JobCoordinatorOptions) {
    this.#options = options;
    this.#run = new JobRun(options);
  }

  /** Puts the job on the workers. @internal */
  start(): void {
    this.#run.start();
  }

  get id(): JobId {
    return this.#options.id;
  }

  get name(): string {
    return this.#options.job.name;
  }

  status(): JobStatus {
    return this.#run.state.status;
  }

  result(): Promise<JobResult> {
    this.#run.isWatched = true;
    return this.#run.result;
  }

  /** The result, of which asking here does not mean that somebody hears of a failure. @internal */
  get end(): Promise<JobResult> {
    return this.#run.result;
  }

  /** Whether somebody hears of a failure. @internal */
  get isWatched(): boolean {
    return this.#run.isWatched;
  }

  metrics(): JobMetrics {
    return this.#run.metrics();
  }

  on<E extends keyof JobEvents>(event: E, listener: JobEvents[E]): void {
    this.#run.listeners.add(event, listener);
    if (event === 'failure' || event === 'status') this.#run.isWatched = true;
  }

  input<T>(name: string): JobInput<T> {
    return this.#run.endpoints.input<T>(name);
  }

  output<T>(name: string): AsyncRows<T> {
    const rows = this.#run.endpoints.rows<T>(name);
    this.#run.isWatched = true;
    return rows;
  }

  async cancel(): Promise<void> {
    this.#run.isWatched = true;
    this.#run.abandon();
    this.#run.cancel();
    await this.#run.result.catch(() => {});
  }

  async stop(options: StopOptions = {}): Promise<string | undefined> {
    const { savepoint = false, drain = false } = checkOptions<StopOptions>(options, stopRules, 'stop');
    this.#run.isWatched = true;
    this.#run.hurry();
    const directory = savepoint === false ? undefined : this.#savepointDirectory(savepoint === true ? undefined : savepoint);
    if (directory === undefined) this.#run.endSources();
    else {
      await this.#run.suspend({ savepoint: directory, drains: drain });
      this.#run.end();
    }
    await this.#run.result;
    return directory;
  }

  /**
   * Ends the job so that it goes on when it is started again: with a last checkpoint, after which it counts as cancelled. Where no
   * checkpoints are taken, its sources end and everything runs through.
   *
   * @internal
   */
  async interrupt(): Promise<void> {
    if (!this.#takesCheckpoints) {
      await this.stop();
      return;
    }
    // While nothing runs, what there is to go on from is stored already.
    if (this.status() === 'running') await this.#run.suspend({});
    this.#run.cancel();
    await this.#run.result.catch(() => {});
  }

  async savepoint(directory?: string): Promise<string> {
    if (directory !== undefined) checkArgument(directory, text, 'savepoint: the directory');
    const path = this.#savepointDirectory(directory);
    await this.#run.ask({ savepoint: path });
    return path;
  }

  async checkpoint(): Promise<CheckpointInfo> {
    if (this.#takesCheckpoints) return this.#run.ask({});
    throw new MillraceError(
      'INVALID_JOB',
      "checkpoint: the job takes no checkpoints; say new StreamEnvironment({ checkpoint: { interval: '10s' } }), or take a savepoint",
    );
  }

  get #takesCheckpoints(): boolean {
    return this.#options.job.faultTolerance.checkpoints !== undefined;
  }

  #savepointDirectory(directory: string | undefined): string {
    return resolve(directory ?? join(this.#run.stateDir, savepointDirectory(this.#options.system.clock.now())));
  }
}
