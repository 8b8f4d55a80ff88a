/**
 * The segments of one keyed state: an append-only log in files of one directory. Whoever appends gets a place, a number of 32 bits: the
 * segment's in the upper twelve, the entry's ordinal in the others.
 *
 * Invariant: once a file could not be written or read, nothing is appended any more, since nobody knows what is in it: whatever was
 * appended before is then lost with the run, which goes on from its last checkpoint. One subtask owns a store.
 *
 * @hotpath (append, read, kill)
 */

import { MillraceError, thrownText } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import type { Storage } from '../../base/system.ts';
import type { ByteSource } from '../../batch/byte-source.ts';
import { entryLength, headerBytes } from '../entries.ts';
import type { KeyedContents } from '../keyed-contents.ts';
import { groupBytes, Segment } from './segment.ts';

/** A segment is sealed when it has as many entries: their ordinals take the lower bits of a place. */
export const ordinalBits = 20;
export const entriesMax = 2 ** ordinalBits;
const inSegment = entriesMax - 1;

/** Segments that there are at most. Number 0 is none, so that no place is 0. */
const segmentsEnd = 2 ** (32 - ordinalBits);

/** Bytes that are read at once: a group, unless some of its entries are large. */
const scratchBytes = 4096;

/** Entries that are gathered at a time: what is read of them stays in the processor's caches until it is decoded. */
export const gatheredMax = 128;
/** Bytes of each: most groups. */
const gatheredBytes = 2 * groupBytes;

export interface SegmentStoreOptions {
  readonly storage: Storage;
  /** Absolute path that the names of all files begin with: nobody else's do. */
  readonly prefix: string;
  readonly limits: Pick<Limits, 'diskSegmentBytes' | 'diskSegmentFiles' | 'stateWriteBytes'>;
}

export class SegmentStore {
  /** Bytes that were ever appended. */
  appended = 0;
  /** Of no use to anybody, but a loop that only reads would be left out without it. */
  touched = 0;
  /** Bytes of the entry that was appended last. */
  lastLength = 0;
  /** Bytes of an entry, about. */
  #entryBytes = 64;
  readonly #options: SegmentStoreOptions;
  /** By number. */
  readonly #segments: (Segment | undefined)[] = [undefined];
  readonly #free: number[] = [];
  #serial = 0;
  #open: Segment | undefined;
  /** Those open for reading, the first the one that has been the longest. */
  #inputs: Segment[] = [];
  /** Sealed ones that may have nothing left that counts. */
  #emptied: Segment[] = [];
  #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  readonly #gathered = Buffer.allocUnsafeSlow(gatheredMax * gatheredBytes);
  readonly #lengths = new Int32Array(gatheredMax);
  #broken: MillraceError | undefined;

  constructor(options: SegmentStoreOptions) {
    this.#options = options;
  }

  /** Bytes of memory. */
  get memory(): number {
    let bytes = this.#scratch.length + this.#gathered.length;
    for (const segment of this.segments()) bytes += segment.memory;
    return bytes;
  }

  /** All that there are. */
  segments(): Segment[] {
    return this.#segments.filter((segment) => segment !== undefined);
  }

  of(place: number): Segment {
    return this.#segments[place >>> ordinalBits] as Segment;
  }

