/** Options as users write them, checked: a wrong or unknown one is an error that names it. */

import { type Duration, parseDuration } from '../base/duration.ts';
import { defaultLimits, keyGroupsMax, type Limits, limitsWith } from '../base/limits.ts';
import {
  anything,
  checkOptions,
  flag,
  type OptionRules,
  objectLike,
  oneOf,
  optional,
  type Rule,
  text,
  wholeNumber,
} from '../base/options.ts';
import type { CheckpointStorage } from '../checkpoint/checkpoint-storage.ts';
import type { RestartStrategy } from '../checkpoint/restart.ts';
import type { FaultTolerance } from '../graph/job-description.ts';
import type { WatermarkStrategy } from '../time/watermarks.ts';
import { type CheckpointConfig, checkFaultTolerance } from './checkpoint-options.ts';
import type { StateBackend } from './state-backend.ts';

export const parallelismRule: Rule = wholeNumber(1);
export const maxParallelismRule: Rule = wholeNumber(1, keyGroupsMax);

export interface EnvironmentConfig {
  /** Subtasks of each operator that names no parallelism of its own; default: the machine's cores. */
  readonly parallelism?: number;
  /** Key groups: the highest parallelism that keyed state can ever be spread over; default 128. */
  readonly maxParallelism?: number;
  /** How the job is checkpointed; it is not by default. A job that did not finish goes on from its last checkpoint when it is started again. */
  readonly checkpoint?: CheckpointConfig;
  /** Where checkpoints are kept: `fileStorage()` by default, or `memoryStorage()`, which survives failures but not the end of the process. */
  readonly checkpointStorage?: CheckpointStorage;
  /** Where keyed state is kept while the job runs: `heap()` by default, or `disk({ memory: '512MB' })` for more than fits into memory. */
  readonly stateBackend?: StateBackend;
  /** The directory of the job's checkpoints and savepoints; default `./millrace-state/<name of the job>`. */
  readonly stateDir?: string;
  /** What becomes of a job that fails: `restart.exponentialDelay()` by default where checkpoints are taken, `restart.none()` elsewhere. */
  readonly restart?: RestartStrategy;
  /** How long a part-filled batch may wait for more records; default 10 ms. At 0, records leave with the batch of input that they came of. */
  readonly bufferTimeout?: Duration;
  /** How often watermarks are made of the records so far; default 200 ms. At 0, after every batch of input. */
  readonly autoWatermarkInterval?: Duration;
  /** Default 'automatic': batch when every source is bounded. */
  readonly runtimeMode?: 'streaming' | 'batch' | 'automatic';
  /** Whether keyed aggregations of batch jobs, and windows of event time, aggregate in front of their exchange too; default true. */
  readonly localAggregation?: boolean;
  /** Whether operators are chained into stages; default true. */
  readonly chaining?: boolean;
  /** Changes to the engine's limits, for tests and experiments. */
  readonly limits?: Partial<Limits>;
}

export const environmentRules: OptionRules<EnvironmentConfig> = {
  parallelism: optional(parallelismRule),
  maxParallelism: optional(maxParallelismRule),
  checkpoint: optional(anything),
  checkpointStorage: optional({
    expected: 'fileStorage(…) or memoryStorage()',
    accepts: (value) => typeof (value as CheckpointStorage | null)?.openManifests === 'function',
  }),
  stateBackend: optional({
    expected: "heap() or disk({ memory: '512MB' })",
    accepts: (value) => ['heap', 'disk'].includes((value as StateBackend | null)?.kind ?? ''),
  }),
  stateDir: optional(text),
  restart: optional({
    expected: 'a strategy such as restart.fixedDelay({ attempts: 3 })',
    accepts: (value) => typeof (value as RestartStrategy | null)?.kind === 'string',
  }),
  bufferTimeout: optional(anything),
  autoWatermarkInterval: optional(anything),
  runtimeMode: optional(oneOf('streaming', 'batch', 'automatic')),
  localAggregation: optional(flag),
  chaining: optional(flag),
  limits: optional(objectLike(defaultLimits)),
};

/** What every source takes. */
export interface SourceOptions<T = unknown> {
  readonly name?: string;
  /** Identifies the operator's state across versions of the job. */
  readonly uid?: string;
  readonly parallelism?: number;
  /** Where the records' event time comes from, and how far they may be out of order; see `watermarks`. */
  readonly watermarks?: WatermarkStrategy<T>;
}

export const sourceRules: OptionRules<SourceOptions<never>> = {
  watermarks: optional(anything),
  name: optional(text),
  uid: optional(text),
  parallelism: optional(parallelismRule),
};

export interface CheckedEnvironmentConfig {
  readonly parallelism: number | undefined;
  readonly maxParallelism: number;
  readonly bufferTimeoutMs: number;
  readonly autoWatermarkIntervalMs: number;
  readonly mode: 'streaming' | 'batch' | 'automatic';
  readonly localAggregation: boolean;
  readonly chaining: boolean;
  readonly limits: Partial<Limits>;
  readonly faultTolerance: FaultTolerance;
  readonly stateMemory: number | undefined;
}

export function checkEnvironmentConfig(config: EnvironmentConfig): CheckedEnvironmentConfig {
  const checked = checkOptions<EnvironmentConfig>(config, environmentRules, 'StreamEnvironment');
  limitsWith(checked.limits);
  return {
    parallelism: checked.parallelism,
    maxParallelism: checked.maxParallelism ?? 128,
    bufferTimeoutMs: parseDuration(checked.bufferTimeout ?? '10ms', 'StreamEnvironment: bufferTimeout'),
    autoWatermarkIntervalMs: parseDuration(checked.autoWatermarkInterval ?? '200ms', 'StreamEnvironment: autoWatermarkInterval'),
    mode: checked.runtimeMode ?? 'automatic',
    localAggregation: checked.localAggregation ?? true,
    chaining: checked.chaining ?? true,
    limits: checked.limits ?? {},
    faultTolerance: checkFaultTolerance(checked),
    stateMemory: checked.stateBackend?.kind === 'disk' ? checked.stateBackend.memory : undefined,
  };
}
