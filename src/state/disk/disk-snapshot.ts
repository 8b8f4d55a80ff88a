/**
 * Snapshots of state on disk, on their way.
 *
 * An incremental one is made of segments: those of the log that are not stored yet, and one into which it writes what has changed and is
 * in memory. They are files already, so storing them is giving them another name. A full one copies what counts of all segments, and
 * encodes what has changed, as that of a `StateLog` does. Both leave the stream to go on: a unit that is to change is encoded first, and
 * segments stay for as long as somebody reads them.
 */

import { assert } from '../../base/assert.ts';
import { ByteSink } from '../../batch/byte-sink.ts';
import { writeEntry } from '../entries.ts';
import type { KeyedContents } from '../keyed-contents.ts';
import { fileId, type LogSnapshot, type SnapshotFile } from '../log-snapshot.ts';
import type { Segment } from './segment.ts';
import { SegmentScan } from './segment-scan.ts';
import type { SegmentStore } from './segment-store.ts';

/** What a snapshot needs of its log. */
export interface SnapshotParts {
  readonly store: SegmentStore;
  readonly contents: KeyedContents;
  /** A unit is frozen no more; false when it was not. */
  thaw(unit: number): boolean;
  /** The latest state of a unit is in an entry. */
  written(unit: number, place: number): void;
  ended(): void;
}

/** What both have in common: units that are encoded one after the other, and some before their turn. */
abstract class DiskSnapshot implements LogSnapshot {
  abstract readonly full: boolean;
  abstract readonly needed: ReadonlySet<string>;
  abstract readonly stale: ReadonlyMap<string, Uint32Array>;
  abstract readonly files: readonly SnapshotFile[];
  entries = 0;
  protected readonly parts: SnapshotParts;
  protected readonly units: readonly number[];
  protected next = 0;
  /** Why a unit could not be encoded before its turn: the stream goes on without this snapshot. */
  protected failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(parts: SnapshotParts, units: readonly number[]) {
    this.parts = parts;
    this.units = units;
  }

  encodeAhead(unit: number): void {
    try {
      this.take(unit, undefined);
    } catch (error) {
      this.failure ??= { error };
    }
  }

  /** Encodes a unit if it is still frozen. @param sink where entries go; undefined before their turn */
  protected abstract take(unit: number, sink: ByteSink | undefined): void;

  abstract encode(sink: ByteSink, units: number): boolean;

  protected encodeUnits(sink: ByteSink, units: number): boolean {
    const end = Math.min(this.units.length, this.next + units);
    while (this.next < end) this.take(this.units[this.next++] as number, sink);
    return this.next === this.units.length;
  }

  abstract stored(id: string): void;

  failed(): void {
    for (const unit of this.units) this.parts.thaw(unit);
    this.end();
  }

  protected end(): void {
    assert(!this.#ended, 'a snapshot ends once');
    this.#ended = true;
    this.parts.ended();
  }
}

export class IncrementalSnapshot extends DiskSnapshot {
  readonly full = false;
  readonly needed: ReadonlySet<string>;
  readonly stale: ReadonlyMap<string, Uint32Array>;
  /** Segments that are not stored yet, with the ordinals of entries that did not count at the barrier. */
  readonly #offered: { readonly segment: Segment; readonly stale: Uint32Array }[] = [];
  /** Stored segments, and what became stale of them before the barrier. */
  readonly #told: { readonly segment: Segment; readonly stale: Int32Array }[] = [];
  /** What has changed goes there. */
  #segment: Segment | undefined;

  constructor(parts: SnapshotParts, units: readonly number[]) {
    super(parts, units);
    const needed = new Set<string>();
    const stale = new Map<string, Uint32Array>();
    for (const segment of parts.store.segments()) {
      if (segment.live === 0) continue;
      if (segment.standing === 'own') {
        this.#offer(segment, deadOrdinals(segment));
        continue;
      }
      needed.add(segment.id);
      if (segment.stale.length === 0) continue;
      const ordinals = segment.stale.take();
      stale.set(segment.id, Uint32Array.from(ordinals));
      this.#told.push({ segment, stale: ordinals });
    }
    this.needed = needed;
    this.stale = stale;
  }

  #offer(segment: Segment, stale: Uint32Array): void {
    segment.standing = 'offered';
    segment.pins++;
    this.#offered.push({ segment, stale });
  }

