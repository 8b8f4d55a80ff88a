/**
 * Checkpoints in files of a directory; `layout.ts` has their names. Workers create files of state, the host creates manifests and
 * removes what is no longer needed. Invariant: when a manifest has its name, everything that it names is on the disk, in whatever
 * order a crash leaves unfinished writes.
 */

import { dirname, join, resolve } from 'node:path';
import { MillraceError, thrownText } from '../base/errors.ts';
import { checkOnly, optional, text } from '../base/options.ts';
import type { FileLock, Storage } from '../base/system.ts';
import type { StateHandle } from '../wire/state-handles.ts';
import type { CheckpointStorage, ManifestEntry, ManifestStore, StateStorage, StateWriter, StoragePlace } from './checkpoint-storage.ts';
import { checkpointOf, lockFile, manifestOf, manifestPath, stateDirectory, statePath, unfinished } from './layout.ts';
import { type CheckpointManifest, filesOf } from './manifest.ts';
import { decodeManifest, encodeManifest } from './manifest-codec.ts';
import { checkFile, readInline, readPiece, readWhole } from './read-piece.ts';
import { StateFile } from './state-file.ts';

/**
 * Checkpoints in files. They survive the process, so that a job that is started again resumes.
 *
 * A savepoint is the same in a directory of its own: everything in it is named relative to the directory, so it can be moved and
 * copied as a whole.
 *
 * @param directory where they are kept, of this job alone: `stateDir` by default
 * @example
 * const env = new StreamEnvironment({ checkpoint: { interval: '5s' }, checkpointStorage: fileStorage('/data/word-count') });
 */
export function fileStorage(directory?: string): CheckpointStorage {
  checkOnly(directory, optional(text), 'fileStorage');
  const placeOf = (stateDir: string): string => resolve(directory ?? stateDir);
  return {
    describe: (stateDir) => `files in ${placeOf(stateDir)}`,
    openState: (place) => new StateFiles(placeOf(place.stateDir), place),
    openManifests: (place) => new ManifestFiles(placeOf(place.stateDir), place.system.storage),
  };
}

/** Removes the directory of a savepoint that was not completed, unless something else is in it. Never throws. */
export function discardDirectory(directory: string, storage: Storage): void {
  try {
    for (const each of [join(directory, stateDirectory), directory]) storage.removeDirectory(each);
  } catch {
    // Not worth a failure of its own: the savepoint has one already.
  }
}

/** What the system says of a directory above that was made by somebody else. */
const notOurs: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'EINVAL']);

class StateFiles implements StateStorage {
  readonly #directory: string;
  readonly #place: StoragePlace;

  constructor(directory: string, place: StoragePlace) {
    this.#directory = directory;
    this.#place = place;
  }

