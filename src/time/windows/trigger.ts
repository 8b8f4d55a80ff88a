/**
 * What a trigger is: it says when a window hands out its contents. Triggers are immutable data; what one knows of a key and a
 * window lies in a state of plain values that the engine keeps.
 */

import { inspect } from 'node:util';
import type { Window } from './window.ts';

/**
 * What becomes of a window: nothing; its contents go to the function (`fire`); they are thrown away (`purge`); or both, in this
 * order. Purging keeps the window itself, with its timers and the state of its trigger.
 */
export type TriggerResult = 'continue' | 'fire' | 'purge' | 'fire-and-purge';

/** What a trigger knows and may do: all of it for the current key and window. */
export interface TriggerContext<out S = unknown> {
  /** What `createState` made. It may be changed in place. */
  readonly state: S;
  /** No older record is expected. `-Infinity` at first. */
  readonly watermark: number;
  /** Milliseconds since 1970 by the clock of the machine. */
  readonly processingTime: number;
  /** Has `onEventTime` called once the watermark reaches `time`; at the next watermark where it has. One timer for each time. */
  registerEventTime(time: number): void;
  /** Has `onProcessingTime` called once the clock reaches `time`. One timer for each time. */
  registerProcessingTime(time: number): void;
  deleteEventTime(time: number): void;
  deleteProcessingTime(time: number): void;
  /** The same context with another state, for triggers that call others. */
  withState<N>(state: N): TriggerContext<N>;
}

/**
 * Decides when windows fire. Timers, state and contents of a window are freed when it ends, whatever the trigger does.
 *
 * `onEventTime` and `onProcessingTime` are also called when the window ends, since its clean-up is a timer, too. So look at
 * the time before you fire.
 *
 * @example
 * // Fires at once for records of weight, else at the end of the window.
 * const urgent: Trigger<Order, TimeWindow> = {
 *   onElement(order, timestamp, window, ctx) {
 *     ctx.registerEventTime(window.maxTimestamp);
 *     return order.amount > 10_000 ? 'fire' : 'continue';
 *   },
 *   onEventTime: (time, window) => (time === window.maxTimestamp ? 'fire' : 'continue'),
 *   onProcessingTime: () => 'continue',
 * };
 */
export interface Trigger<in T = unknown, in W extends Window = Window, S = unknown> {
  /** Says what it is, of built-in triggers. */
  readonly kind?: string;
  /** The state of a new window: plain mutable data. Without it, `ctx.state` is undefined. */
  createState?(): S;
  /** A record has joined the window. */
  onElement(record: T, timestamp: number | undefined, window: W, context: TriggerContext<S>): TriggerResult;
  /** A timer of event time is due, or the window ends by event time. */
  onEventTime(time: number, window: W, context: TriggerContext<S>): TriggerResult;
  /** A timer of processing time is due, or the window ends by processing time. */
  onProcessingTime(time: number, window: W, context: TriggerContext<S>): TriggerResult;
  /**
   * Windows have become one, or one has grown. All timers of the windows that were are gone; `ctx` is that of the result, its
   * state merged. A trigger without this method cannot be used with merging windows.
   */
  onMerge?(window: W, context: TriggerContext<S>): void;
  /** Adds the state of a window that is merged to the one it is merged into. Needed with `onMerge` where there is state. */
  mergeState?(into: S, from: S): void;
  /** Back to how it was before the first record: resets the state, deletes timers. Called when the window ends. */
  clear?(window: W, context: TriggerContext<S>): void;
}

/** The result of firing where `purge` says whether to purge, too. */
export function firing(purge: boolean): TriggerResult {
  return purge ? 'fire-and-purge' : 'fire';
}

/** @throws TypeError unless it is a result of a trigger: an answer that nobody understands must not pass for another one */
export function checkResult(result: unknown): void {
  if (result === 'continue' || result === 'fire' || result === 'purge' || result === 'fire-and-purge') return;
  throw new TypeError(`trigger: expected 'continue', 'fire', 'purge' or 'fire-and-purge', got ${inspect(result)}`);
}

export function fires(result: TriggerResult): boolean {
  return result === 'fire' || result === 'fire-and-purge';
}

export function purges(result: TriggerResult): boolean {
  return result === 'purge' || result === 'fire-and-purge';
}
