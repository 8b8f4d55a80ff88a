/** A job as its module describes it: the logical graph, and how to run it. Immutable. */

import type { Limits } from '../base/limits.ts';
import type { CheckpointStorage } from '../checkpoint/checkpoint-storage.ts';
import type { RestartStrategy } from '../checkpoint/restart.ts';
import type { LogicalGraph, RuntimeMode } from './logical.ts';

export interface JobDescription {
  readonly name: string;
  readonly graph: LogicalGraph;
  readonly mode: RuntimeMode | 'automatic';
  /** Milliseconds that a part-filled batch may wait. */
  readonly bufferTimeoutMs: number;
  readonly localAggregation: boolean;
  readonly chaining: boolean;
  /** Changes to the default limits. */
  readonly limits: Partial<Limits>;
  readonly faultTolerance: FaultTolerance;
  /** Bytes of memory that keyed state may take, all workers together, before it goes to disk; undefined where all of it is in memory. */
  readonly stateMemory?: number | undefined;
  /** What is to be said to the user when the job starts. */
  readonly notices: readonly string[];
}

/** How a job survives failures. */
export interface FaultTolerance {
  /** Undefined where checkpoints are off. */
  readonly checkpoints: CheckpointSettings | undefined;
  readonly storage: CheckpointStorage;
  /** Where state is kept, as the author wrote it; undefined for the default, which goes by the job's name. */
  readonly stateDir: string | undefined;
  readonly restart: RestartStrategy;
}

/** When checkpoints are taken, and how. Durations in milliseconds. */
export interface CheckpointSettings {
  readonly intervalMs: number;
  readonly intervalDuringBacklogMs: number | undefined;
  readonly minPauseMs: number;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly tolerableFailures: number;
  readonly retain: number;
  readonly exactlyOnce: boolean;
  /** So long behind its trigger the barriers of a checkpoint overtake rows: 0 for at once, undefined for never. */
  readonly overtakeAfterMs: number | undefined;
  readonly incremental: boolean;
  /** Whether a job that was cancelled can be gone on with. */
  readonly onCancel: 'retain' | 'delete';
}
