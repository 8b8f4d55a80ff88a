/** Options of `asyncMap`. */

import { type Duration, parseDuration } from '../base/duration.ts';
import { anything, callable, checkOptions, flag, group, type OptionRules, optional, wholeNumber } from '../base/options.ts';
import type { UserFunction } from '../graph/logical.ts';
import type { AsyncMapSpec } from '../operators/async/async-map.ts';
import type { RetryPolicy } from '../operators/async/retry.ts';

/** When and how often a call of `asyncMap` is made again. */
export interface AsyncRetryOptions<R = unknown> {
  /** Calls in all, the first one included; default 3. */
  readonly attempts?: number;
  /** Before the second call; default 100 ms. */
  readonly delay?: Duration;
  /** The delay is multiplied by this after each call; default 1, a fixed delay. */
  readonly backoff?: number;
  /** The longest delay; default '1m'. */
  readonly maxDelay?: Duration;
  /** Whether an error is worth another call; every one by default. */
  readonly onError?: (error: unknown) => boolean;
  /** Whether a result is none, and worth another call; none by default. */
  readonly onResult?: (result: R) => boolean;
}

export interface AsyncOptions<T, R> {
  /** Whether results leave in the order of their records; default true. Unordered, they change places only between two watermarks. */
  readonly ordered?: boolean;
  /** Calls on their way at once in each subtask; default 100. When they are so many, the input waits. */
  readonly capacity?: number;
  /** For all calls of one record together; default '60s'. A record that takes longer fails the job, unless there is `onTimeout`. */
  readonly timeout?: Duration;
  /** Gives the result of a record that ran out of time. */
  readonly onTimeout?: (record: T) => R;
  readonly retry?: AsyncRetryOptions<R>;
}

const retryRules: OptionRules<AsyncRetryOptions> = {
  attempts: optional(wholeNumber(1)),
  delay: optional(anything),
  backoff: optional({ expected: 'a number from 1', accepts: (value) => typeof value === 'number' && value >= 1 }),
  maxDelay: optional(anything),
  onError: optional(callable),
  onResult: optional(callable),
};

const asyncRules: OptionRules<AsyncOptions<unknown, unknown>> = {
  ordered: optional(flag),
  capacity: optional(wholeNumber(1)),
  timeout: optional(anything),
  onTimeout: optional(callable),
  retry: optional(group(retryRules)),
};

export function asyncMapSpec(fn: UserFunction, options: object): AsyncMapSpec {
  const checked = checkOptions<AsyncOptions<unknown, unknown>>(options, asyncRules, 'asyncMap');
  return {
    fn,
    ordered: checked.ordered ?? true,
    capacity: checked.capacity ?? 100,
    timeoutMs: parseDuration(checked.timeout ?? '60s', 'asyncMap: timeout'),
    onTimeout: checked.onTimeout as UserFunction | undefined,
    retry: checked.retry === undefined ? undefined : retryPolicy(checked.retry),
  };
}

function retryPolicy(options: AsyncRetryOptions): RetryPolicy {
  return {
    attempts: options.attempts ?? 3,
    delayMs: parseDuration(options.delay ?? '100ms', 'asyncMap: retry.delay'),
    backoff: options.backoff ?? 1,
    delayMsMax: parseDuration(options.maxDelay ?? '1m', 'asyncMap: retry.maxDelay'),
    onError: options.onError ?? (() => true),
    onResult: options.onResult ?? (() => false),
  };
}
