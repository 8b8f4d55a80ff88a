/**
 * What an assigner of windows is. Assigners are immutable data: one object serves all subtasks. The built-in ones can be told
 * by their `kind`, so that windows of the commonest forms can be computed in better ways than one by one.
 */

import { OperatorError } from '../../base/operator-error.ts';
import type { Random } from '../../base/system.ts';
import type { Trigger } from './trigger.ts';
import type { Window } from './window.ts';

/** What an assigner knows besides the record. */
export interface AssignerContext {
  /** Milliseconds since 1970 by the clock of the machine. */
  readonly processingTime: number;
}

/** What a subtask knows when its first record comes. */
export interface ResolveContext extends AssignerContext {
  readonly random: Random;
}

/** Replaces the windows `merged`, at least two of them, by `result`. */
export type MergeWindows<W extends Window> = (merged: readonly W[], result: W) => void;

/**
 * Says which windows a record belongs to.
 *
 * @example
 * const perLetter: WindowAssigner<string, Window> = {
 *   isEventTime: false,
 *   assignWindows: (word) => [{ maxTimestamp: endOfTime, id: word.slice(0, 1) }],
 *   defaultTrigger: () => triggers.count(100),
 * };
 */
export interface WindowAssigner<in T, W extends Window> {
  /** The windows of a record. The timestamp is undefined where the stream carries none. */
  assignWindows(record: T, timestamp: number | undefined, context: AssignerContext): Iterable<W>;
  /** The same for assigners that find exactly one window for each record: saves an array. */
  assignWindow?(record: T, timestamp: number | undefined, context: AssignerContext): W;
  /** The trigger of streams that name none. */
  defaultTrigger(): Trigger<T, W>;
  /** Whether windows end by watermarks. Else they end by the clock of the machine. */
  readonly isEventTime: boolean;
  /**
   * Makes it a merging assigner: given the windows of a key, calls `merge` for each group that is to become one window.
   * `mergeTimeWindows` does it for windows that overlap or touch.
   */
  mergeWindows?(windows: readonly W[], merge: MergeWindows<W>): void;
  /** The assigner with all that is chosen once for each subtask, as its first record comes. */
  resolve?(context: ResolveContext): WindowAssigner<T, W>;
}

/** The timestamp of a record, for assigners and triggers that go by it. */
export function requireTimestamp(timestamp: number | undefined): number {
  // NaN is no time either.
  if (timestamp !== undefined && timestamp >= Number.NEGATIVE_INFINITY) return timestamp;
  throw new OperatorError(
    'INVALID_JOB',
    'the record has no timestamp, which windows of event time go by; give its source watermarks, or call ' +
      'assignTimestampsAndWatermarks(…) in front of the windows, or use processingTime windows',
  );
}
