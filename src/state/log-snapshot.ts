/**
 * The snapshot of a log on its way: which units are still to be encoded, and those that had to be before their turn, because the
 * stream was about to change them. The subtask of the log owns it.
 */

import { assert } from '../base/assert.ts';
import { ByteSink } from '../batch/byte-sink.ts';

/** A snapshot that is being written. A log has one at a time. */
export interface LogSnapshot {
  /** Whether it holds all state, so that no earlier segment is needed beside it. */
  readonly full: boolean;
  /**
   * Appends further entries to `sink`: of so many units, and of those that the stream has touched before their turn. True once all are
   * written. It may be called whenever no step is going on; the stream may change everything in between.
   *
   * @throws what `KeyedContents.write` threw of any unit: then the snapshot has failed
   */
  encode(sink: ByteSink, units: number): boolean;
  /** Entries so far. */
  readonly entries: number;
  /** Ordinals, by segment, of entries that have become stale between the barrier before and that of this snapshot. */
  readonly stale: ReadonlyMap<string, Uint32Array>;
  /** Earlier segments that still count when this one does; all others may be forgotten. */
  readonly needed: ReadonlySet<string>;
  /** Segments of it besides that are files already, once all is encoded; `stored` makes each `fileId(id, i)`. */
  readonly files?: readonly SnapshotFile[];
  /** All entries, and the lists of stale ones, are stored. @param id of the segment of the entries: no other has it */
  stored(id: string): void;
  /** Something could not be stored: its entries are changed units again, and stale ones are told of again. */
  failed(): void;
}

/** A segment that is a file already, which does not change any more and stays until the snapshot has ended. */
export interface SnapshotFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** CRC-32 of the bytes. */
  readonly checksum: number;
  readonly entries: number;
  /** Ordinals of entries that do not count. */
  readonly stale: Uint32Array;
  /** Reads bytes of it, for whoever cannot give it another name. */
  read(target: Uint8Array, length: number, from: number): void;
}

/** What a segment is called that is the i-th file of a snapshot. */
export function fileId(id: string, i: number): string {
  return `${id}/${i}`;
}

/** What a snapshot needs of its log. */
export interface LogParts {
  encode(unit: number, sink: ByteSink, segment: number, ordinal: number): boolean;
  idOf(segment: number): string | undefined;
  ended(): void;
  stored(segment: number, id: string): void;
  failed(snapshot: { readonly segment: number; readonly stale: ReadonlyMap<number, Int32Array> }): void;
}

export interface SnapshotOptions {
  /** Those of a full snapshot are written in this order, others in any. */
  readonly units: Int32Array;
  /** The number of the segment that its entries become; 0 for one that stands beside the log. */
  readonly segment: number;
  readonly stale: ReadonlyMap<number, Int32Array>;
  readonly needed: ReadonlySet<string>;
}

/** @internal Made by logs. */
export class Snapshot implements LogSnapshot {
  readonly full: boolean;
  readonly stale: ReadonlyMap<string, Uint32Array>;
  readonly needed: ReadonlySet<string>;
  entries = 0;
  readonly #log: LogParts;
  readonly #options: SnapshotOptions;
  /** Entries that were written before their turn. */
  readonly #ahead = new ByteSink();
  /** Why one of them could not be: the stream goes on without this snapshot. */
  #failure: { readonly error: unknown } | undefined;
  #next = 0;
  #ended = false;

  constructor(log: LogParts, options: SnapshotOptions) {
    this.#log = log;
    this.#options = options;
    this.full = options.segment === 0;
    this.needed = options.needed;
    const stale = new Map<string, Uint32Array>();
    for (const [number, ordinals] of options.stale) stale.set(log.idOf(number) as string, Uint32Array.from(ordinals));
    this.stale = stale;
  }

  encodeAhead(unit: number): void {
    if (this.#failure !== undefined) return;
    try {
      this.#encode(unit, this.#ahead);
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** Encodes all units, before anything changes. */
  encodeNow(): void {
    for (const unit of this.#options.units) this.encodeAhead(unit);
    this.#next = this.#options.units.length;
  }

  #encode(unit: number, sink: ByteSink): void {
    if (this.#log.encode(unit, sink, this.#options.segment, this.entries)) this.entries++;
  }

  encode(sink: ByteSink, units: number): boolean {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ahead.length > 0) {
      sink.copy(this.#ahead.bytes.subarray(0, this.#ahead.length));
      this.#ahead.reset();
    }
    const all = this.#options.units;
    // As they lie in memory: mostly, a unit is then in a page that the one before was in. The stream has gone on by now.
    if (this.#next === 0 && !this.full) all.sort();
    const end = Math.min(all.length, this.#next + units);
    for (; this.#next < end; this.#next++) this.#encode(all[this.#next] as number, sink);
    return this.#next === all.length;
  }

  stored(id: string): void {
    assert(this.#next === this.#options.units.length && this.#ahead.length === 0, 'all is encoded before it is stored');
    this.#end();
    this.#log.stored(this.#options.segment, id);
  }

  failed(): void {
    this.#end();
    this.#log.failed(this.#options);
  }

  #end(): void {
    assert(!this.#ended, 'a snapshot ends once');
    this.#ended = true;
    this.#log.ended();
  }
}
