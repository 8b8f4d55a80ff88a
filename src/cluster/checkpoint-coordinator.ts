/**
 * Takes the checkpoints of a job: says when, gathers what subtasks acknowledge, writes manifests, and removes what is no longer
 * needed. It outlives the attempts of the job: each begins and ends with `begin` and `end`. What is decided is decided in
 * `src/checkpoint`; here are the clock, the messages and the storage. The host's thread.
 */

import type { CheckpointInfo } from '../api/job-client.ts';
import { MillraceError, reviveError, thrownText } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System, Timer } from '../base/system.ts';
import type { ManifestEntry, ManifestStore, StoragePlace } from '../checkpoint/checkpoint-storage.ts';
import { afterFailure, afterSuccess, type CheckpointFailure, noFailures } from '../checkpoint/failures.ts';
import { discardDirectory, fileStorage } from '../checkpoint/file-storage.ts';
import { type Stretch, type StretchOptions, stretchAfter, unstretched } from '../checkpoint/interval-stretch.ts';
import { checkpointOf } from '../checkpoint/layout.ts';
import { locateCheckpoint } from '../checkpoint/locate.ts';
import { type CheckpointManifest, filesNamed, filesOf } from '../checkpoint/manifest.ts';
import { overtakesAfter } from '../checkpoint/overtaking.ts';
import { chooseCheckpoint, nextCheckpointId, type RecoveryDecision } from '../checkpoint/recovery.ts';
import { planRetention } from '../checkpoint/retention.ts';
import { nextTrigger } from '../checkpoint/schedule.ts';
import type { CheckpointSettings, JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import type { RowsInFlight } from '../runtime/rows-in-flight.ts';
import type { CheckpointTrigger, WorkerMessage } from '../wire/messages.ts';
import type { SubtaskState } from '../wire/state-handles.ts';
import { type Acknowledgement, PendingCheckpoint, type TriggeredState } from './pending-checkpoint.ts';

export interface CheckpointCoordinatorOptions {
  readonly job: JobDescription;
  readonly plan: PhysicalPlan;
  readonly system: System;
  readonly limits: Limits;
  /** Absolute path of the job's directory. */
  readonly stateDir: string;
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

interface Asked {
  readonly savepoint: string | undefined;
  readonly suspends: boolean;
  /** Whether it was a user who asked, who is then told; else a subtask that wants to end. */
  readonly byUser: boolean;
  readonly resolve: (manifest: CheckpointManifest) => void;
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
}

type Declined = Extract<WorkerMessage, { type: 'checkpoint-declined' }>;

export class CheckpointCoordinator {
  readonly #options: CheckpointCoordinatorOptions;
  readonly #settings: CheckpointSettings | undefined;
  readonly #place: StoragePlace;
  readonly #manifests: ManifestStore;
  readonly #pending = new Map<number, OnItsWay>();
  readonly #asked: Asked[] = [];
  /** What each subtask acknowledged last, by its number: the next snapshot builds on it. */
  readonly #latest = new Map<string, SubtaskState>();
  /** Checkpoints whose files turned out to be damaged. */
  readonly #distrusted = new Map<number, Error>();
  #attempt: CheckpointedAttempt | null = null;
  /** Slots whose workers are through. */
  readonly #finishedSlots = new Set<number>();
  /** Checkpoints whose manifests are being written, and what goes with that. */
  readonly #storing = new Map<number, Promise<void>>();
  #nextId = 1;
  #startedAt = 0;
  #triggeredAt: number | undefined;
  #endedAt: number | undefined;
  #timer: Timer | null = null;
  /** Whether a checkpoint of this attempt has completed. */
  #hasCompleted = false;
  #failures = noFailures;
  #stretch: Stretch;
  #locked = false;

  constructor(options: CheckpointCoordinatorOptions) {
    this.#options = options;
    const { job, system, limits, stateDir } = options;
    this.#settings = job.faultTolerance.checkpoints;
    this.#place = { system, limits, stateDir };
    this.#manifests = job.faultTolerance.storage.openManifests(this.#place);
    this.#stretch = unstretched(this.#stretchOptions);
  }

  /** Where checkpoints are kept, for people. */
  get place(): string {
    return this.#manifests.place;
  }

  /** Makes this run of the job the only one that uses the directory. @throws MillraceError STATE_DIR */
  open(): void {
    if (this.#settings === undefined) return;
    this.#manifests.lock();
    this.#locked = true;
    const used = this.#manifests.files().map((file) => checkpointOf(file) ?? 0);
    this.#nextId = nextCheckpointId([...this.#manifests.list().map(({ id }) => id), ...used]);
  }

  /** @param gone whether nothing is left: then directories that are empty go, too */
  close(gone: boolean): void {
    if (!this.#locked) return;
    this.#manifests.unlock();
    this.#locked = false;
    if (gone) discardDirectory(this.#manifests.place, this.#options.system.storage);
  }

  /** Whatever the storage says of what the job can go on from. */
  choose(): RecoveryDecision {
    if (this.#settings === undefined) return { kind: 'fresh' };
    const readings = this.#manifests.list().map((entry) => {
      try {
        const distrusted = this.#distrusted.get(entry.id);
        if (distrusted !== undefined) return { entry, error: distrusted };
        return { entry, manifest: this.#manifests.readManifest(entry) };
      } catch (error) {
        return { entry, error: error as Error };
      }
    });
    return chooseCheckpoint(readings, this.#manifests.place);
  }

  /**
   * The manifest of a savepoint, or of another checkpoint, by its path.
   *
   * @throws MillraceError STATE_DIR when there is none, CHECKPOINT_CORRUPT when it cannot be read
   */
  readFrom(path: string): { readonly manifest: CheckpointManifest; readonly directory: string } {
    const { directory, entry } = locateCheckpoint(path, this.#options.system.storage);
    const manifest = fileStorage(directory)
      .openManifests({ ...this.#place, stateDir: directory })
      .readManifest(entry);
    return { manifest, directory };
  }

  /** State of a checkpoint cannot be read: the job goes on from an older one. */
  distrust(id: number, error: Error): void {
    this.#distrusted.set(id, error);
  }

  /** An attempt has begun to run. */
  begin(attempt: CheckpointedAttempt): void {
    this.#attempt = attempt;
    this.#startedAt = this.#now;
    this.#triggeredAt = undefined;
    this.#hasCompleted = false;
    this.#finishedSlots.clear();
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

  /** Takes a checkpoint as soon as may be, or a savepoint into a directory. */
  ask(savepoint: string | undefined, suspends = false, byUser = true): Promise<CheckpointManifest> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ savepoint, suspends, byUser, resolve, reject });
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
    if (!isComing) this.ask(undefined, false, false).catch(() => {});
  }

  get #now(): number {
    return this.#options.system.clock.monotonic();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#attempt === null) return;
    const { intervalDuringBacklogMs, minPauseMs = 0, maxConcurrent = 1 } = this.#settings ?? {};
    const decision = nextTrigger(
      { intervalMs: this.#stretch.intervalMs, intervalDuringBacklogMs, minPauseMs, maxConcurrent },
      {
        now: this.#now,
        startedAt: this.#startedAt,
        triggeredAt: this.#triggeredAt,
        endedAt: this.#endedAt,
        inProgress: this.#pending.size,
        asked: this.#asked.length,
        backlog: this.#attempt.hasBacklog,
      },
    );
    // That the backlog is gone nobody says: it is looked at again and again.
    const lookMs = this.#attempt.hasBacklog ? this.#options.limits.backlogLookMs : Number.POSITIVE_INFINITY;
    const waitMs = Math.min(lookMs, decision.kind === 'wait' ? decision.ms : Number.POSITIVE_INFINITY);
    if (decision.kind !== 'trigger' && waitMs < Number.POSITIVE_INFINITY)
      this.#timer = this.#options.system.timers.after(waitMs, () => this.#schedule());
    if (decision.kind === 'trigger') this.#trigger(decision.asked ? this.#asked.shift() : undefined);
  }

  #trigger(asked: Asked | undefined): void {
    const { system, plan } = this.#options;
    const id = this.#nextId++;
    const { savepoint, suspends = false } = asked ?? {};
    const store = this.#storeOf(savepoint);
    try {
      if (savepoint !== undefined) lockNew(savepoint, store);
    } catch (error) {
      asked?.reject(error as Error);
      this.#schedule();
      return;
    }
    if (asked === undefined) this.#triggeredAt = this.#now;
    const trigger = { checkpoint: id, suspends, ...(savepoint === undefined ? {} : { savepoint }) };
    const startedAt = this.#now;
    const triggered = (this.#attempt as CheckpointedAttempt).trigger(trigger);
    const pending = new PendingCheckpoint(plan, {
      ...triggered,
      id,
      savepoint,
      suspends,
      asked: asked !== undefined,
      triggeredAt: system.clock.now(),
      startedAt,
    });
    const timeoutMs = this.#settings?.timeoutMs ?? this.#options.limits.savepointMs;
    const timeout = system.timers.after(timeoutMs, () => this.#fail(id, 'timed-out', `it took longer than its timeout of ${timeoutMs} ms`));
    const overtakeMs = this.#settings === undefined ? undefined : overtakesAfter(this.#settings, savepoint !== undefined);
    const alignment =
      overtakeMs === undefined || overtakeMs === 0 ? undefined : system.timers.after(overtakeMs, () => this.#overtake(pending));
    this.#pending.set(id, { pending, asked, timeout, alignment, store });
    if (overtakeMs === 0) this.#overtake(pending);
    for (const slot of this.#finishedSlots) pending.finishSlot(slot);
    this.advance();
    this.#schedule();
  }

  /** Its barriers do not wait behind rows any more, and take them along instead. */
  #overtake(pending: PendingCheckpoint): void {
    const { id } = pending;
    if (this.#attempt === null || !this.#pending.has(id) || this.#storing.has(id)) return;
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
    for (const { pending } of [...this.#pending.values()]) {
      if (!pending.isComplete || this.#storing.has(pending.id) || this.#attempt?.hasPassed(pending.id) !== true) continue;
      const { id } = pending;
      this.#storing.set(
        id,
        this.#complete(pending).finally(() => this.#storing.delete(id)),
      );
    }
  }

  acknowledge(acknowledgement: Acknowledgement): void {
    const { checkpoint, stage, subtask, state } = acknowledgement;
    const found = this.#pending.get(checkpoint);
    if (state === 'finished') this.#latest.delete(`${stage}-${subtask}`);
    else if (found?.pending.options.savepoint === undefined) this.#latest.set(`${stage}-${subtask}`, state);
    if (found === undefined) return;
    found.pending.acknowledge(acknowledgement);
    this.advance();
  }

  decline({ checkpoint, error }: Declined): void {
    this.#fail(checkpoint, 'declined', error.message);
    const cause = reviveError(error);
    // State that cannot be stored is no better after a restart.
    if (cause instanceof MillraceError && !cause.retryable) this.#attempt?.fail(cause);
  }

  async #complete(pending: PendingCheckpoint): Promise<void> {
    const { id } = pending;
    const { savepoint } = pending.options;
    let manifest: CheckpointManifest;
    try {
      manifest = pending.manifest(this.#options.job);
      await (this.#pending.get(id)?.store ?? this.#manifests).writeManifest(manifest);
    } catch (error) {
      this.#fail(id, 'not-stored', `its manifest could not be written: ${thrownText(error)}`);
      return;
    }
    const found = this.#pending.get(id);
    if (found === undefined) return;
    this.#remove(id);
    for (const earlier of [...this.#pending.keys()])
      if (earlier < id && savepoint === undefined) this.#fail(earlier, 'overtaken', 'a newer one was complete before');
    this.#failures = afterSuccess(this.#failures, id);
    this.#adapt(pending);
    // A recovery never starts from a savepoint of its own accord: what was committed with one would be written again.
    if (savepoint === undefined || pending.options.suspends) this.#attempt?.completed(id);
    this.#options.ended(this.#infoOf(pending, 'completed', undefined));
    found.asked?.resolve(manifest);
    if (savepoint === undefined) await this.#cleanUp(id);
    this.#schedule();
  }

  #storeOf(savepoint: string | undefined): ManifestStore {
    return savepoint === undefined ? this.#manifests : fileStorage(savepoint).openManifests({ ...this.#place, stateDir: savepoint });
  }

  get #stretchOptions(): StretchOptions {
    const { intervalMs = Number.POSITIVE_INFINITY } = this.#settings ?? {};
    return { intervalMs, costShareMax: this.#options.limits.checkpointPercentMax / 100 };
  }

  /** Checkpoints that take too much of the time come less often. */
  #adapt(pending: PendingCheckpoint): void {
    if (this.#settings === undefined || pending.options.asked) return;
    // The first one of a run may write all state, and says nothing of the next.
    if (this.#settings.incremental && !this.#hasCompleted) {
      this.#hasCompleted = true;
      return;
    }
    const cost = Math.max(0, ...pending.statistics.map(({ syncMs, encodeMs }) => syncMs + encodeMs));
    const { stretch, notice } = stretchAfter(this.#stretchOptions, this.#stretch, cost);
    this.#stretch = stretch;
    if (notice !== undefined) this.#options.warn(notice);
  }

  #fail(id: number, failure: CheckpointFailure, reason: string): void {
    const found = this.#pending.get(id);
    if (found === undefined) return;
    this.#remove(id);
    const { pending, asked } = found;
    const { savepoint } = pending.options;
    if (savepoint !== undefined) discardDirectory(savepoint, this.#options.system.storage);
    this.#attempt?.aborted(id);
    this.#options.ended(this.#infoOf(pending, 'failed', reason));
    asked?.reject(failed(`checkpoint ${id} failed`, reason));
    const tolerable = this.#settings?.tolerableFailures ?? 0;
    const { count, error } = afterFailure(this.#failures, { id, asked: asked?.byUser === true, failure, reason }, tolerable);
    this.#failures = count;
    if (error !== undefined) this.#attempt?.fail(error);
    else if (asked?.byUser !== true && failure !== 'job-ended') this.#options.warn(`checkpoint ${id} failed: ${reason}`);
    this.#schedule();
  }

  #remove(id: number): void {
    const found = this.#pending.get(id);
    found?.timeout.cancel();
    found?.alignment?.cancel();
    if (found?.pending.options.savepoint !== undefined) found.store.unlock();
    this.#pending.delete(id);
    this.#endedAt = this.#now;
  }

  #infoOf(pending: PendingCheckpoint, status: 'completed' | 'failed', reason: string | undefined): CheckpointInfo {
    const { id, savepoint, startedAt, triggeredAt } = pending.options;
    const { statistics } = pending;
    return {
      id,
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(savepoint === undefined ? {} : { savepoint }),
      triggeredAt,
      durationMs: this.#now - startedAt,
      bytes: statistics.reduce((sum, { bytes }) => sum + bytes, 0),
      subtasks: statistics,
    };
  }

  /** Removes the checkpoints and files that nothing needs any more, after checkpoint `id`. */
  async #cleanUp(id: number): Promise<void> {
    const retain = this.#settings?.retain ?? 1;
    await this.#retain(retain, id);
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#storing.values());
  }

  /** Removes all checkpoints: the job is through. */
  async removeAll(): Promise<void> {
    await this.settled();
    if (this.#locked) await this.#retain(0, Number.POSITIVE_INFINITY);
  }

  /** Removes what a run has left that ended before its checkpoints did. Before the first attempt. */
  async removeOrphans(): Promise<void> {
    if (this.#locked) await this.#retain(this.#settings?.retain ?? 1, Number.POSITIVE_INFINITY);
  }

  async #retain(retain: number, busyFrom: number): Promise<void> {
    const held = filesNamed(
      [...this.#latest.values(), ...[...this.#pending.values()].flatMap(({ pending }) => pending.states)].flatMap(
        ({ operators, inFlight }) => [
          ...operators,
          { keyed: {}, parts: {}, inFlight: inFlight.map(({ rows, count }) => ({ exchange: '', rows, count })) },
        ],
      ),
    );
    try {
      const present = this.#manifests.files();
      const manifests = this.#manifests.list().map((entry) => ({ ...entry, files: this.#filesOf(entry) }));
      const { manifests: dropped, files } = planRetention({ manifests, retain, present, held: held.keys(), busyFrom });
      await this.#manifests.remove([...dropped, ...files]);
    } catch (error) {
      this.#options.warn(`files of old checkpoints could not be removed from ${this.#manifests.place}: ${thrownText(error)}`);
    }
  }

  #filesOf(entry: ManifestEntry): Iterable<string> | undefined {
    try {
      return [...filesOf(this.#manifests.readManifest(entry)).keys()];
    } catch {
      return undefined;
    }
  }
}

function failed(what: string, reason: string): MillraceError {
  return new MillraceError('CHECKPOINT_FAILED', `${what}: ${reason}`);
}

/** Locks the directory of a savepoint to be. Another one in it would be taken for it, or the other way round. */
function lockNew(directory: string, store: ManifestStore): void {
  store.lock();
  if (store.list().length + store.files().length === 0) return;
  store.unlock();
  throw new MillraceError(
    'STATE_DIR',
    `there is a savepoint or checkpoint in '${directory}' already; name another directory for the savepoint`,
  );
}