  /** @throws MillraceError STATE_DISK once something could not be written or read */
  check(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** A new segment that is not the one that `append` writes to. */
  create(entryBytes = this.#entryBytes): Segment {
    this.check();
    const number = this.#free.pop() ?? this.#segments.length;
    if (number === segmentsEnd) throw this.#failed('written', this.#options.prefix, new Error(`there are ${segmentsEnd - 1} files of it`));
    const segment = new Segment(number, `${this.#options.prefix}-${++this.#serial}.segment`, {
      storage: this.#options.storage,
      entryBytes,
      blockBytes: this.#options.limits.stateWriteBytes,
    });
    this.#segments[number] = segment;
    return segment;
  }

  /** Appends an entry and returns its place. @throws what `write` throws, and MillraceError STATE_DISK */
  append(hash: number, unit: number, contents: KeyedContents): number {
    this.check();
    this.#open ??= this.create();
    const place = this.appendTo(this.#open, hash, unit, contents);
    if (this.isFull(this.#open)) this.sealOpen();
    return place;
  }

  /** Appends an entry of another segment, header and all. */
  copy(bytes: Buffer, start: number, end: number): number {
    this.check();
    this.#open ??= this.create();
    const segment = this.#open;
    const place = placeOf(segment, segment.copy(bytes, start, end));
    this.#appended(segment, end - start);
    if (this.isFull(segment)) this.sealOpen();
    return place;
  }

  /** The same in a segment that `create` made, which has room for as many entries as a segment may have. */
  appendTo(segment: Segment, hash: number, unit: number, contents: KeyedContents): number {
    const before = segment.bytes;
    const place = placeOf(segment, segment.append(hash, unit, contents));
    this.#appended(segment, segment.bytes - before);
    return place;
  }

  #appended(segment: Segment, bytes: number): void {
    this.appended += bytes;
    this.lastLength = bytes;
    this.#entryBytes += (bytes - this.#entryBytes) / 64;
    if (segment.isDue) this.#io(segment, 'written', () => segment.flush());
  }

  /** Whether the next entry is to go to another one. */
  isFull(segment: Segment): boolean {
    return segment.bytes >= this.#options.limits.diskSegmentBytes || segment.entries === entriesMax;
  }

  /** Ends the segment that `append` writes to; the next entry begins another. */
  sealOpen(): void {
    const segment = this.#open;
    this.#open = undefined;
    if (segment !== undefined) this.seal(segment);
  }

  seal(segment: Segment): void {
    this.#io(segment, 'written', () => segment.seal());
    if (segment.live === 0) this.#emptied.push(segment);
  }

  /** Makes a sealed segment of entries that are all there; which they are `Segment.note` is to be told. */
  fill(bytes: Uint8Array, entries: number): Segment {
    const segment = this.create(bytes.length / entries);
    this.#io(segment, 'written', () => segment.fill(bytes));
    return segment;
  }

  /** Reads what lies around several entries, for `gathered`: `gatheredMax` of them at most. */
  gather(places: Int32Array, count: number): void {
    const target = this.#gathered;
    for (let i = 0; i < count; i++) this.touched ^= this.of(places[i] as number).touch((places[i] as number) & inSegment);
    for (let i = 0; i < count; i++) {
      const place = places[i] as number;
      const segment = this.of(place);
      const start = segment.groupStart(place & inSegment);
      if (isPending(segment, start)) continue;
      const length = Math.min(segment.groupEnd(place & inSegment) - start, gatheredBytes);
      this.readBytes(segment, target, i * gatheredBytes, length, start);
      this.#lengths[i] = length;
    }
  }

  /** Lets `source` read the i-th of them, header and all. What it reads is good until the next call. */
  gathered(i: number, place: number, source: ByteSource): void {
    const ordinal = place & inSegment;
    const segment = this.of(place);
    if (isPending(segment, segment.groupStart(ordinal))) {
      this.read(place, source);
      return;
    }
    const end = i * gatheredBytes + (this.#lengths[i] as number);
    let at = i * gatheredBytes;
    for (let before = segment.inGroup(ordinal); before > 0 && at + headerBytes <= end; before--) at += entryLength(this.#gathered, at);
    const isThere = at + headerBytes <= end && at + entryLength(this.#gathered, at) <= end;
    if (isThere) source.reset(this.#gathered, at, at + entryLength(this.#gathered, at));
    else this.read(place, source);
  }

  /** Lets `source` read an entry, header and all. What it reads is good until the next call. */
  read(place: number, source: ByteSource): void {
    const ordinal = place & inSegment;
    const segment = this.of(place);
    const start = segment.groupStart(ordinal);
    const before = segment.inGroup(ordinal);
    if (isPending(segment, start)) {
      const { pending } = segment;
      let at = start - segment.pendingFrom;
      for (let i = 0; i < before; i++) at += entryLength(pending, at);
      source.reset(pending, at, at + entryLength(pending, at));
    } else this.#readGroup(segment, { start, end: segment.groupEnd(ordinal), before }, source);
  }

  /** Mostly that is one call of the system; it is some more where entries are large. */
  #readGroup(
    segment: Segment,
    { start, end, before }: { readonly start: number; readonly end: number; readonly before: number },
    source: ByteSource,
  ): void {
    let have = Math.min(end - start, this.#scratch.length);
    this.readBytes(segment, this.#scratch, 0, have, start);
    let base = start;
    let at = 0;
    for (let i = 0; i <= before; i++) {
      if (at + headerBytes > have) {
        base += at;
        at = 0;
        have = Math.min(end - base, this.#scratch.length);
        this.readBytes(segment, this.#scratch, 0, have, base);
      }
      if (i < before) at += entryLength(this.#scratch, at);
    }
    const length = entryLength(this.#scratch, at);
    if (at + length > have) {
      if (length > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(length * 2);
      this.readBytes(segment, this.#scratch, 0, length, base + at);
      at = 0;
    }
    source.reset(this.#scratch, at, at + length);
  }

  /** Reads bytes of a sealed segment, or of what another has in its file. */
  readBytes(segment: Segment, target: Uint8Array, offset: number, length: number, from: number): void {
    if (!segment.isOpen) this.#admitInput(segment);
    try {
      segment.read(target, offset, length, from);
    } catch (error) {
      throw this.#failed('read', segment.path, error);
    }
  }

  #admitInput(segment: Segment): void {
    this.#inputs.push(segment);
    if (this.#inputs.length > this.#options.limits.diskSegmentFiles) this.#inputs.shift()?.closeInput();
  }

  /** An entry no longer counts. */
  kill(place: number): void {
    const segment = this.of(place);
    segment.kill(place & inSegment);
    if (segment.live === 0 && segment.sealed) this.#emptied.push(segment);
  }

  /** Removes the files that have nothing that counts, and nobody reads. */
  removeEmptied(): void {
    if (this.#emptied.length === 0) return;
    const emptied = this.#emptied;
    this.#emptied = [];
    for (const segment of emptied) {
      if (this.#segments[segment.number] !== segment) continue;
      if (segment.pins > 0) this.#emptied.push(segment);
      else this.#remove(segment);
    }
  }

  #remove(segment: Segment): void {
    segment.remove();
    this.#inputs = this.#inputs.filter((each) => each !== segment);
    this.#segments[segment.number] = undefined;
    this.#free.push(segment.number);
  }

  close(): void {
    for (const segment of this.segments()) this.#remove(segment);
    this.#open = undefined;
  }

  #io(segment: Segment, verb: 'written' | 'read', call: () => void): void {
    try {
      call();
    } catch (error) {
      throw this.#failed(verb, segment.path, error);
    }
  }

  #failed(verb: 'written' | 'read', path: string, cause: unknown): MillraceError {
    this.#broken ??= new MillraceError(
      'STATE_DISK',
      `state that does not fit into memory cannot be ${verb}: '${path}': ${thrownText(cause)}; make room on that disk, or give the job another stateDir`,
      { cause },
    );
    return this.#broken;
  }
}

/** The place of an entry. */
export function placeOf(segment: Segment, ordinal: number): number {
  return (segment.number << ordinalBits) | ordinal;
}

/** Whether the group that begins there is in memory. */
function isPending(segment: Segment, start: number): boolean {
  return !segment.sealed && start >= segment.pendingFrom;
}
