/**
 * When the next checkpoint is triggered. Pure: the coordinator says how things stand, and asks again when something has changed
 * or the time is over. Times are milliseconds of a monotonic clock.
 */

export interface ScheduleOptions {
  /** Between the starts of two checkpoints. Infinity when none is taken by itself. */
  readonly intervalMs: number;
  /** The shortest interval for what checkpoints cost, with or without a backlog: see `interval-stretch.ts`. */
  readonly affordableMs?: number | undefined;
  /** The same while a source catches up; as otherwise where undefined, no checkpoints where Infinity. */
  readonly intervalDuringBacklogMs?: number | undefined;
  /** Between the end of a checkpoint, whatever became of it, and the start of the next. */
  readonly minPauseMs: number;
  /** Checkpoints on their way at a time. */
  readonly maxConcurrent: number;
}

export interface ScheduleFacts {
  readonly now: number;
  /** Start of the job's run, or end of its recovery. */
  readonly startedAt: number;
  /** Start of the latest checkpoint that was not asked for by a user. */
  readonly triggeredAt?: number | undefined;
  /** End of the latest checkpoint or savepoint. */
  readonly endedAt?: number | undefined;
  /** Checkpoints and savepoints on their way. */
  readonly inProgress: number;
  /** Checkpoints and savepoints that users wait for, not triggered yet. */
  readonly asked: number;
  /** Whether a source catches up with a backlog. */
  readonly backlog?: boolean | undefined;
}

export type ScheduleDecision =
  /** Now: the first one that a user asked for, or one by interval. */
  | { readonly kind: 'trigger'; readonly asked: boolean }
  /** Ask again after so many milliseconds, or when something has changed. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Ask again when something has changed: a checkpoint has ended, a user asks for one, the backlog is gone. */
  | { readonly kind: 'idle' };

/** What users ask for waits for neither the interval nor the pause, only for its turn. */
export function nextTrigger(options: ScheduleOptions, facts: ScheduleFacts): ScheduleDecision {
  if (facts.inProgress >= options.maxConcurrent) return { kind: 'idle' };
  if (facts.asked > 0) return { kind: 'trigger', asked: true };
  const dueAt = dueTime(options, facts);
  if (dueAt === Number.POSITIVE_INFINITY) return { kind: 'idle' };
  return dueAt <= facts.now ? { kind: 'trigger', asked: false } : { kind: 'wait', ms: dueAt - facts.now };
}

function dueTime(
  { intervalMs, affordableMs = 0, intervalDuringBacklogMs = intervalMs, minPauseMs }: ScheduleOptions,
  { startedAt, triggeredAt = startedAt, endedAt = Number.NEGATIVE_INFINITY, backlog = false }: ScheduleFacts,
): number {
  // A run that has just begun has nothing to save yet, however long ago the one before took a checkpoint.
  const from = Math.max(startedAt, triggeredAt);
  const wantedMs = backlog ? intervalDuringBacklogMs : intervalMs;
  return Math.max(from + Math.max(wantedMs, affordableMs), endedAt + minPauseMs);
}
