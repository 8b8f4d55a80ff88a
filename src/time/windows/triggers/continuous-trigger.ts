/** Fires at every multiple of an interval that the watermark, or the clock of the machine, passes, and at the end of the window. */

import type { Duration } from '../../../base/duration.ts';
import { positiveDuration } from '../arguments.ts';
import type { Trigger, TriggerContext, TriggerResult } from '../trigger.ts';
import { endOfTime, type Window, windowStart } from '../window.ts';
import { requireTimestamp } from '../window-assigner.ts';

/** When it fires next; null before the first record. */
interface NextFiring {
  time: number | null;
}

interface ContinuousTrigger extends Trigger<unknown, Window, NextFiring> {
  readonly intervalMs: number;
}

export interface ContinuousEventTimeTrigger extends ContinuousTrigger {
  readonly kind: 'continuous-event-time';
}

export interface ContinuousProcessingTimeTrigger extends ContinuousTrigger {
  readonly kind: 'continuous-processing-time';
}

export function continuousEventTimeTrigger(interval: Duration): ContinuousEventTimeTrigger {
  return { ...continuous(true, positiveDuration(interval, 'triggers.continuousEventTime')), kind: 'continuous-event-time' };
}

export function continuousProcessingTimeTrigger(interval: Duration): ContinuousProcessingTimeTrigger {
  return { ...continuous(false, positiveDuration(interval, 'triggers.continuousProcessingTime')), kind: 'continuous-processing-time' };
}

function continuous(isEventTime: boolean, intervalMs: number): ContinuousTrigger {
  const register = (time: number, context: TriggerContext): void =>
    isEventTime ? context.registerEventTime(time) : context.registerProcessingTime(time);
  const unregister = (time: number, context: TriggerContext): void =>
    isEventTime ? context.deleteEventTime(time) : context.deleteProcessingTime(time);
  const registerNext = (after: number, window: Window, context: TriggerContext<NextFiring>): void => {
    // When the input has ended, what never ends fires once more, not at every interval until the end of time.
    const isLast = isEventTime && window.maxTimestamp >= endOfTime && context.watermark >= endOfTime;
    const time = isLast ? window.maxTimestamp : Math.min(after + intervalMs, window.maxTimestamp);
    context.state.time = time;
    register(time, context);
  };
  const onTime = (time: number, window: Window, context: TriggerContext<NextFiring>): TriggerResult => {
    if (time === window.maxTimestamp) return 'fire';
    if (time !== context.state.time) return 'continue';
    registerNext(time, window, context);
    return 'fire';
  };
  return {
    intervalMs,
    createState: () => ({ time: null }),
    onElement(_record, timestamp, window, context) {
      if (isEventTime) {
        if (window.maxTimestamp <= context.watermark) return 'fire';
        context.registerEventTime(window.maxTimestamp);
      }
      const now = isEventTime ? requireTimestamp(timestamp) : context.processingTime;
      if (context.state.time === null) registerNext(windowStart(now, 0, intervalMs), window, context);
      return 'continue';
    },
    onEventTime: isEventTime ? onTime : () => 'continue',
    onProcessingTime: isEventTime ? () => 'continue' : onTime,
    onMerge(_window, context) {
      if (context.state.time !== null) register(context.state.time, context);
    },
    // Of two windows that become one, the earlier firing counts.
    mergeState(into, from) {
      if (into.time === null) into.time = from.time;
      else if (from.time !== null) into.time = Math.min(into.time, from.time);
    },
    clear(_window, context) {
      if (context.state.time !== null) unregister(context.state.time, context);
      context.state.time = null;
    },
  };
}
