/** Fires at every multiple of an interval that the clock of the machine passes, and at the end of the window. */

import type { Duration } from '../../../base/duration.ts';
import { positiveDuration } from '../arguments.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { type Window, windowStart } from '../window.ts';
import { createNextFiring, forgetNextFiring, mergeNextFiring, type NextFiring } from './next-firing.ts';

export interface ContinuousProcessingTimeTrigger extends Trigger<unknown, Window, NextFiring> {
  readonly kind: 'continuous-processing-time';
  readonly intervalMs: number;
}

export function continuousProcessingTimeTrigger(interval: Duration): ContinuousProcessingTimeTrigger {
  const intervalMs = positiveDuration(interval, 'triggers.continuousProcessingTime');
  const registerNext = (after: number, window: Window, context: TriggerContext<NextFiring>): void => {
    const time = Math.min(after + intervalMs, window.maxTimestamp);
    context.state.time = time;
    context.registerProcessingTime(time);
  };
  return {
    kind: 'continuous-processing-time',
    intervalMs,
    createState: createNextFiring,
    onElement(_record, _timestamp, window, context) {
      if (context.state.time === null) registerNext(windowStart(context.processingTime, 0, intervalMs), window, context);
      return 'continue';
    },
    onEventTime: () => 'continue',
    onProcessingTime(time, window, context) {
      if (time === window.maxTimestamp) return 'fire';
      if (time !== context.state.time) return 'continue';
      registerNext(time, window, context);
      return 'fire';
    },
    onMerge(_window, context) {
      if (context.state.time !== null) context.registerProcessingTime(context.state.time);
    },
    mergeState: mergeNextFiring,
    clear(_window, context) {
      if (context.state.time !== null) context.deleteProcessingTime(context.state.time);
      forgetNextFiring(context.state);
    },
  };
}
