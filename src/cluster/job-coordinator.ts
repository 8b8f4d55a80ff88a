/**
 * Runs one job on the host's side: deploys its plan to the workers, hands out splits, and turns the first failure
 * into the end of the job. It touches no records but those of the host's endpoints.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { printEndpoint } from '../api/data-stream.ts';
import type { JobClient, JobEvents, JobInput, JobMetrics, JobResult, JobStatus } from '../api/job-client.ts';
import { assert } from '../base/assert.ts';
import { MillraceError, reviveError, thrownText } from '../base/errors.ts';
import type { JobId } from '../base/ids.ts';
import { type Limits, limitsWith } from '../base/limits.ts';
import { callable, checkArgument } from '../base/options.ts';
import type { SpawnedTask, Spawner, System } from '../base/system.ts';
import { Warnings } from '../base/warnings.ts';
import { Doorbell, doorbellBytes } from '../channel/doorbell.ts';
import { RingChannelReader, RingChannelWriter } from '../channel/ring-channel.ts';
import { graphFingerprint } from '../graph/describe.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { createCounterMemory } from '../metrics/counters.ts';
import { createAlignmentMemories, createRings, subtaskCount } from '../runtime/plan.ts';
import type { HostMessage, SharedJobMemory, WorkerMessage, WorkerTask } from '../wire/messages.ts';
import { HostEndpoints } from './host-endpoints.ts';
import { jobMetrics } from './job-metrics.ts';
import { JobState } from './job-state.ts';
import { SplitAssigner } from './split-assigner.ts';

/** Writes what jobs print; resolves when there is room for more. */
export type Printer = (text: string) => void | Promise<void>;

export interface JobCoordinatorOptions {
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

interface Worker {
  readonly slot: number;
  readonly port: MessagePort;
  readonly task: SpawnedTask;
  /** Whether it has said that all of its subtasks have finished. */
  finished: boolean;
}

export class JobCoordinator implements JobClient {
  readonly #options: JobCoordinatorOptions;
  readonly #limits: Limits;
  readonly #state: JobState;
  readonly #startedAt: number;
  readonly #memory: SharedJobMemory;
  readonly #endpoints: HostEndpoints;
  readonly #listeners: { readonly [E in keyof JobEvents]: JobEvents[E][] } = { status: [], failure: [] };
  readonly #result: Promise<JobResult>;
  readonly #warnings: Warnings;
  #resolve: (result: JobResult) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #workers: readonly Worker[] = [];
  #splits: SplitAssigner | null = null;
  /** Ends the job early: with the first failure, or the cancellation. */
  #end: (error: Error) => void = () => {};

  constructor(options: JobCoordinatorOptions) {
    this.#options = options;
    const { job, plan, system } = options;
    this.#limits = limitsWith(job.limits);
    this.#startedAt = system.clock.monotonic();
    this.#warnings = new Warnings(options.warn);
    this.#state = new JobState((status) => this.#tell('status', status));
    this.#memory = shareMemory(plan, this.#limits);
    this.#endpoints = new HostEndpoints({
      plan,
      wiring: this.#hostWiring(),
      limits: this.#limits,
      system,
      bufferTimeoutMs: job.bufferTimeoutMs,
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
    this.#end(new MillraceError('JOB_CANCELLED', `the job '${this.name}' was cancelled`));
    await this.#result.catch(() => {});
  }

  async stop(...options: readonly unknown[]): Promise<void> {
    if (options.some((option) => option !== undefined))
      throw new MillraceError('INVALID_OPTION', 'stop: takes no options yet; savepoints come with a later version');
    this.#send({ type: 'stop' });
    // An input that cannot be ended belongs to a job that is ending already: its result tells how.
    this.#endpoints.end().catch(() => {});
    await this.#result;
  }

  metrics(): JobMetrics {
    return jobMetrics({ plan: this.#options.plan, memory: this.#memory, inputBytes: this.#splits?.inputBytes });
  }

  /** From the first message to the last. Never rejects. */
  async #run(): Promise<void> {
    const ended = new Promise<Error>((resolve) => {
      this.#end = resolve;
    });
    const completed = this.#complete().then(
      () => undefined,
      (error: Error) => error,
    );
    const failure = await Promise.race([ended, completed]);
    const terminal = this.#leave(failure);
    if (terminal === 'failed') this.#tell('failure', failure as Error);
    await this.#letGo();
    this.#options.released();
    this.#endpoints.close(failure);
    this.#arrive(terminal);
    if (failure !== undefined) this.#reject(failure);
    else this.#resolve({ name: this.name, runtimeMs: this.#options.system.clock.monotonic() - this.#startedAt, metrics: this.metrics() });
  }

