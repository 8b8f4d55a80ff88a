/** Drives a `WindowLogic` as a subtask does: with queues of timers, a watermark and a clock. */

import { seededRandom } from '../../../src/base/random.ts';
import { TimerQueue } from '../../../src/time/timer-queue.ts';
import type { Pane } from '../../../src/time/windows/pane.ts';
import type { Window } from '../../../src/time/windows/window.ts';
import { type WindowHost, WindowLogic, type WindowOptions } from '../../../src/time/windows/window-logic.ts';

/** What comes to an operator. */
export type Step =
  | { readonly kind: 'record'; readonly key: number; readonly value: number; readonly timestamp: number }
  | { readonly kind: 'watermark'; readonly time: number }
  | { readonly kind: 'clock'; readonly time: number };

/** What comes out of it. `at` is the time of the timer that caused it, undefined for records. */
export interface Output {
  readonly kind: 'fired' | 'late' | 'ended';
  readonly at: number | undefined;
  readonly key: number;
  /** `start–end`, or the id and the end of other windows. */
  readonly window: string;
  readonly contents: unknown;
}

export function windowName(window: Window): string {
  const { start, end } = window as Window & { start?: number; end?: number };
  return start === undefined ? `${window.id} to ${window.maxTimestamp}` : `${start}–${end}`;
}

export function record(value: number, timestamp: number, key = 0): Step {
  return { kind: 'record', key, value, timestamp };
}

export function watermark(time: number): Step {
  return { kind: 'watermark', time };
}

export function clock(time: number): Step {
  return { kind: 'clock', time };
}

export class WindowDriver<W extends Window, E> implements WindowHost<number, W, E> {
  watermark = Number.NEGATIVE_INFINITY;
  processingTime = 0;
  readonly eventTimers = new TimerQueue();
  readonly processingTimers = new TimerQueue();
  readonly random = seededRandom(1);
  readonly logic: WindowLogic<number, W, E>;
  /** Keys that were said to be empty since their last record joined a window. */
  readonly emptied = new Set<number>();
  outputs: Output[] = [];
  #at: number | undefined;

  constructor(options: WindowOptions<number, W, E>) {
    this.logic = new WindowLogic(options, this);
  }

  /** What each step puts out. */
  run(steps: readonly Step[]): Output[][] {
    return steps.map((step) => {
      this.outputs = [];
      this.#take(step);
      return this.outputs;
    });
  }

  emit(pane: Pane<W>, contents: E): void {
    this.#put('fired', pane, structuredClone(contents));
  }

  clear(pane: Pane<W>): void {
    this.#put('ended', pane, undefined);
  }

  late(key: number, value: number): void {
    this.outputs.push({ kind: 'late', at: undefined, key, window: '', contents: value });
  }

  empty(slot: number): void {
    this.emptied.add(slot);
  }

  #put(kind: Output['kind'], { slot, window }: Pane<W>, contents: unknown): void {
    this.outputs.push({ kind, at: this.#at, key: slot, window: windowName(window), contents });
  }

  #take(step: Step): void {
    this.#at = undefined;
    if (step.kind === 'record') {
      this.emptied.delete(step.key);
      this.logic.processElement(step.key, step.value, step.timestamp);
    } else if (step.kind === 'watermark') this.#advanceWatermark(step.time);
    else this.#advanceClock(step.time);
  }

  #advanceWatermark(time: number): void {
    this.watermark = time;
    const timers = this.eventTimers;
    while (timers.pop(time)) {
      this.#at = timers.time;
      this.logic.onEventTimer(timers.time, timers.slot, timers.namespace);
    }
  }

  #advanceClock(time: number): void {
    this.processingTime = time;
    const timers = this.processingTimers;
    // As in Flink, a timer of processing time fires when its millisecond is over: nothing can come at it any more.
    while (timers.pop(time - 1)) {
      this.#at = timers.time;
      this.logic.onProcessingTimer(timers.time, timers.slot, timers.namespace);
    }
  }
}

/** Outputs of one timer's time have no order between windows: sorted, they compare. */
export function inOrder(outputs: readonly Output[]): Output[] {
  const text = (output: Output) => JSON.stringify([output.key, output.window]);
  const time = ({ at }: Output) => at ?? Number.NEGATIVE_INFINITY;
  return [...outputs].sort((a, b) => time(a) - time(b) || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}
