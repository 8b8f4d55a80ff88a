/**
 * Takes the checkpoints of a job: says when, gathers what subtasks acknowledge, and writes manifests. It outlives the attempts of the
 * job: each begins and ends with `begin` and `end`. What is decided is decided in `src/checkpoint`; here are the clock and the messages,
 * and `CheckpointStore` has the storage. The host's thread.
 */

import type { CheckpointInfo } from '../api/job-client.ts';
import { MillraceError, reviveError, thrownText } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System, Timer } from '../base/system.ts';
import type { ManifestStore } from '../checkpoint/checkpoint-storage.ts';
import { afterFailure, afterSuccess, type CheckpointFailure, noFailures } from '../checkpoint/failures.ts';
import { overtakesAfter } from '../checkpoint/overtaking.ts';
import { nextTrigger } from '../checkpoint/schedule.ts';
import type { CheckpointSettings, JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import type { RowsInFlight } from '../runtime/rows-in-flight.ts';
import type { CheckpointTrigger, WorkerMessage } from '../wire/messages.ts';
import type { SubtaskState } from '../wire/state-handles.ts';
import { CheckpointPace } from './checkpoint-pace.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { type Acknowledgement, PendingCheckpoint, type TriggeredState } from './pending-checkpoint.ts';

export interface CheckpointCoordinatorOptions {
  readonly job: JobDescription;
  readonly plan: PhysicalPlan;
  readonly system: System;
  readonly limits: Limits;
  /** Open where checkpoints are taken. */
  readonly store: CheckpointStore;
  readonly warn: (message: string) => void;
  /** A checkpoint has completed, or failed. */
  readonly ended: (info: CheckpointInfo) => void;
}

/** What the coordinator needs of the attempt that is running. */
export interface CheckpointedAttempt {
  /** Puts barriers into the host's inputs, and tells the workers. */
  trigger(trigger: CheckpointTrigger): TriggeredState;
  /** Lets the barriers of a checkpoint overtake rows. Returns those on their way from the host. @throws MillraceError UNSUPPORTED_VALUE */
  overtake(checkpoint: number): readonly RowsInFlight[];
  completed(checkpoint: number): void;
  aborted(checkpoint: number): void;
  /** Whether everything that was sent to the host before the barrier of a checkpoint has come. */
  hasPassed(checkpoint: number): boolean;
  /** Whether a source catches up with what was there before it came. */
  readonly hasBacklog: boolean;
  /** Ends the attempt. */
  fail(error: Error): void;
}

/** What is asked for. */
export interface CheckpointRequest {
  /** The directory of a savepoint; a checkpoint when absent. */
  readonly savepoint?: string | undefined;
  /** Whether the job ends behind it. */
  readonly suspends?: boolean;
  /** Whether everything fires before, as at the end of the input. */
  readonly drains?: boolean;
}

interface Asked extends CheckpointRequest {
  /** Whether it was a user who asked, who is then told; else a subtask that wants to end. */
  readonly byUser: boolean;
  readonly resolve: (info: CheckpointInfo) => void;
  readonly reject: (error: Error) => void;
}

interface OnItsWay {
  readonly pending: PendingCheckpoint;
  readonly asked: Asked | undefined;
  readonly timeout: Timer;
  /** Until its barriers overtake rows. */
  readonly alignment: Timer | undefined;
  /** Where its manifest goes. */
  readonly store: ManifestStore;
  /** Whether its manifest is being written. */
  storing: boolean;
}

type Declined = Extract<WorkerMessage, { type: 'checkpoint-declined' }>;

export class CheckpointCoordinator {
  readonly #options: CheckpointCoordinatorOptions;
  readonly #settings: CheckpointSettings | undefined;
  readonly #pending = new Map<number, OnItsWay>();
  readonly #asked: Asked[] = [];
  /** What each subtask acknowledged last, by its number: the next snapshot builds on it. */
  readonly #latest = new Map<string, SubtaskState>();
  /** The savepoints among the checkpoints of this attempt, also those that have failed: nothing builds on them. */
  readonly #savepoints = new Set<number>();
  #attempt: CheckpointedAttempt | null = null;
  /** Slots whose workers are through. */
  readonly #finishedSlots = new Set<number>();
  /** Manifests that are being written, savepoints that are being removed, and what goes with that. */
  readonly #busy = new Set<Promise<void>>();
  /** The checkpoint that was triggered last. */
  #lastId = 0;
  #startedAt = 0;
  #triggeredAt: number | undefined;
  #endedAt: number | undefined;
  #timer: Timer | null = null;
  /** Whether the checkpoint is complete that the job is to end with. */
  #isSuspended = false;
  #isClosed = false;
  #failures = noFailures;
  readonly #pace: CheckpointPace;

  constructor(options: CheckpointCoordinatorOptions) {
    this.#options = options;
    this.#settings = options.job.faultTolerance.checkpoints;
    this.#pace = new CheckpointPace({ ...options, settings: this.#settings });
  }

  /** An attempt has begun to run. */
  begin(attempt: CheckpointedAttempt): void {
    this.#attempt = attempt;
    this.#startedAt = this.#now;
    this.#triggeredAt = undefined;
    this.#pace.begin();
    this.#isSuspended = false;
    this.#finishedSlots.clear();
    this.#savepoints.clear();
    this.#schedule();
  }

  /** The attempt has ended: what is on its way will not complete. */
  end(): void {
    this.#attempt = null;
    this.#timer?.cancel();
    this.#latest.clear();
    for (const id of [...this.#pending.keys()]) this.#fail(id, 'job-ended', 'the job ended or failed meanwhile');
    for (const { reject } of this.#asked.splice(0)) reject(failed('a checkpoint was asked for', 'the job ended or failed meanwhile'));
  }

  /** The job has come to its end: who asks from now on is refused. */
  close(): void {
    this.#isClosed = true;
    this.end();
  }

  /** Takes a checkpoint as soon as may be, or a savepoint; resolves once it is complete. @throws MillraceError CHECKPOINT_FAILED, STATE_DIR */
  ask(request: CheckpointRequest, byUser = true): Promise<CheckpointInfo> {
    if (this.#isClosed) return Promise.reject(failed('a checkpoint was asked for', 'the job has ended'));
    return new Promise((resolve, reject) => {
      this.#asked.push({ ...request, byUser, resolve, reject });
      this.#schedule();
    });
  }

  /** A subtask waits for a checkpoint to be through; one that it has not acknowledged yet will do. */
  requestFinal({ stage, subtask }: { readonly stage: number; readonly subtask: number }): void {
    const isComing =
      this.#asked.some(({ savepoint }) => savepoint === undefined) ||
      [...this.#pending.values()].some(
        ({ pending }) => pending.options.savepoint === undefined && !pending.hasAcknowledged(stage, subtask),
      );
    if (!isComing) this.ask({}, false).catch(() => {});
  }

  get #now(): number {
    return this.#options.system.clock.monotonic();
  }

  /** Whether the job is to end here: what would be committed from now on comes again where it goes on. */
  get #isSuspending(): boolean {
    return this.#isSuspended || [...this.#pending.values()].some(({ pending }) => pending.options.suspends);
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#attempt === null || this.#isSuspending) return;
    const decision = nextTrigger(this.#pace.schedule, {
      now: this.#now,
      startedAt: this.#startedAt,
      triggeredAt: this.#triggeredAt,
      endedAt: this.#endedAt,
      inProgress: this.#pending.size,
      asked: this.#asked.length,
      backlog: this.#attempt.hasBacklog,
    });
    // That the backlog is gone nobody says: it is looked at again and again.
    const lookMs = this.#attempt.hasBacklog ? this.#options.limits.backlogLookMs : Number.POSITIVE_INFINITY;
    const waitMs = Math.min(lookMs, decision.kind === 'wait' ? decision.ms : Number.POSITIVE_INFINITY);
    if (decision.kind !== 'trigger' && waitMs < Number.POSITIVE_INFINITY)
      this.#timer = this.#options.system.timers.after(waitMs, () => this.#schedule());
    if (decision.kind === 'trigger') this.#trigger(decision.asked ? this.#asked.shift() : undefined);
  }

  #trigger(asked: Asked | undefined): void {
    const { savepoint } = asked ?? {};
    let store: ManifestStore;
    try {
      store = savepoint === undefined ? this.#options.store.storeOf(undefined) : this.#options.store.beginSavepoint(savepoint);
    } catch (error) {
      asked?.reject(error as Error);
      this.#schedule();
      return;
    }
    if (asked === undefined) this.#triggeredAt = this.#now;
    const pending = this.#begin(asked);
    this.#pending.set(pending.id, { pending, asked, store, storing: false, ...this.#timersOf(pending) });
    if (this.#overtakeMs(pending) === 0) this.#overtake(pending);
    for (const slot of this.#finishedSlots) pending.finishSlot(slot);
    this.advance();
    this.#schedule();
  }

  /** Puts the barriers into the stream. */
  #begin({ savepoint, suspends = false, drains = false }: CheckpointRequest = {}): PendingCheckpoint {
    const { system, plan, store } = this.#options;
    const id = Math.max(this.#lastId + 1, store.firstId);
    this.#lastId = id;
    if (savepoint !== undefined) this.#savepoints.add(id);
    const startedAt = this.#now;
    const trigger = { checkpoint: id, suspends, drains, ...(savepoint === undefined ? {} : { savepoint }) };
    const triggered = (this.#attempt as CheckpointedAttempt).trigger(trigger);
    return new PendingCheckpoint(plan, { ...triggered, id, savepoint, suspends, drains, triggeredAt: system.clock.now(), startedAt });
  }

  #timersOf(pending: PendingCheckpoint): Pick<OnItsWay, 'timeout' | 'alignment'> {
    const { timers } = this.#options.system;
    const timeoutMs = this.#settings?.timeoutMs ?? this.#options.limits.savepointMs;
    const overtakeMs = this.#overtakeMs(pending);
    return {
      timeout: timers.after(timeoutMs, () => this.#fail(pending.id, 'timed-out', `it took longer than its timeout of ${timeoutMs} ms`)),
      alignment: overtakeMs === undefined || overtakeMs === 0 ? undefined : timers.after(overtakeMs, () => this.#overtake(pending)),
    };
  }

  #overtakeMs({ options }: PendingCheckpoint): number | undefined {
    return this.#settings === undefined ? undefined : overtakesAfter(this.#settings, options.savepoint !== undefined);
  }

  /** Its barriers do not wait behind rows any more, and take them along instead. */
  #overtake(pending: PendingCheckpoint): void {
    const { id } = pending;
    if (this.#attempt === null || this.#pending.get(id)?.storing !== false) return;
    try {
      pending.takeAlong(this.#attempt.overtake(id));
    } catch (error) {
      this.#fail(id, 'declined', thrownText(error));
    }
  }

  /** The worker of a slot is through, and will acknowledge nothing any more. */
  finished(slot: number): void {
    this.#finishedSlots.add(slot);
    for (const { pending } of this.#pending.values()) pending.finishSlot(slot);
    this.advance();
  }

  /** Completes what can be completed. */
  advance(): void {
    for (const onItsWay of [...this.#pending.values()]) {
      const { pending, storing } = onItsWay;
      if (!pending.isComplete || storing || this.#attempt?.hasPassed(pending.id) !== true) continue;
      onItsWay.storing = true;
      this.#track(this.#complete(onItsWay));
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#busy.delete(tracked));
    this.#busy.add(tracked);
  }

  acknowledge(acknowledgement: Acknowledgement): void {
    const { checkpoint, stage, subtask, state } = acknowledgement;
    const found = this.#pending.get(checkpoint);
    if (state === 'finished') this.#latest.delete(`${stage}-${subtask}`);
    else if (!this.#savepoints.has(checkpoint)) this.#latest.set(`${stage}-${subtask}`, state);
    if (found === undefined) return;
    found.pending.acknowledge(acknowledgement);
    this.advance();
  }

  decline({ checkpoint, error }: Declined): void {
    const cause = reviveError(error);
    // State that cannot be stored is no better after a restart. Said first, since the first failure is the one that counts.
    if (cause instanceof MillraceError && !cause.retryable) this.#attempt?.fail(cause);
    this.#fail(checkpoint, 'declined', error.message);
  }

  async #complete(onItsWay: OnItsWay): Promise<void> {
    const { pending, store } = onItsWay;
    try {
      await store.writeManifest(pending.manifest(this.#options.job));
    } catch (error) {
      this.#fail(pending.id, 'not-stored', `its manifest could not be written: ${thrownText(error)}`);
    }
    if (this.#pending.has(pending.id)) await this.#completed(onItsWay);
    // It was given up meanwhile. A checkpoint is there all the same, and is found when the job looks for one.
    else await this.#discard(onItsWay);
  }

  async #completed({ pending, asked, store }: OnItsWay): Promise<void> {
    const { id, options } = pending;
    const { savepoint, suspends } = options;
    this.#remove(id);
    if (savepoint !== undefined) store.unlock();
    else this.#overtaken(id);
    this.#failures = afterSuccess(id);
    if (asked === undefined) this.#pace.completed(pending.statistics);
    // A recovery never starts from a savepoint of its own accord: what was committed with one would be written again.
    if (savepoint === undefined || suspends) this.#attempt?.completed(id);
    if (suspends) this.#isSuspended = true;
    if (suspends && savepoint !== undefined) this.#options.store.suspended(id, savepoint);
    const info = pending.info(this.#now);
    this.#options.ended(info);
    asked?.resolve(info);
    if (savepoint === undefined) await this.#options.store.removeOld({ busyFrom: id, held: this.#held });
    this.#schedule();
  }

  /** Older ones are of no use any more, but for savepoints: somebody wants to have those. */
  #overtaken(id: number): void {
    for (const { pending } of [...this.#pending.values()])
      if (pending.id < id && pending.options.savepoint === undefined)
        this.#fail(pending.id, 'overtaken', 'a newer one was complete before');
  }

  /** What checkpoints on their way may name. */
  get #held(): SubtaskState[] {
    return [...this.#latest.values(), ...[...this.#pending.values()].flatMap(({ pending }) => pending.states)];
  }

  #fail(id: number, failure: CheckpointFailure, reason: string): void {
    const found = this.#pending.get(id);
    if (found === undefined) return;
    this.#remove(id);
    const { pending, asked } = found;
    this.#attempt?.aborted(id);
    // Else once its manifest is written, or cannot be.
    if (!found.storing) this.#track(this.#discard(found));
    this.#options.ended(pending.info(this.#now, reason));
    asked?.reject(failed(`checkpoint ${id} failed`, reason));
    const tolerable = this.#settings?.tolerableFailures ?? 0;
    const { count, error } = afterFailure(this.#failures, { id, asked: asked?.byUser === true, failure, reason }, tolerable);
    this.#failures = count;
    if (pending.options.drains)
      this.#attempt?.fail(failed(`checkpoint ${id} failed`, `${reason}; all windows and timers had fired for it`));
    else if (error !== undefined) this.#attempt?.fail(error);
    else if (asked?.byUser !== true && failure !== 'job-ended') this.#options.warn(`checkpoint ${id} failed: ${reason}`);
    this.#schedule();
  }

  /** Removes what there is of a savepoint that has failed. Of checkpoints, the next one builds on what subtasks have stored. */
  async #discard({ pending: { id, options }, store }: OnItsWay): Promise<void> {
    if (options.savepoint !== undefined) await this.#options.store.discardSavepoint(id, options.savepoint, store);
  }

  #remove(id: number): void {
    const found = this.#pending.get(id);
    found?.timeout.cancel();
    found?.alignment?.cancel();
    this.#pending.delete(id);
    this.#endedAt = this.#now;
  }

  /** Resolves when nothing is being written or removed any more. */
  async settled(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }
}

function failed(what: string, reason: string): MillraceError {
  return new MillraceError('CHECKPOINT_FAILED', `${what}: ${reason}`);
}
