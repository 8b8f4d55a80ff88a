/**
 * Where checkpoints are kept. Workers write state through it, each its own; the host writes manifests. Every implementation passes
 * the same suite of tests (`test/checkpoint/storage-conformance.ts`).
 *
 * What makes a checkpoint is its manifest: whatever was written without one that names it never counts. So a crash at any moment
 * leaves the checkpoints that there were, or one more.
 */

import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { StateHandle } from '../wire/state-handles.ts';
import type { CheckpointKind, CheckpointManifest } from './manifest.ts';

/** Takes the state of one subtask in one checkpoint: pieces, one behind the other. */
export interface StateWriter {
  /**
   * Appends to the present piece. May be called with little at a time; writes when it is worth a system call. The bytes may change
   * once it has returned.
   *
   * @throws the system's error; then `abort` is what is left to do
   */
  write(bytes: Uint8Array): void;
  /** Ends the present piece: where it is. It can be read once `close` has resolved. */
  endPiece(): StateHandle;
  /**
   * A piece that is a file already, whose bytes do not change any more: gives it another name. Undefined where that cannot be; it is to
   * be written then, as all pieces are where a storage has no such method. Between two pieces.
   */
  link?(file: { readonly path: string; readonly bytes: number; readonly checksum: number }): StateHandle | undefined;
  /** Bytes of all pieces that were written. */
  readonly bytes: number;
  /**
   * Makes all pieces survive a crash, as soon as a manifest that names them does. Rejects where they may not: then `abort` is what
   * is left to do.
   */
  close(): Promise<void>;
  /** Lets go of what was written so far. May be called at any time instead of `close`, during it, or after it has failed. Never throws. */
  abort(): void;
}

/** What a worker does with a storage. */
export interface StateStorage {
  /** @param name of what is written: a `stateName`; no other writer in the life of the job's state has had it */
  write(name: string): StateWriter;
  /**
   * The bytes of a piece.
   *
   * @throws MillraceError CHECKPOINT_CORRUPT when they are not there, or not what was written
   */
  read(handle: StateHandle): Uint8Array;
}

/** A manifest that is there; whether it can be read is another matter. */
export interface ManifestEntry {
  readonly id: number;
  readonly kind: CheckpointKind;
  /** As `ManifestStore.remove` takes it. */
  readonly path: string;
}

/** What the host does with a storage. Its paths are relative to the storage, as in handles. */
export interface ManifestStore {
  /** For messages: the directory, or what stands for it. */
  readonly place: string;
  /**
   * Makes the storage ready and this process its only user. Before anything else but `list`, `readManifest` and `files`.
   *
   * @throws MillraceError STATE_DIR when it cannot be used, or another run of the job uses it
   */
  lock(): void;
  /** Lets others use it. Idempotent. */
  unlock(): void;
  /**
   * Makes a checkpoint: resolves once it survives a crash, with everything that it names. Rejects with the system's error, and then
   * there is none.
   */
  writeManifest(manifest: CheckpointManifest): Promise<ManifestEntry>;
  /** All manifests, newest first. @throws MillraceError STATE_DIR when the storage cannot be read */
  list(): readonly ManifestEntry[];
  /**
   * Reads a manifest and looks whether the files that it names are there, as long as it says.
   *
   * @throws MillraceError CHECKPOINT_CORRUPT when that is not so
   */
  readManifest(entry: ManifestEntry): CheckpointManifest;
  /**
   * Makes the manifests that there are survive a crash: one may have been found that a process had just made when it ended. Before anything is
   * done that cannot be undone without it. Rejects with the system's error.
   */
  secure(): Promise<void>;
  /** All files of state that there are, sorted. */
  files(): readonly string[];
  /**
   * Removes manifests in this order, the last one when the others are gone for good: after a crash, the newest leads to what is committed. Then
   * files of state. What is not there is no failure.
   */
  remove(paths: readonly string[]): Promise<void>;
}

/** What a storage is opened with. */
export interface StoragePlace {
  readonly system: Pick<System, 'storage'>;
  readonly limits: Pick<Limits, 'inlineStateBytes' | 'stateWriteBytes'>;
  /** Absolute path of the job's own directory: where a storage keeps things that was not told where. */
  readonly stateDir: string;
}

/** Where the checkpoints of a job are to be kept: an immutable description, made by `fileStorage` or `memoryStorage`. */
export interface CheckpointStorage {
  /** For people: `files in <directory>`. */
  describe(stateDir: string): string;
  /** On each worker. */
  openState(place: StoragePlace): StateStorage;
  /** On the host, once for the life of a job: restarts go on with it. */
  openManifests(place: StoragePlace): ManifestStore;
}
