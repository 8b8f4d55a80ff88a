/**
 * Where the checkpoints of a job are kept, as the host uses it: the lock, what there is to go on from, and what is removed. It outlives
 * the attempts of the job. What is decided is decided in `src/checkpoint`. The host's thread.
 */

import { MillraceError, thrownText } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { ManifestEntry, ManifestStore, StateStorage, StoragePlace } from '../checkpoint/checkpoint-storage.ts';
import { discardDirectory, fileStorage } from '../checkpoint/file-storage.ts';
import { checkpointOf, manifestPath } from '../checkpoint/layout.ts';
import { locateCheckpoint } from '../checkpoint/locate.ts';
import { type CheckpointManifest, filesNamed, filesOf } from '../checkpoint/manifest.ts';
import { chooseCheckpoint, type ManifestReading, nextCheckpointId, type RecoveryDecision } from '../checkpoint/recovery.ts';
import { planRetention } from '../checkpoint/retention.ts';
import type { FaultTolerance } from '../graph/job-description.ts';
import type { SubtaskState } from '../wire/state-handles.ts';

export interface CheckpointStoreOptions {
  readonly faultTolerance: FaultTolerance;
  readonly system: System;
  readonly limits: Limits;
  /** Absolute path of the job's directory. */
  readonly stateDir: string;
  readonly warn: (message: string) => void;
}

export class CheckpointStore {
  readonly #options: CheckpointStoreOptions;
  readonly #place: StoragePlace;
  readonly #manifests: ManifestStore;
  /** Checkpoints whose files turned out to be damaged. */
  readonly #distrusted = new Map<number, Error>();
  /** The first checkpoint that this run may take. */
  #firstId = 1;
  #suspended: { readonly id: number; readonly directory: string } | undefined;
  #locked = false;

  constructor(options: CheckpointStoreOptions) {
    this.#options = options;
    const { faultTolerance, system, limits, stateDir } = options;
    this.#place = { system, limits, stateDir };
    this.#manifests = faultTolerance.storage.openManifests(this.#place);
  }

  /** For people. */
  get place(): string {
    return this.#manifests.place;
  }

  /** The first checkpoint that this run may take. */
  get firstId(): number {
    return this.#firstId;
  }

  /** Makes this run of the job the only one that uses the directory. @throws MillraceError STATE_DIR */
  open(): void {
    this.#manifests.lock();
    this.#locked = true;
    const used = this.#manifests.files().map((file) => checkpointOf(file) ?? 0);
    this.#firstId = nextCheckpointId([...this.#manifests.list().map(({ id }) => id), ...used]);
  }

  /** The job goes on from a checkpoint: those of this run have higher numbers, also where that one is a savepoint from elsewhere. */
  goOnFrom(id: number): void {
    this.#firstId = Math.max(this.#firstId, id + 1);
  }

