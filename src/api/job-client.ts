/** What a program sees of a running job. */

import type { JobId } from '../base/ids.ts';

/** Flink's job states; `restarting` comes with checkpoints. */
export type JobStatus = 'created' | 'running' | 'failing' | 'failed' | 'cancelling' | 'cancelled' | 'finished';

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
}

/** Feeds records into a job: `env.fromHost(name)` there. */
export interface JobInput<T> {
  /** Resolves when the records are on their way: at once while there is room, later when the job is behind. */
  write(records: readonly T[]): Promise<void>;
  /** Ends the input. */
  end(): Promise<void>;
}

export interface JobEvents {
  status: (status: JobStatus) => void;
  failure: (error: Error) => void;
}

export interface JobClient {
  readonly id: JobId;
  readonly name: string;
  status(): JobStatus;
  /** Resolves when the job has finished. @throws MillraceError when it failed or was cancelled */
  result(): Promise<JobResult>;
  /** Stops the job where it stands; resolves when all of its threads have let go. */
  cancel(): Promise<void>;
  /** Ends the sources, lets everything that they have read run through, and resolves when the job has finished. */
  stop(): Promise<void>;
  /** Reads shared memory; never waits for a worker. */
  metrics(): JobMetrics;
  /** @throws MillraceError ENDPOINT when the job has no such input, or it is taken */
  input<T>(name: string): JobInput<T>;
  /** @throws MillraceError ENDPOINT when the job has no such output, or it is being read */
  output<T>(name: string): AsyncIterableIterator<T>;
  on<E extends keyof JobEvents>(event: E, listener: JobEvents[E]): void;
}
