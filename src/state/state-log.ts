/**
 * Knows what of an operator's keyed state is in which stored segment, and what has changed since: what a checkpoint has to write.
 *
 *     unit changes      `touch` before it does: its stored entry becomes stale, and the next snapshot writes it anew
 *     unit is gone      `release`: its stored entry becomes stale
 *     barrier           `begin`: what has changed so far is the snapshot; nothing is copied yet
 *     between steps     `encode`, until all is written; a unit that is touched before its turn is written first
 *     stored            `stored`: its entries are a segment; or `failed`: they are changed again
 *
 * Invariant: the latest state of each unit is in exactly one place: changed, in the snapshot on its way, or in one segment. One
 * subtask owns a log.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { bufferOf, forEachEntry, headerBytes, type StoredSegment, staleOf, writeEntry } from './entries.ts';
import { extended } from './extended.ts';
import { IntList } from './int-list.ts';
import type { KeyedContents } from './keyed-contents.ts';
import { type LogParts, type LogSnapshot, Snapshot } from './log-snapshot.ts';

export type { StoredSegment } from './entries.ts';
export type { LogSnapshot } from './log-snapshot.ts';

export interface StateLogOptions {
  /**
   * Whether changes are followed: without, `touch` and `release` do nothing, and every snapshot is a full one that is encoded
   * before the stream goes on.
   */
  readonly tracks: boolean;
  /** Segments that there are at most after a snapshot: those with the least that still counts are written anew. */
  readonly segmentsMax: number;
}

/** What a unit's byte says. The lowest two bits: where its latest state is. */
const absent = 0;
const changed = 1;
const written = 2;
const where = 3;
/** It is to be encoded for the snapshot on its way, as it is now. */
const frozen = 4;
/** There is no such unit, but the list of those that have changed has it from before: it is not to have it once more. */
const absentListed = 8;

/** Below this share of entries that still count, a segment is written anew: stored bytes stay below twice the state. */
const liveShareMin = 0.5;

/** A segment in which nothing was ever written for. */
const noSegment = 0;

interface Segment {
  /** Undefined while its snapshot is on its way. */
  id: string | undefined;
  entries: number;
  /** Entries that count. */
  live: number;
  /** Ordinals of entries that became stale since the last barrier. */
  readonly stale: IntList;
}

const initialUnits = 1024;
/** Of a unit whose latest state is written, side by side: the number of its segment, and its ordinal there. */
const placeLength = 2;

export class StateLog {
  /** Whether changes are followed. Where not, generated code leaves calls of `touch` out. */
  readonly tracks: boolean;
  readonly #contents: KeyedContents;
  readonly #segmentsMax: number;
  /** By unit. */
  #flags = new Uint8Array(initialUnits);
  /** By unit. */
  #places = new Int32Array(initialUnits * placeLength);
  /** Units that have changed since the last barrier, and some that are gone. None is there twice, however often it comes and goes. */
  readonly #changed = new IntList();
  /** By number, which goes to another segment once it is free. */
  readonly #segments: (Segment | undefined)[] = [undefined];
  #snapshot: Snapshot | null = null;

  constructor(contents: KeyedContents, { tracks, segmentsMax }: StateLogOptions) {
    this.#contents = contents;
    this.tracks = tracks;
    this.#segmentsMax = segmentsMax;
  }

