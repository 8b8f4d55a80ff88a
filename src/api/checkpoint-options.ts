/** How a job survives failures, as its author writes it: checkpoints, where they are kept, and restarts. */

import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';
import { anything, checkOptions, flag, type OptionRules, oneOf, optional, wholeNumber } from '../base/options.ts';
import type { CheckpointStorage } from '../checkpoint/checkpoint-storage.ts';
import { fileStorage } from '../checkpoint/file-storage.ts';
import { type RestartStrategy, restart } from '../checkpoint/restart.ts';
import type { CheckpointSettings, FaultTolerance } from '../graph/job-description.ts';

export interface CheckpointConfig {
  /** Between the starts of two checkpoints. It becomes longer for as long as checkpoints take more than a tenth of the time. */
  readonly interval: Duration;
  /**
   * Default 'exactly-once': the barriers of a checkpoint are aligned, so that every record has its effect on state once. With
   * 'at-least-once' no channel waits for another, and after a failure some records have theirs twice.
   */
  readonly mode?: 'exactly-once' | 'at-least-once';
  /**
   * The interval while a source catches up with what was there before it came; default that of other times. 0 for no checkpoints then.
   */
  readonly intervalDuringBacklog?: Duration;
  /** Between the end of a checkpoint and the start of the next; default 0. */
  readonly minPause?: Duration;
  /** A checkpoint that takes longer is given up; default 10 minutes. */
  readonly timeout?: Duration;
  /** Checkpoints on their way at a time; default 1. */
  readonly maxConcurrent?: number;
  /** Checkpoints in a row that may fail before the job does; default 0. */
  readonly tolerableFailures?: number;
  /**
   * Whether the barriers of a checkpoint overtake the records in front of them, which the checkpoint then takes along: so it comes through
   * however slow the job is, and is larger for it. With `afterAlignmentTimeout` that happens to checkpoints only which are not complete so
   * long after their start. For mode 'exactly-once' and one checkpoint at a time. Savepoints are aligned all the same. Default false.
   */
  readonly unaligned?: boolean | { readonly afterAlignmentTimeout: Duration };
  /** Completed checkpoints that are kept; default 1. */
  readonly retain?: number;
  /** Whether only what has changed since the last checkpoint is written; default true. */
  readonly incremental?: boolean;
  /** What becomes of checkpoints when the job is cancelled; default 'retain': the job can be started again and goes on. */
  readonly onCancel?: 'retain' | 'delete';
}

const checkpointRules: OptionRules<CheckpointConfig> = {
  interval: anything,
  intervalDuringBacklog: optional(anything),
  mode: optional(oneOf('exactly-once', 'at-least-once')),
  minPause: optional(anything),
  timeout: optional(anything),
  maxConcurrent: optional(wholeNumber(1)),
  tolerableFailures: optional(wholeNumber(0)),
  unaligned: optional({
    expected: 'true, false, or { afterAlignmentTimeout: a duration }',
    accepts: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
  }),
  retain: optional(wholeNumber(1)),
  incremental: optional(flag),
  onCancel: optional(oneOf('retain', 'delete')),
};

export interface FaultToleranceConfig {
  /** Default: no checkpoints are taken, as in Flink. */
  readonly checkpoint?: CheckpointConfig | undefined;
  readonly checkpointStorage?: CheckpointStorage | undefined;
  readonly stateDir?: string | undefined;
  readonly restart?: RestartStrategy | undefined;
}

/** @throws MillraceError INVALID_OPTION */
export function checkFaultTolerance({ checkpoint, checkpointStorage, stateDir, restart: strategy }: FaultToleranceConfig): FaultTolerance {
  const checkpoints = checkpoint === undefined ? undefined : checkpointSettings(checkpoint);
  return {
    checkpoints,
    storage: checkpointStorage ?? fileStorage(),
    stateDir,
    restart: strategy ?? (checkpoints === undefined ? restart.none() : restart.exponentialDelay()),
  };
}

/** Milliseconds behind the trigger of a checkpoint; undefined for never. */
function overtakeAfter({ unaligned = false, mode, maxConcurrent = 1 }: CheckpointConfig, of: string): number | undefined {
  if (unaligned === false) return undefined;
  const refused = (because: string): MillraceError => new MillraceError('INVALID_OPTION', `${of}.unaligned ${because}`);
  if (mode === 'at-least-once') throw refused("is for mode 'exactly-once': with 'at-least-once' no barrier waits for another");
  if (maxConcurrent > 1) throw refused(`takes one checkpoint at a time; leave maxConcurrent out, which is ${maxConcurrent}`);
  if (unaligned === true) return 0;
  const { afterAlignmentTimeout } = checkOptions<{ afterAlignmentTimeout: Duration }>(
    unaligned,
    { afterAlignmentTimeout: anything },
    `${of}.unaligned`,
  );
  return parseDuration(afterAlignmentTimeout, `${of}.unaligned.afterAlignmentTimeout`);
}

function checkpointSettings(config: CheckpointConfig): CheckpointSettings {
  const of = 'StreamEnvironment: checkpoint';
  const checked = checkOptions<CheckpointConfig>(config, checkpointRules, of);
  const ms = (name: 'minPause' | 'timeout', usual: Duration): number => parseDuration(checked[name] ?? usual, `${of}.${name}`);
  if (checked.interval === undefined)
    throw new MillraceError(
      'INVALID_OPTION',
      `${of}.interval is missing: how often checkpoints are taken; write checkpoint: { interval: '10s' }`,
    );
  const intervalMs = parseDuration(checked.interval, `${of}.interval`);
  if (intervalMs === 0) throw new MillraceError('INVALID_OPTION', `${of}.interval must be longer than 0`);
  const duringBacklog =
    checked.intervalDuringBacklog === undefined ? undefined : parseDuration(checked.intervalDuringBacklog, `${of}.intervalDuringBacklog`);
  return {
    intervalMs,
    intervalDuringBacklogMs: duringBacklog === 0 ? Number.POSITIVE_INFINITY : duringBacklog,
    minPauseMs: ms('minPause', 0),
    timeoutMs: ms('timeout', '10m'),
    maxConcurrent: checked.maxConcurrent ?? 1,
    tolerableFailures: checked.tolerableFailures ?? 0,
    retain: checked.retain ?? 1,
    exactlyOnce: checked.mode !== 'at-least-once',
    overtakeAfterMs: overtakeAfter(checked, of),
    incremental: checked.incremental ?? true,
    onCancel: checked.onCancel ?? 'retain',
  };
}
