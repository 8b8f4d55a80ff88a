/** Windows of activity: records that are less than a gap apart belong to one. */

import type { Duration } from '../../../base/duration.ts';
import { anything, checkOptions, type OptionRules } from '../../../base/options.ts';
import { positiveDuration } from '../arguments.ts';
import { mergeTimeWindows } from '../merge-time-windows.ts';
import { eventTimeTrigger } from '../triggers/event-time-trigger.ts';
import { processingTimeTrigger } from '../triggers/processing-time-trigger.ts';
import { TimeWindow } from '../window.ts';
import { requireTimestamp, type WindowAssigner } from '../window-assigner.ts';

/** How long a session waits for its next record: the same time for all, or what the record says. */
export type SessionGap<T> = Duration | ((record: T) => Duration);

export interface SessionOptions<T> {
  readonly gap: SessionGap<T>;
}

export interface SessionWindows<in T> extends WindowAssigner<T, TimeWindow> {
  readonly kind: 'session';
  /** Undefined when each record has its own. */
  readonly gapMs: number | undefined;
}

const sessionRules: OptionRules<SessionOptions<unknown>> = { gap: anything };

export function sessionWindows<T>(isEventTime: boolean, options: SessionOptions<T>): SessionWindows<T> {
  const { gap } = checkOptions<SessionOptions<T>>(options, sessionRules, 'session');
  const gapMs = typeof gap === 'function' ? undefined : positiveDuration(gap, 'session: gap');
  const gapOf = typeof gap === 'function' ? (record: T) => dynamicGap(gap(record)) : () => positiveDuration(gap, 'session: gap');
  const assignWindow: NonNullable<SessionWindows<T>['assignWindow']> = (record, timestamp, context) => {
    const start = isEventTime ? requireTimestamp(timestamp) : context.processingTime;
    return new TimeWindow(start, start + (gapMs ?? gapOf(record)));
  };
  return {
    kind: 'session',
    isEventTime,
    gapMs,
    assignWindow,
    assignWindows: (record, timestamp, context) => [assignWindow(record, timestamp, context)],
    defaultTrigger: () => (isEventTime ? eventTimeTrigger : processingTimeTrigger),
    mergeWindows: mergeTimeWindows,
  };
}

function dynamicGap(gap: Duration): number {
  const gapMs = typeof gap === 'number' ? gap : positiveDuration(gap, 'session: gap');
  if (gapMs > 0 && gapMs < Number.POSITIVE_INFINITY) return gapMs;
  throw new RangeError(`session: the gap of a record must be above 0 and finite, it is ${gapMs}`);
}
