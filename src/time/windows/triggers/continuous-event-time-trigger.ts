/** Fires at every multiple of an interval that the watermark passes, and at the end of the window. */

import type { Duration } from '../../../base/duration.ts';
import { positiveDuration } from '../arguments.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { endOfTime, type Window, windowStart } from '../window.ts';
import { requireTimestamp } from '../window-assigner.ts';
import { createNextFiring, forgetNextFiring, mergeNextFiring, type NextFiring } from './next-firing.ts';

export interface ContinuousEventTimeTrigger extends Trigger<unknown, Window, NextFiring> {
  readonly kind: 'continuous-event-time';
  readonly intervalMs: number;
}

export function continuousEventTimeTrigger(interval: Duration): ContinuousEventTimeTrigger {
  const intervalMs = positiveDuration(interval, 'triggers.continuousEventTime');
  const registerNext = (after: number, window: Window, context: TriggerContext<NextFiring>): void => {
    // When the input has ended, what never ends fires once more, not at every interval until the end of time.
    const isLast = window.maxTimestamp >= endOfTime && context.watermark >= endOfTime;
    const time = isLast ? window.maxTimestamp : Math.min(after + intervalMs, window.maxTimestamp);
    context.state.time = time;
    context.registerEventTime(time);
  };
  return {
    kind: 'continuous-event-time',
    intervalMs,
    createState: createNextFiring,
    onElement(_record, timestamp, window, context) {
      if (window.maxTimestamp <= context.watermark) return 'fire';
      context.registerEventTime(window.maxTimestamp);
      if (context.state.time === null) registerNext(windowStart(requireTimestamp(timestamp), 0, intervalMs), window, context);
      return 'continue';
    },
    onEventTime(time, window, context) {
      if (time === window.maxTimestamp) return 'fire';
      if (time !== context.state.time) return 'continue';
      registerNext(time, window, context);
      return 'fire';
    },
    onProcessingTime: () => 'continue',
    onMerge(_window, context) {
      if (context.state.time !== null) context.registerEventTime(context.state.time);
    },
    mergeState: mergeNextFiring,
    clear(_window, context) {
      if (context.state.time !== null) context.deleteEventTime(context.state.time);
      forgetNextFiring(context.state);
    },
  };
}
