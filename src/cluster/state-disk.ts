/**
 * The directory in which a job keeps state that does not fit into memory: `disk` in its state directory. What is in it belongs to one
 * attempt at the job, and is of no use to another: checkpoints have names of their own for what they need. Invariant: only the run that
 * has the lock uses it. The host's thread.
 */

import { join } from 'node:path';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { FileLock, Storage } from '../base/system.ts';
import type { WorkerDisk } from '../wire/messages.ts';

const directoryName = 'disk';
const lockName = 'lock';

export interface StateDiskOptions {
  readonly storage: Storage;
  /** Absolute. */
  readonly stateDir: string;
  /** Bytes of memory that such state may take, all workers together. */
  readonly memory: number;
  readonly slots: number;
}

export class StateDisk {
  readonly #options: StateDiskOptions;
  readonly #directory: string;
  #lock: FileLock | undefined;
  #attempts = 0;

  constructor(options: StateDiskOptions) {
    this.#options = options;
    this.#directory = join(options.stateDir, directoryName);
  }

  /**
   * Makes it ready for an attempt, when no worker uses it any more. Returns where each worker keeps its state, by slot.
   *
   * @throws MillraceError STATE_DIR when it cannot be used, or another run of the job uses it
   */
  begin(): readonly WorkerDisk[] {
    const { storage, memory, slots } = this.#options;
    try {
      storage.makeDirectory(this.#directory);
      this.#lock ??= storage.lock(join(this.#directory, lockName));
      this.#clear();
    } catch (error) {
      throw new MillraceError(
        'STATE_DIR',
        `the directory '${this.#directory}', for state that does not fit into memory, cannot be used: ${thrownText(error)}; ` +
          'give each run of a job its own stateDir, or wait until the other one has ended',
        { cause: error },
      );
    }
    const attempt = ++this.#attempts;
    return Array.from({ length: slots }, (_, slot) => ({ prefix: join(this.#directory, `${attempt}-${slot}`), memory: memory / slots }));
  }

  /** Workers that were killed leave their files behind. */
  #clear(): void {
    const { storage } = this.#options;
    for (const name of storage.entries(this.#directory)) if (name !== lockName) storage.remove(join(this.#directory, name));
  }

  /** Never throws: what cannot be removed is removed by the next run. */
  end(): void {
    if (this.#lock === undefined) return;
    for (const each of [() => this.#clear(), () => this.#lock?.release(), () => this.#options.storage.removeDirectory(this.#directory)]) {
      try {
        each();
      } catch {
        // As above.
      }
    }
    this.#lock = undefined;
  }
}
