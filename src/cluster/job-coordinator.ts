/**
 * Runs one job on the host's side: finds what it goes on from, makes attempts at it until one succeeds or a restart strategy gives up,
 * and is what programs see of it. It touches no records but those of the host's endpoints.
 */

import { join, resolve } from 'node:path';
import type {
  CheckpointInfo,
  JobClient,
  JobEvents,
  JobInput,
  JobMetrics,
  JobResult,
  JobStatus,
  RestoreInfo,
  StopOptions,
} from '../api/job-client.ts';
import { assert } from '../base/assert.ts';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { JobId } from '../base/ids.ts';
import { type Limits, limitsWith } from '../base/limits.ts';
import { callable, checkArgument, checkOptions, flag, type OptionRules, optional, text } from '../base/options.ts';
import type { Spawner, System } from '../base/system.ts';
import { Warnings } from '../base/warnings.ts';
import { savepointDirectory } from '../checkpoint/layout.ts';
import type { CheckpointManifest } from '../checkpoint/manifest.ts';
import { decideRestart, noRestarts, type RestartDecision } from '../checkpoint/restart.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import type { SharedJobMemory, WorkerCheckpoints, WorkerDisk } from '../wire/messages.ts';
import { CheckpointCoordinator } from './checkpoint-coordinator.ts';
import { HostEndpoints } from './host-endpoints.ts';
import { JobAttempt } from './job-attempt.ts';
import { createJobMemory, hostWiring } from './job-memory.ts';
import { jobMetrics } from './job-metrics.ts';
import { JobState } from './job-state.ts';
import { type RecoveredState, recoverState } from './recovered-state.ts';
import { StateDisk } from './state-disk.ts';

/** Writes what jobs print; resolves when there is room for more. */
export type Printer = (text: string) => void | Promise<void>;

/** What a job is started from. */
export interface StartOptions {
  /** The directory of a savepoint or checkpoint to start from. Default: the newest checkpoint that the job left, if it did not finish. */
  readonly from?: string | undefined;
  /** Starts over, whatever was left. */
  readonly fresh?: boolean | undefined;
  /** Leaves state behind that no operator takes. */
  readonly allowNonRestoredState?: boolean | undefined;
}

export interface JobCoordinatorOptions extends StartOptions {
  readonly id: JobId;
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

const stopRules: OptionRules<StopOptions> = {
  savepoint: optional({
    expected: 'true, or a directory',
    accepts: (value) => typeof value === 'boolean' || (typeof value === 'string' && value !== ''),
  }),
  drain: optional(flag),
};

/** The savepoint that the job was to end with is complete. */
const suspended = new MillraceError('JOB_CANCELLED', 'the job was stopped with a savepoint');

export class JobCoordinator implements JobClient {
  readonly #options: JobCoordinatorOptions;
  readonly #limits: Limits;
  readonly #state: JobState;
  readonly #startedAt: number;
  readonly #coordinator: CheckpointCoordinator;
  readonly #stateDir: string;
  /** Undefined where all state is in memory. */
  readonly #disk: StateDisk | undefined;
  readonly #endpoints: HostEndpoints;
  readonly #listeners: { readonly [E in keyof JobEvents]: JobEvents[E][] } = {
    status: [],
    failure: [],
    restore: [],
    checkpoint: [],
  };
  readonly #result: Promise<JobResult>;
  readonly #warnings: Warnings;
  #resolve: (result: JobResult) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #memory: SharedJobMemory;
  #attempt: JobAttempt | null = null;
  /** Why the job is to end: what called it off, although nothing of it runs at the moment. */
  #ending: Error | null = null;
  /** Ends the wait before a restart. */
  #wake: () => void = () => {};
  /** Whether the job has taken a checkpoint of its own: before, a restart begins where the job was begun. */
  #hasCheckpoint = false;
  /** Whether sources were asked to end: those of further attempts are, too. */
  #stopped = false;
  #printed: Promise<void> = Promise.resolve();
  /** Whether the job ends behind a checkpoint that was taken for that. */
  #isSuspended = false;
  /** Resolves when the job is cancelled. */
  readonly #abandoned: Promise<void>;
  #abandon: () => void = () => {};

