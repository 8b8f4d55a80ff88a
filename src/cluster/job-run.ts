/**
 * One run of a job on the host's side, from its submission to its end: attempts at it, until one succeeds or a restart strategy gives up.
 * It touches no records but those of the host's endpoints. The host's thread.
 */

import { join, resolve } from 'node:path';
import type { CheckpointInfo, JobMetrics, JobResult } from '../api/job-client.ts';
import { assert } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';
import { type Limits, limitsWith } from '../base/limits.ts';
import type { Spawner, System } from '../base/system.ts';
import { Warnings } from '../base/warnings.ts';
import { decideRestart, noRestarts, type RestartDecision, type RestartHistory } from '../checkpoint/restart.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import type { SharedJobMemory, WorkerCheckpoints, WorkerDisk } from '../wire/messages.ts';
import { CheckpointCoordinator, type CheckpointRequest } from './checkpoint-coordinator.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { HostEndpoints } from './host-endpoints.ts';
import { JobAttempt } from './job-attempt.ts';
import { JobListeners } from './job-listeners.ts';
import { createJobMemory, hostWiring } from './job-memory.ts';
import { jobMetrics } from './job-metrics.ts';
import { JobRecovery, type StartOptions } from './job-recovery.ts';
import { JobState } from './job-state.ts';
import type { RecoveredState } from './recovered-state.ts';
import { StateDisk } from './state-disk.ts';

/** Writes what jobs print; resolves when there is room for more. */
export type Printer = (text: string) => void | Promise<void>;

export interface JobRunOptions extends StartOptions {
  readonly module: string;
  readonly args: unknown;
  readonly job: JobDescription;
  readonly plan: PhysicalPlan;
  readonly parallelism: number;
  readonly spawner: Spawner;
  readonly system: System;
  readonly print: Printer;
  readonly warn: (message: string) => void;
  /** Called once, when the job's slots are free again. */
  readonly released: () => void;
}

/** The savepoint that the job was to end with is complete. */
const suspended = new MillraceError('JOB_CANCELLED', 'the job was stopped with a savepoint');

export class JobRun {
  readonly #options: JobRunOptions;
  readonly #limits: Limits;
  readonly state: JobState;
  readonly endpoints: HostEndpoints;
  readonly listeners: JobListeners;
  readonly result: Promise<JobResult>;
  /** Absolute. */
  readonly stateDir: string;
  readonly #startedAt: number;
  readonly #store: CheckpointStore;
  readonly #coordinator: CheckpointCoordinator;
  readonly #recovery: JobRecovery;
  /** Undefined where all state is in memory. */
  readonly #disk: StateDisk | undefined;
  readonly #warnings: Warnings;
  #resolve: (result: JobResult) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #memory: SharedJobMemory;
  #attempt: JobAttempt | null = null;
  /** Why the job is to end: what called it off, although nothing of it runs at the moment. */
  #ending: Error | null = null;
  /** Ends the wait before a restart. */
  #wake: () => void = () => {};
  /** Whether sources were asked to end: those of further attempts are, too. */
  #stopped = false;
  #printed: Promise<void> = Promise.resolve();
  /** Whether somebody would hear of a failure: asked for the result, reads an output, or listens. */
  isWatched = false;
  /** Whether the job ends behind a checkpoint that was taken for that. */
  #isSuspended = false;
  /** Resolves when the job is cancelled. */
  readonly #abandoned: Promise<void>;
  #abandon: () => void = () => {};

