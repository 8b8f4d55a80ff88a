/** Fires when another trigger does, and when that has not fired for a while by the clock of the machine. */

import type { Duration } from '../../../base/duration.ts';
import { checkOptions, flag, type OptionRules, optional } from '../../../base/options.ts';
import { positiveDuration } from '../arguments.ts';
import { fires, firing, purges, type Trigger, type TriggerContext } from '../trigger.ts';
import type { Window } from '../window.ts';

export interface TimeoutOptions {
  /** Whether every record starts the time anew. Default false: it runs from the first record on. */
  readonly resetTimerOnNewRecord?: boolean;
  /** Whether the other trigger is cleared, too, when the time is over. Default true. */
  readonly shouldClearOnTimeout?: boolean;
}

const timeoutRules: OptionRules<TimeoutOptions> = { resetTimerOnNewRecord: optional(flag), shouldClearOnTimeout: optional(flag) };

interface TimeoutState<S> {
  /** When the time is over; null while it does not run. */
  timeout: number | null;
  nested: S;
}

export interface TimeoutTrigger<in T, in W extends Window, S> extends Trigger<T, W, TimeoutState<S>> {
  readonly kind: 'timeout';
  readonly nested: Trigger<T, W, S>;
  readonly durationMs: number;
}

export function timeoutTrigger<T, W extends Window, S>(
  nested: Trigger<T, W, S>,
  duration: Duration,
  options: TimeoutOptions = {},
): TimeoutTrigger<T, W, S> {
  const durationMs = positiveDuration(duration, 'triggers.timeout');
  const checked = checkOptions<TimeoutOptions>(options, timeoutRules, 'triggers.timeout');
  const { resetTimerOnNewRecord = false, shouldClearOnTimeout = true } = checked;
  const clear = (window: W, context: TriggerContext<TimeoutState<S>>): void => {
    const { state } = context;
    stop(context);
    nested.clear?.(window, context.withState(state.nested));
  };
  return {
    kind: 'timeout',
    nested,
    durationMs,
    createState: () => ({ timeout: null, nested: nested.createState?.() as S }),
    onElement(record, timestamp, window, context) {
      const result = nested.onElement(record, timestamp, window, context.withState(context.state.nested));
      if (fires(result)) {
        clear(window, context);
        return result;
      }
      if (resetTimerOnNewRecord) stop(context);
      if (context.state.timeout === null) start(context, durationMs);
      return result;
    },
    // As in Flink, every timer fires, whoever registered it.
    onProcessingTime(time, window, context) {
      const result = nested.onProcessingTime(time, window, context.withState(context.state.nested));
      if (shouldClearOnTimeout) clear(window, context);
      return firing(purges(result));
    },
    onEventTime(time, window, context) {
      const result = nested.onEventTime(time, window, context.withState(context.state.nested));
      if (shouldClearOnTimeout) clear(window, context);
      return firing(purges(result));
    },
    clear,
  };
}

function start(context: TriggerContext<TimeoutState<unknown>>, durationMs: number): void {
  context.state.timeout = context.processingTime + durationMs;
  context.registerProcessingTime(context.state.timeout);
}

function stop(context: TriggerContext<TimeoutState<unknown>>): void {
  if (context.state.timeout === null) return;
  context.deleteProcessingTime(context.state.timeout);
  context.state.timeout = null;
}