  write(name: string): StateWriter {
    const { system, limits } = this.#place;
    return new StateFile({ storage: system.storage, limits, directory: this.#directory, path: statePath(name) });
  }

  read(handle: StateHandle): Uint8Array {
    if (handle.kind === 'inline') return readInline(handle);
    return readPiece(this.#place.system.storage, this.#directory, handle);
  }
}

class ManifestFiles implements ManifestStore {
  readonly place: string;
  readonly #storage: Storage;
  #lock: FileLock | undefined;
  /** Whether the directory is on the disk, and those above it. */
  #isPlaceSafe = false;

  constructor(directory: string, storage: Storage) {
    this.place = directory;
    this.#storage = storage;
  }

  lock(): void {
    if (this.#lock !== undefined) return;
    try {
      this.#storage.makeDirectory(this.#path(stateDirectory));
      this.#lock = this.#storage.lock(this.#path(lockFile));
      for (const name of this.#storage.entries(this.place)) if (name.endsWith(unfinished)) this.#removeFile(name);
    } catch (error) {
      this.unlock();
      throw this.#isHeld(error) ? this.#held(error as Error) : this.#unusable(error);
    }
  }

  unlock(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  async writeManifest(manifest: CheckpointManifest): Promise<ManifestEntry> {
    const path = manifestPath(manifest);
    const bytes = encodeManifest(manifest);
    try {
      await this.#syncPlace();
      // The names of the files that workers have created; what is in them, they have made sure of.
      await this.#storage.syncDirectory(this.#path(stateDirectory));
      await this.#writeFile(path + unfinished, bytes);
      this.#storage.rename(this.#path(path + unfinished), this.#path(path));
      await this.#storage.syncDirectory(this.place);
    } catch (error) {
      this.#withdraw(path);
      throw error;
    }
    return { id: manifest.id, kind: manifest.kind, path };
  }

  /** Also one that is there may have been made just before a crash, and be forgotten in the next. */
  async #syncPlace(): Promise<void> {
    if (this.#isPlaceSafe) return;
    const above: string[] = [];
    for (let at = this.place; at !== above.at(-1); at = dirname(at)) above.push(at);
    await Promise.all(above.map((directory) => this.#syncOwn(directory)));
    this.#isPlaceSafe = true;
  }

  /** A directory, unless it is somebody else's. */
  async #syncOwn(directory: string): Promise<void> {
    await this.#storage.syncDirectory(directory).catch((error) => {
      if (!notOurs.has((error as { code?: string }).code)) throw error;
    });
  }

  /** What a manifest names was on the disk before it got its name. */
  async secure(): Promise<void> {
    if (this.#isPlaceSafe) await this.#syncOwn(this.place);
    else await this.#syncPlace();
  }

  async #writeFile(path: string, bytes: Uint8Array): Promise<void> {
    const file = this.#storage.create(this.#path(path));
    try {
      file.write(bytes);
      await file.syncSoon();
    } finally {
      file.close();
    }
  }

  /** A checkpoint that has failed must not be found later, when what it names is gone: it may have its name although that failed. */
  #withdraw(path: string): void {
    for (const each of [path, path + unfinished]) {
      try {
        this.#removeFile(each);
      } catch {
        // The error that is told is the one of writing.
      }
    }
  }

  list(): readonly ManifestEntry[] {
    const found = this.#entries().flatMap((name) => manifestOf(name) ?? []);
    return found.sort((a, b) => b.id - a.id);
  }

  readManifest({ path }: ManifestEntry): CheckpointManifest {
    const manifest = decodeManifest(readWhole(this.#storage, this.#path(path)), this.#path(path));
    for (const [file, bytes] of filesOf(manifest)) checkFile(this.#storage, this.place, file, bytes);
    return manifest;
  }

  files(): readonly string[] {
    const paths = this.#entries(stateDirectory).map((name) => `${stateDirectory}/${name}`);
    return paths.filter((path) => checkpointOf(path) !== undefined);
  }

  async remove(paths: readonly string[]): Promise<void> {
    const manifests = paths.filter((path) => manifestOf(path) !== undefined);
    for (const [i, path] of manifests.entries()) {
      if (i > 0 && i === manifests.length - 1) await this.#storage.syncDirectory(this.place);
      this.#removeFile(path);
    }
    // A manifest that comes back in a crash must find its files.
    if (manifests.length > 0) await this.#storage.syncDirectory(this.place);
    for (const path of paths) if (!manifests.includes(path)) this.#removeFile(path);
  }

  #removeFile(path: string): void {
    try {
      this.#storage.remove(this.#path(path));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    }
  }

  #entries(directory = ''): string[] {
    try {
      return this.#storage.entries(this.#path(directory));
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  #path(path: string): string {
    return join(this.place, path);
  }

  #isHeld(error: unknown): boolean {
    return (error as { code?: unknown }).code === 'EBUSY';
  }

  #held(error: Error): MillraceError {
    return new MillraceError(
      'STATE_DIR',
      `the state directory '${this.place}' is ${error.message}; wait for that run to end, or give this one its own stateDir. ` +
        `If that process is no more, remove '${this.#path(lockFile)}'`,
      { cause: error },
    );
  }

  #unusable(error: unknown): MillraceError {
    const what = `the state directory '${this.place}' cannot be used: ${thrownText(error)}`;
    return new MillraceError('STATE_DIR', `${what}; correct that, or name another directory (stateDir, --state-dir)`, { cause: error });
  }
}
