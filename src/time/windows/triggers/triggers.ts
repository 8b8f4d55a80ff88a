/** The built-in triggers by the names that users write. */

import type { Duration } from '../../../base/duration.ts';
import type { Trigger } from '../trigger.ts';
import type { Window } from '../window.ts';
import {
  type ContinuousEventTimeTrigger,
  type ContinuousProcessingTimeTrigger,
  continuousEventTimeTrigger,
  continuousProcessingTimeTrigger,
} from './continuous-trigger.ts';
import { type CountTrigger, countTrigger } from './count-trigger.ts';
import { type DeltaTrigger, deltaTrigger } from './delta-trigger.ts';
import { type EventTimeTrigger, eventTimeTrigger } from './event-time-trigger.ts';
import { type NeverTrigger, neverTrigger } from './never-trigger.ts';
import { type ProcessingTimeTrigger, processingTimeTrigger } from './processing-time-trigger.ts';
import { type PurgingTrigger, purgingTrigger } from './purging-trigger.ts';
import { type TimeoutOptions, type TimeoutTrigger, timeoutTrigger } from './timeout-trigger.ts';

/** Triggers for `stream.window(…).trigger(…)`. They replace the trigger that the assigner brings along. */
export const triggers = {
  /**
   * Fires when the watermark passes the end of the window, and then for every late record. The default of event-time windows.
   *
   * @example triggers.eventTime()
   */
  eventTime: (): EventTimeTrigger => eventTimeTrigger,

  /**
   * Fires when the clock passes the end of the window. The default of processing-time windows.
   *
   * @example triggers.processingTime()
   */
  processingTime: (): ProcessingTimeTrigger => processingTimeTrigger,

  /**
   * Fires at every `n`th record of a window; at nothing else, so records that are left over when it ends are not seen.
   *
   * @example triggers.count(100)
   */
  count: (n: number): CountTrigger => countTrigger(n),

  /**
   * Fires at every multiple of `interval` that the watermark passes, counted from 1970, and at the end of the window.
   *
   * @example triggers.continuousEventTime('10s')
   */
  continuousEventTime: (interval: Duration): ContinuousEventTimeTrigger => continuousEventTimeTrigger(interval),

  /**
   * Fires at every multiple of `interval` that the clock passes, counted from 1970, and at the end of the window by the clock.
   *
   * @example triggers.continuousProcessingTime('1s')
   */
  continuousProcessingTime: (interval: Duration): ContinuousProcessingTimeTrigger => continuousProcessingTimeTrigger(interval),

  /**
   * Fires at a record whose `delta(reference, record)` is above `threshold`; the reference is the record that fired last,
   * at first the first one.
   *
   * @example triggers.delta(10, (a: Reading, b: Reading) => Math.abs(b.celsius - a.celsius))
   */
  delta: <T>(threshold: number, delta: (reference: T, record: T) => number): DeltaTrigger<T> => deltaTrigger(threshold, delta),

  /**
   * Fires when `trigger` does, and `duration` after a record, by the clock, when it has not.
   *
   * @example triggers.timeout(triggers.count(100), '5s')
   */
  timeout: <T, W extends Window, S>(trigger: Trigger<T, W, S>, duration: Duration, options?: TimeoutOptions): TimeoutTrigger<T, W, S> =>
    timeoutTrigger(trigger, duration, options),

  /**
   * Throws the contents of the window away whenever `trigger` fires, so that the next firing sees only what came since.
   *
   * @example triggers.purging(triggers.count(100))
   */
  purging: <T, W extends Window, S>(trigger: Trigger<T, W, S>): PurgingTrigger<T, W, S> => purgingTrigger(trigger),

  /**
   * Does not fire. The default of `globalWindow()`.
   *
   * @example triggers.never()
   */
  never: (): NeverTrigger => neverTrigger,
};