  /** @param gone whether nothing is left: then directories that are empty go, too */
  close(gone: boolean): void {
    if (!this.#locked) return;
    this.#manifests.unlock();
    this.#locked = false;
    if (gone) discardDirectory(this.#manifests.place, this.#options.system.storage);
  }

  /** The newest checkpoint that an earlier run has left, whether it can be read or not. @throws MillraceError STATE_DIR */
  get newest(): ManifestEntry | undefined {
    return this.#manifests.list()[0];
  }

  /** Whether this run has left a checkpoint: also one that counts as failed, because it was not known in time that its manifest is written. */
  get hasOwn(): boolean {
    return this.#locked && (this.newest?.id ?? 0) >= this.#firstId;
  }

  /** The savepoint that the job was to end with is complete: sinks commit what came before it. */
  suspended(id: number, directory: string): void {
    this.#suspended = { id, directory };
  }

  /** The directory of that savepoint where nothing newer is there: what is older would lead to what is committed already. */
  get suspendedIn(): string | undefined {
    return (this.newest?.id ?? 0) < (this.#suspended?.id ?? 0) ? this.#suspended?.directory : undefined;
  }

  /**
   * Whatever the storage says of what the job can go on from.
   *
   * @throws MillraceError CHECKPOINT_FAILED when a manifest cannot be read at the moment: that is no reason to go on from an older one
   */
  choose(): RecoveryDecision {
    const readings: ManifestReading[] = [];
    for (const entry of this.#manifests.list()) {
      const reading = this.#read(entry);
      readings.push(reading);
      if ('manifest' in reading) break;
    }
    return chooseCheckpoint(readings, this.#manifests.place);
  }

  #read(entry: ManifestEntry): ManifestReading {
    const distrusted = this.#distrusted.get(entry.id);
    if (distrusted !== undefined) return { entry, error: distrusted };
    try {
      return { entry, manifest: this.#manifests.readManifest(entry) };
    } catch (error) {
      if (error instanceof MillraceError && error.retryable) throw error;
      return { entry, error: error as Error };
    }
  }

  /**
   * The manifest of a savepoint, or of another checkpoint, by its path.
   *
   * @throws MillraceError STATE_DIR when there is none, CHECKPOINT_CORRUPT when it cannot be read
   */
  readFrom(path: string): { readonly manifest: CheckpointManifest; readonly directory: string } {
    const { directory, entry } = locateCheckpoint(path, this.#options.system.storage);
    return { manifest: this.#filesIn(directory).readManifest(entry), directory };
  }

  /**
   * Makes a checkpoint that was found survive a crash, or the savepoint in a directory: sinks are about to commit what came before it.
   *
   * @throws MillraceError CHECKPOINT_FAILED
   */
  async secure(savepoint: string | undefined): Promise<void> {
    const store = this.storeOf(savepoint);
    try {
      await store.secure();
    } catch (error) {
      const message = `it cannot be made sure that the checkpoint in ${store.place} survives a crash: ${thrownText(error)}`;
      throw new MillraceError('CHECKPOINT_FAILED', message, { cause: error });
    }
  }

  /** State of a checkpoint cannot be read: the job goes on from an older one. */
  distrust(id: number, error: Error): void {
    this.#distrusted.set(id, error);
  }

  /** Where the manifest of a checkpoint goes, or that of a savepoint in a directory. */
  storeOf(savepoint: string | undefined): ManifestStore {
    return savepoint === undefined ? this.#manifests : this.#filesIn(savepoint);
  }

  /** The state of a checkpoint, or of a savepoint in a directory. */
  stateIn(savepoint: string | undefined): StateStorage {
    if (savepoint === undefined) return this.#options.faultTolerance.storage.openState(this.#place);
    return fileStorage(savepoint).openState({ ...this.#place, stateDir: savepoint });
  }

  #filesIn(directory: string): ManifestStore {
    return fileStorage(directory).openManifests({ ...this.#place, stateDir: directory });
  }

  /** Locks the directory of a savepoint to be. Another one in it would be taken for it, or the other way round. @throws MillraceError STATE_DIR */
  beginSavepoint(directory: string): ManifestStore {
    const store = this.storeOf(directory);
    store.lock();
    if (store.list().length + store.files().length === 0) return store;
    store.unlock();
    throw new MillraceError(
      'STATE_DIR',
      `there is a savepoint or checkpoint in '${directory}' already; name another directory for the savepoint`,
    );
  }

  /** Removes what was written of a savepoint that was not completed, and its directory unless something else is in it. Never rejects. */
  async discardSavepoint(id: number, directory: string, store: ManifestStore): Promise<void> {
    try {
      await store.remove([manifestPath({ kind: 'savepoint', id }), ...store.files().filter((file) => checkpointOf(file) === id)]);
    } catch (error) {
      this.#options.warn(`what was written of the savepoint that failed could not be removed from '${directory}': ${thrownText(error)}`);
    }
    store.unlock();
    discardDirectory(directory, this.#options.system.storage);
  }

  /** Removes all checkpoints: the job is through, or starts over. */
  async removeAll(): Promise<void> {
    await this.#retain(0, { busyFrom: Number.POSITIVE_INFINITY, held: [] });
  }

  /**
   * Removes what a run has left that ended before its checkpoints did. Before the first attempt: which of those that are complete are of use is not
   * known yet, so that none of them goes.
   */
  async removeOrphans(): Promise<void> {
    await this.#retain(Number.POSITIVE_INFINITY, { busyFrom: Number.POSITIVE_INFINITY, held: [] });
  }

  /** Removes the checkpoints and files that nothing needs any more. @param use what checkpoints on their way may name */
  async removeOld(use: { readonly busyFrom: number; readonly held: readonly SubtaskState[] }): Promise<void> {
    await this.#retain(this.#options.faultTolerance.checkpoints?.retain ?? 1, use);
  }

  async #retain(retain: number, { busyFrom, held }: { readonly busyFrom: number; readonly held: readonly SubtaskState[] }): Promise<void> {
    if (!this.#locked) return;
    try {
      const present = this.#manifests.files();
      const manifests = this.#manifests.list().map((entry) => ({ ...entry, files: this.#filesOf(entry) }));
      const { manifests: dropped, files } = planRetention({ manifests, retain, present, held: filesHeld(held), busyFrom });
      await this.#manifests.remove([...dropped, ...files]);
    } catch (error) {
      this.#options.warn(`files of old checkpoints could not be removed from ${this.#manifests.place}: ${thrownText(error)}`);
    }
  }

  /** Undefined for one that is of no use. */
  #filesOf(entry: ManifestEntry): Iterable<string> | undefined {
    if (this.#distrusted.has(entry.id)) return undefined;
    try {
      return [...filesOf(this.#manifests.readManifest(entry)).keys()];
    } catch {
      return undefined;
    }
  }
}

function filesHeld(states: readonly SubtaskState[]): Iterable<string> {
  const named = states.flatMap(({ operators, inFlight }) => [
    ...operators,
    { keyed: {}, parts: {}, inFlight: inFlight.map(({ rows, count }) => ({ exchange: '', rows, count })) },
  ]);
  return filesNamed(named).keys();
}