  /** Before a unit changes, or comes into being. Cheap for one that has changed already since the last barrier. */
  touch(unit: number): void {
    if (this.#flags[unit] !== changed && this.tracks) this.#touch(unit);
  }

  /** `touch` for the units of the rows of a batch. Those below `from`, and from `until` on, are nobody's. */
  touchAll(units: Int32Array, rows: number, from = 0, until = Number.POSITIVE_INFINITY): void {
    if (!this.tracks) return;
    for (let row = 0; row < rows; row++) {
      const unit = units[row] as number;
      if (this.#flags[unit] !== changed && unit >= from && unit < until) this.#touch(unit);
    }
  }

  #touch(unit: number): void {
    if (unit >= this.#flags.length) this.#grow(unit);
    const flag = this.#thaw(unit);
    if (flag === written) this.#makeStale(unit);
    if (flag === written || flag === absent) this.#changed.push(unit);
    this.#flags[unit] = changed;
  }

  /** Before something of a unit is handed out that may be changed in place, ahead of the `touch` that says so. */
  expose(unit: number): void {
    if (((this.#flags[unit] as number) & frozen) !== 0) this.#thaw(unit);
  }

  /** Before a unit is forgotten; its number may be used again. */
  release(unit: number): void {
    if (!this.tracks || unit >= this.#flags.length) return;
    const flag = this.#thaw(unit);
    if (flag === written) this.#makeStale(unit);
    this.#flags[unit] = flag === changed || flag === absentListed ? absentListed : absent;
  }

  /** Encodes a frozen unit before it changes. Returns its byte. */
  #thaw(unit: number): number {
    const flag = this.#flags[unit] as number;
    if ((flag & frozen) === 0) return flag;
    (this.#snapshot as Snapshot).encodeAhead(unit);
    // Also where it could not be encoded.
    const thawed = flag & ~frozen;
    this.#flags[unit] = thawed;
    return thawed;
  }

  #makeStale(unit: number): void {
    const at = unit * placeLength;
    const segment = this.#segments[this.#places[at] as number] as Segment;
    segment.live--;
    segment.stale.push(this.#places[at + 1] as number);
  }

  #grow(unit: number): void {
    const units = Math.max(unit + 1, this.#flags.length * 2);
    this.#flags = extended(this.#flags, new Uint8Array(units));
    this.#places = extended(this.#places, new Int32Array(units * placeLength));
  }

  #addSegment(segment: Segment): number {
    const free = this.#segments.indexOf(undefined, noSegment + 1);
    const number = free < 0 ? this.#segments.length : free;
    this.#segments[number] = segment;
    return number;
  }

  /**
   * Takes a snapshot of what there is now. The one before must be stored or have failed.
   *
   * @param full whether it holds all state, as a savepoint does: then what the next checkpoint has to write is as it was
   */
  begin(full: boolean): LogSnapshot {
    assert(this.#snapshot === null, 'a log has one snapshot at a time');
    this.#snapshot = full || !this.tracks ? this.#beginFull() : this.#beginIncremental();
    return this.#snapshot;
  }

  #beginFull(): Snapshot {
    const list = new IntList();
    this.#contents.forEach((unit) => list.push(unit));
    const units = list.take();
    const snapshot = new Snapshot(this.#parts, { units, segment: noSegment, stale: new Map(), needed: new Set() });
    if (this.tracks) for (const unit of units) this.#freeze(unit);
    else snapshot.encodeNow();
    return snapshot;
  }

  #freeze(unit: number): void {
    assert(((this.#flags[unit] as number) & where) !== absent, 'a unit that there is has been touched or read');
    this.#flags[unit] = (this.#flags[unit] as number) | frozen;
  }

  #beginIncremental(): Snapshot {
    this.#rewriteOld();
    const stale = new Map<number, Int32Array>();
    const needed = new Set<string>();
    for (const [number, segment] of this.#segments.entries()) {
      if (segment === undefined) continue;
      if (segment.live === 0) {
        this.#segments[number] = undefined;
        continue;
      }
      needed.add(segment.id as string);
      if (segment.stale.length > 0) stale.set(number, segment.stale.take());
    }
    const segment: Segment = { id: undefined, entries: 0, live: 0, stale: new IntList() };
    const number = this.#addSegment(segment);
    const units = this.#freezeChanged(number);
    segment.entries = units.length;
    segment.live = units.length;
    return new Snapshot(this.#parts, { units, segment: number, stale, needed });
  }

  /** Makes the units that have changed those of a segment. */
  #freezeChanged(segment: number): Int32Array {
    const units = this.#changed.take();
    const flags = this.#flags;
    const places = this.#places;
    let count = 0;
    for (let i = 0; i < units.length; i++) {
      const unit = units[i] as number;
      if (flags[unit] === changed) {
        flags[unit] = written | frozen;
        places[unit * placeLength] = segment;
        units[count++] = unit;
      } else if (flags[unit] === absentListed) flags[unit] = absent;
    }
    return units.subarray(0, count);
  }

  /** Counts what is left of segments as changed where little of them counts, or there are too many. */
  #rewriteOld(): void {
    const old = this.#oldSegments();
    if (old.size === 0) return;
    for (let unit = 0; unit < this.#flags.length; unit++) {
      if (this.#flags[unit] !== written || !old.has(this.#places[unit * placeLength] as number)) continue;
      this.#flags[unit] = changed;
      this.#changed.push(unit);
    }
    for (const number of old) this.#segments[number] = undefined;
  }

  #oldSegments(): Set<number> {
    const segments = [...this.#segments.entries()].flatMap(([number, segment]) =>
      segment === undefined || segment.live === 0 ? [] : [{ number, live: segment.live, entries: segment.entries }],
    );
    const isOld = ({ live, entries }: { readonly live: number; readonly entries: number }): boolean => live < entries * liveShareMin;
    const old = segments.filter(isOld);
    const others = segments.filter((segment) => !isOld(segment));
    if (others.length >= this.#segmentsMax) {
      // Half of them at once, so that it is not done again with the next snapshot.
      others.sort((a, b) => a.live - b.live);
      old.push(...others.slice(0, others.length - Math.floor(this.#segmentsMax / 2)));
    }
    return new Set(old.map(({ number }) => number));
  }

  /**
   * Reads the entries of a stored segment, but the stale ones and those of other subtasks' keys. Only while nothing else was kept.
   *
   * @param owns whether the keys of a hash belong to this subtask
   * @param adopts whether the segment goes on to count, since it has no entries of other subtasks: otherwise all that is read counts as changed
   */
  read(stored: StoredSegment, owns: (hash: number) => boolean, adopts: boolean): void {
    const { id, schema, entries } = stored;
    const read = this.#contents.reader(schema);
    const isStale = staleOf(stored);
    const segment: Segment = { id, entries, live: 0, stale: new IntList() };
    const number = adopts && this.tracks ? this.#addSegment(segment) : noSegment;
    const source = new ByteSource();
    const buffer = bufferOf(stored.bytes);
    forEachEntry(stored, (ordinal, hash, start, end) => {
      if (isStale[ordinal] === 1 || !owns(hash)) return;
      source.reset(buffer, start + headerBytes, end);
      const unit = read(source, hash);
      if (!this.tracks) return;
      if (adopts && unit >= 0 && !this.#isThere(unit)) this.#adopt(unit, number, ordinal, segment);
      else {
        // What nothing is kept of must not come back, and what was put to an earlier unit is no more what was written.
        if (adopts) segment.stale.push(ordinal);
        if (unit >= 0) this.touch(unit);
      }
    });
  }

  #isThere(unit: number): boolean {
    return unit < this.#flags.length && ((this.#flags[unit] as number) & where) !== absent;
  }

  #adopt(unit: number, number: number, ordinal: number, segment: Segment): void {
    if (unit >= this.#flags.length) this.#grow(unit);
    this.#flags[unit] = written;
    this.#places[unit * placeLength] = number;
    this.#places[unit * placeLength + 1] = ordinal;
    segment.live++;
  }

  /** What a snapshot needs of the log. */
  readonly #parts: LogParts = {
    /** Encodes a unit if it is still frozen; false when it is not. */
    encode: (unit, sink, segment, ordinal) => {
      const flag = this.#flags[unit] as number;
      if (this.tracks && (flag & frozen) === 0) return false;
      this.#flags[unit] = flag & ~frozen;
      if (segment !== noSegment) this.#places[unit * placeLength + 1] = ordinal;
      writeEntry(sink, this.#contents.hash(unit), unit, this.#contents);
      return true;
    },
    idOf: (segment) => this.#segments[segment]?.id,
    ended: () => {
      this.#snapshot = null;
    },
    stored: (segment, id) => {
      const stored = this.#segments[segment];
      if (stored !== undefined) stored.id = id;
    },
    failed: ({ segment, stale }) => {
      for (const [number, ordinals] of stale) this.#segments[number]?.stale.unshift(ordinals);
      for (let unit = 0; unit < this.#flags.length; unit++) {
        const flag = this.#flags[unit] as number;
        if ((flag & frozen) !== 0) this.#flags[unit] = flag & where;
        if ((flag & where) !== written || this.#places[unit * placeLength] !== segment) continue;
        this.#flags[unit] = changed;
        this.#changed.push(unit);
      }
      this.#segments[segment] = undefined;
    },
  };
}
