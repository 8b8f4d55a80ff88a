/**
 * Runs one job on the host's side: loads and plans it, deploys it to the workers, hands out splits, and turns the first failure
 * into the end of the job. It touches no records but those of the host's endpoints.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { JobDescription } from '../api/execution.ts';
import type { JobClient, JobEvents, JobInput, JobMetrics, JobResult, JobStatus } from '../api/job-client.ts';
import { internalEndpoint } from '../api/data-stream.ts';
import { MillraceError, reviveError } from '../base/errors.ts';
import type { JobId } from '../base/ids.ts';
import { type Limits, limitsWith, ringBytesFor } from '../base/limits.ts';
import type { SpawnedTask, Spawner, System } from '../base/system.ts';
import { Doorbell, doorbellBytes } from '../channel/doorbell.ts';
import { createRingMemory } from '../channel/ring.ts';
import { RingChannelReader, RingChannelWriter } from '../channel/ring-channel.ts';
import { graphFingerprint } from '../graph/describe.ts';
import { hostSlot, type PhysicalPlan } from '../graph/physical.ts';
import { createCounterMemory, SubtaskCounters } from '../metrics/counters.ts';
import { subtaskCount, subtaskNumber } from '../runtime/plan.ts';
import type { HostMessage, SharedJobMemory, WorkerMessage, WorkerTask } from '../wire/messages.ts';
import { HostEndpoints } from './host-endpoints.ts';
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

/** Milliseconds after which a worker that does not react to cancelling is killed. */
const killAfterMs = 5000;

export class JobCoordinator implements JobClient {
  readonly #options: JobCoordinatorOptions;
  readonly #limits: Limits;
  readonly #state: JobState;
  readonly #startedAt: number;
  readonly #memory: SharedJobMemory;
  readonly #endpoints: HostEndpoints;
  readonly #listeners: { [E in keyof JobEvents]: JobEvents[E][] } = { status: [], failure: [] };
  readonly #result: Promise<JobResult>;
  #workers: readonly Worker[] = [];
  #splits: SplitAssigner | null = null;
  #failure: Error | undefined;
  #cancelling: () => void = () => {};
  #workerDown: (failure: Error) => void = () => {};

