/**
 * Windows as slowly and plainly as they can be: Flink's WindowOperator with a list of windows, lists of records, and a list of
 * timers that is searched for the earliest. What `WindowLogic` must agree with.
 */

import type { Evictor, TimestampedValue } from '../../../src/time/windows/evictor.ts';
import type { Trigger, TriggerContext, TriggerResult } from '../../../src/time/windows/trigger.ts';
import type { TimeWindow, Window } from '../../../src/time/windows/window.ts';
import type { WindowAssigner } from '../../../src/time/windows/window-assigner.ts';
import { type Output, type Step, windowName } from './driver.ts';

export interface ReferenceOptions {
  readonly assigner: WindowAssigner<number, Window>;
  readonly trigger: Trigger<number, Window>;
  readonly evictor: Evictor<number> | undefined;
  readonly allowedLatenessMs: number;
}

interface Live {
  readonly key: number;
  window: Window;
  elements: TimestampedValue<number>[];
  state: unknown;
  eventTimers: Set<number>;
  processingTimers: Set<number>;
}

export class Reference {
  readonly #options: ReferenceOptions;
  #live: Live[] = [];
  #watermark = Number.NEGATIVE_INFINITY;
  #processingTime = 0;
  #at: number | undefined;
  #outputs: Output[] = [];

  constructor(options: ReferenceOptions) {
    this.#options = options;
  }

  run(steps: readonly Step[]): Output[][] {
    return steps.map((step) => {
      this.#outputs = [];
      this.#at = undefined;
      if (step.kind === 'record') this.#processElement(step.key, step.value, step.timestamp);
      else this.#advance(step.kind, step.time);
      return this.#outputs;
    });
  }

  #processElement(key: number, value: number, timestamp: number): void {
    const { assigner, trigger } = this.#options;
    let skipped = true;
    for (const window of assigner.assignWindows(value, timestamp, { processingTime: this.#processingTime })) {
      const live = assigner.mergeWindows === undefined ? this.#liveOf(key, window) : this.#merged(key, window);
      if (live === undefined) continue;
      skipped = false;
      live.elements.push({ value, timestamp });
      this.#handle(live, trigger.onElement(value, timestamp, live.window, this.#context(live)));
    }
    if (skipped && assigner.isEventTime && timestamp + this.#options.allowedLatenessMs <= this.#watermark)
      this.#outputs.push({ kind: 'late', at: undefined, key, window: '', contents: value });
  }

  #liveOf(key: number, window: Window): Live | undefined {
    if (this.#options.assigner.isEventTime && this.#cleanupTime(window) <= this.#watermark) return undefined;
    return this.#live.find((live) => live.key === key && windowName(live.window) === windowName(window)) ?? this.#create(key, window);
  }

  #create(key: number, window: Window): Live {
    const state = this.#options.trigger.createState?.();
    const live: Live = { key, window, elements: [], state, eventTimers: new Set(), processingTimers: new Set() };
    this.#live.push(live);
    return live;
  }

  /** Joins windows two by two until none meets another. */
  #merged(key: number, window: Window): Live | undefined {
    const { trigger } = this.#options;
    let covered = window as TimeWindow;
    const met: Live[] = [];
    for (let found = true; found; ) {
      found = false;
      for (const live of this.#live) {
        const other = live.window as TimeWindow;
        if (live.key !== key || met.includes(live) || other.start > covered.end || other.end < covered.start) continue;
        covered = covered.cover(other);
        met.push(live);
        found = true;
      }
    }
    if (met.length === 0) return this.#liveOf(key, window);
    const [into, ...others] = met.sort((a, b) => a.window.maxTimestamp - b.window.maxTimestamp) as [Live, ...Live[]];
    if (others.length === 0 && windowName(into.window) === windowName(covered)) return into;
    for (const other of others) {
      into.elements.push(...other.elements);
      trigger.mergeState?.(into.state, other.state);
    }
    this.#live = this.#live.filter((live) => !others.includes(live));
    into.window = covered;
    into.eventTimers = new Set();
    into.processingTimers = new Set();
    trigger.onMerge?.(covered, this.#context(into));
    return into;
  }

  #advance(kind: 'watermark' | 'clock', until: number): void {
    if (kind === 'watermark') this.#watermark = until;
    else this.#processingTime = until;
    const due = kind === 'watermark' ? until : until - 1;
    for (let next = this.#earliest(kind, due); next !== undefined; next = this.#earliest(kind, due)) {
      const { live, time } = next;
      const { trigger, assigner } = this.#options;
      this.#at = time;
      const timers = kind === 'watermark' ? live.eventTimers : live.processingTimers;
      timers.delete(time);
      const left = [...timers];
      const context = this.#context(live);
      const { window } = live;
      this.#handle(
        live,
        kind === 'watermark' ? trigger.onEventTime(time, window, context) : trigger.onProcessingTime(time, window, context),
      );
      const endsHere = assigner.isEventTime === (kind === 'watermark');
      // When the input has ended, nothing new is waited for in a window that this kind of time does not end.
      if (until === Number.POSITIVE_INFINITY && !(endsHere && this.#cleanupTime(window) < Number.MAX_SAFE_INTEGER)) {
        for (const each of timers) if (!left.includes(each)) timers.delete(each);
      }
      if (endsHere && time === this.#cleanupTime(window)) this.#end(live);
    }
  }

  #earliest(kind: 'watermark' | 'clock', until: number): { live: Live; time: number } | undefined {
    const endsHere = this.#options.assigner.isEventTime === (kind === 'watermark');
    let earliest: { live: Live; time: number } | undefined;
    for (const live of this.#live) {
      const cleanup = this.#cleanupTime(live.window);
      const times = [...(kind === 'watermark' ? live.eventTimers : live.processingTimers)];
      if (endsHere && cleanup < Number.MAX_SAFE_INTEGER) times.push(cleanup);
      for (const time of times) if (time <= until && !(earliest !== undefined && earliest.time <= time)) earliest = { live, time };
    }
    return earliest;
  }

