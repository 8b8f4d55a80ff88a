/**
 * One attempt at a job: its plan on the workers, from deployment until all of it is done or something fails. A job that is restarted
 * has several, one after the other. The host's thread.
 */

import { MillraceError, reviveError, thrownText } from '../base/errors.ts';
import { type Limits, loadMsMax } from '../base/limits.ts';
import type { SpawnedTask, Spawner, System } from '../base/system.ts';
import type { Warnings } from '../base/warnings.ts';
import { Doorbell } from '../channel/doorbell.ts';
import { graphFingerprint } from '../graph/describe.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import type { Split } from '../graph/source.ts';
import type { BadRecordCount } from '../metrics/bad-records.ts';
import type { RowsInFlight } from '../runtime/rows-in-flight.ts';
import type {
  CheckpointTrigger,
  HostMessage,
  SharedJobMemory,
  WorkerCheckpoints,
  WorkerDisk,
  WorkerMessage,
  WorkerTask,
} from '../wire/messages.ts';
import type { CheckpointCoordinator, CheckpointedAttempt } from './checkpoint-coordinator.ts';
import type { HostEndpoints } from './host-endpoints.ts';
import { hasBacklog } from './job-metrics.ts';
import type { TriggeredState } from './pending-checkpoint.ts';
import type { RecoveredState } from './recovered-state.ts';
import { SplitAssigner } from './split-assigner.ts';

export interface JobAttemptOptions {
  readonly module: string;
  readonly args: unknown;
  readonly job: JobDescription;
  readonly plan: PhysicalPlan;
  readonly parallelism: number;
  readonly limits: Limits;
  readonly spawner: Spawner;
  readonly system: System;
  readonly memory: SharedJobMemory;
  /** Wired to the memory. */
  readonly endpoints: HostEndpoints;
  readonly warnings: Warnings;
  readonly coordinator: CheckpointCoordinator;
  readonly checkpoints: WorkerCheckpoints | undefined;
  /** By slot: where workers keep state that is larger than memory; undefined where all is in it. */
  readonly disks: readonly WorkerDisk[] | undefined;
  /** What it goes on from. */
  readonly recovered: RecoveredState | undefined;
  /** Resolves when all that the job prints is printed. */
  readonly printed: Promise<void>;
  /** Everything has been deployed. */
  readonly running: () => void;
}

interface Worker {
  readonly slot: number;
  readonly task: SpawnedTask;
  /** Whether the job module is through. */
  loaded: boolean;
  /** Whether it has said that all of its subtasks have finished. */
  finished: boolean;
  /** The last checkpoint that its sinks have committed. */
  committed: number;
}

export class JobAttempt implements CheckpointedAttempt {
  readonly #options: JobAttemptOptions;
  #workers: readonly Worker[] = [];
  #splits: SplitAssigner | null = null;
  #ended = false;
  /** By worker, source and reason. */
  readonly #badRecords = new Map<string, BadRecordCount>();
  readonly #waitingForCommit: (() => void)[] = [];
  readonly #failure: Promise<Error>;
  /** Ends the attempt with the first failure, or the cancellation. */
  fail: (error: Error) => void = () => {};

