/** When a part is complete, and the next record begins another. Pure. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { anything, flag, type OptionRules, optional, wholeNumber } from '../../base/options.ts';

/** When a file sink goes on with another file: as soon as one of these says so. */
export interface RollingOptions {
  /** Bytes that a file has about at most; 128 MiB by default. */
  readonly size?: number;
  /** How long a file is written; a minute by default. */
  readonly interval?: Duration;
  /** How long nothing was written; a minute by default. */
  readonly inactivity?: Duration;
  /** Whether every checkpoint ends all files; false by default. */
  readonly onCheckpoint?: boolean;
}

export const rollingRules: OptionRules<RollingOptions> = {
  size: optional(wholeNumber(1)),
  interval: optional(anything),
  inactivity: optional(anything),
  onCheckpoint: optional(flag),
};

export interface RollingPolicy {
  readonly bytes: number;
  readonly intervalMs: number;
  readonly inactivityMs: number;
  readonly onCheckpoint: boolean;
}

/** Defaults as in Flink. @throws MillraceError INVALID_OPTION */
export function rollingPolicy({ size = 2 ** 27, interval = '1m', inactivity = '1m', onCheckpoint = false }: RollingOptions): RollingPolicy {
  return {
    bytes: size,
    intervalMs: parseDuration(interval, 'files.sink: rolling.interval'),
    inactivityMs: parseDuration(inactivity, 'files.sink: rolling.inactivity'),
    onCheckpoint,
  };
}

/** Times of a part, in epoch milliseconds. */
export interface PartTimes {
  readonly createdAt: number;
  readonly lastWriteAt: number;
}

/** When the part has been written for long enough, or not been for too long. */
export function dueAt({ createdAt, lastWriteAt }: PartTimes, { intervalMs, inactivityMs }: RollingPolicy): number {
  return Math.min(createdAt + intervalMs, lastWriteAt + inactivityMs);
}