  constructor(options: JobRunOptions) {
    this.#options = options;
    const { job, plan, system, warn } = options;
    const { faultTolerance } = job;
    const limits = limitsWith(job.limits);
    this.#limits = limits;
    this.#startedAt = system.clock.monotonic();
    this.#warnings = new Warnings(warn);
    this.listeners = new JobListeners(warn);
    this.state = new JobState((status) => this.listeners.tell('status', status));
    this.stateDir = resolve(faultTolerance.stateDir ?? join('millrace-state', fileName(job.name)));
    this.#disk =
      job.stateMemory === undefined
        ? undefined
        : new StateDisk({ storage: system.storage, stateDir: this.stateDir, memory: job.stateMemory, slots: plan.slots });
    this.#store = new CheckpointStore({ faultTolerance, system, limits, stateDir: this.stateDir, warn });
    this.#recovery = new JobRecovery({ job, plan, start: options, store: this.#store, files: system.storage, warn });
    const ended = (checkpoint: CheckpointInfo): void => this.listeners.tell('checkpoint', checkpoint);
    this.#coordinator = new CheckpointCoordinator({ job, plan, system, limits, store: this.#store, warn, ended });
    this.#memory = createJobMemory(plan, limits);
    this.endpoints = new HostEndpoints({
      plan,
      wiring: hostWiring(this.#memory, plan, limits, system),
      limits,
      system,
      bufferTimeoutMs: job.bufferTimeoutMs,
      retain: faultTolerance.checkpoints?.retain ?? 0,
    });
    this.#abandoned = new Promise((resolve) => {
      this.#abandon = resolve;
    });
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever asks for the result gets the failure; nobody has to ask.
    this.result.catch(() => {});
  }

  /** Puts the job on the workers. */
  start(): void {
    for (const notice of this.#options.job.notices) this.#options.warn(notice);
    this.#run().catch((error) => this.#reject(error as Error));
  }

  /** Calls the job off. */
  cancel(): void {
    this.end(new MillraceError('JOB_CANCELLED', `the job '${this.#name}' was cancelled`));
  }

  /** Waits for nobody any more who would read what the job has printed. */
  abandon(): void {
    this.#abandon();
  }

  /** Ends the sources, so that everything runs through. */
  endSources(): void {
    this.#stopped = true;
    this.#attempt?.stop();
    // An input that cannot be ended belongs to a job that is ending already: its result tells how.
    this.endpoints.end().catch(() => {});
  }

  /** What has failed does not wait any longer to be restarted. */
  hurry(): void {
    this.#wake();
  }

  /** Takes a checkpoint or savepoint. @throws MillraceError CHECKPOINT_FAILED, STATE_DIR */
  ask(request: CheckpointRequest): Promise<CheckpointInfo> {
    const { status } = this.state;
    if (status === 'running' || status === 'restarting' || status === 'created') return this.#coordinator.ask(request);
    return Promise.reject(
      new MillraceError('CHECKPOINT_FAILED', `the job '${this.#name}' is ${status}: there is nothing to take a checkpoint of`),
    );
  }

  /**
   * Takes a checkpoint behind which nothing is read any more, and waits until sinks have committed what came before it. Then the job is to
   * be ended.
   */
  async suspend(request: CheckpointRequest): Promise<void> {
    const { id } = await this.ask({ ...request, suspends: true });
    if ((await this.#attempt?.committed(id)) === false) {
      throw new MillraceError(
        'CHECKPOINT_FAILED',
        `checkpoint ${id} is complete, but the job failed before its sinks had committed what came before it; a restart goes on from there, and so must whoever starts the job again`,
      );
    }
    this.#isSuspended = true;
  }

  /** Ends the job early. @param error default: that it was suspended */
  end(error: Error = suspended): void {
    this.#ending ??= error;
    this.#attempt?.fail(error);
    this.#wake();
  }

  metrics(): JobMetrics {
    const { inputBytes, badRecords = [] } = this.#attempt ?? { inputBytes: undefined };
    return jobMetrics({ plan: this.#options.plan, memory: this.#memory, inputBytes, badRecords });
  }

  get #name(): string {
    return this.#options.job.name;
  }

  /** From the first message to the last. Never rejects. */
  async #run(): Promise<void> {
    const failure = await this.#attempts();
    this.#coordinator.close();
    this.#disk?.end();
    const terminal = this.#leave(failure);
    if (terminal === 'failed') this.listeners.tell('failure', failure as Error);
    await this.#settle(terminal);
    this.#options.released();
    const reported = terminal === 'finished' ? undefined : failure;
    this.endpoints.close(reported);
    // What was printed ahead of the last checkpoint will not be printed again.
    if (this.#isSuspended) await Promise.race([this.#printed.catch(() => {}), this.#abandoned]);
    this.#arrive(terminal);
    // Not before: whoever has submitted a job that failed at once has yet to ask.
    if (terminal === 'failed' && !this.isWatched)
      this.#options.warn(`the job '${this.#name}' failed, and nobody has asked for its result: ${(failure as Error).message}`);
    if (reported !== undefined) this.#reject(reported);
    else this.#resolve({ name: this.#name, runtimeMs: this.#options.system.clock.monotonic() - this.#startedAt, metrics: this.metrics() });
  }

  /** Attempts at the job until one is through or nothing speaks for another. Returns what failed. */
  async #attempts(): Promise<Error | undefined> {
    let recovered: RecoveredState | undefined;
    try {
      // A job without checkpoints is on the workers before whoever submitted it can call it off.
      if (this.#recovery.isNeeded) {
        recovered = this.#recovery.begin();
        // Whoever submitted the job may write, and ask for the position, as soon as he has it: nothing is waited for before.
        if (recovered !== undefined) this.endpoints.startFrom(recovered.hostInputs);
        await this.#recovery.settle();
      }
    } catch (error) {
      return error as Error;
    }
    this.#printed = this.endpoints.print(this.#options.print);
    this.#printed.catch(() => {});
    let failure = await this.#attemptFrom(recovered);
    for (let history = noRestarts; failure !== undefined; ) {
      const decision = this.#decideRestart(failure, history);
      if (decision.kind === 'give-up') return failure;
      history = decision.history;
      const ended = await this.#waitToRestart(failure, decision.delayMs);
      if (ended !== undefined) return ended;
      await this.#coordinator.settled();
      failure = await this.#goOn();
    }
    return undefined;
  }

  /** Another attempt, from what there is to go on from now. */
  async #goOn(): Promise<Error | undefined> {
    const { plan, system } = this.#options;
    try {
      const recovered = await this.#recovery.again();
      const sent = recovered?.hostInputs ?? {};
      this.endpoints.checkReplay(sent, recovered?.name ?? 'the beginning');
      this.#memory = createJobMemory(plan, this.#limits);
      this.endpoints.rewire(hostWiring(this.#memory, plan, this.#limits, system), sent);
      return await this.#attemptFrom(recovered);
    } catch (error) {
      return error as Error;
    }
  }

  #decideRestart(failure: Error, history: RestartHistory): RestartDecision {
    if (this.#recovery.isDamaged(failure)) return { kind: 'restart', delayMs: 0, history };
    if (!isRetryable(failure)) return { kind: 'give-up', reason: 'a restart would not help' };
    const { system, job } = this.#options;
    const { restart } = job.faultTolerance;
    const decision = decideRestart(restart, history, system.clock.monotonic(), system.random);
    if (decision.kind === 'give-up' && restart.kind !== 'none')
      this.#options.warn(`the job '${this.#name}' is not restarted: ${decision.reason}`);
    return decision;
  }

  async #attemptFrom(recovered: RecoveredState | undefined): Promise<Error | undefined> {
    if (this.#ending !== null) return this.#ending;
    let disks: readonly WorkerDisk[] | undefined;
    try {
      disks = this.#disk?.begin();
    } catch (error) {
      return error as Error;
    }
    const { job, warn: _, ...options } = this.#options;
    const attempt = new JobAttempt({
      ...options,
      job,
      limits: this.#limits,
      memory: this.#memory,
      endpoints: this.endpoints,
      warnings: this.#warnings,
      coordinator: this.#coordinator,
      checkpoints: this.#checkpoints,
      disks,
      recovered,
      printed: this.#printed,
      running: () => {
        const { status } = this.state;
        assert(status === 'created' || status === 'restarting', `a job begins to run once in an attempt, and it is ${status}`);
        if (recovered !== undefined) this.listeners.tell('restore', this.#recovery.infoOf(recovered));
        this.state.move(status, 'running');
        if (this.#stopped) attempt.stop();
      },
    });
    this.#attempt = attempt;
    return attempt.run();
  }

  get #checkpoints(): WorkerCheckpoints | undefined {
    const { checkpoints } = this.#options.job.faultTolerance;
    if (checkpoints === undefined) return undefined;
    const { exactlyOnce, incremental, overtakeAfterMs } = checkpoints;
    return { exactlyOnce, overtakes: overtakeAfterMs !== undefined, incremental, stateDir: this.stateDir };
  }

  /** Returns why the job is to end after all. */
  async #waitToRestart(failure: Error, delayMs: number): Promise<Error | undefined> {
    const { system } = this.#options;
    const { status } = this.state;
    if (status === 'running') this.state.move('running', 'restarting');
    this.listeners.tell('failure', failure);
    this.#options.warn(`the job '${this.#name}' failed and is restarted in ${delayMs} ms: ${failure.message}`);
    await new Promise<void>((resolve) => {
      const timer = system.timers.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
      if (this.#ending !== null) this.#wake();
    });
    return this.#ending ?? undefined;
  }

  /** What becomes of checkpoints when the job has ended. */
  async #settle(terminal: 'finished' | 'failed' | 'cancelled'): Promise<void> {
    const { checkpoints } = this.#options.job.faultTolerance;
    const isGone = terminal === 'finished' || (terminal === 'cancelled' && checkpoints?.onCancel === 'delete');
    await this.#coordinator.settled();
    if (isGone) await this.#store.removeAll();
    this.#store.close(isGone);
  }

  /** Leaves the working states, and says which state the job will arrive at. */
  #leave(failure: Error | undefined): 'finished' | 'failed' | 'cancelled' {
    const { status } = this.state;
    if (failure === undefined) return 'finished';
    assert(status === 'created' || status === 'running' || status === 'restarting', `a job ends once, and it is ${status}`);
    if (failure === suspended) return 'finished';
    const cancelled = failure instanceof MillraceError && failure.code === 'JOB_CANCELLED';
    this.state.move(status, cancelled ? 'cancelling' : 'failing');
    return cancelled ? 'cancelled' : 'failed';
  }

  #arrive(terminal: 'finished' | 'failed' | 'cancelled'): void {
    const { status } = this.state;
    if (terminal === 'finished') this.state.move(status === 'restarting' ? status : 'running', 'finished');
    else if (terminal === 'failed') this.state.move('failing', 'failed');
    else this.state.move('cancelling', 'cancelled');
  }
}

/** What is no error of the engine came from outside of any operator: it may not come again. */
function isRetryable(failure: Error): boolean {
  return failure instanceof MillraceError && failure.retryable;
}

/** The name of a job as that of a directory. */
function fileName(job: string): string {
  return job.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^\.+/, '') || 'job';
}
