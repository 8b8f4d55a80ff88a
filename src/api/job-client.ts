/** What a program sees of a running job. */

import type { JobId } from '../base/ids.ts';
import type { BadRecordCount } from '../metrics/bad-records.ts';
import type { SnapshotStatistics } from '../wire/messages.ts';
import type { AsyncRows } from './row-iterator.ts';

/** Flink's job states. A job that is `restarting` has failed, and goes on from its last checkpoint. */
export type JobStatus = 'created' | 'running' | 'restarting' | 'failing' | 'failed' | 'cancelling' | 'cancelled' | 'finished';

export interface JobResult {
  readonly name: string;
  /** Milliseconds from submission to the end. */
  readonly runtimeMs: number;
  readonly metrics: JobMetrics;
}

/** Counters of one subtask, as they stand. All count from its start but the watermark, and the four of queues, which say how long these are now. */
export interface SubtaskMetrics {
  /** Records that it has taken from its input, and handed to exchanges: once for each consumer that gets them. */
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Bytes that came from, and went to, other threads, in frames with their headers; a source counts what it read. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /**
   * Milliseconds spent working (or waiting for a sink that is at work), waiting for input or for other subtasks of the worker,
   * and waiting for room in an output: together, the time since the subtask was made, up to its last step.
   */
  readonly busyMs: number;
  readonly idleMs: number;
  readonly backPressuredMs: number;
  /**
   * Batches, and marks between them, that wait in front of the subtask, and behind it until somebody takes them: those in queues
   * of its own worker, and those for which an output has no room. 0 behind a subtask that has finished.
   */
  readonly queuedIn: number;
  readonly queuedOut: number;
  /** Bytes that wait in the rings from and to other threads, frames' headers and padding with them. */
  readonly queuedBytesIn: number;
  readonly queuedBytesOut: number;
  /** Records that came too late for a window or a join and went to no side output. */
  readonly lateRecords: number;
  /** Records of a source that were not what their format says, and were left out or went to a side output. */
  readonly badRecords: number;
  /** The watermark behind the subtask's last operator, in epoch milliseconds; −Infinity before the first. */
  readonly watermark: number;
}

export interface StageMetrics {
  readonly name: string;
  readonly subtasks: readonly SubtaskMetrics[];
}

export interface JobMetrics {
  readonly stages: readonly StageMetrics[];
  /** Bytes that the sources will read in all, where they know. */
  readonly inputBytes: number | undefined;
  /**
   * Records that were not what their format says, by source and reason, with one of each for example: those of most first. While the job
   * runs, counts are at least half of what there is.
   */
  readonly badRecords: readonly BadRecordCount[];
}

/** How a subtask fared in a checkpoint. */
export interface SubtaskCheckpointInfo extends SnapshotStatistics {
  /** Index of the stage, as in `metrics()`, and of the subtask in it. */
  readonly stage: number;
  readonly subtask: number;
}

/** A checkpoint or savepoint that has ended. */
export interface CheckpointInfo {
  readonly id: number;
  readonly status: 'completed' | 'failed';
  /** Why it failed. */
  readonly reason?: string;
  /** The directory of a savepoint. */
  readonly savepoint?: string;
  /** Milliseconds since 1970, UTC. */
  readonly triggeredAt: number;
  readonly durationMs: number;
  /** Bytes that were written for it. */
  readonly bytes: number;
  /** Of the subtasks that had acknowledged it. */
  readonly subtasks: readonly SubtaskCheckpointInfo[];
}

/** The checkpoint or savepoint that a job goes on from. */
export interface RestoreInfo {
  readonly id: number;
  readonly kind: 'checkpoint' | 'savepoint';
  /** Where it is kept: a directory, or what stands for one. */
  readonly place: string;
  /** Milliseconds since 1970, UTC. */
  readonly triggeredAt: number;
  /** Operators that start empty although the job goes on, and state that is left behind: a line for each. */
  readonly differences: readonly string[];
}

export interface StopOptions {
  /** Takes a savepoint before the job ends: into this directory, or one below the job's `stateDir` where it is `true`. */
  readonly savepoint?: boolean | string;
  /**
   * Whether everything is emitted in front of the savepoint that would be at the end of the input: windows that are not over, timers, what
   * operators hold back. Without a savepoint always so. Default false.
   */
  readonly drain?: boolean;
}

/** Feeds records into a job: `env.fromHost(name)` there. */
export interface JobInput<T> {
  /**
   * Records of this input that were in the state which the job was started from: a program that goes on with a job writes from this one
   * on. 0 for a job that begins. After a restart within this process the input repeats by itself what has to be.
   */
  readonly position: number;
  /** Calls `listener` with the number of records, counted from the first of all, whose effects a completed checkpoint holds. */
  onCheckpoint(listener: (records: number) => void): void;
  /** Resolves when the records are on their way: at once while there is room, later when the job is behind. */
  write(records: readonly T[]): Promise<void>;
  /** Ends the input. */
  end(): Promise<void>;
}

export interface JobEvents {
  status: (status: JobStatus) => void;
  /** The job has failed, for good or to be restarted. */
  failure: (error: Error) => void;
  /** The job goes on from a checkpoint or savepoint: told before it runs, at its start and after each failure. */
  restore: (from: RestoreInfo) => void;
  /** A checkpoint or savepoint has ended. */
  checkpoint: (checkpoint: CheckpointInfo) => void;
}

export interface JobClient {
  readonly id: JobId;
  readonly name: string;
  status(): JobStatus;
  /** Resolves when the job has finished. @throws MillraceError when it failed or was cancelled */
  result(): Promise<JobResult>;
  /** Stops the job where it stands; resolves when all of its threads have let go. */
  cancel(): Promise<void>;
  /**
   * Ends the sources, lets everything that they have read run through, and resolves when the job has finished; or takes a savepoint and
   * ends the job there, to be gone on with. Returns the savepoint's directory.
   */
  stop(options?: StopOptions): Promise<string | undefined>;
  /**
   * Takes a savepoint while the job goes on: all state in a directory that can be moved, kept, and started from. Returns it.
   *
   * @param directory default: one below the job's `stateDir`
   * @throws MillraceError CHECKPOINT_FAILED
   */
  savepoint(directory?: string): Promise<string>;
  /** Takes a checkpoint now. @throws MillraceError CHECKPOINT_FAILED, or INVALID_JOB where checkpoints are off */
  checkpoint(): Promise<CheckpointInfo>;
  /** Reads shared memory; never waits for a worker. */
  metrics(): JobMetrics;
  /** @throws MillraceError ENDPOINT when the job has no such input, or it is taken */
  input<T>(name: string): JobInput<T>;
  /** @throws MillraceError ENDPOINT when the job has no such output, or it is being read */
  output<T>(name: string): AsyncRows<T>;
  on<E extends keyof JobEvents>(event: E, listener: JobEvents[E]): void;
}