  /** Deploys the job and waits until all of it is done. @throws what keeps it from that */
  async #complete(): Promise<void> {
    const { plan, system, job } = this.#options;
    this.#workers = Array.from({ length: plan.slots }, (_, slot) => this.#spawn(slot));
    const finished = Promise.all([this.#print(), ...this.#workers.map((worker) => this.#finished(worker))]);
    finished.catch((error) => this.#end(error as Error));
    // Not before whoever submitted the job could listen to it.
    const turn = new Promise<void>((resolve) => system.timers.soon(resolve));
    this.#splits = await SplitAssigner.enumerate(plan, { system, limits: this.#limits });
    await turn;
    // It may have been called off meanwhile.
    if (this.#state.status !== 'created') return;
    this.#send({ type: 'deploy', fingerprint: graphFingerprint(job.graph), memory: this.#memory, limits: this.#limits });
    this.#state.move('created', 'running');
    this.#endpoints.pump(new Doorbell(this.#memory.hostDoorbell)).catch((error) => this.#end(error as Error));
    await finished;
  }

  /** Leaves the working states, and says which state the job will arrive at. */
  #leave(failure: Error | undefined): 'finished' | 'failed' | 'cancelled' {
    const { status } = this.#state;
    if (failure === undefined) return 'finished';
    assert(status === 'created' || status === 'running', `a job ends once, and it is ${status}`);
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

  #spawn(slot: number): Worker {
    const { module, args, parallelism, plan, spawner } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const task: WorkerTask = { module, args, slot, slots: plan.slots, parallelism, limits: this.#limits, port: port2 };
    const worker: Worker = { slot, port: port1, task: spawner.spawn(task, [port2]), finished: false };
    port1.on('message', (message: WorkerMessage) => this.#receive(worker, message));
    return worker;
  }

  /** Resolves when a worker has finished its part. @throws MillraceError WORKER_LOST when it ends otherwise */
  async #finished(worker: Worker): Promise<void> {
    // The task may be over before its last message has arrived; the port closes behind that message.
    const closed = new Promise<void>((resolve) => worker.port.once('close', resolve));
    try {
      await worker.task.done;
    } catch (error) {
      throw lost(worker.slot, error);
    }
    await closed;
    if (!worker.finished) throw lost(worker.slot, new Error('it ended before its subtasks had finished'));
  }

  #receive(worker: Worker, message: WorkerMessage): void {
    switch (message.type) {
      case 'split-request': {
        const { stage, subtask } = message;
        const split = this.#splits?.next(stage);
        this.#sendTo(worker, split === undefined ? { type: 'no-more-splits', stage, subtask } : { type: 'split', stage, subtask, split });
        return;
      }
      case 'warning':
        this.#warnings.take(message);
        return;
      case 'finished':
        worker.finished = true;
        return;
      case 'failed':
        this.#end(reviveError(message.error));
    }
  }

  /** Cancels whatever still runs and waits until every worker has let go. One that does not is killed. */
  async #letGo(): Promise<void> {
    this.#send({ type: 'cancel' });
    const killing = this.#options.system.timers.after(this.#limits.cancelMs, () => {
      for (const { task } of this.#workers) task.kill();
    });
    await Promise.all(
      this.#workers.map(async ({ task, port }) => {
        await task.done.catch(() => {});
        port.close();
      }),
    );
    killing.cancel();
  }

  /** Writes what the job prints, until all of it is written. */
  async #print(): Promise<void> {
    const names = this.#endpoints.outputNames.filter((name) => name.startsWith(printEndpoint));
    await Promise.all(
      names.map(async (name) => {
        for await (const lines of this.#endpoints.batches(name)) await this.#options.print(`${lines.join('\n')}\n`);
      }),
    );
  }

  #send(message: HostMessage): void {
    for (const worker of this.#workers) this.#sendTo(worker, message);
  }

  #sendTo(worker: Worker, message: HostMessage): void {
    worker.port.postMessage(message);
  }

  #hostWiring() {
    const { rings, doorbells } = this.#memory;
    const { channels } = this.#options.plan;
    const bell = (slot: number): (() => void) => {
      const doorbell = new Doorbell(doorbells[slot] as SharedArrayBuffer);
      return () => doorbell.ring();
    };
    return {
      writer: (channel: number) =>
        new RingChannelWriter(rings[channel] as SharedArrayBuffer, bell(channels[channel]?.toSlot as number), this.#limits.pooledBatches),
      reader: (channel: number) => new RingChannelReader(rings[channel] as SharedArrayBuffer, bell(channels[channel]?.fromSlot as number)),
    };
  }
}

function lost(slot: number, error: unknown): MillraceError {
  return new MillraceError('WORKER_LOST', `worker ${slot} was lost: ${lossText(error)}`, { cause: error });
}

function lossText(error: unknown): string {
  const text = thrownText(error);
  if ((error as { readonly code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return 'it ran out of memory; let the job keep less, or raise heapMebibytes';
  if (text.startsWith('AbortError')) return 'its thread was killed';
  if (text.includes('worker exited with code')) return 'its thread ended; does a function of the job call process.exit?';
  return `an error outside of any operator, ${text}`;
}

/** A ring for every channel that leaves its thread. */
function shareMemory(plan: PhysicalPlan, limits: Limits): SharedJobMemory {
  return {
    rings: createRings(plan, limits),
    alignments: createAlignmentMemories(plan),
    doorbells: Array.from({ length: plan.slots }, () => new SharedArrayBuffer(doorbellBytes)),
    hostDoorbell: new SharedArrayBuffer(doorbellBytes),
    counters: createCounterMemory(subtaskCount(plan)),
  };
}