  constructor(options: JobCoordinatorOptions) {
    this.#options = options;
    const { job, plan, system } = options;
    this.#limits = limitsWith(job.limits);
    this.#startedAt = system.clock.monotonic();
    this.#state = new JobState((status) => {
      for (const listener of this.#listeners.status) listener(status);
    });
    this.#memory = shareMemory(plan, this.#limits);
    this.#endpoints = new HostEndpoints({ plan, wiring: this.#hostWiring(), limits: this.#limits, system, bufferTimeoutMs: job.bufferTimeoutMs });
    this.#result = this.#run();
    // Whoever asks for the result gets the failure; nobody has to ask.
    this.#result.catch(() => {});
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
    this.#listeners[event].push(listener);
  }

  input<T>(name: string): JobInput<T> {
    return this.#endpoints.input<T>(name);
  }

  output<T>(name: string): AsyncIterableIterator<T> {
    const batches = this.#endpoints.batches(name);
    return flatten(batches as AsyncGenerator<T[]>);
  }

  async cancel(): Promise<void> {
    this.#cancelling();
    await this.#result.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#send({ type: 'stop' });
    await this.#endpoints.end();
    await this.#result;
  }

  metrics(): JobMetrics {
    const { plan } = this.#options;
    const stages = plan.job.stages.map((stage) => ({
      name: stage.operators.map((operator) => operator.name).join(' → '),
      subtasks: Array.from({ length: stage.parallelism }, (_, subtask) => new SubtaskCounters(this.#memory.counters, subtaskNumber(plan, stage.id, subtask)).read()),
    }));
    return { stages, inputBytes: this.#splits?.inputBytes };
  }

  async #run(): Promise<JobResult> {
    const prints = this.#print();
    try {
      const failure = await this.#runWorkers();
      await this.#letGo();
      if (failure !== undefined) throw failure;
      await prints;
      this.#state.move('running', 'finished');
      this.#endpoints.close(undefined);
      return { name: this.name, runtimeMs: this.#options.system.clock.monotonic() - this.#startedAt, metrics: this.metrics() };
    } catch (error) {
      throw await this.#end(error as Error);
    } finally {
      this.#options.released();
    }
  }

  /** Resolves when all workers have finished, or with what keeps them from it. */
  async #runWorkers(): Promise<Error | undefined> {
    const { plan, system, job } = this.#options;
    const stopped = new Promise<Error>((resolve) => {
      this.#cancelling = () => resolve(new MillraceError('JOB_CANCELLED', `the job '${this.name}' was cancelled`));
      this.#workerDown = resolve;
    });
    this.#workers = Array.from({ length: plan.slots }, (_, slot) => this.#spawn(slot));
    const finished = Promise.all(this.#workers.map((worker) => this.#finished(worker)));
    const deployed = (async (): Promise<Error | undefined> => {
      try {
        this.#splits = await SplitAssigner.enumerate(plan, { system, limits: this.#limits });
      } catch (error) {
        return error as Error;
      }
      this.#send({ type: 'deploy', fingerprint: graphFingerprint(job.graph), memory: this.#memory, limits: this.#limits });
      if (this.#state.status === 'created') this.#state.move('created', 'running');
      void this.#endpoints.pump(new Doorbell(this.#memory.hostDoorbell)).catch(this.#workerDown);
      return undefined;
    })();
    return (await deployed) ?? (await Promise.race([stopped, finished.then(() => undefined)]));
  }

  #spawn(slot: number): Worker {
    const { id, module, args, parallelism, plan, spawner } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const task: WorkerTask = { jobId: id, module, args, slot, slots: plan.slots, parallelism, limits: this.#limits, port: port2 };
    const worker: Worker = { slot, port: port1, task: spawner.spawn(task, [port2]), finished: false };
    port1.on('message', (message: WorkerMessage) => this.#receive(worker, message));
    return worker;
  }

  /** Resolves when a worker has finished its part; a worker that ends otherwise brings the job down. */
  async #finished(worker: Worker): Promise<void> {
    // The task may be over before its last message has arrived; the port closes behind that message.
    const closed = new Promise<void>((resolve) => worker.port.once('close', resolve));
    try {
      await worker.task.done;
    } catch (error) {
      this.#workerDown(lost(worker.slot, error));
      return;
    }
    await closed;
    if (!worker.finished) this.#workerDown(lost(worker.slot, new Error('it ended before its subtasks had finished')));
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
        this.#options.warn(message.message);
        return;
      case 'finished':
        worker.finished = true;
        return;
      case 'failed':
        this.#workerDown(reviveError(message.error));
    }
  }

  /** Cancels whatever still runs and waits until every worker has let go. */
  async #letGo(): Promise<void> {
    this.#send({ type: 'cancel' });
    const { timers } = this.#options.system;
    await Promise.all(
      this.#workers.map(async ({ task, port }) => {
        const timer = timers.after(killAfterMs, () => task.kill());
        await task.done.catch(() => {});
        timer.cancel();
        port.close();
      }),
    );
  }

  /** Moves to the terminal state of a failure or cancellation and tells everybody. */
  async #end(error: Error): Promise<Error> {
    const cancelled = error instanceof MillraceError && error.code === 'JOB_CANCELLED';
    this.#failure = error;
    const { status } = this.#state;
    if (status === 'created' || status === 'running') {
      if (cancelled) {
        this.#state.move(status, 'cancelling');
        this.#state.move('cancelling', 'cancelled');
      } else {
        this.#state.move(status, 'failing');
        this.#state.move('failing', 'failed');
      }
    }
    this.#endpoints.close(error);
    if (!cancelled) for (const listener of this.#listeners.failure) listener(error);
    return error;
  }

  /** Writes what the job prints, until all of it is written. */
  async #print(): Promise<void> {
    const names = this.#endpoints.outputNames.filter((name) => name.startsWith(`${internalEndpoint}print`));
    await Promise.all(
      names.map(async (name) => {
        for await (const lines of this.#endpoints.batches(name)) await this.#options.print(`${lines.join('\n')}\n`);
      }),
    ).catch((error) => {
      if (this.#failure === undefined) this.#workerDown(error as Error);
    });
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
      writer: (channel: number) => new RingChannelWriter(rings[channel] as SharedArrayBuffer, bell(channels[channel]?.toSlot as number)),
      reader: (channel: number) => new RingChannelReader(rings[channel] as SharedArrayBuffer, bell(channels[channel]?.fromSlot as number)),
    };
  }
}

function lost(slot: number, error: unknown): MillraceError {
  const message = error instanceof Error ? error.message : String(error);
  const outOfMemory = /memory/i.test(message);
  const hint = outOfMemory ? '; the heap of a worker can be raised with heapMebibytes' : '';
  return new MillraceError('WORKER_LOST', `worker ${slot} was lost: ${message}${hint}`, { cause: error });
}

/** A ring for every channel that leaves its thread. */
function shareMemory(plan: PhysicalPlan, limits: Limits): SharedJobMemory {
  const perExchange = new Map<number, number>();
  for (const { exchange } of plan.channels) perExchange.set(exchange, (perExchange.get(exchange) ?? 0) + 1);
  const rings = plan.channels.map((channel) => {
    const local = channel.fromSlot === channel.toSlot && channel.fromSlot !== hostSlot;
    return local ? undefined : createRingMemory(ringBytesFor(limits, perExchange.get(channel.exchange) as number));
  });
  return {
    rings,
    doorbells: Array.from({ length: plan.slots }, () => new SharedArrayBuffer(doorbellBytes)),
    hostDoorbell: new SharedArrayBuffer(doorbellBytes),
    counters: createCounterMemory(subtaskCount(plan)),
  };
}

async function* flatten<T>(batches: AsyncGenerator<T[]>): AsyncIterableIterator<T> {
  for await (const rows of batches) yield* rows;
}

