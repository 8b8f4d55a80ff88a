/** Options as users write them, checked: a wrong or unknown one is an error that names it. */

import * as v from 'valibot';
import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';
import { type Limits, limitsWith } from '../base/limits.ts';

const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Key groups are numbered in 15 bits, as in Flink. */
export const maxParallelismMax = 32_768;

const environmentSchema = v.strictObject({
  parallelism: v.optional(positiveInteger),
  maxParallelism: v.optional(v.pipe(positiveInteger, v.maxValue(maxParallelismMax))),
  bufferTimeout: v.optional(v.union([v.number(), v.string()])),
  runtimeMode: v.optional(v.picklist(['streaming', 'batch', 'automatic'])),
  localAggregation: v.optional(v.boolean()),
  chaining: v.optional(v.boolean()),
  limits: v.optional(v.record(v.string(), v.number())),
});

export interface EnvironmentConfig {
  /** Subtasks of each operator that names no parallelism of its own; default: the machine's cores. */
  readonly parallelism?: number;
  /** Key groups: the highest parallelism that keyed state can ever be spread over; default 128. */
  readonly maxParallelism?: number;
  /** How long a part-filled batch may wait for more records; default 10 ms. At 0, records leave with the batch of input that they came of. */
  readonly bufferTimeout?: Duration;
  /** Default 'automatic': batch when every source is bounded. */
  readonly runtimeMode?: 'streaming' | 'batch' | 'automatic';
  /** Whether keyed aggregations of batch jobs aggregate in front of their exchange too; default true. */
  readonly localAggregation?: boolean;
  /** Whether operators are chained into stages; default true. */
  readonly chaining?: boolean;
  /** Changes to the engine's limits, for tests and experiments. */
  readonly limits?: Partial<Limits>;
}

const sourceSchema = v.strictObject({
  name: v.optional(v.string()),
  uid: v.optional(v.string()),
  parallelism: v.optional(positiveInteger),
});

/** What every source takes. */
export interface SourceOptions {
  readonly name?: string;
  /** Identifies the operator's state across versions of the job. */
  readonly uid?: string;
  readonly parallelism?: number;
}

export interface CheckedEnvironmentConfig {
  readonly parallelism: number | undefined;
  readonly maxParallelism: number;
  readonly bufferTimeoutMs: number;
  readonly mode: 'streaming' | 'batch' | 'automatic';
  readonly localAggregation: boolean;
  readonly chaining: boolean;
  readonly limits: Partial<Limits>;
}

export function checkEnvironmentConfig(config: EnvironmentConfig): CheckedEnvironmentConfig {
  const checked = check(environmentSchema, config, 'StreamEnvironment');
  limitsWith(checked.limits);
  return {
    parallelism: checked.parallelism,
    maxParallelism: checked.maxParallelism ?? 128,
    bufferTimeoutMs: parseDuration((checked.bufferTimeout ?? '10ms') as Duration, 'bufferTimeout'),
    mode: checked.runtimeMode ?? 'automatic',
    localAggregation: checked.localAggregation ?? true,
    chaining: checked.chaining ?? true,
    limits: checked.limits ?? {},
  };
}

export function checkSourceOptions(options: SourceOptions, of: string): SourceOptions {
  return check(sourceSchema, options, of) as SourceOptions;
}

/** The input if the schema accepts it. @throws MillraceError INVALID_OPTION that names the option, its value and what it takes */
export function check<S extends v.GenericSchema>(schema: S, input: unknown, of: string): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? '';
  const problem =
    issue.type === 'strict_object' && issue.expected === 'never'
      ? `unknown option '${path}'`
      : `${path === '' ? 'the options' : path}: ${issue.message}`;
  throw new MillraceError('INVALID_OPTION', `${of}: ${problem}`);
}

export function checkPositiveInteger(value: unknown, of: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw new MillraceError('INVALID_OPTION', `${of}: expected a whole number from 1, got ${String(value)}`);
}

export function checkText(value: unknown, of: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new MillraceError('INVALID_OPTION', `${of}: expected a text that is not empty, got ${value === '' ? "''" : String(value)}`);
}
