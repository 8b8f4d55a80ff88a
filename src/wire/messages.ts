/**
 * The messages between the host and the workers of a job, one union for each direction. Records never travel here; a message
 * is rare and may be cloned.
 */

import type { ErrorDescription } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { BadRecordCount } from '../metrics/bad-records.ts';
import type { SegmentHandle, StateHandle, SubtaskState } from './state-handles.ts';

/** What a worker needs to take part in a job; comes with the task, before all messages. */
export interface WorkerTask {
  /** URL of the job module. */
  readonly module: string;
  readonly args: unknown;
  readonly slot: number;
  readonly slots: number;
  /** Parallelism of an environment that names none. */
  readonly parallelism: number;
  readonly limits: Limits;
}

/** Memory that the threads of a job share. */
export interface SharedJobMemory {
  /** By channel of the plan; undefined where both ends are on one worker. */
  readonly rings: readonly (SharedArrayBuffer | undefined)[];
  /** Watermarks of sources that are aligned, by the name of their group. */
  readonly alignments: Readonly<Record<string, SharedArrayBuffer>>;
  /** By slot. */
  readonly doorbells: readonly SharedArrayBuffer[];
  readonly hostDoorbell: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
}

/** Items of a stored part that a subtask goes on with. */
export interface PartSlice {
  readonly items: StateHandle;
  readonly from: number;
  readonly to: number;
}

/** What an operator of a restored subtask goes on from. */
export interface OperatorRestore {
  /** Segments by the name of the keyed state. The subtask may adopt those that hold nobody else's keys. */
  readonly keyed: Readonly<Record<string, readonly { readonly segment: SegmentHandle; readonly adopts: boolean }[]>>;
  /** By name. */
  readonly parts: Readonly<Record<string, readonly PartSlice[]>>;
}

/** What a restored subtask goes on from. */
export interface SubtaskRestore {
  readonly stage: number;
  readonly subtask: number;
  /** In the order of the chain. */
  readonly operators: readonly OperatorRestore[];
  /** Rows to begin with, in this order. */
  readonly inFlight: readonly RestoredRows[];
}

/** Rows that were on their way, to be replayed to a subtask. */
export interface RestoredRows {
  /** Index of the exchange in the plan; undefined for rows that a source had read. */
  readonly exchange: number | undefined;
  readonly split?: string | undefined;
  readonly side?: string | undefined;
  readonly rows: StateHandle;
  /** Whether there are rows of other subtasks among them: those of keys that it does not own. */
  readonly shared: boolean;
}

/** How a worker takes part in checkpoints. */
export interface WorkerCheckpoints {
  /** Whether channels wait for each other's barriers: state then has no effect of a record behind one. */
  readonly exactlyOnce: boolean;
  /** Whether barriers may overtake rows; false when absent. */
  readonly overtakes?: boolean;
  /** Whether only what has changed is written. */
  readonly incremental: boolean;
  /** Absolute path of the directory that state is kept under. */
  readonly stateDir: string;
}

/** Where a worker keeps state that is larger than memory. */
export interface WorkerDisk {
  /** Absolute path that the names of its files begin with: no other worker's do, nor those of earlier attempts. */
  readonly prefix: string;
  /** Bytes of memory that such state may take on this worker. */
  readonly memory: number;
}

/** What a checkpoint is to be. */
export interface CheckpointTrigger {
  readonly checkpoint: number;
  /** The directory of a savepoint; a checkpoint when absent. */
  readonly savepoint?: string;
  /** Whether sources stand still behind the barrier: the job is cancelled once it is complete. */
  readonly suspends: boolean;
  /** Whether everything is emitted in front of the barrier that would be at the end of the input; not when absent. */
  readonly drains?: boolean;
}

