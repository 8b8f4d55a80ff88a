/** Who is told of all changes to the keyed state of one subtask, takes snapshots of it, and reads them back. */

import type { StoredSegment } from './entries.ts';
import type { LogSnapshot } from './log-snapshot.ts';

export interface ChangeLog {
  /** Whether changes are followed. Where not, generated code leaves calls of `touch` out. */
  readonly tracks: boolean;
  /** Undefined where all units stay in memory. */
  readonly residents?: Residents | undefined;
  /** Before a unit changes, or comes into being. */
  touch(unit: number): void;
  /** `touch` for the units of the rows of a batch. Those below `from`, and from `until` on, are nobody's. */
  touchAll(units: Int32Array, rows: number, from?: number, until?: number): void;
  /** Before something of a unit is handed out that may be changed in place, ahead of the `touch` that says so. */
  expose(unit: number): void;
  /** Before a unit is forgotten; its number may be used again. */
  release(unit: number): void;
  /**
   * Takes a snapshot of what there is now. The one before must be stored or have failed.
   *
   * @param full whether it holds all state, as a savepoint does: then what the next checkpoint has to write is as it was
   */
  begin(full: boolean): LogSnapshot;
  /**
   * Reads the entries of a stored segment, but the stale ones and those of other subtasks' keys. Only while nothing else was kept.
   *
   * @param owns whether the keys of a hash belong to this subtask
   * @param adopts whether the segment goes on to count, since it has no entries of other subtasks: otherwise all that is read counts as changed
   */
  read(segment: StoredSegment, owns: (hash: number) => boolean, adopts: boolean): void;
}

/** The units that are in memory, of more that there are. A key that comes finds its unit there; it goes only in `relieve`. */
export interface Residents {
  /** Whether a unit is there: it was touched, or read, and is not gone. */
  has(unit: number): boolean;
  /** A unit is looked at: it is not to go before others. `touch` says so too. */
  use(unit: number): void;
  /**
   * Lets units go until they take no more than their share of the memory. Between two batches, when no slots that were looked up
   * are still to be used.
   *
   * @throws MillraceError STATE_DISK
   */
  relieve(): void;
  /** Calls `visit` with every unit that is not in memory, which it is meanwhile. When no slots are still to be used but the one visited. */
  forEachOther(visit: (unit: number) => void): void;
  /** Lets go of all files. Never throws. */
  close(): void;
}