  #handle(live: Live, result: TriggerResult): void {
    if (result.startsWith('fire') && live.elements.length > 0) this.#fire(live);
    if (result.endsWith('purge')) live.elements = [];
  }

  #fire(live: Live): void {
    const { evictor } = this.#options;
    const context = { watermark: this.#watermark, processingTime: this.#processingTime };
    evictor?.evictBefore?.(live.elements, live.window, context);
    this.#put(
      'fired',
      live,
      live.elements.map(({ value }) => value),
    );
    evictor?.evictAfter?.(live.elements, live.window, context);
  }

  #end(live: Live): void {
    this.#options.trigger.clear?.(live.window, this.#context(live));
    this.#put('ended', live, undefined);
    this.#live = this.#live.filter((other) => other !== live);
  }

  #cleanupTime(window: Window): number {
    if (!this.#options.assigner.isEventTime) return window.maxTimestamp;
    return Math.min(window.maxTimestamp + this.#options.allowedLatenessMs, Number.MAX_SAFE_INTEGER);
  }

  #context(live: Live): TriggerContext {
    return {
      state: live.state,
      watermark: this.#watermark,
      processingTime: this.#processingTime,
      registerEventTime: (time) => live.eventTimers.add(time),
      registerProcessingTime: (time) => live.processingTimers.add(time),
      deleteEventTime: (time) => live.eventTimers.delete(time),
      deleteProcessingTime: (time) => live.processingTimers.delete(time),
      withState: (state) => ({ ...this.#context(live), state }),
    };
  }

  #put(kind: Output['kind'], { key, window }: Live, contents: unknown): void {
    this.#outputs.push({ kind, at: this.#at, key, window: windowName(window), contents });
  }
}
