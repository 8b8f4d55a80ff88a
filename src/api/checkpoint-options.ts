/** How a job is to be checkpointed. The options are checked; that no checkpoint is taken yet is said when the job starts. */

import { type Duration, parseDuration } from '../base/duration.ts';
import { anything, checkOptions, flag, type OptionRules, oneOf, optional, wholeNumber } from '../base/options.ts';

export interface CheckpointConfig {
  /** Between the starts of two checkpoints. */
  readonly interval: Duration;
  readonly mode?: 'exactly-once' | 'at-least-once';
  /** Between the end of a checkpoint and the start of the next. */
  readonly minPause?: Duration;
  /** A checkpoint that takes longer is given up. */
  readonly timeout?: Duration;
  readonly maxConcurrent?: number;
  /** Checkpoints in a row that may fail before the job does. */
  readonly tolerableFailures?: number;
  /** Completed checkpoints that are kept. */
  readonly retain?: number;
  readonly incremental?: boolean;
}

const checkpointRules: OptionRules<CheckpointConfig> = {
  interval: anything,
  mode: optional(oneOf('exactly-once', 'at-least-once')),
  minPause: optional(anything),
  timeout: optional(anything),
  maxConcurrent: optional(wholeNumber(1)),
  tolerableFailures: optional(wholeNumber(0)),
  retain: optional(wholeNumber(1)),
  incremental: optional(flag),
};

/** What is to be said of the options when the job starts. @throws MillraceError INVALID_OPTION */
export function checkpointNotices(config: CheckpointConfig | undefined): readonly string[] {
  if (config === undefined) return [];
  const checked = checkOptions<CheckpointConfig>(config, checkpointRules, 'StreamEnvironment: checkpoint');
  const { interval, minPause = 0, timeout = 0 } = checked;
  for (const [name, duration] of Object.entries({ interval, minPause, timeout }))
    parseDuration(duration, `StreamEnvironment: checkpoint.${name}`);
  return ['checkpoint: this version takes no checkpoints yet; the job runs, but after a failure it starts from the beginning'];
}
