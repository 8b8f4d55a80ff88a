/**
 * What must hold of the files of checkpoints: a complete checkpoint is there after any crash; when the job is quiet there is nothing that
 * no manifest names; nothing is left of a job that has finished.
 */

import { limitsWith } from '../../base/limits.ts';
import type { Storage } from '../../base/system.ts';
import type { ManifestEntry, ManifestStore } from '../../checkpoint/checkpoint-storage.ts';
import { fileStorage } from '../../checkpoint/file-storage.ts';
import { type CheckpointManifest, filesOf, handlesOf } from '../../checkpoint/manifest.ts';

/** Bytes of a file. */
export interface BytesOfFile {
  readonly path: string;
  readonly from: number;
  readonly until: number;
}

export class CheckpointFiles {
  readonly #store: ManifestStore;
  /** The newest that was complete. */
  #completed = 0;
  /** Those of which bytes have changed. */
  readonly #damaged = new Set<number>();

  constructor(stateDir: string, storage: Storage) {
    this.#store = fileStorage().openManifests({ system: { storage }, limits: limitsWith(), stateDir });
  }

  completed(id: number): void {
    this.#completed = Math.max(this.#completed, id);
  }

  /** The job starts from a savepoint: what it had completed before does not count. */
  startElsewhere(): void {
    this.#completed = 0;
  }

  /** For a trace: what the newest checkpoint holds. */
  describe(): string {
    const newest = this.#store.list().find((entry) => this.#read(entry) === undefined);
    if (newest === undefined) return 'there is no checkpoint';
    const { id, operators } = this.#store.readManifest(newest);
    const told = operators.map(({ name, splits, subtasks }) => {
      const states = subtasks.map(({ keyed, parts }) =>
        [
          ...Object.entries(keyed).map(([state, segments]) => `${state}: ${segments.map((each) => `${each.id} (${each.entries})`)}`),
          ...Object.keys(parts),
        ].join(', '),
      );
      return `${name}${splits === undefined ? '' : ` ${JSON.stringify(splits)}`} [${states.join(' | ')}]`;
    });
    return `checkpoint ${id} holds ${told.join('; ')}`;
  }

  /**
   * Bytes that the newest good checkpoint needs: all of its manifest, and pieces of files of state; where there is another good one, which
   * is without them. From now on that one is the newest.
   */
  damageable(): readonly BytesOfFile[] {
    const good = this.#store.list().filter((entry) => !this.#damaged.has(entry.id) && this.#read(entry) === undefined);
    const [newest, ...others] = good;
    const [next] = others;
    if (newest === undefined || next === undefined) return [];
    this.#damaged.add(newest.id);
    this.#completed = next.id;
    const { place } = this.#store;
    const shared = new Set(others.flatMap((entry) => [...filesOf(this.#store.readManifest(entry)).keys()]));
    const pieces = piecesOf(this.#store.readManifest(newest)).filter(({ path }) => !shared.has(path));
    const manifest = { path: newest.path, from: 0, until: Number.POSITIVE_INFINITY };
    return [manifest, ...pieces].map((bytes) => ({ ...bytes, path: `${place}/${bytes.path}` }));
  }

  /** Whether there were checkpoints, and are none any more. */
  get isGone(): boolean {
    return this.#completed > 0 && this.#store.list().length === 0;
  }

  /** Behind a crash. @throws Error when the newest complete checkpoint cannot be read */
  checkDurable(): void {
    if (this.isGone) return;
    const newest = this.#store.list().find((entry) => this.#read(entry) === undefined);
    if ((newest?.id ?? 0) >= this.#completed) {
      // One that was given up while its manifest was written may be there as well, and is as good.
      this.#completed = newest?.id ?? 0;
      return;
    }
    const [first] = this.#store.list();
    const why = first === undefined ? 'it is not there' : this.#read(first);
    throw new Error(`checkpoint ${this.#completed} was complete, but is not there behind a crash: ${why ?? `the newest is ${newest?.id}`}`);
  }

  #read(entry: ManifestEntry): string | undefined {
    try {
      this.#store.readManifest(entry);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** @throws Error when there is no checkpoint that can be read: of a savepoint, which has one, and stays */
  checkThere(): void {
    const [entry] = this.#store.list();
    const why = entry === undefined ? 'it is not there' : this.#read(entry);
    if (why !== undefined) throw new Error(`the savepoint in ${this.#store.place} was complete, but cannot be used: ${why}`);
  }

  /** The path of the newest that no bytes of were changed: what somebody starts from who is told that the newest is damaged. */
  get newestWhole(): string | undefined {
    const whole = this.#store.list().find((entry) => !this.#damaged.has(entry.id) && this.#read(entry) === undefined);
    return whole === undefined ? undefined : `${this.#store.place}/${whole.path}`;
  }

  /** The number of the newest that can be read; 0 where there is none. */
  get newest(): number {
    return this.#store.list().find((entry) => this.#read(entry) === undefined)?.id ?? 0;
  }

  /** @throws Error when there is a file of state that no manifest names */
  checkReachable(): void {
    const named = new Set(this.#store.list().flatMap((entry) => [...filesOf(this.#store.readManifest(entry)).keys()]));
    const lost = this.#store.files().filter((file) => !named.has(file));
    if (lost.length > 0) throw new Error(`no checkpoint names the files ${lost.join(', ')}, and still they are there`);
  }

  /** @throws Error when something is left */
  checkRemoved(): void {
    const left = [...this.#store.list().map(({ path }) => path), ...this.#store.files()];
    if (left.length > 0) throw new Error(`the job has finished and left ${left.join(', ')}`);
  }
}

/** The pieces of state of a checkpoint that are in files. */
function piecesOf({ operators }: CheckpointManifest): BytesOfFile[] {
  return operators
    .flatMap(({ subtasks }) => subtasks.flatMap((subtask) => [...handlesOf(subtask)]))
    .flatMap((handle) =>
      handle.kind === 'inline' || handle.length === 0
        ? []
        : [{ path: handle.path, from: handle.offset, until: handle.offset + handle.length }],
    );
}
