/**
 * One file of entries of keyed state, and what is known of each: where it lies, and whether it still counts. Entries are appended until
 * the file is sealed; from then on it never changes, so that checkpoints may have it under a name of their own.
 *
 *     entry    u32 hash of the key, u32 length, the bytes that `KeyedContents.write` wrote: as in the segments of checkpoints
 *
 * Invariant: `live` counts the entries that count, `liveBytes` their bytes. One subtask owns a segment.
 *
 * @hotpath
 */

import { crc32 } from 'node:zlib';
import type { ReadableFile, Storage, WritableFile } from '../../base/system.ts';
import { ByteSink } from '../../batch/byte-sink.ts';
import type { ByteSource } from '../../batch/byte-source.ts';
import { IntList } from '../int-list.ts';

/** In front of the bytes of an entry. */
export const headerBytes = 8;

const initialEntries = 64;

/**
 * Who else knows it: nobody; a snapshot on its way; a checkpoint, which is told of entries that no longer count as they become so.
 */
export type Standing = 'own' | 'offered' | 'stored';

export class Segment {
  readonly number: number;
  /** Absolute. */
  readonly path: string;
  entries = 0;
  live = 0;
  bytes = 0;
  liveBytes = 0;
  /** CRC-32 of all that is in the file. */
  checksum = 0;
  sealed = false;
  standing: Standing = 'own';
  /** What checkpoints call it. */
  id = '';
  /** Ordinals of entries that became stale since it was offered, or since the last barrier. */
  readonly stale = new IntList();
  /** Who reads it whatever counts of it. */
  pins = 0;
  /** Where the entries begin. */
  #offsets = new Uint32Array(initialEntries);
  /** A bit for each entry that no longer counts. */
  #dead = new Uint8Array(initialEntries / 8);
  readonly #storage: Storage;
  /** What is not written yet. */
  #pending: ByteSink | undefined = new ByteSink();
  #written = 0;
  #output: WritableFile | undefined;
  #input: ReadableFile | undefined;

  constructor(number: number, path: string, storage: Storage) {
    this.number = number;
    this.path = path;
    this.#storage = storage;
  }

  /** Bytes of memory. */
  get memory(): number {
    return this.#offsets.byteLength + this.#dead.byteLength + (this.#pending?.bytes.length ?? 0);
  }

  /** Bytes that wait to be written. */
  get pending(): number {
    return this.bytes - this.#written;
  }

  /** Appends an entry and returns its ordinal. @throws what `write` throws; then nothing was appended */
  append(hash: number, write: (sink: ByteSink) => void): number {
    const sink = this.#pending as ByteSink;
    const start = sink.length;
    try {
      sink.u32(hash >>> 0);
      sink.u32(0);
      write(sink);
    } catch (error) {
      sink.length = start;
      throw error;
    }
    const end = sink.length;
    sink.length = start + 4;
    sink.u32(end - start - headerBytes);
    sink.length = end;
    return this.note(end - start);
  }

  /** Appends an entry of another segment, header and all. */
  copy(entry: Uint8Array): number {
    (this.#pending as ByteSink).copy(entry);
    return this.note(entry.length);
  }

  /** The next entry is so long, in a file that is there. Returns its ordinal. */
  note(length: number): number {
    const ordinal = this.entries;
    if (ordinal === this.#offsets.length) this.#grow();
    this.#offsets[ordinal] = this.bytes;
    this.entries++;
    this.live++;
    this.bytes += length;
    this.liveBytes += length;
    return ordinal;
  }

  #grow(): void {
    const offsets = new Uint32Array(this.entries * 2);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
    const dead = new Uint8Array(this.entries / 4);
    dead.set(this.#dead);
    this.#dead = dead;
  }

  offset(ordinal: number): number {
    return ordinal < this.entries ? (this.#offsets[ordinal] as number) : this.bytes;
  }

  isDead(ordinal: number): boolean {
    return ((this.#dead[ordinal >>> 3] as number) & (1 << (ordinal & 7))) !== 0;
  }

  /** An entry no longer counts. */
  kill(ordinal: number): void {
    this.#dead[ordinal >>> 3] = (this.#dead[ordinal >>> 3] as number) | (1 << (ordinal & 7));
    this.live--;
    this.liveBytes -= this.offset(ordinal + 1) - this.offset(ordinal);
    if (this.standing !== 'own') this.stale.push(ordinal);
  }

  /** What counts now, a bit for each entry that does not: later changes do not show in it. */
  deadNow(): Uint8Array {
    return this.#dead.slice(0, (this.entries + 7) >>> 3);
  }

  /** Puts what waits into the file. @throws the system's error; what is in the file then nobody knows */
  flush(): void {
    const sink = this.#pending as ByteSink;
    if (sink.length === 0) return;
    const bytes = sink.bytes.subarray(0, sink.length);
    this.#output ??= this.#storage.createNew(this.path);
    this.#output.write(bytes);
    this.checksum = crc32(bytes, this.checksum);
    this.#written += bytes.length;
    sink.reset();
  }

  /** Nothing is appended any more. @throws the system's error */
  seal(): void {
    this.flush();
    this.sealed = true;
    this.#pending = undefined;
    this.#output?.close();
    this.#output = undefined;
  }

  /** Makes a file of entries that are all there. @throws the system's error */
  fill(bytes: Uint8Array): void {
    this.#output = this.#storage.createNew(this.path);
    this.#output.write(bytes);
    this.checksum = crc32(bytes);
    this.#written = bytes.length;
    this.seal();
  }

  /** Whether the file is open for reading. */
  get isOpen(): boolean {
    return this.#input !== undefined;
  }

  /** Whether an entry can be read without the file. */
  isPending(ordinal: number): boolean {
    return this.#pending !== undefined && (this.#offsets[ordinal] as number) >= this.#written;
  }

  /** Lets `source` read the bytes of an entry that is pending, header and all. */
  readPending(ordinal: number, source: ByteSource): void {
    const { bytes } = this.#pending as ByteSink;
    source.reset(bytes, this.offset(ordinal) - this.#written, this.offset(ordinal + 1) - this.#written);
  }

  /** Reads bytes of the file. @throws the system's error, or one that says that they are not there */
  read(target: Uint8Array, length: number, from: number): void {
    this.#input ??= this.#storage.open(this.path);
    let done = 0;
    while (done < length) {
      const count = this.#input.read(target, done, length - done, from + done);
      if (count === 0) throw new Error(`it ends at byte ${from + done}, before byte ${from + length}`);
      done += count;
    }
  }

  closeInput(): void {
    this.#input?.close();
    this.#input = undefined;
  }

  /** Removes the file. What cannot be removed is removed with the directory. */
  remove(): void {
    for (const each of [() => this.closeInput(), () => this.#output?.close(), () => this.#storage.remove(this.path)]) {
      try {
        each();
      } catch {
        // Nothing that was to be kept is lost.
      }
    }
    this.#output = undefined;
  }
}
