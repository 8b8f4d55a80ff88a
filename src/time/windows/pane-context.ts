/**
 * What triggers are given: the current pane, and the time. One for each subtask, pointed at one pane after the other.
 *
 * @hotpath
 */

import { MillraceError } from '../../base/errors.ts';
import type { Pane } from './pane.ts';
import { PaneTimers } from './pane-timers.ts';
import type { TriggerContext } from './trigger.ts';
import { endOfTime } from './window.ts';

/** Event time and processing time of a subtask, as they are now. */
export interface TimeSource {
  readonly watermark: number;
  readonly processingTime: number;
}

export class PaneContext implements TriggerContext {
  /** The pane that the trigger is asked about. Undefined before the first. */
  pane: Pane | undefined;
  readonly #time: TimeSource;

  constructor(time: TimeSource) {
    this.#time = time;
  }

  get state(): unknown {
    return this.pane?.triggerState;
  }

  get watermark(): number {
    return this.#time.watermark;
  }

  get processingTime(): number {
    return this.#time.processingTime;
  }

  registerEventTime(time: number): void {
    const pane = this.pane as Pane;
    pane.eventTimers ??= new PaneTimers();
    pane.eventTimers.add(checked(time));
  }

  registerProcessingTime(time: number): void {
    const pane = this.pane as Pane;
    pane.processingTimers ??= new PaneTimers();
    pane.processingTimers.add(checked(time));
  }

  deleteEventTime(time: number): void {
    this.pane?.eventTimers?.delete(checked(time));
  }

  deleteProcessingTime(time: number): void {
    this.pane?.processingTimers?.delete(checked(time));
  }

  withState<N>(state: N): TriggerContext<N> {
    return new NestedContext(this, state);
  }
}

/** What a trigger inside of another one is given. */
class NestedContext<S> implements TriggerContext<S> {
  readonly state: S;
  readonly #outer: TriggerContext;

  constructor(outer: TriggerContext, state: S) {
    this.#outer = outer;
    this.state = state;
  }

  get watermark(): number {
    return this.#outer.watermark;
  }

  get processingTime(): number {
    return this.#outer.processingTime;
  }

  registerEventTime(time: number): void {
    this.#outer.registerEventTime(time);
  }

  registerProcessingTime(time: number): void {
    this.#outer.registerProcessingTime(time);
  }

  deleteEventTime(time: number): void {
    this.#outer.deleteEventTime(time);
  }

  deleteProcessingTime(time: number): void {
    this.#outer.deleteProcessingTime(time);
  }

  withState<N>(state: N): TriggerContext<N> {
    return new NestedContext(this.#outer, state);
  }
}

/** Times behind the end of time are at the end of time. */
function checked(time: number): number {
  if (time <= endOfTime) return time;
  if (time > endOfTime) return endOfTime;
  throw new MillraceError('INVALID_OPTION', `trigger: ${String(time)} is not a time for a timer`);
}
