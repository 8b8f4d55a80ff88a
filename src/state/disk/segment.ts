/**
 * One file of entries of keyed state, and what is known of each: where it lies, and whether it still counts. Entries are appended until
 * the file is sealed; from then on it never changes, so that checkpoints may have it under a name of their own.
 *
 * Where entries begin is known of every few entries only, which are read together: an offset for each would take as much memory as the index
 * of places does. The file grows by blocks of one size, each where a multiple of it is: the system then keeps each as one, and finds it
 * faster. Invariant: `live` counts the entries that count; a group is in memory or in the file as a whole. One subtask owns a segment.
 *
 * @hotpath
 */

import { crc32 } from 'node:zlib';
import type { ReadableFile, Storage, WritableFile } from '../../base/system.ts';
import { ByteSink } from '../../batch/byte-sink.ts';
import { writeEntry } from '../entries.ts';
import { extended } from '../extended.ts';
import { IntList } from '../int-list.ts';
import type { KeyedContents } from '../keyed-contents.ts';

const initialEntries = 64;

/** About as many bytes are read at a time: the call of the system takes hardly less for fewer, and each group takes an offset. */
export const groupBytes = 512;
const groupBitsMax = 4;

/**
 * Who else knows it: nobody; a snapshot on its way; a checkpoint, which is told of entries that no longer count as they become so.
 */
export type Standing = 'own' | 'offered' | 'stored';

export interface SegmentOptions {
  readonly storage: Storage;
  /** Bytes of an entry, about. */
  readonly entryBytes: number;
  /** Bytes that are written at once. */
  readonly blockBytes: number;
}

export class Segment {
  readonly number: number;
  /** Absolute. */
  readonly path: string;
  entries = 0;
  live = 0;
  bytes = 0;
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
  /** A group has as many entries, to the power of two. */
  readonly #groupBits: number;
  /** Where the groups begin. */
  #offsets = new Uint32Array(initialEntries);
  /** A bit for each entry that no longer counts. */
  #dead = new Uint8Array(initialEntries / 8);
  readonly #storage: Storage;
  readonly #blockBytes: number;
  /** The end of it: what is not written yet, and the beginning of its first group. */
  #pending: ByteSink | undefined = new ByteSink();
  /** Where that begins in the file. Groups from there on are in memory. */
  pendingFrom = 0;
  #written = 0;
  #output: WritableFile | undefined;
  #input: ReadableFile | undefined;

  constructor(number: number, path: string, { storage, entryBytes, blockBytes }: SegmentOptions) {
    this.number = number;
    this.#groupBits = Math.max(0, Math.min(groupBitsMax, Math.floor(Math.log2(groupBytes / entryBytes))));
    this.path = path;
    this.#storage = storage;
    this.#blockBytes = blockBytes;
  }

  /** Bytes of memory. */
  get memory(): number {
    return this.#offsets.byteLength + this.#dead.byteLength + (this.#pending?.bytes.length ?? 0);
  }

  /** Whether a block is to be written. */
  get isDue(): boolean {
    return this.bytes - this.#written >= this.#blockBytes;
  }

  /** The bytes from `pendingFrom` on, of one that is not sealed. */
  get pending(): Buffer {
    return (this.#pending as ByteSink).bytes;
  }

  /** Appends an entry and returns its ordinal. @throws what `write` throws; then nothing was appended */
  append(hash: number, unit: number, contents: Pick<KeyedContents, 'write'>): number {
    const sink = this.#pending as ByteSink;
    const start = sink.length;
    writeEntry(sink, hash, unit, contents);
    return this.note(sink.length - start);
  }

  /** Appends an entry of another segment, header and all. */
  copy(bytes: Buffer, start: number, end: number): number {
    (this.#pending as ByteSink).copyPart(bytes, start, end);
    return this.note(end - start);
  }

  /** The next entry is so long, in a file that is there. Returns its ordinal. */
  note(length: number): number {
    const ordinal = this.entries;
    const group = ordinal >>> this.#groupBits;
    if (group << this.#groupBits === ordinal) {
      if (group === this.#offsets.length) this.#offsets = extended(this.#offsets, new Uint32Array(group * 2));
      this.#offsets[group] = this.bytes;
    }
    if (ordinal === this.#dead.length * 8) this.#dead = extended(this.#dead, new Uint8Array(ordinal / 4));
    this.entries++;
    this.live++;
    this.bytes += length;
    return ordinal;
  }

  /** Reads what is known of an entry, which is then near. The result is of no use. */
  touch(ordinal: number): number {
    return this.groupStart(ordinal) ^ (this.#dead[ordinal >>> 3] as number);
  }

  isDead(ordinal: number): boolean {
    return ((this.#dead[ordinal >>> 3] as number) & (1 << (ordinal & 7))) !== 0;
  }

  /** An entry no longer counts. */
  kill(ordinal: number): void {
    this.#dead[ordinal >>> 3] = (this.#dead[ordinal >>> 3] as number) | (1 << (ordinal & 7));
    this.live--;
    if (this.standing !== 'own') this.stale.push(ordinal);
  }

  /** What counts now, a bit for each entry that does not: later changes do not show in it. */
  deadNow(): Uint8Array {
    return this.#dead.slice(0, (this.entries + 7) >>> 3);
  }

  /** Puts whole blocks into the file, as soon as one is due. @throws the system's error; what is in the file then nobody knows */
  flush(): void {
    this.#write(this.bytes - (this.bytes % this.#blockBytes));
    // The last entry has made the block due, so no other group goes on behind it.
    this.#forget(this.groupStart(this.entries - 1));
  }

  #write(until: number): void {
    if (until === this.#written) return;
    const bytes = this.pending.subarray(this.#written - this.pendingFrom, until - this.pendingFrom);
    this.#output ??= this.#storage.createNew(this.path);
    this.#output.write(bytes);
    this.checksum = crc32(bytes, this.checksum);
    this.#written = until;
  }

  /** Lets go of what is pending in front of a group that is not wholly written. */
  #forget(until: number): void {
    const sink = this.#pending as ByteSink;
    sink.bytes.copyWithin(0, until - this.pendingFrom, sink.length);
    sink.length -= until - this.pendingFrom;
    this.pendingFrom = until;
  }

  /** Nothing is appended any more. @throws the system's error */
  seal(): void {
    this.#write(this.bytes);
    this.#end();
  }

  #end(): void {
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
    this.#end();
  }

  /** Whether the file is open for reading. */
  get isOpen(): boolean {
    return this.#input !== undefined;
  }

  /** Where the group of an entry begins. */
  groupStart(ordinal: number): number {
    return this.#offsets[ordinal >>> this.#groupBits] as number;
  }

  /** Where it ends. */
  groupEnd(ordinal: number): number {
    const next = (ordinal >>> this.#groupBits) + 1;
    return next << this.#groupBits < this.entries ? (this.#offsets[next] as number) : this.bytes;
  }

  /** Entries of its group that are in front of it. */
  inGroup(ordinal: number): number {
    return ordinal & ((1 << this.#groupBits) - 1);
  }

  /** Reads bytes of the file. @throws the system's error, or one that says that they are not there */
  read(target: Uint8Array, offset: number, length: number, from: number): void {
    this.#input ??= this.#storage.open(this.path);
    let done = 0;
    while (done < length) {
      const count = this.#input.read(target, offset + done, length - done, from + done);
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
