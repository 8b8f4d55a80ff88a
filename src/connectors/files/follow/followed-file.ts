/** What a reader knows of a file that it follows. It owns the open file. The reader's thread. */

import type { ReadableFile, Storage } from '../../../base/system.ts';
import type { Compression } from '../compression.ts';
import { readBlock } from '../file-records.ts';
import { type Fingerprint, fingerprintOf, isOf } from './fingerprint.ts';
import type { FollowedSplit } from './followed-split.ts';

/** What a look at the names of files says of one. */
export interface FoundFile {
  readonly path: string;
  readonly identity: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Whether it is one of those that are asked for. */
  readonly matches: boolean;
}

/** Names change while they are looked at: what one look says may be of no moment. */
const looksMin = 2;

export class FollowedFile {
  readonly identity: string;
  readonly compression: Compression | undefined;
  path: string;
  /** Offset behind the records that were handed out. */
  offset: number;
  rotated: boolean;
  /** Of a compressed file: whether all was read. */
  complete: boolean;
  atRecord: boolean;
  head: string | undefined;
  fingerprint: Fingerprint | undefined;
  /** Offset up to which there was something when it was last read. */
  readTo: number;
  /** The same, when its last record was taken for complete because nothing had followed for a while. */
  settledTo = 0;
  /** As it was last seen; undefined before. */
  size: number | undefined;
  /** As it was seen before that. */
  sizeBefore = 0;
  modifiedMs = 0;
  /** Looks one after the other that did not find it, and that found it under a name that is not asked for: one may have missed a name. */
  #missing = 0;
  #unmatched = 0;
  /** Monotonic time at which it was last seen to have changed. */
  changedAt: number;
  #file: ReadableFile | undefined;

  constructor(split: FollowedSplit, now: number) {
    this.identity = split.id;
    this.compression = split.compression;
    this.path = split.path;
    this.offset = split.offset;
    this.readTo = split.offset;
    this.rotated = split.rotated === true;
    this.complete = split.complete === true;
    this.atRecord = split.atRecord === true || split.offset === 0;
    this.head = split.head;
    this.fingerprint = split.fingerprint;
    this.changedAt = now;
  }

  get split(): FollowedSplit {
    const { identity: id, path, offset, fingerprint, compression, rotated, complete, atRecord, head } = this;
    return {
      id,
      path,
      offset,
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...(compression === undefined ? {} : { compression }),
      ...(rotated ? { rotated } : {}),
      ...(complete ? { complete } : {}),
      ...(atRecord ? { atRecord } : {}),
      ...(head === undefined ? {} : { head }),
    };
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** It was found under this name, and is so long. */
  seen(found: FoundFile, now: number): void {
    if (this.size !== found.size || this.path !== found.path) this.changedAt = now;
    if (this.path !== found.path) this.rotated = true;
    this.path = found.path;
    this.sizeBefore = this.size ?? 0;
    this.size = found.size;
    this.modifiedMs = found.modifiedMs;
    this.#unmatched = found.matches ? 0 : this.#unmatched + 1;
    this.#missing = 0;
  }

  /** It was not found under any name. */
  missed(): void {
    this.#missing++;
  }

  /** Whether it has no name any more, or none that can be found. */
  get gone(): boolean {
    return this.#missing >= looksMin;
  }

  /** Whether it is one of those that are asked for. */
  get matches(): boolean {
    return this.#unmatched < looksMin;
  }

  /** Its content is another one: it is read from its start. */
  begin(): void {
    this.offset = 0;
    this.readTo = 0;
    this.fingerprint = undefined;
    this.head = undefined;
    this.atRecord = true;
  }

  /**
   * The open file; undefined when another one has its name by now, or none: the next look at the names tells what became of it.
   *
   * @throws what else keeps it from being opened
   */
  open(storage: Storage): ReadableFile | undefined {
    if (this.#file !== undefined) return this.#file;
    const file = openIfThere(this.path, storage);
    if (file !== undefined && file.identity !== this.identity) file.close();
    else this.#file = file;
    return this.#file;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /**
   * Whether the content is still what it was, by its beginning. To be asked behind a read: what was read before the beginning was right is
   * right as well.
   *
   * @param bytesMax of the fingerprint, which grows up to that with the file
   */
  isSame(file: ReadableFile, bytesMax: number): boolean {
    const front = frontOf(file, this.path, bytesMax);
    if (this.fingerprint !== undefined && !isOf(this.fingerprint, front)) return false;
    if (front.length > (this.fingerprint?.bytes ?? 0)) this.fingerprint = fingerprintOf(front);
    return true;
  }
}

/** The first bytes of a file. */
export function frontOf(file: ReadableFile, path: string, bytesMax: number): Buffer {
  const target = Buffer.allocUnsafe(bytesMax);
  let filled = 0;
  for (;;) {
    const read = readBlock(file, path, { target, offset: filled, length: bytesMax - filled, position: filled });
    filled += read;
    if (read === 0 || filled === bytesMax) return target.subarray(0, filled);
  }
}

/** Undefined where there is no file of this name at the moment. */
export function openIfThere(path: string, storage: Storage): ReadableFile | undefined {
  try {
    return storage.open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