  constructor(options: JobAttemptOptions) {
    this.#options = options;
    this.#failure = new Promise((resolve) => {
      this.fail = resolve;
    });
  }

  /** Bytes of the whole input; undefined when a source does not know. */
  get inputBytes(): number | undefined {
    return this.#splits?.inputBytes;
  }

  /** What workers have told of records that are not what their format says. */
  get badRecords(): Iterable<BadRecordCount> {
    return this.#badRecords.values();
  }

  /** Runs until all of it is done, or something fails, and until every worker has let go. Returns what failed. */
  async run(): Promise<Error | undefined> {
    const completed = this.#complete().then(
      () => undefined,
      (error: Error) => error,
    );
    const failure = await Promise.race([this.#failure, completed]);
    this.#ended = true;
    this.#tellCommitted();
    this.#options.coordinator.end();
    await this.#letGo();
    if (failure !== undefined) await this.#options.endpoints.stopPump();
    return failure;
  }

  /** Deploys the job and waits until all of it is done. @throws what keeps it from that */
  async #complete(): Promise<void> {
    const { plan, system, job, limits, memory, endpoints, coordinator, checkpoints, recovered, running } = this.#options;
    this.#workers = Array.from({ length: plan.slots }, (_, slot) => this.#spawn(slot));
    const finished = Promise.all([this.#options.printed, ...this.#workers.map((worker) => this.#finished(worker))]);
    finished.catch((error) => this.fail(error as Error));
    // Not before whoever submitted the job could listen to it.
    const turn = new Promise<void>((resolve) => system.timers.soon(resolve));
    this.#splits = await SplitAssigner.enumerate(plan, { system, limits }, recovered?.splits);
    await turn;
    // It may have been called off meanwhile.
    if (this.#ended) return;
    const fingerprint = graphFingerprint(job.graph);
    for (const worker of this.#workers) {
      this.#sendTo(worker, {
        type: 'deploy',
        fingerprint,
        memory,
        limits,
        checkpoints,
        disk: this.#options.disks?.[worker.slot],
        restore: recovered?.restores[worker.slot] ?? [],
        restoreFrom: recovered?.savepoint,
      });
    }
    running();
    coordinator.begin(this);
    endpoints.onMoved = () => coordinator.advance();
    endpoints.pump(new Doorbell(memory.hostDoorbell, system.waits)).catch((error) => this.fail(error as Error));
    await finished;
  }

  /** Ends the sources. */
  stop(): void {
    this.#send({ type: 'stop' });
  }

  trigger(trigger: CheckpointTrigger): TriggeredState {
    const { plan, endpoints } = this.#options;
    // Whatever is handed out from here on comes behind the barriers.
    const unassigned = new Map(plan.job.stages.map(({ id }) => [id as number, this.#splits?.unassigned(id) ?? []]));
    const hostInputs = endpoints.barrier(trigger.checkpoint);
    this.#send({ type: 'trigger-checkpoint', trigger });
    const inOrder: TriggeredState['inOrder'] = (stage, splits) => this.#splits?.inOrder(stage, splits as readonly Split[]) ?? splits;
    return { unassigned, inOrder, hostInputs };
  }

  overtake(checkpoint: number): readonly RowsInFlight[] {
    this.#send({ type: 'overtaking-checkpoint', checkpoint });
    return this.#options.endpoints.overtake(checkpoint);
  }

  completed(checkpoint: number): void {
    this.#send({ type: 'checkpoint-completed', checkpoint });
    this.#options.endpoints.checkpointed(checkpoint);
  }

  get hasBacklog(): boolean {
    return hasBacklog(this.#options);
  }

  /** Resolves when all sinks have committed what was handed over to a checkpoint that is complete; or when the attempt ends. */
  async committed(checkpoint: number): Promise<boolean> {
    while (!this.#ended && this.#workers.some(({ finished, committed }) => !finished && committed < checkpoint)) {
      await new Promise<void>((resolve) => this.#waitingForCommit.push(resolve));
    }
    return !this.#workers.some(({ finished, committed }) => !finished && committed < checkpoint);
  }

  #tellCommitted(): void {
    for (const resolve of this.#waitingForCommit.splice(0)) resolve();
  }

  hasPassed(checkpoint: number): boolean {
    return this.#options.endpoints.hasPassed(checkpoint);
  }

  aborted(checkpoint: number): void {
    this.#send({ type: 'checkpoint-aborted', checkpoint });
    this.#options.endpoints.aborted(checkpoint);
  }

  #spawn(slot: number): Worker {
    const { module, args, parallelism, plan, spawner, limits } = this.#options;
    const task: WorkerTask = { module, args, slot, slots: plan.slots, parallelism, limits };
    const worker: Worker = { slot, task: spawner.spawn(task), loaded: false, finished: false, committed: 0 };
    worker.task.port.onMessage((message: WorkerMessage) => this.#receive(worker, message));
    return worker;
  }

  /** Resolves when a worker has finished its part. @throws MillraceError WORKER_LOST when it ends otherwise */
  async #finished(worker: Worker): Promise<void> {
    // The task may be over before its last message has arrived; the port closes behind that message.
    const closed = new Promise<void>((resolve) => worker.task.port.onClose(resolve));
    try {
      await worker.task.done;
    } catch (error) {
      throw lost(worker.slot, error);
    }
    await closed;
    if (!worker.finished) throw lost(worker.slot, new Error('it ended before its subtasks had finished'));
  }

  #receive(worker: Worker, message: WorkerMessage): void {
    const { coordinator, warnings } = this.#options;
    switch (message.type) {
      case 'loaded':
        worker.loaded = true;
        return;
      case 'split-request': {
        const { stage, subtask } = message;
        const split = this.#splits?.next(stage);
        this.#sendTo(worker, split === undefined ? { type: 'no-more-splits', stage, subtask } : { type: 'split', stage, subtask, split });
        return;
      }
      case 'checkpoint-acknowledged':
        if (!this.#ended) coordinator.acknowledge(message);
        return;
      case 'checkpoint-declined':
        if (!this.#ended) coordinator.decline(message);
        return;
      case 'checkpoint-committed':
        // A savepoint may be complete before a checkpoint that was triggered ahead of it.
        worker.committed = Math.max(worker.committed, message.checkpoint);
        this.#tellCommitted();
        return;
      case 'final-checkpoint-request':
        if (!this.#ended) coordinator.requestFinal(message);
        return;
      case 'bad-records':
        this.#badRecords.set(JSON.stringify([worker.slot, message.count.source, message.count.reason]), message.count);
        return;
      case 'warning':
        warnings.take(message);
        return;
      case 'finished':
        worker.finished = true;
        if (!this.#ended) coordinator.finished(worker.slot);
        this.#tellCommitted();
        return;
      case 'failed':
        this.fail(reviveError(message.error));
    }
  }

  /** Cancels whatever still runs and waits until every worker has let go. One that does not is killed. */
  async #letGo(): Promise<void> {
    const { system, limits } = this.#options;
    this.#send({ type: 'cancel' });
    const kill = (workers: readonly Worker[]): void => {
      for (const { task } of workers) task.kill();
    };
    // V8 11 takes the whole process down when a thread is terminated at the moment in which it begins a module that has an `await`.
    const killings = [
      system.timers.after(limits.cancelMs, () => kill(this.#workers.filter(({ loaded }) => loaded))),
      system.timers.after(limits.cancelMs + loadMsMax, () => kill(this.#workers)),
    ];
    await Promise.all(
      this.#workers.map(async ({ task }) => {
        await task.done.catch(() => {});
        task.port.close();
      }),
    );
    for (const killing of killings) killing.cancel();
  }

  #send(message: HostMessage): void {
    for (const worker of this.#workers) this.#sendTo(worker, message);
  }

  #sendTo(worker: Worker, message: HostMessage): void {
    worker.task.port.post(message);
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
