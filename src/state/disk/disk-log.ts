/**
 * Keyed state larger than memory. Keys that are used lie in memory as everywhere: a slot of the key index, state in the slot's stores.
 * When they take more than their share, those that were not used lately are written to a log of segments and forgotten; a key that
 * comes again and is new to the key index is looked for there.
 *
 *     absent ──touch──▶ changed ──evicted, or encoded for a snapshot──▶ written
 *     written ──touch──▶ changed       its entry no longer counts
 *     changed, written ──evicted──▶ absent, its place in the index of places ──its key comes──▶ written
 *
 * A checkpoint names the segments that are not stored yet, and the entries of stored ones that no longer count: what has changed and is
 * in memory is written to the log for it.
 *
 * Invariant: the latest state of a key is in memory (changed), or in exactly one entry that counts, which is known by its slot (written)
 * or by the index of places (absent). One subtask owns a log.
 *
 * @hotpath
 */

import { isDeepStrictEqual } from 'node:util';
import { assert } from '../../base/assert.ts';
import type { Limits } from '../../base/limits.ts';
import type { Storage } from '../../base/system.ts';
import { ByteSink } from '../../batch/byte-sink.ts';
import { ByteSource } from '../../batch/byte-source.ts';
import { decodeValue } from '../../batch/value-codec.ts';
import type { ChangeLog, Residents } from '../change-log.ts';
import { bufferOf, forEachEntry, headerBytes, type StoredSegment, staleOf } from '../entries.ts';
import { extended } from '../extended.ts';
import { IntList } from '../int-list.ts';
import type { EvictableContents, KeyedContents } from '../keyed-contents.ts';
import type { LogSnapshot } from '../log-snapshot.ts';
import { Arrivals } from './arrivals.ts';
import { Compaction } from './compaction.ts';
import { FullSnapshot, IncrementalSnapshot, type SnapshotParts } from './disk-snapshot.ts';
import { PlaceIndex } from './place-index.ts';
import { ResidentMemory } from './resident-memory.ts';
import type { Segment } from './segment.ts';
import { entriesMax, placeOf, SegmentStore } from './segment-store.ts';

export interface DiskLogOptions {
  readonly storage: Storage;
  /** Absolute path that the names of its files begin with. */
  readonly prefix: string;
  readonly limits: Pick<Limits, 'diskSegmentBytes' | 'diskSegmentFiles' | 'stateSegments' | 'stateWriteBytes'>;
  /** Bytes of memory that the state may take. */
  readonly memory: () => number;
  /** Whether snapshots that are to hold what has changed hold that alone. */
  readonly incremental: boolean;
  readonly warn: (message: string) => void;
}

/** What a unit's byte says. The lowest two bits: where its latest state is. */
const absent = 0;
const changed = 1;
const written = 2;
const where = 3;
/** It is to be encoded for the snapshot on its way, as it is now. */
const frozen = 4;
/** It was used since it was last asked to go. */
const used = 8;
/** It has come with the batch in hand: that it is used there does not say that it will be again. */
const fresh = 16;
/** It is about to go, with others. */
const leaving = 32;

/** Of a unit for which `touch` has nothing to do. */
const settled = changed | used;

const initialUnits = 1024;

/** Units that are read, or visited, before others make room for them. */
const unitsAtOnce = 256;

export class DiskLog implements ChangeLog, Residents {
  readonly tracks = true;
  readonly residents = this;
  readonly #contents: KeyedContents;
  readonly #evictable: EvictableContents;
  readonly #options: DiskLogOptions;
  readonly #store: SegmentStore;
  readonly #places = new PlaceIndex();
  readonly #compaction: Compaction;
  readonly #memory: ResidentMemory;
  /** As it comes back from a manifest. */
  readonly #schema: unknown;
  /** Reads entries of the log. */
  readonly #read: ReturnType<EvictableContents['reader']>;
  /** By unit. */
  #flags = new Uint8Array(initialUnits);
  /** By unit that is written: the place of its entry. */
  #placeOf = new Int32Array(initialUnits);
  /** The slot that is asked next whether it can go. */
  #hand = 0;
  #snapshot: IncrementalSnapshot | FullSnapshot | null = null;
  /** Units that have come with the batch in hand, and some that have gone again. */
  readonly #fresh = new IntList();
  readonly #leaving = new IntList();
  readonly #source = new ByteSource();
  readonly #sink = new ByteSink();

