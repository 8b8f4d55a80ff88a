/**
 * What an operator keeps by key, as checkpoints see it: units that each belong to one key, are written one by one, and are put
 * into another instance one by one. For most operators a unit is all that a key has, and its number is the key's slot; windows by
 * slices have a unit for each key and slice, timers one for each timer.
 *
 * One description serves full and incremental snapshots, rescaling (units go where the group of their key goes), evolution of
 * schemas (`reader` knows how entries were written), and state that is larger than memory.
 */

import type { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import type { KeyIndex } from './key-index.ts';

export interface KeyedContents {
  /** How entries are written, as JSON data: stored beside them, and given to `reader`. */
  readonly schema: unknown;
  /** Calls `visit` with every unit that there is, in an order in which a restored instance does what this one would. */
  forEach(visit: (unit: number) => void): void;
  /** Hash of a unit's key, which tells its key group. */
  hash(unit: number): number;
  /** Writes a unit, its key included. */
  write(unit: number, sink: ByteSink): void;
  /**
   * What takes entries that were written under `schema`, in any order: it reads one and returns the number of the unit that it has
   * become, −1 where nothing is kept of it.
   *
   * @throws MillraceError STATE_MISMATCH when such entries cannot be read any more
   */
  reader(schema: unknown): (source: ByteSource, hash: number) => number;
  /** Behind the last entry. */
  restored?(): void;
  /** Of contents that may leave memory while they are not used: a unit is all that a key has, its number the key's slot. */
  readonly evictable?: EvictableContents | undefined;
}

/** How a unit leaves memory; a key that comes again has its state back before the key index has said its slot. */
export interface EvictableContents {
  readonly index: KeyIndex;
  /** Whether something refers to a slot, so that its key must not go. */
  stays(slot: number): boolean;
  /**
   * What takes entries that were written as they are now: it reads one behind its key, into the slot of that key, which has nothing; false
   * where nothing is kept of it.
   */
  reader(): (source: ByteSource, slot: number) => boolean;
  /** Forgets what a slot has, and its key. This is no change: it is written. */
  evict(slot: number): void;
}