/** What a checkpoint cost a subtask. */
export interface SnapshotStatistics {
  /** Milliseconds from its first barrier to its last. */
  readonly alignmentMs: number;
  /** Milliseconds in which it stood still. */
  readonly syncMs: number;
  /** Milliseconds of work between records, to encode and write what there was. */
  readonly encodeMs: number;
  /** Milliseconds from the barrier until everything was stored. */
  readonly asyncMs: number;
  /** Bytes that it wrote. */
  readonly bytes: number;
  /** Those among them of rows on their way that its barrier had overtaken: 0 for aligned checkpoints. */
  readonly persistedInFlightBytes: number;
  /** Bytes that it read from other threads between its first barrier and its last. */
  readonly processedInFlightBytes: number;
}

/** Of a subtask that had nothing to store. */
export const noStatistics: SnapshotStatistics = {
  alignmentMs: 0,
  syncMs: 0,
  encodeMs: 0,
  asyncMs: 0,
  bytes: 0,
  persistedInFlightBytes: 0,
  processedInFlightBytes: 0,
};

export type HostMessage =
  /** The host has planned the job: build it, and run. `fingerprint` is the host's; a worker with another one fails. */
  | {
      readonly type: 'deploy';
      readonly fingerprint: readonly string[];
      readonly memory: SharedJobMemory;
      readonly limits: Limits;
      readonly checkpoints: WorkerCheckpoints | undefined;
      /** Undefined where all state is in memory. */
      readonly disk?: WorkerDisk | undefined;
      /** Of the worker's subtasks; those that begin anew are not there. */
      readonly restore: readonly SubtaskRestore[];
      /** The directory of the savepoint that they are in; undefined for the job's own storage. */
      readonly restoreFrom: string | undefined;
    }
  /** Sources put the barrier of a checkpoint into their outputs, behind the splits that were sent before. */
  | { readonly type: 'trigger-checkpoint'; readonly trigger: CheckpointTrigger }
  /** The barriers of a checkpoint overtake rows from now on: subtasks no longer wait for those that have not come. */
  | { readonly type: 'overtaking-checkpoint'; readonly checkpoint: number }
  /** All have acknowledged, and the manifest is stored. */
  | { readonly type: 'checkpoint-completed'; readonly checkpoint: number }
  /** It will not complete: nobody waits for its barriers any more. */
  | { readonly type: 'checkpoint-aborted'; readonly checkpoint: number }
  | { readonly type: 'split'; readonly stage: number; readonly subtask: number; readonly split: unknown }
  | { readonly type: 'no-more-splits'; readonly stage: number; readonly subtask: number }
  /** End the sources and let everything run through. */
  | { readonly type: 'stop' }
  /** Let go of everything and return. */
  | { readonly type: 'cancel' };

export type WorkerMessage =
  /** The job module is through: the thread may be killed at any moment. */
  | { readonly type: 'loaded' }
  | { readonly type: 'split-request'; readonly stage: number; readonly subtask: number }
  /** Shown once for each topic; where it has votes, once that many workers have said it. An empty one only votes. */
  | { readonly type: 'warning'; readonly message: string; readonly topic: string; readonly votes: number }
  /** How many records of a source are not what their format says, as it stands. */
  | { readonly type: 'bad-records'; readonly count: BadRecordCount }
  /** A subtask's state is stored. One that has finished has none. */
  | {
      readonly type: 'checkpoint-acknowledged';
      readonly checkpoint: number;
      readonly stage: number;
      readonly subtask: number;
      readonly state: SubtaskState | 'finished';
      readonly statistics: SnapshotStatistics;
    }
  | {
      readonly type: 'checkpoint-declined';
      readonly checkpoint: number;
      readonly stage: number;
      readonly subtask: number;
      readonly error: ErrorDescription;
    }
  /** The worker's sinks have committed what was handed over to a completed checkpoint. */
  | { readonly type: 'checkpoint-committed'; readonly checkpoint: number }
  /** A subtask that is through waits for a checkpoint to complete: it commits what it wrote last. */
  | { readonly type: 'final-checkpoint-request'; readonly stage: number; readonly subtask: number }
  /** All subtasks of the worker have finished. */
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly error: ErrorDescription };