  get files(): readonly SnapshotFile[] {
    const { store } = this.parts;
    return this.#offered.map(({ segment, stale }) => ({
      path: segment.path,
      bytes: segment.bytes,
      checksum: segment.checksum,
      entries: segment.entries,
      stale,
      read: (target, length, from) => store.readBytes(segment, target, 0, length, from),
    }));
  }

  protected override take(unit: number): void {
    const { parts } = this;
    if (!parts.thaw(unit)) return;
    const { store } = parts;
    store.check();
    const segment = this.#room();
    parts.written(unit, store.appendTo(segment, parts.contents.hash(unit), unit, parts.contents));
  }

  #room(): Segment {
    const { store } = this.parts;
    if (this.#segment !== undefined && store.isFull(this.#segment)) this.#seal();
    if (this.#segment === undefined) {
      this.#segment = store.create();
      this.#offer(this.#segment, new Uint32Array(0));
    }
    return this.#segment;
  }

  #seal(): void {
    const segment = this.#segment;
    this.#segment = undefined;
    if (segment !== undefined) this.parts.store.seal(segment);
  }

  override encode(sink: ByteSink, units: number): boolean {
    if (this.failure !== undefined) throw this.failure.error;
    if (!this.encodeUnits(sink, units)) return false;
    this.#seal();
    return true;
  }

  override stored(id: string): void {
    assert(this.next === this.units.length && this.#segment === undefined, 'all is encoded before it is stored');
    for (const [i, { segment }] of this.#offered.entries()) {
      segment.id = fileId(id, i);
      segment.standing = 'stored';
      segment.pins--;
    }
    this.end();
  }

  override failed(): void {
    for (const { segment, stale } of this.#told) segment.stale.unshift(stale);
    for (const { segment } of this.#offered) {
      segment.standing = 'own';
      segment.stale.take();
      segment.pins--;
    }
    try {
      // What it has written is where the latest state of units is.
      this.#seal();
    } catch {
      // The log says so with the next batch.
    }
    super.failed();
  }
}

function deadOrdinals(segment: Segment): Uint32Array {
  const dead = new Uint32Array(segment.entries - segment.live);
  let found = 0;
  for (let ordinal = 0; ordinal < segment.entries; ordinal++) if (segment.isDead(ordinal)) dead[found++] = ordinal;
  return dead;
}

interface SegmentCopy {
  readonly scan: SegmentScan;
  /** As `Segment.deadNow` said at the barrier. */
  readonly dead: Uint8Array;
}

export class FullSnapshot extends DiskSnapshot {
  readonly full = true;
  readonly needed: ReadonlySet<string> = new Set();
  readonly stale: ReadonlyMap<string, Uint32Array> = new Map();
  readonly files = [];
  /** What is still to be copied: of the segments at the barrier, the entries that counted then. */
  readonly #left: SegmentCopy[] = [];
  readonly #pinned: Segment[] = [];
  /** Entries that were written before their turn. */
  readonly #ahead = new ByteSink();

  constructor(parts: SnapshotParts, units: readonly number[]) {
    super(parts, units);
    for (const segment of parts.store.segments()) {
      if (segment.live === 0) continue;
      segment.pins++;
      this.#pinned.push(segment);
      this.#left.push({ scan: new SegmentScan(parts.store, segment), dead: segment.deadNow() });
    }
  }

  protected override take(unit: number, sink: ByteSink = this.#ahead): void {
    const { parts } = this;
    if (!parts.thaw(unit)) return;
    writeEntry(sink, parts.contents.hash(unit), unit, parts.contents);
    this.entries++;
  }

  override encode(sink: ByteSink, units: number): boolean {
    if (this.failure !== undefined) throw this.failure.error;
    sink.copy(this.#ahead.bytes.subarray(0, this.#ahead.length));
    this.#ahead.reset();
    if (this.#left.length === 0) return this.encodeUnits(sink, units);
    this.#copy(sink, units);
    return false;
  }

  #copy(sink: ByteSink, units: number): void {
    const { scan, dead } = this.#left[0] as SegmentCopy;
    for (let left = units; left > 0 && scan.next < scan.segment.entries; ) {
      const { next } = scan;
      if (((dead[next >>> 3] as number) & (1 << (next & 7))) !== 0) {
        scan.skip();
        continue;
      }
      scan.take();
      sink.copyPart(scan.bytes, scan.start, scan.end);
      this.entries++;
      left--;
    }
    if (scan.next === scan.segment.entries) this.#left.shift();
  }

  override stored(): void {
    assert(this.next === this.units.length && this.#left.length === 0, 'all is encoded before it is stored');
    this.#unpin();
    this.end();
  }

  override failed(): void {
    this.#unpin();
    super.failed();
  }

  #unpin(): void {
    for (const segment of this.#pinned) segment.pins--;
  }
}
