/** The interval join of two keyed streams. */

import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';
import type { UserFunction } from '../graph/logical.ts';
import { synchronous } from '../operators/functions.ts';
import { type IntervalJoinContext, intervalJoinOperator } from '../operators/join/interval-join.ts';
import { checkTag, type OutputTag } from '../operators/process/context.ts';
import type { DataStream } from './data-stream.ts';

/** A duration, or one with a minus in front of it. */
export type SignedDuration = Duration | `-${Extract<Duration, string>}`;

/** Makes records of a pair: any number of them, through `out`. */
export type IntervalJoinFunction<A, B, R> = (left: A, right: B, context: IntervalJoinContext, out: (record: R) => void) => void;

/** Two keyed streams that are to be joined; `between` says by which interval. */
export class IntervalJoin<A, B> {
  readonly #left: DataStream<A>;
  readonly #right: DataStream<B>;

  /** @internal */
  constructor(left: DataStream<A>, right: DataStream<B>) {
    this.#left = left;
    this.#right = right;
  }

  /**
   * A right record joins a left one of the same key when its event time is at least `lower` and at most `upper` after that of the
   * left one; negative durations mean before.
   */
  between(lower: SignedDuration, upper: SignedDuration): IntervalJoined<A, B> {
    const lowerMs = parseSigned(lower, 'between: lower');
    const upperMs = parseSigned(upper, 'between: upper');
    if (lowerMs > upperMs)
      throw new MillraceError('INVALID_OPTION', `between: the lower bound ${lower} is above the upper bound ${upper}; exchange them`);
    return new IntervalJoined({ left: this.#left, right: this.#right, lowerMs, upperMs, lowerOpen: false, upperOpen: false });
  }
}

interface Joined<A, B> {
  readonly left: DataStream<A>;
  readonly right: DataStream<B>;
  readonly lowerMs: number;
  readonly upperMs: number;
  /** Whether the bound itself is left out. */
  readonly lowerOpen: boolean;
  readonly upperOpen: boolean;
  readonly leftLate?: OutputTag<A>;
  readonly rightLate?: OutputTag<B>;
}

/**
 * @example
 * orders.keyBy('id').intervalJoin(payments.keyBy('orderId')).between(0, '1h')
 *   .process((order, payment, ctx, out: (row: Paid) => void) => out({ id: order.id, after: ctx.rightTimestamp - ctx.leftTimestamp }));
 */
export class IntervalJoined<A, B> {
  readonly #joined: Joined<A, B>;

  /** @internal */
  constructor(joined: Joined<A, B>) {
    this.#joined = joined;
  }

  /** Leaves out pairs that lie just `lower` apart. */
  lowerBoundExclusive(): IntervalJoined<A, B> {
    return new IntervalJoined({ ...this.#joined, lowerOpen: true });
  }

  /** Leaves out pairs that lie just `upper` apart. */
  upperBoundExclusive(): IntervalJoined<A, B> {
    return new IntervalJoined({ ...this.#joined, upperOpen: true });
  }

  /** Sends left records that come too late to a side output; without it they are counted, and told of once. */
  sideOutputLeftLateData(tag: OutputTag<A>): IntervalJoined<A, B> {
    return new IntervalJoined({ ...this.#joined, leftLate: checkTag(tag, 'sideOutputLeftLateData') });
  }

  /** The same for right records. */
  sideOutputRightLateData(tag: OutputTag<B>): IntervalJoined<A, B> {
    return new IntervalJoined({ ...this.#joined, rightLate: checkTag(tag, 'sideOutputRightLateData') });
  }

  /** Calls `fn` for every pair. What it hands to `out` has the later event time of the two. */
  process<R>(fn: IntervalJoinFunction<A, B, R>): DataStream<R> {
    const { left, right, leftLate, rightLate } = this.#joined;
    const join = synchronous(fn as UserFunction, 'intervalJoin');
    const spec = { join, ...closedBounds(this.#joined), lateTags: [leftLate, rightLate] as const };
    return left.transformWith<R>(intervalJoinOperator(spec), [right as DataStream<unknown>]);
  }
}

/** The same times with both bounds among them. Where there are none, as between 0 and 0 without both, the interval is empty. */
function closedBounds({ lowerMs, upperMs, lowerOpen, upperOpen }: Joined<unknown, unknown>): { lowerMs: number; upperMs: number } {
  const first = lowerOpen ? lowerMs + 1 : lowerMs;
  const last = upperOpen ? upperMs - 1 : upperMs;
  return { lowerMs: first, upperMs: Math.max(last, first - 1) };
}

function parseSigned(duration: SignedDuration, of: string): number {
  if (typeof duration === 'number' && duration < 0) return -parseDuration(-duration, of);
  if (typeof duration === 'string' && duration.startsWith('-')) return -parseDuration(duration.slice(1) as Duration, of);
  return parseDuration(duration as Duration, of);
}
