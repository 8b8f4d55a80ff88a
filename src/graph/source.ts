/**
 * Sources: where records come from. A source finds splits (on the host, once), and readers (one for each subtask) read
 * them. A split is plain data and says where reading starts, so that a reader's splits are also its position in the input.
 */

import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { MalformedRecord } from '../metrics/bad-records.ts';
import type { RecordType } from '../schema/type.ts';

/** A part of the input that one reader reads from its start to its end. Plain data. */
export interface Split {
  readonly id: string;
}

export interface SourceContext {
  readonly system: System;
  readonly limits: Limits;
  /** Readers there will be. */
  readonly parallelism: number;
}

export interface SourceReaderContext extends SourceContext {
  readonly subtask: number;
  /** Says that `poll` has something again after it returned 'pending'. May be called at any time, from any callback. */
  wake(): void;
  /** Fails the job: an error that came outside of `poll`. */
  fail(error: unknown): void;
  /** Says something to the user, once for each topic; without one, for each text. */
  warn(message: string, topic?: string): void;
  /** Counts a record that is not what its format says, and is left out or goes to a side output. */
  countBad(record: MalformedRecord): void;
}

/**
 * What a reader has: a batch, which is its own until the next `poll`, or records as they are; 'pending' when nothing has
 * arrived yet (it calls `wake` when something has); 'needs-split' when it has read all of its splits; 'end' after the last.
 */
export type Polled<T> = RecordBatch | readonly T[] | 'pending' | 'needs-split' | 'end';

/** Records for a side output of the source. */
export interface SideRecords {
  /** Its id. */
  readonly side: string;
  readonly records: readonly unknown[];
}

export interface SourceReader<T, S extends Split = Split> {
  addSplit(split: S): void;
  /** No further split will come: after the ones it has, the reader is at its end. */
  noMoreSplits(): void;
  /** Does a bounded amount of work, never waits. */
  poll(): Polled<T>;
  /**
   * What came up while the last batch was made and goes to a side output; asked for after each `poll` that returned records, which may be
   * none. The position is behind these, too: no barrier comes in between.
   */
  takeSide?(): SideRecords | undefined;
  /** The splits not yet read to the end, each starting behind the records that `poll` has returned. */
  splits(): readonly S[];
  /**
   * The id of the split that all records of the last polled batch came from. A reader that has this property has watermarks made of
   * each split for itself: one that goes through several splits by turns should. It is asked for after a `poll` that returned records.
   */
  readonly currentSplit?: string | undefined;
  /**
   * The ids of the splits whose records may still hold event time back, where these are not just `splits`: of a reader that has
   * `currentSplit`, and finds splits by itself or keeps the positions of some that are at rest. It has that of `currentSplit`.
   */
  readonly openSplits?: ReadonlySet<string>;
  /** Releases files, sockets and timers. Called once, whatever happened. */
  close(): void;
  /** Bytes of input read so far, for progress. */
  readonly bytesRead?: number;
  /** Whether it catches up with what was there before it came: checkpoints may then be taken less often. */
  readonly isBehind?: boolean;
}

/** Who is told of the splits of a reader, and of which one the records to come are. */
export interface SplitObserver {
  addSplit(id: string): void;
  /** The split was read to its end, and all of its records have been seen. */
  removeSplit(id: string): void;
  selectSplit(id: string): void;
}

/** Members of an object that are read, and which of theirs; undefined for all of a value. Of values that are no objects all is read. */
export type MembersRead = ReadonlyMap<string, MembersRead | undefined>;

export interface Source<T, S extends Split = Split> {
  readonly name: string;
  /** Whether the input ends. */
  readonly bounded: boolean;
  /** The type of its records where it is known. */
  readonly type?: RecordType;
  /** Readers that make sense at most; 1 for a source that cannot be divided. */
  readonly parallelismMax?: number;
  /** What must be the same on the host and in every worker, as plain data. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Finds the splits; runs on the host before the readers start. Input that is not there is an error here. */
  enumerate(context: SourceContext): Promise<readonly S[]> | readonly S[];
  /**
   * The splits with which a job goes on that was interrupted, out of those that were not read to their end: where there are fewer
   * readers than before, and what they read must be read side by side. As they are when absent.
   */
  divideAgain?(splits: readonly S[], parallelism: number): readonly S[];
  createReader(context: SourceReaderContext): SourceReader<T, S>;
  /**
   * Whether its records are objects of whatever fields, so that `project` takes any names; records without such a field have undefined
   * there.
   *
   * @internal
   */
  readonly hasAnyFields?: boolean;
  /**
   * The source of the same records without the fields that nobody asks for; absent where it saves nothing to leave them out.
   *
   * @param fields names of fields of `type`, at least one; where it `hasAnyFields`, any names
   * @param keys those of them by which records are grouped
   * @param members where it `hasAnyFields`: the fields with what is read of their values
   */
  project?(fields: readonly string[], keys: readonly string[], members?: MembersRead): Source<T, S>;
  /** Bytes of all splits, for progress; undefined when not known. */
  totalBytes?(splits: readonly S[]): number | undefined;
}
