/**
 * Restart strategies: whether and when a job that has failed is started again, as in Flink. A strategy is an immutable description;
 * `decideRestart` is pure: what has happened so far in, a decision and what to remember out.
 */

import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';
import { anything, checkOptions, type OptionRules, optional, type Rule } from '../base/options.ts';
import type { Random } from '../base/system.ts';

export interface FixedDelayOptions {
  /** Restarts of the job before it fails for good; `Infinity` for no end. 1 by default. */
  readonly attempts?: number;
  /** Between a failure and the restart. `'1s'` by default. */
  readonly delay?: Duration;
}

export interface FailureRateOptions {
  /** Failures in an interval that the job survives. 1 by default. */
  readonly max?: number;
  /** `'1m'` by default. */
  readonly interval?: Duration;
  /** Between a failure and the restart. `'1s'` by default. */
  readonly delay?: Duration;
}

export interface ExponentialDelayOptions {
  /** Before the first restart. `'1s'` by default. */
  readonly initial?: Duration;
  /** The longest delay. `'1m'` by default. */
  readonly max?: Duration;
  /** How much longer each delay is than the one before. 1.5 by default. */
  readonly multiplier?: number;
  /** Share of the delay that it is longer or shorter by, by chance, so that not all jobs come back at once. 0.1 by default. */
  readonly jitter?: number;
  /** A job that ran so long without failing starts with the first delay again. `'1h'` by default. */
  readonly resetAfter?: Duration;
  /** Restarts before the job fails for good, counted from the last reset. `Infinity` by default. */
  readonly attempts?: number;
}

/** Whether and when a job is started again when it has failed: made by `restart`. */
export type RestartStrategy =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed-delay'; readonly attempts: number; readonly delayMs: number }
  | { readonly kind: 'failure-rate'; readonly max: number; readonly intervalMs: number; readonly delayMs: number }
  | {
      readonly kind: 'exponential-delay';
      readonly initialMs: number;
      readonly maxMs: number;
      readonly multiplier: number;
      readonly jitter: number;
      readonly resetAfterMs: number;
      readonly attempts: number;
    };