  constructor(options: JobCoordinatorOptions) {
    this.#options = options;
    const { job, plan, system } = options;
    this.#limits = limitsWith(job.limits);
    this.#startedAt = system.clock.monotonic();
    this.#warnings = new Warnings(options.warn);
    this.#state = new JobState((status) => this.#tell('status', status));
    this.#stateDir = resolve(job.faultTolerance.stateDir ?? join('millrace-state', fileName(job.name)));
    this.#disk =
      job.stateMemory === undefined
        ? undefined
        : new StateDisk({ storage: system.storage, stateDir: this.#stateDir, memory: job.stateMemory, slots: plan.slots });
    this.#coordinator = new CheckpointCoordinator({
      job,
      plan,
      system,
      limits: this.#limits,
      stateDir: this.#stateDir,
      warn: options.warn,
      ended: (checkpoint) => {
        if (checkpoint.status === 'completed' && checkpoint.savepoint === undefined) this.#hasCheckpoint = true;
        this.#tell('checkpoint', checkpoint);
      },
    });
    this.#memory = createJobMemory(plan, this.#limits);
    this.#endpoints = new HostEndpoints({
      plan,
      wiring: hostWiring(this.#memory, plan, this.#limits, system),
      limits: this.#limits,
      system,
      bufferTimeoutMs: job.bufferTimeoutMs,
      keeps: job.faultTolerance.checkpoints !== undefined,
    });
    this.#abandoned = new Promise((resolve) => {
      this.#abandon = resolve;
    });
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever asks for the result gets the failure; nobody has to ask.
    this.#result.catch(() => {});
  }

  /** Puts the job on the workers. */
  start(): void {
    for (const notice of this.#options.job.notices) this.#options.warn(notice);
    this.#run().catch((error) => this.#reject(error as Error));
  }

  get id(): JobId {
    return this.#options.id;
  }

  get name(): string {
    return this.#options.job.name;
  }

  status(): JobStatus {
    return this.#state.status;
  }

  result(): Promise<JobResult> {
    return this.#result;
  }

  on<E extends keyof JobEvents>(event: E, listener: JobEvents[E]): void {
    if (!Object.hasOwn(this.#listeners, event)) {
      throw new MillraceError(
        'INVALID_OPTION',
        `on: there is no event '${event}'; there are ${Object.keys(this.#listeners)
          .map((name) => `'${name}'`)
          .join(', ')}`,
      );
    }
    checkArgument(listener, callable, `on('${event}'): the listener`);
    this.#listeners[event].push(listener);
  }

  input<T>(name: string): JobInput<T> {
    return this.#endpoints.input<T>(name);
  }

  output<T>(name: string): AsyncIterableIterator<T> {
    return this.#endpoints.rows<T>(name);
  }

  async cancel(): Promise<void> {
    this.#abandon();
    this.#end(this.#cancelled());
    await this.#result.catch(() => {});
  }

  async stop(options: StopOptions = {}): Promise<string | undefined> {
    const { savepoint = false, drain = false } = checkOptions<StopOptions>(options, stopRules, 'stop');
    if (savepoint !== false && !drain) {
      const directory = this.#savepointDirectory(savepoint === true ? undefined : savepoint);
      await this.#suspend(directory);
      this.#end(suspended);
      await this.#result;
      return directory;
    }
    if (savepoint !== false) {
      throw new MillraceError(
        'INVALID_OPTION',
        'stop: a savepoint of a job that is drained would hold nothing; take one without drain, or drain without one',
      );
    }
    this.#stopped = true;
    this.#attempt?.stop();
    // An input that cannot be ended belongs to a job that is ending already: its result tells how.
    this.#endpoints.end().catch(() => {});
    await this.#result;
    return undefined;
  }

  /** Takes a checkpoint behind which nothing is read any more, and waits until sinks have committed what came before it. */
  async #suspend(savepoint: string | undefined): Promise<void> {
    const { id } = await this.#ask(savepoint, true);
    if ((await this.#attempt?.committed(id)) === false) {
      throw new MillraceError(
        'CHECKPOINT_FAILED',
        `checkpoint ${id} is complete, but the job failed before its sinks had committed what came before it; it is restarted, or can be started from there`,
      );
    }
    this.#isSuspended = true;
  }

  /**
   * Ends the job so that it goes on when it is started again: with a last checkpoint, after which it counts as cancelled. Where no
   * checkpoints are taken, its sources end and everything runs through.
   *
   * @internal
   */
  async interrupt(): Promise<void> {
    if (this.#options.job.faultTolerance.checkpoints === undefined) {
      await this.stop();
      return;
    }
    // While nothing runs, what there is to go on from is stored already.
    if (this.#state.status === 'running') await this.#suspend(undefined);
    this.#end(this.#cancelled());
    await this.#result.catch(() => {});
  }

  async savepoint(directory?: string): Promise<string> {
    if (directory !== undefined) checkArgument(directory, text, 'savepoint: the directory');
    const path = this.#savepointDirectory(directory);
    await this.#ask(path, false);
    return path;
  }

  async checkpoint(): Promise<CheckpointInfo> {
    if (this.#options.job.faultTolerance.checkpoints === undefined) {
      throw new MillraceError(
        'INVALID_JOB',
        "checkpoint: the job takes no checkpoints; say new StreamEnvironment({ checkpoint: { interval: '10s' } }), or take a savepoint",
      );
    }
    let completed: CheckpointInfo | undefined;
    const listener = (info: CheckpointInfo): void => {
      completed = info;
    };
    this.#listeners.checkpoint.push(listener);
    try {
      const { id } = await this.#ask(undefined, false);
      assert(completed?.id === id, 'who waits for a checkpoint is told right behind those who listen');
      return completed;
    } finally {
      this.#listeners.checkpoint.splice(this.#listeners.checkpoint.indexOf(listener), 1);
    }
  }

  #cancelled(): MillraceError {
    return new MillraceError('JOB_CANCELLED', `the job '${this.name}' was cancelled`);
  }

  #ask(savepoint: string | undefined, suspends: boolean): Promise<CheckpointManifest> {
    if (this.#state.status === 'running' || this.#state.status === 'restarting' || this.#state.status === 'created')
      return this.#coordinator.ask(savepoint, suspends);
    return Promise.reject(
      new MillraceError('CHECKPOINT_FAILED', `the job '${this.name}' is ${this.#state.status}: there is nothing to take a checkpoint of`),
    );
  }

  #savepointDirectory(directory: string | undefined): string {
    return resolve(directory ?? join(this.#stateDir, savepointDirectory(this.#options.system.clock.now())));
  }

  metrics(): JobMetrics {
    return jobMetrics({ plan: this.#options.plan, memory: this.#memory, inputBytes: this.#attempt?.inputBytes });
  }

  /** From the first message to the last. Never rejects. */
  async #run(): Promise<void> {
    const failure = await this.#attempts();
    this.#disk?.end();
    const terminal = this.#leave(failure);
    if (terminal === 'failed') this.#tell('failure', failure as Error);
    await this.#settle(terminal);
    this.#options.released();
    const reported = terminal === 'finished' ? undefined : failure;
    this.#endpoints.close(reported);
    // What was printed ahead of the last checkpoint will not be printed again.
    if (this.#isSuspended) await Promise.race([this.#printed.catch(() => {}), this.#abandoned]);
    this.#arrive(terminal);
    if (reported !== undefined) this.#reject(reported);
    else this.#resolve({ name: this.name, runtimeMs: this.#options.system.clock.monotonic() - this.#startedAt, metrics: this.metrics() });
  }

  /** Attempts at the job until one is through or nothing speaks for another. Returns what failed. */
  async #attempts(): Promise<Error | undefined> {
    const { system, job } = this.#options;
    const { faultTolerance } = job;
    let history = noRestarts;
    let recovered: RecoveredState | undefined;
    try {
      // A job without checkpoints is on the workers before whoever submitted it can call it off.
      if (faultTolerance.checkpoints !== undefined || this.#options.from !== undefined) recovered = await this.#begin();
    } catch (error) {
      return error as Error;
    }
    this.#printed = this.#endpoints.print(this.#options.print);
    this.#printed.catch(() => {});
    for (;;) {
      const failure = await this.#attemptFrom(recovered);
      if (failure === undefined) return failure;
      const isDamaged = this.#isDamaged(recovered, failure);
      if (!isDamaged && !isRetryable(failure)) return failure;
      const decision: RestartDecision = isDamaged
        ? { kind: 'restart', delayMs: 0, history }
        : decideRestart(faultTolerance.restart, history, system.clock.monotonic(), system.random);
      if (decision.kind === 'give-up') {
        if (faultTolerance.restart.kind !== 'none') this.#options.warn(`the job '${this.name}' is not restarted: ${decision.reason}`);
        return failure;
      }
      history = decision.history;
      const ended = await this.#waitToRestart(failure, decision.delayMs);
      if (ended !== undefined) return ended;
      await this.#coordinator.settled();
      try {
        recovered = this.#recover(this.#hasCheckpoint ? {} : this.#options);
      } catch (error) {
        return error as Error;
      }
      this.#memory = createJobMemory(this.#options.plan, this.#limits);
      this.#endpoints.rewire(hostWiring(this.#memory, this.#options.plan, this.#limits, system), recovered?.hostInputs ?? {});
    }
  }

  /** Finds what the job is started from. @throws MillraceError when that cannot be used */
  async #begin(): Promise<RecoveredState | undefined> {
    this.#coordinator.open();
    const recovered = this.#recover(this.#options);
    // Whoever submitted the job may write, and ask for the position, as soon as he has it.
    if (recovered !== undefined) this.#endpoints.startFrom(recovered.hostInputs);
    if (this.#options.fresh === true) await this.#coordinator.removeAll();
    else await this.#coordinator.removeOrphans();
    return recovered;
  }

  #recover({ from, fresh = false }: Pick<StartOptions, 'from' | 'fresh'>): RecoveredState | undefined {
    const { plan, allowNonRestoredState = false } = this.#options;
    if (fresh) return undefined;
    const recovered =
      from === undefined ? this.#newest(allowNonRestoredState) : this.#readFrom(resolve(from), { plan, allowNonRestoredState });
    return recovered;
  }

  #newest(allowNonRestoredState: boolean): RecoveredState | undefined {
    const decision = this.#coordinator.choose();
    if (decision.kind === 'refuse') throw decision.error;
    if (decision.kind === 'fresh') return undefined;
    for (const warning of decision.warnings) this.#options.warn(warning);
    const { manifest } = decision;
    const name = `checkpoint ${manifest.id} in ${this.#stateDir}`;
    return recoverState(manifest, { plan: this.#options.plan, name, savepoint: undefined, allowNonRestoredState });
  }

  #readFrom(path: string, options: { readonly plan: PhysicalPlan; readonly allowNonRestoredState: boolean }): RecoveredState {
    const { manifest, directory } = this.#coordinator.readFrom(path);
    return recoverState(manifest, { ...options, name: `${manifest.kind} ${manifest.id} in ${directory}`, savepoint: directory });
  }

  /** Whether the job failed because files of the checkpoint that it was to go on from are damaged: then there may be an older one. */
  #isDamaged(recovered: RecoveredState | undefined, failure: Error): boolean {
    if (recovered === undefined || recovered.savepoint !== undefined) return false;
    if (!(failure instanceof MillraceError) || failure.code !== 'CHECKPOINT_CORRUPT') return false;
    this.#coordinator.distrust(recovered.id, failure);
    return true;
  }

  #restoreInfo({ id, kind, triggeredAt, savepoint, notices }: RecoveredState): RestoreInfo {
    return { id, kind, place: savepoint ?? this.#coordinator.place, triggeredAt, differences: notices };
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
      endpoints: this.#endpoints,
      warnings: this.#warnings,
      coordinator: this.#coordinator,
      checkpoints: this.#checkpoints,
      disks,
      recovered,
      printed: this.#printed,
      running: () => {
        const { status } = this.#state;
        assert(status === 'created' || status === 'restarting', `a job begins to run once in an attempt, and it is ${status}`);
        if (recovered !== undefined) this.#tell('restore', this.#restoreInfo(recovered));
        this.#state.move(status, 'running');
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
    return { exactlyOnce, overtakes: overtakeAfterMs !== undefined, incremental, stateDir: this.#stateDir };
  }

  /** Returns why the job is to end after all. */
  async #waitToRestart(failure: Error, delayMs: number): Promise<Error | undefined> {
    const { system } = this.#options;
    const { status } = this.#state;
    if (status === 'running') this.#state.move('running', 'restarting');
    this.#tell('failure', failure);
    this.#options.warn(`the job '${this.name}' failed and is restarted in ${delayMs} ms: ${failure.message}`);
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

  /** Ends the job early. */
  #end(error: Error): void {
    this.#ending ??= error;
    this.#attempt?.fail(error);
    this.#wake();
  }

  /** What becomes of checkpoints when the job has ended. */
  async #settle(terminal: 'finished' | 'failed' | 'cancelled'): Promise<void> {
    const { checkpoints } = this.#options.job.faultTolerance;
    const isGone = terminal === 'finished' || (terminal === 'cancelled' && checkpoints?.onCancel === 'delete');
    await this.#coordinator.settled();
    if (isGone) await this.#coordinator.removeAll();
    this.#coordinator.close(isGone);
  }

  /** Leaves the working states, and says which state the job will arrive at. */
  #leave(failure: Error | undefined): 'finished' | 'failed' | 'cancelled' {
    const { status } = this.#state;
    if (failure === undefined) return 'finished';
    assert(status === 'created' || status === 'running' || status === 'restarting', `a job ends once, and it is ${status}`);
    if (failure === suspended) return 'finished';
    const cancelled = failure instanceof MillraceError && failure.code === 'JOB_CANCELLED';
    this.#state.move(status, cancelled ? 'cancelling' : 'failing');
    return cancelled ? 'cancelled' : 'failed';
  }

  #arrive(terminal: 'finished' | 'failed' | 'cancelled'): void {
    if (terminal === 'finished') this.#state.move('running', 'finished');
    else if (terminal === 'failed') this.#state.move('failing', 'failed');
    else this.#state.move('cancelling', 'cancelled');
  }

  /** Calls whoever listens. What a listener throws is its own affair, not the job's. */
  #tell<E extends keyof JobEvents>(event: E, value: Parameters<JobEvents[E]>[0]): void {
    for (const listener of this.#listeners[event] as ((value: unknown) => void)[]) {
      try {
        listener(value);
      } catch (error) {
        this.#options.warn(`a listener of '${event}' threw ${error instanceof Error ? error.stack : thrownText(error)}`);
      }
    }
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
