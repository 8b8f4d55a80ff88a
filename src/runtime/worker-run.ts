/**
 * A worker's part in one job: loads the job module, builds the slot's subtasks and runs them until they have finished, one has
 * failed, or the host cancels. Runs on a worker thread; everything from outside is handed in.
 */

import { assert } from '../base/assert.ts';
import { describeError, MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { Port, System } from '../base/system.ts';
import { Doorbell } from '../channel/doorbell.ts';
import { LocalChannel } from '../channel/local-channel.ts';
import { RingChannelReader, RingChannelWriter } from '../channel/ring-channel.ts';
import type { CheckpointStorage, StateStorage } from '../checkpoint/checkpoint-storage.ts';
import { fileStorage } from '../checkpoint/file-storage.ts';
import { fingerprintDifference, graphFingerprint } from '../graph/describe.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { hostSlot, type PhysicalPlan } from '../graph/physical.ts';
import { BadRecordCounts } from '../metrics/bad-records.ts';
import { SubtaskCounters } from '../metrics/counters.ts';
import { DiskStates } from '../state/disk/disk-states.ts';
import type { HostMessage, SharedJobMemory, WorkerMessage, WorkerTask } from '../wire/messages.ts';
import { planDescription, subtaskNumber } from './plan.ts';
import { Scheduler } from './scheduler.ts';
import { buildSlot, type SlotSubtask, type Wiring } from './slot.ts';
import { SourceInput } from './source-input.ts';

/** What a worker is given from outside. */
export interface WorkerParts {
  readonly system: System;
  /** To the host. */
  readonly port: Port;
  /** Loads the task's job module for its job. */
  readonly loadJob: (task: WorkerTask) => Promise<JobDescription>;
}

/** Takes part in a job; returns when the worker has let go of everything. */
export async function runWorker(task: WorkerTask, parts: WorkerParts): Promise<void> {
  const run = new WorkerRun(task, parts);
  try {
    await run.run();
  } finally {
    parts.port.close();
  }
}

type Deployment = Extract<HostMessage, { type: 'deploy' }>;

class WorkerRun {
  readonly #task: WorkerTask;
  readonly #system: System;
  readonly #loadJob: WorkerParts['loadJob'];
  readonly #port: Port;
  readonly #warned = new Set<string>();
  readonly #badRecords = new BadRecordCounts((count) => this.#send({ type: 'bad-records', count }));
  readonly #deployed: Promise<Deployment>;
  #deploy: (deployment: Deployment) => void = () => {};
  /** Resolves when the host cancels, which may be before there is anything to stop. */
  readonly #cancelledEarly: Promise<null>;
  #cancel: (nothing: null) => void = () => {};
  #scheduler: Scheduler | null = null;
  #subtasks: readonly SlotSubtask[] = [];
  /** The host asked to stop, perhaps before there were sources. */
  #stopSources = false;
  #isBuilt = false;
  /** What the host has said of checkpoints before there were subtasks. */
  readonly #early: HostMessage[] = [];
  #cancelled = false;
  #failed = false;
  /** Has let go of everything: what still comes is no longer for anybody. */
  #isClosed = false;

  constructor(task: WorkerTask, { system, port, loadJob }: WorkerParts) {
    this.#task = task;
    this.#system = system;
    this.#loadJob = loadJob;
    this.#port = port;
    this.#deployed = new Promise((resolve) => {
      this.#deploy = resolve;
    });
    this.#cancelledEarly = new Promise((resolve) => {
      this.#cancel = resolve;
    });
    this.#port.onMessage((message: HostMessage) => {
      try {
        this.#receive(message);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  async run(): Promise<void> {
    const { module } = this.#task;
    try {
      const loading = this.#loadJob(this.#task).finally(() => this.#send({ type: 'loaded' }));
      const start = await Promise.race([Promise.all([loading, this.#deployed]), this.#cancelledEarly]);
      // A module cannot be called off, and V8 11 takes the whole process down when a thread is terminated at the moment in which
      // it begins one that has an `await`, as job modules have. So the thread is not given back before it is through.
      if (start === null) return void (await loading.catch(() => {}));
      const [job, deployment] = start;
      const difference = fingerprintDifference(deployment.fingerprint, graphFingerprint(job.graph));
      if (difference !== undefined) throw planMismatch(module, difference);
      await this.#runSubtasks(job, deployment);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isClosed = true;
      this.#badRecords.flush();
      for (const { task } of this.#subtasks) {
        const failure = task.close();
        if (failure !== undefined && !this.#failed && !this.#cancelled) this.#fail(failure);
      }
    }
    if (!this.#failed && !this.#cancelled) this.#send({ type: 'finished' });
  }

  async #runSubtasks(job: JobDescription, { memory, limits, checkpoints, disk, restore, restoreFrom }: Deployment): Promise<void> {
    const plan = planDescription(job);
    const { slot } = this.#task;
    const doorbell = new Doorbell(memory.doorbells[slot] as SharedArrayBuffer, this.#system.waits);
    const wake = (): void => this.#scheduler?.wake();
    this.#subtasks = buildSlot({
      plan,
      slot,
      jobName: job.name,
      bufferTimeoutMs: job.bufferTimeoutMs,
      limits,
      system: this.#system,
      wiring: new WorkerWiring({ plan, slot, memory, limits, system: this.#system }),
      counters: (stage, subtask) => new SubtaskCounters(memory.counters, subtaskNumber(plan, stage, subtask)),
      alignments: memory.alignments,
      checkpoints,
      diskStates: disk === undefined ? undefined : new DiskStates({ ...disk, storage: this.#system.storage, limits }),
      stateStorage: this.#stateStorage(job, limits, checkpoints),
      acknowledge: (acknowledgement) => this.#send({ type: 'checkpoint-acknowledged', ...acknowledgement }),
      decline: ({ error, ...refusal }) => this.#send({ type: 'checkpoint-declined', ...refusal, error: describeError(error) }),
      requestFinalCheckpoint: (stage, subtask) => this.#send({ type: 'final-checkpoint-request', stage, subtask }),
      restore,
      restoreFrom,
      requestSplit: (stage, subtask) => this.#send({ type: 'split-request', stage, subtask }),
      wake,
      fail: (error) => this.#fail(error),
      warn: (message, topic, votes) => this.#warn(message, topic, votes),
      countBad: (source, record) => this.#badRecords.add(source, record),
    });
    if (this.#stopSources) this.#endSources();
    for (const { task } of this.#subtasks) task.open();
    const scheduler = new Scheduler({
      subtasks: this.#subtasks.map(({ task }) => task),
      clock: this.#system.clock,
      timers: this.#system.timers,
      doorbell,
      limits,
    });
    this.#scheduler = scheduler;
    this.#isBuilt = true;
    for (const message of this.#early.splice(0)) this.#receive(message);
    if (this.#cancelled || this.#failed) return;
    await scheduler.run();
  }

  #stateStorage(
    job: JobDescription,
    limits: Limits,
    checkpoints: Deployment['checkpoints'],
  ): (savepoint: string | undefined) => StateStorage {
    const { storage } = job.faultTolerance;
    const open = (kind: CheckpointStorage, stateDir: string): StateStorage => kind.openState({ system: this.#system, limits, stateDir });
    let own: StateStorage | undefined;
    return (savepoint) => {
      if (savepoint !== undefined) return open(fileStorage(savepoint), savepoint);
      assert(checkpoints !== undefined, 'a job has checkpoints where its state is stored');
      own ??= open(storage, checkpoints.stateDir);
      return own;
    };
  }

  #receive(message: HostMessage): void {
    // A split that was asked for in front of a cancellation comes behind it, and would open what nobody closes.
    if (this.#isClosed) return;
    if (message.type.includes('checkpoint') && !this.#isBuilt) {
      this.#early.push(message);
      return;
    }
    switch (message.type) {
      case 'deploy':
        this.#deploy(message);
        return;
      case 'cancel':
        this.#cancelled = true;
        this.#cancel(null);
        this.#scheduler?.stop();
        return;
      case 'stop':
        this.#stopSources = true;
        this.#endSources();
        break;
      case 'trigger-checkpoint':
        for (const { task } of this.#subtasks) task.trigger(message.trigger);
        break;
      case 'overtaking-checkpoint':
        for (const { task } of this.#subtasks) task.overtake(message.checkpoint);
        break;
      case 'checkpoint-completed':
        this.#commit(message.checkpoint).catch((error) => this.#fail(error));
        break;
      case 'checkpoint-aborted':
        for (const { task } of this.#subtasks) task.abortCheckpoint(message.checkpoint);
        break;
      case 'split':
        this.#source(message.stage)?.addSplit(message.split as never);
        break;
      case 'no-more-splits':
        this.#source(message.stage)?.noMoreSplits();
        break;
    }
    this.#scheduler?.wake();
  }

  async #commit(checkpoint: number): Promise<void> {
    await Promise.all(this.#subtasks.map(({ task }) => task.completeCheckpoint(checkpoint)));
    this.#badRecords.flush();
    this.#send({ type: 'checkpoint-committed', checkpoint });
  }

  #endSources(): void {
    for (const { task } of this.#subtasks) if (task.input instanceof SourceInput) task.input.stop();
  }

  #source(stage: number): SourceInput | undefined {
    const input = this.#subtasks.find((each) => each.stage === stage)?.task.input;
    return input instanceof SourceInput ? input : undefined;
  }

  /** Reports the first failure; the host will cancel. */
  #fail(error: unknown): void {
    if (this.#failed || this.#cancelled) return;
    this.#failed = true;
    this.#send({ type: 'failed', error: describeError(error) });
    this.#scheduler?.stop();
  }

  #warn(message: string, topic = message, votes = 1): void {
    if (this.#warned.has(topic)) return;
    this.#warned.add(topic);
    this.#send({ type: 'warning', message, topic, votes });
  }

  #send(message: WorkerMessage): void {
    this.#port.post(message);
  }
}

function planMismatch(module: string, difference: string): MillraceError {
  return new MillraceError(
    'PLAN_MISMATCH',
    `${module} built another graph in a worker than on the host: ${difference}. A job module must build the same graph every time it is loaded: no randomness, no time of day, no state of the process in its shape`,
  );
}

interface WorkerWiringOptions {
  readonly plan: PhysicalPlan;
  readonly slot: number;
  readonly memory: SharedJobMemory;
  readonly limits: Limits;
  readonly system: System;
}

/** Rings to other workers and the host, queues within this one. */
class WorkerWiring implements Wiring {
  readonly #options: WorkerWiringOptions;
  readonly #local = new Map<number, LocalChannel>();

  constructor(options: WorkerWiringOptions) {
    this.#options = options;
  }

  writer(channel: number): LocalChannel | RingChannelWriter {
    const ring = this.#options.memory.rings[channel];
    return ring === undefined
      ? this.#queue(channel)
      : new RingChannelWriter(ring, this.#bell(this.#options.plan.channels[channel]?.toSlot), this.#options.limits.pooledBatches);
  }

  reader(channel: number): LocalChannel | RingChannelReader {
    const ring = this.#options.memory.rings[channel];
    return ring === undefined
      ? this.#queue(channel)
      : new RingChannelReader(ring, this.#bell(this.#options.plan.channels[channel]?.fromSlot));
  }

  #queue(channel: number): LocalChannel {
    const queue = this.#local.get(channel) ?? new LocalChannel(this.#options.limits.localQueueBatches, this.#options.limits.pooledBatches);
    this.#local.set(channel, queue);
    return queue;
  }

  #bell(slot: number | undefined): () => void {
    const { memory, system } = this.#options;
    const word = slot === undefined || slot === hostSlot ? memory.hostDoorbell : (memory.doorbells[slot] as SharedArrayBuffer);
    const doorbell = new Doorbell(word, system.waits);
    return () => doorbell.ring();
  }
}