const attemptsRule: Rule = {
  expected: 'a whole number from 0, or Infinity',
  accepts: (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= 0),
};
const rateRule: Rule = { expected: 'a whole number from 1', accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1 };
const multiplierRule: Rule = { expected: 'a number from 1', accepts: (value) => Number.isFinite(value) && (value as number) >= 1 };
const jitterRule: Rule = {
  expected: 'a number from 0 to 1',
  accepts: (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 1,
};

const fixedDelayRules: OptionRules<FixedDelayOptions> = { attempts: optional(attemptsRule), delay: optional(anything) };
const failureRateRules: OptionRules<FailureRateOptions> = {
  max: optional(rateRule),
  interval: optional(anything),
  delay: optional(anything),
};
const exponentialDelayRules: OptionRules<ExponentialDelayOptions> = {
  initial: optional(anything),
  max: optional(anything),
  multiplier: optional(multiplierRule),
  jitter: optional(jitterRule),
  resetAfter: optional(anything),
  attempts: optional(attemptsRule),
};

/**
 * The strategies. Only failures that a restart could help with are restarted: see the table of errors.
 *
 * @example
 * const strategy = restart.fixedDelay({ attempts: 3, delay: '10s' });
 */
export const restart = {
  /** The job fails for good at once. */
  none: (): RestartStrategy => ({ kind: 'none' }),

  /** The same delay each time, so many times in the life of the job. @throws MillraceError INVALID_OPTION */
  fixedDelay: (options: FixedDelayOptions = {}): RestartStrategy => {
    const of = 'restart.fixedDelay';
    const { attempts = 1, delay = '1s' } = checkOptions(options, fixedDelayRules, of);
    return { kind: 'fixed-delay', attempts, delayMs: parseDuration(delay, `${of}: delay`) };
  },

  /** The same delay each time, until the job fails too often within an interval. @throws MillraceError INVALID_OPTION */
  failureRate: (options: FailureRateOptions = {}): RestartStrategy => {
    const of = 'restart.failureRate';
    const { max = 1, interval = '1m', delay = '1s' } = checkOptions(options, failureRateRules, of);
    return {
      kind: 'failure-rate',
      max,
      intervalMs: parseDuration(interval, `${of}: interval`),
      delayMs: parseDuration(delay, `${of}: delay`),
    };
  },

  /** A longer delay each time, until the job has run well for a while. @throws MillraceError INVALID_OPTION */
  exponentialDelay: (options: ExponentialDelayOptions = {}): RestartStrategy => {
    const of = 'restart.exponentialDelay';
    const checked = checkOptions(options, exponentialDelayRules, of);
    const { initial = '1s', max = '1m', multiplier = 1.5, jitter = 0.1, resetAfter = '1h', attempts = Number.POSITIVE_INFINITY } = checked;
    const initialMs = parseDuration(initial, `${of}: initial`);
    const maxMs = parseDuration(max, `${of}: max`);
    if (maxMs < initialMs) throw new MillraceError('INVALID_OPTION', `${of}: max must be at least initial, the first delay`);
    const resetAfterMs = parseDuration(resetAfter, `${of}: resetAfter`);
    return { kind: 'exponential-delay', initialMs, maxMs, multiplier, jitter, resetAfterMs, attempts };
  },
};

/** What a strategy remembers of a job's failures. */
export interface RestartHistory {
  /** Restarts since the beginning, or the last reset. */
  readonly restarts: number;
  /** Times of failures that may still count: of few. */
  readonly failedAt: readonly number[];
}

export const noRestarts: RestartHistory = { restarts: 0, failedAt: [] };

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  /** `reason` completes "the job is not restarted: …". */
  | { readonly kind: 'give-up'; readonly reason: string };

/** @param now milliseconds of a monotonic clock: when the job failed */
export function decideRestart(strategy: RestartStrategy, history: RestartHistory, now: number, random: Random): RestartDecision {
  switch (strategy.kind) {
    case 'none':
      return { kind: 'give-up', reason: 'its restart strategy is restart.none()' };
    case 'fixed-delay':
      return attempt(strategy.attempts, strategy.delayMs, { restarts: history.restarts + 1, failedAt: [] });
    case 'failure-rate':
      return decideByRate(strategy, history, now);
    case 'exponential-delay':
      return decideByBackoff(strategy, history, { now, random });
  }
}

function attempt(attempts: number, delayMs: number, history: RestartHistory): RestartDecision {
  if (history.restarts <= attempts) return { kind: 'restart', delayMs, history };
  return { kind: 'give-up', reason: `it has been restarted ${attempts} ${attempts === 1 ? 'time' : 'times'}, as often as it may be` };
}

type FailureRate = Extract<RestartStrategy, { kind: 'failure-rate' }>;

function decideByRate({ max, intervalMs, delayMs }: FailureRate, history: RestartHistory, now: number): RestartDecision {
  const failedAt = [...history.failedAt.filter((at) => now - at <= intervalMs), now];
  if (failedAt.length <= max) return { kind: 'restart', delayMs, history: { restarts: history.restarts + 1, failedAt } };
  return { kind: 'give-up', reason: `it has failed ${failedAt.length} times within ${intervalMs} ms; ${max} is what it survives` };
}

type ExponentialDelay = Extract<RestartStrategy, { kind: 'exponential-delay' }>;

interface Now {
  readonly now: number;
  readonly random: Random;
}

function decideByBackoff(strategy: ExponentialDelay, history: RestartHistory, { now, random }: Now): RestartDecision {
  const { resetAfterMs, jitter, maxMs, attempts } = strategy;
  const last = history.failedAt.at(-1);
  // The time to run well begins when the job is up again, not when it failed.
  const isReset = last === undefined || now - last >= resetAfterMs + backoffMs(strategy, history.restarts);
  const restarts = isReset ? 1 : history.restarts + 1;
  const delay = backoffMs(strategy, restarts);
  const delayMs = Math.min(maxMs, Math.round(delay * (1 + jitter * (2 * random.next() - 1))));
  return attempt(attempts, delayMs, { restarts, failedAt: [now] });
}

/** The delay of the n-th restart, without chance. */
function backoffMs({ initialMs, maxMs, multiplier }: ExponentialDelay, restarts: number): number {
  return Math.min(maxMs, initialMs * multiplier ** (restarts - 1));
}
