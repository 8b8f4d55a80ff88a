/**
 * How many failed checkpoints in a row a job bears, counted as Flink does: each checkpoint once, whatever failed of it; one that
 * completes starts the count again. Pure.
 */

import { MillraceError } from '../base/errors.ts';

/** Why a checkpoint did not become one. */
export type CheckpointFailure =
  /** A subtask could not take or store its snapshot. */
  | 'declined'
  /** It took longer than its timeout. */
  | 'timed-out'
  /** The manifest could not be written. */
  | 'not-stored'
  /** A newer one was completed before it. */
  | 'overtaken'
  /** The job ended, failed or was restarted meanwhile. */
  | 'job-ended';

/** Those that say something about whether the next one will do better. */
const counted: ReadonlySet<CheckpointFailure> = new Set(['declined', 'timed-out', 'not-stored']);

export interface FailureCount {
  /** Checkpoints that have failed since the last one that completed. */
  readonly inRow: number;
  /** The latest that completed. */
  readonly completed: number;
}

export const noFailures: FailureCount = { inRow: 0, completed: 0 };

export function afterSuccess(id: number): FailureCount {
  return { inRow: 0, completed: id };
}

export interface FailedCheckpoint {
  readonly id: number;
  /** What a user asked for tells the user, and does not count. */
  readonly asked: boolean;
  readonly failure: CheckpointFailure;
  /** What it looked like, for the message. */
  readonly reason: string;
}

export interface ToleranceDecision {
  readonly count: FailureCount;
  /** What the job is to fail with, where it bears no more. */
  readonly error?: MillraceError;
}

/** Each failed checkpoint is to be told once. One older than the latest that completed is no news. */
export function afterFailure(count: FailureCount, failed: FailedCheckpoint, tolerable: number): ToleranceDecision {
  if (failed.asked || !counted.has(failed.failure) || failed.id < count.completed) return { count };
  const after = { ...count, inRow: count.inRow + 1 };
  if (after.inRow <= tolerable) return { count: after };
  // A job that is restarted begins to count anew.
  return { count: { ...after, inRow: 0 }, error: tooMany(after.inRow, failed, tolerable) };
}

function tooMany(inRow: number, { id, reason }: FailedCheckpoint, tolerable: number): MillraceError {
  const row = inRow === 1 ? 'it' : `with it ${inRow} in a row`;
  return new MillraceError(
    'CHECKPOINT_FAILED',
    `checkpoint ${id} failed: ${reason}; ${row} is more than the job tolerates (checkpoint.tolerableFailures: ${tolerable})`,
  );
}