  constructor(contents: KeyedContents, options: DiskLogOptions) {
    const { storage, prefix, limits, memory, warn } = options;
    assert(contents.evictable !== undefined, 'only what can leave memory is kept on disk');
    this.#contents = contents;
    this.#evictable = contents.evictable;
    this.#options = options;
    this.#store = new SegmentStore({ storage, prefix, limits });
    this.#memory = new ResidentMemory({ memory, warn, besides: () => this.#store.memory + this.#places.bytes });
    this.#compaction = new Compaction({
      store: this.#store,
      places: this.#places,
      segmentBytes: limits.diskSegmentBytes,
      stepBytes: Math.ceil(limits.stateWriteBytes / 4),
      segmentsMax: limits.stateSegments,
      disown: (segment) => this.#disown(segment),
    });
    this.#schema = JSON.parse(JSON.stringify(contents.schema));
    const { index } = this.#evictable;
    this.#read = this.#evictable.reader();
    const arrivals = new Arrivals({
      store: this.#store,
      places: this.#places,
      index,
      load: (slot, place, source, bytes) => this.#load(slot, place, source, bytes),
    });
    index.added = (slots) => arrivals.admit(slots);
  }

  /** Units that are in memory, and about how many bytes they take. */
  get resident(): { readonly units: number; readonly bytes: number } {
    return { units: this.#memory.units, bytes: this.#memory.bytes };
  }

  has(unit: number): boolean {
    return unit < this.#flags.length && ((this.#flags[unit] as number) & where) !== absent;
  }

  use(unit: number): void {
    const flag = this.#flags[unit] as number;
    if ((flag & where) !== absent && (flag & fresh) === 0) this.#flags[unit] = flag | used;
  }

  touch(unit: number): void {
    if (this.#flags[unit] !== settled) this.#touch(unit);
  }

  touchAll(units: Int32Array, rows: number, from = 0, until = Number.POSITIVE_INFINITY): void {
    for (let row = 0; row < rows; row++) {
      const unit = units[row] as number;
      if (this.#flags[unit] !== settled && unit >= from && unit < until) this.#touch(unit);
    }
  }

  #touch(unit: number): void {
    if (unit >= this.#flags.length) this.#grow(unit);
    const flag = this.#thaw(unit);
    if ((flag & where) === written) this.#store.kill(this.#placeOf[unit] as number);
    else if ((flag & where) === absent) {
      this.#memory.admitNew(unit);
      this.#setFresh(unit, changed);
      return;
    }
    this.#flags[unit] = (flag & fresh) === 0 ? settled : changed | fresh;
  }

  #setFresh(unit: number, flag: number): void {
    this.#flags[unit] = flag | fresh;
    this.#fresh.push(unit);
  }

  expose(unit: number): void {
    if (((this.#flags[unit] as number) & frozen) !== 0) this.#thaw(unit);
  }

  release(unit: number): void {
    if (!this.has(unit)) return;
    if ((this.#thaw(unit) & where) === written) this.#store.kill(this.#placeOf[unit] as number);
    this.#forget(unit);
  }

  #forget(unit: number): void {
    this.#memory.forget(unit);
    this.#flags[unit] = absent;
  }

  /** Encodes a frozen unit before it changes. Returns its byte. */
  #thaw(unit: number): number {
    if (((this.#flags[unit] as number) & frozen) !== 0) (this.#snapshot as IncrementalSnapshot | FullSnapshot).encodeAhead(unit);
    return this.#flags[unit] as number;
  }

  #grow(unit: number): void {
    const units = Math.max(unit + 1, this.#flags.length * 2);
    this.#flags = extended(this.#flags, new Uint8Array(units));
    this.#placeOf = extended(this.#placeOf, new Int32Array(units));
  }

  /** What the log has of a key that is new to the key index goes to its slot. @param bytes of the entry, header and all */
  #load(slot: number, place: number, source: ByteSource, bytes: number): void {
    if (!this.#read(source, slot)) {
      // A key that has timers and no state may have an entry all the same.
      this.#store.kill(place);
      return;
    }
    if (slot >= this.#flags.length) this.#grow(slot);
    this.#memory.admit(slot, bytes);
    this.#placeOf[slot] = place;
    this.#setFresh(slot, written);
    if (!this.#compaction.isOn(this.#store.of(place))) return;
    this.#store.kill(place);
    this.#flags[slot] = changed | fresh;
  }

  relieve(): void {
    this.#store.check();
    for (const unit of this.#fresh.take()) this.#flags[unit] = (this.#flags[unit] as number) & ~fresh;
    this.#store.removeEmptied();
    this.#compaction.step();
    this.#measure();
    this.#shrink();
  }

  /** State that is in memory grows unseen: some of it is looked at again each time. */
  #measure(): void {
    const { size } = this.#evictable.index;
    this.#memory.measure(size, (slot) => {
      if (((this.#flags[slot] as number) & where) !== changed) return -1;
      this.#sink.reset();
      this.#contents.write(slot, this.#sink);
      return this.#sink.length + headerBytes;
    });
  }

  /** Second chance: the hand goes round all slots, and lets those go that were not used since it was there. */
  #shrink(): void {
    const memory = this.#memory;
    if (!memory.begin()) return;
    const { index, stays } = this.#evictable;
    for (let left = index.size * 2; left > 0 && memory.isAbove; left--) {
      if (this.#hand >= index.size) this.#hand = 0;
      const slot = this.#hand++;
      if (!this.has(slot)) continue;
      const flag = this.#flags[slot] as number;
      if ((flag & used) !== 0) this.#flags[slot] = flag & ~used;
      else if ((flag & leaving) === 0 && !stays(slot)) this.#leave(slot);
    }
    memory.end();
    this.#evict(this.#leaving.take());
  }

  #leave(slot: number): void {
    this.#flags[slot] = this.#thaw(slot) | leaving;
    this.#memory.forget(slot);
    this.#leaving.push(slot);
  }

  /** In passes, as keys arrive. */
  #evict(slots: Int32Array): void {
    const { index } = this.#evictable;
    for (const slot of slots) if (((this.#flags[slot] as number) & where) === changed) this.#placeOf[slot] = this.#append(slot);
    for (const slot of slots) this.#places.touched ^= this.#places.touch(index.hash(slot));
    for (const slot of slots) this.#places.add(index.hash(slot), this.#placeOf[slot] as number);
    for (const slot of slots) {
      this.#evictable.evict(slot);
      this.#flags[slot] = absent;
    }
  }

  #append(slot: number): number {
    const place = this.#store.append(this.#evictable.index.hash(slot), slot, this.#contents);
    this.#memory.learn(this.#store.lastLength);
    return place;
  }

  /** Units in memory whose entries are in a segment count as changed. */
  #disown(segment: Segment): void {
    for (let unit = 0; unit < this.#evictable.index.size; unit++) {
      const place = this.#placeOf[unit] as number;
      if (!this.has(unit) || ((this.#flags[unit] as number) & where) !== written || this.#store.of(place) !== segment) continue;
      this.#store.kill(place);
      this.#flags[unit] = ((this.#flags[unit] as number) & ~where) | changed;
    }
  }

  forEachOther(visit: (unit: number) => void): void {
    const entries = this.#places.entries();
    for (let i = 0; i < entries.length; i += 2) {
      const [hash, place] = [entries[i] as number, entries[i + 1] as number];
      if (i % (unitsAtOnce * 2) === 0) this.#shrink();
      if (!this.#places.has(hash, place)) continue;
      this.#store.read(place, this.#source);
      this.#source.position += headerBytes;
      visit(this.#evictable.index.ofValue(hash, decodeValue(this.#source)));
    }
  }

  begin(full: boolean): LogSnapshot {
    assert(this.#snapshot === null, 'a log has one snapshot at a time');
    this.#store.check();
    this.#store.sealOpen();
    const units: number[] = [];
    for (let unit = 0; unit < this.#evictable.index.size; unit++) {
      if (!this.has(unit) || ((this.#flags[unit] as number) & where) !== changed) continue;
      this.#flags[unit] = (this.#flags[unit] as number) | frozen;
      units.push(unit);
    }
    const isFull = full || !this.#options.incremental;
    this.#snapshot = isFull ? new FullSnapshot(this.#parts, units) : new IncrementalSnapshot(this.#parts, units);
    return this.#snapshot;
  }

  /** What a snapshot needs of the log. */
  get #parts(): SnapshotParts {
    return {
      store: this.#store,
      contents: this.#contents,
      thaw: (unit) => {
        const flag = this.#flags[unit] as number;
        this.#flags[unit] = flag & ~frozen;
        return (flag & frozen) !== 0;
      },
      written: (unit, place) => {
        this.#memory.resize(unit, this.#store.lastLength);
        this.#placeOf[unit] = place;
        this.#flags[unit] = ((this.#flags[unit] as number) & ~where) | written;
      },
      ended: () => {
        this.#snapshot = null;
      },
    };
  }

  read(stored: StoredSegment, owns: (hash: number) => boolean, adopts: boolean): void {
    const isStale = staleOf(stored);
    // What was written otherwise is written anew: the log has entries of one form.
    if (!isDeepStrictEqual(stored.schema, this.#schema)) this.#readOther(stored, isStale, owns);
    else if (adopts && stored.entries <= entriesMax) this.#adopt(stored, isStale, owns);
    else this.#copy(stored, isStale, owns);
  }

  #copy(stored: StoredSegment, isStale: Uint8Array, owns: (hash: number) => boolean): void {
    const buffer = bufferOf(stored.bytes);
    forEachEntry(stored, (ordinal, hash, start, end) => {
      if (isStale[ordinal] === 0 && owns(hash)) this.#places.add(hash, this.#store.copy(buffer, start, end));
    });
  }

  #readOther(stored: StoredSegment, isStale: Uint8Array, owns: (hash: number) => boolean): void {
    const read = this.#contents.reader(stored.schema);
    const source = new ByteSource();
    const buffer = bufferOf(stored.bytes);
    let units = 0;
    forEachEntry(stored, (ordinal, hash, start, end) => {
      if (isStale[ordinal] === 1 || !owns(hash)) return;
      source.reset(buffer, start + headerBytes, end);
      const unit = read(source, hash);
      if (unit >= 0) this.touch(unit);
      if (++units % unitsAtOnce === 0) this.#shrink();
    });
  }

  /** The segment becomes one of the log, as it is. */
  #adopt(stored: StoredSegment, isStale: Uint8Array, owns: (hash: number) => boolean): void {
    const { id, bytes, entries } = stored;
    if (entries === 0) return;
    const segment = this.#store.fill(bytes, entries);
    const hashes = new Int32Array(entries);
    forEachEntry(stored, (ordinal, hash, start, end) => {
      hashes[ordinal] = hash;
      segment.note(end - start);
    });
    // Of these it has been told, of others it has not.
    for (let ordinal = 0; ordinal < entries; ordinal++) if (isStale[ordinal] === 1) this.#store.kill(placeOf(segment, ordinal));
    segment.id = id;
    segment.standing = this.#options.incremental ? 'stored' : 'own';
    for (let ordinal = 0; ordinal < entries; ordinal++) {
      if (isStale[ordinal] === 1) continue;
      const hash = hashes[ordinal] as number;
      if (owns(hash)) this.#places.add(hash, placeOf(segment, ordinal));
      else this.#store.kill(placeOf(segment, ordinal));
    }
  }

  close(): void {
    this.#evictable.index.added = undefined;
    this.#store.close();
  }
}
