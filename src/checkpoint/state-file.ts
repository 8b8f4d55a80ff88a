/**
 * Writes what one subtask has for one checkpoint: as long as that is little, it stays in memory and goes into the manifest; from
 * the first piece on that is too much, it goes to one file, in large writes. Invariant: a file is created only for what is written to
 * it, and is gone after `abort`. The worker's thread, which the disk never stops: only copies to the page cache are waited for.
 */

import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.ts';
import type { Storage, WritableFile } from '../base/system.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import type { StateHandle } from '../wire/state-handles.ts';
import type { StateWriter, StoragePlace } from './checkpoint-storage.ts';

export interface StateFileOptions {
  readonly storage: Storage;
  readonly limits: StoragePlace['limits'];
  /** Absolute. */
  readonly directory: string;
  /** Of the file, relative to the directory. */
  readonly path: string;
}

/** Why a file cannot have a name in another place: it is on another disk, its file system knows no such thing, or it has too many. */
const unlinkable: ReadonlySet<unknown> = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

export class StateFile implements StateWriter {
  bytes = 0;
  readonly #options: StateFileOptions;
  /** What is not written yet: the present piece alone, while all goes into the manifest. */
  readonly #pending = new ByteSink();
  #inlines = true;
  #file: WritableFile | undefined;
  #created = false;
  /** In the file, of the present piece. */
  #offset = 0;
  #length = 0;
  #checksum = 0;
  #state: 'open' | 'closed' | 'aborted' = 'open';
  /** Files that have got another name, with their lengths. */
  readonly #links: { readonly path: string; readonly bytes: number }[] = [];

  constructor(options: StateFileOptions) {
    this.#options = options;
  }

  write(bytes: Uint8Array): void {
    assert(this.#state === 'open', 'pieces are written before the end');
    const { stateWriteBytes } = this.#options.limits;
    this.bytes += bytes.length;
    this.#length += bytes.length;
    this.#checksum = crc32(bytes, this.#checksum);
    if (bytes.length >= stateWriteBytes) {
      this.#flush();
      this.#open().write(bytes);
      return;
    }
    this.#pending.copy(bytes);
    if (this.#pending.length >= stateWriteBytes) this.#flush();
  }

  endPiece(): StateHandle {
    const [offset, length, checksum] = [this.#offset, this.#length, this.#checksum];
    this.#length = 0;
    this.#checksum = 0;
    // Once there is a file, it takes all: a manifest names pieces again and again, and would copy them each time.
    this.#inlines &&= this.#file === undefined && this.bytes <= this.#options.limits.inlineStateBytes;
    if (this.#inlines) {
      const bytes = new Uint8Array(this.#pending.bytes.subarray(0, length));
      this.#pending.reset();
      return { kind: 'inline', bytes, checksum };
    }
    this.#offset = offset + length;
    return { kind: 'file', path: this.#options.path, offset, length, checksum };
  }

  link(file: { readonly path: string; readonly bytes: number; readonly checksum: number }): StateHandle | undefined {
    const { storage, directory, limits } = this.#options;
    // What is little is better copied than a file of its own.
    if (storage.link === undefined || file.bytes <= limits.inlineStateBytes) return undefined;
    const path = this.#options.path.replace(/\.state$/, `.${this.#links.length}.state`);
    try {
      storage.link(file.path, join(directory, path));
    } catch (error) {
      if (unlinkable.has((error as { code?: unknown }).code)) return undefined;
      throw error;
    }
    this.#links.push({ path, bytes: file.bytes });
    return { kind: 'file', path, offset: 0, length: file.bytes, checksum: file.checksum };
  }

  async close(): Promise<void> {
    assert(this.#state === 'open' && this.#length === 0, 'pieces end before their writer does');
    this.#state = 'closed';
    this.#flush();
    if (this.#links.length > 0) await this.#syncLinks();
    const file = this.#file;
    if (file === undefined) return;
    await file.syncSoon();
    if (this.#isAborted()) throw new Error(`'${this.#options.path}' was let go of while it was written`);
    this.#file = undefined;
    file.close();
  }

  async #syncLinks(): Promise<void> {
    const { storage, directory } = this.#options;
    for (const { path, bytes } of this.#links) {
      if (this.#isAborted()) throw new Error(`'${path}' was let go of while it was written`);
      const file = storage.append(join(directory, path), bytes);
      try {
        await file.syncSoon();
      } finally {
        file.close();
      }
    }
    if (this.#isAborted()) throw new Error(`'${this.#options.path}' was let go of while it was written`);
  }

  abort(): void {
    if (this.#isAborted()) return;
    this.#state = 'aborted';
    const { storage, directory, path } = this.#options;
    quietly(() => this.#file?.close());
    this.#file = undefined;
    if (this.#created) quietly(() => storage.remove(join(directory, path)));
    for (const link of this.#links) quietly(() => storage.remove(join(directory, link.path)));
  }

  /** `abort` comes while `close` waits. */
  #isAborted(): boolean {
    return this.#state === 'aborted';
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#open().write(this.#pending.bytes.subarray(0, this.#pending.length));
    this.#pending.reset();
  }

  #open(): WritableFile {
    const { storage, directory, path } = this.#options;
    // Never over a file that is there: a manifest may name it.
    this.#file ??= storage.createNew(join(directory, path));
    this.#created = true;
    return this.#file;
  }
}

/** What is not wanted any more and cannot be removed is removed later, with all that no manifest names. */
function quietly(remove: () => void): void {
  try {
    remove();
  } catch {}
}
