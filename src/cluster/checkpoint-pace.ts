/**
 * How often a job takes checkpoints by itself: as often as its author wants, or less often where they take too much of the time. It
 * outlives the attempts of the job. The host's thread.
 */

import type { Limits } from '../base/limits.ts';
import { affordableMs, type Stretch, type StretchOptions, stretchAfter, unstretched } from '../checkpoint/interval-stretch.ts';
import type { ScheduleOptions } from '../checkpoint/schedule.ts';
import type { CheckpointSettings } from '../graph/job-description.ts';
import type { SnapshotStatistics } from '../wire/messages.ts';

export interface CheckpointPaceOptions {
  /** Undefined where none are taken. */
  readonly settings: CheckpointSettings | undefined;
  readonly limits: Limits;
  readonly warn: (message: string) => void;
}

export class CheckpointPace {
  readonly #options: CheckpointPaceOptions;
  #stretch: Stretch;
  /** Whether a checkpoint of this attempt has completed. */
  #hasCompleted = false;

  constructor(options: CheckpointPaceOptions) {
    this.#options = options;
    this.#stretch = unstretched(this.#stretchOptions);
  }

  /** An attempt has begun to run. */
  begin(): void {
    this.#hasCompleted = false;
  }

  get schedule(): ScheduleOptions {
    const { intervalDuringBacklogMs, minPauseMs = 0, maxConcurrent = 1 } = this.#options.settings ?? {};
    const { intervalMs } = this.#stretchOptions;
    const affordable = affordableMs(this.#stretchOptions, this.#stretch.costMs);
    return { intervalMs, affordableMs: affordable, intervalDuringBacklogMs, minPauseMs, maxConcurrent };
  }

  get #stretchOptions(): StretchOptions {
    const { settings, limits } = this.#options;
    return { intervalMs: settings?.intervalMs ?? Number.POSITIVE_INFINITY, costShareMax: limits.checkpointPercentMax / 100 };
  }

  /** A checkpoint that nobody has asked for is complete. @param statistics of its subtasks */
  completed(statistics: readonly SnapshotStatistics[]): void {
    const isFirst = !this.#hasCompleted;
    this.#hasCompleted = true;
    // The first one of a run may write all state, and says nothing of the next.
    if (this.#options.settings === undefined || (this.#options.settings.incremental && isFirst)) return;
    const cost = Math.max(0, ...statistics.map(({ syncMs, encodeMs }) => syncMs + encodeMs));
    const { stretch, notice } = stretchAfter(this.#stretchOptions, this.#stretch, cost);
    this.#stretch = stretch;
    if (notice !== undefined) this.#options.warn(notice);
  }
}
