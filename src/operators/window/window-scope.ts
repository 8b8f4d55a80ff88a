/**
 * What an operator of windows holds in one subtask: the numbers of keys, their windows, timers of both kinds, the states of the
 * function, and the results that are to be passed on. It is what the window logic has for a host.
 *
 * - A key is forgotten with its last window, unless the function has state for it.
 * - Timers of the time of day fire when their millisecond is over, as in Flink: nothing can come at it any more.
 * - At the end of the input both times are infinite. Then the timers of the time of day fire first, because a watermark without end
 *   ends every window of event time, with what such a timer would still have handed out.
 *
 * @hotpath
 */

import type { Random } from '../../base/system.ts';
import type { OperatorContext } from '../../compiler/operator.ts';
import type { ChangeLog } from '../../state/change-log.ts';
import { KeyIndex } from '../../state/key-index.ts';
import { TimerQueue } from '../../time/timer-queue.ts';
import type { Pane } from '../../time/windows/pane.ts';
import { TimeWindow, type Window } from '../../time/windows/window.ts';
import { type WindowHost, WindowLogic, type WindowOptions } from '../../time/windows/window-logic.ts';
import { LateRecords } from '../late-records.ts';
import { noPromise } from '../process/call.ts';
import { WindowCallContext } from './window-call-context.ts';
import type { WindowComputation, WindowFinish } from './window-computation.ts';
import { plainCodec } from './window-contents-codec.ts';
import type { WindowFold } from './window-fold.ts';
import { WindowResults } from './window-results.ts';
import type { WindowSpec } from './window-spec.ts';
import { WindowState } from './window-state.ts';
import { WindowStates } from './window-states.ts';

/** How far event time has come in a scope: plain data. */
export interface WindowProgress {
  readonly watermark: number;
  readonly hasAdvanced: boolean;
}

export class WindowScope implements WindowHost<unknown, Window, unknown> {
  readonly index = new KeyIndex();
  readonly results = new WindowResults();
  readonly eventTimers = new TimerQueue();
  readonly processingTimers = new TimerQueue();
  readonly random: Random;
  readonly keyed: boolean;
  watermark = Number.NEGATIVE_INFINITY;
  processingTime: number;
  readonly #context: OperatorContext;
  readonly #spec: WindowSpec;
  readonly #computation: WindowComputation;
  readonly #fold: WindowFold;
  readonly #states: WindowStates;
  readonly #call: WindowCallContext;
  readonly #logic: WindowLogic<unknown, Window, unknown>;
  readonly #late: LateRecords;
  readonly #log: ChangeLog;
  /** Ids of the side outputs that somebody reads. */
  #sides: readonly string[] = [];
  /**
   * Whether the watermark has advanced since the last record: one that registers a timer for a time that has passed has it fire with
   * the next watermark, as in Flink, and not whenever the batch happens to end.
   */
  #hasAdvanced = false;
  /** Time of day up to which timers fire. */
  #now = Number.NEGATIVE_INFINITY;

  constructor(spec: WindowSpec, computation: WindowComputation, context: OperatorContext) {
    const { system } = context;
    const { windowState, globalState } = computation.finish;
    this.random = system.random;
    this.keyed = spec.keyed;
    this.processingTime = system.clock.now();
    this.#context = context;
    this.#spec = spec;
    this.#computation = computation;
    this.#fold = computation.createFold();
    this.#states = new WindowStates({ windowState, globalState, index: this.index, now: () => system.clock.now() });
    this.#call = new WindowCallContext(context, this.#states, this);
    this.#late = new LateRecords(context);
    const options = { ...spec, contents: this.#fold.contents } as unknown as WindowOptions<unknown, Window, unknown>;
    this.#logic = new WindowLogic(options, this);
    this.#log = context.keyedState('windows', this.#contents());
    this.#states.follow(this.#log, (namespace) => this.#logic.pane(namespace)?.slot ?? -1);
  }

  #contents(): WindowState {
    const { assigner, evictor, trigger = assigner.defaultTrigger() } = this.#spec;
    return new WindowState({
      index: this.index,
      logic: this.#logic,
      states: this.#states,
      contents: evictor === undefined ? this.#fold.codec : plainCodec('records with their times'),
      trigger: trigger.kind,
      warn: this.#context.warn,
    });
  }

  /** Windows of all keys. */
  get size(): number {
    return this.#logic.size;
  }

  open(): void {
    this.#computation.finish.open?.(this.#call);
  }

  /** At the end of the input. */
  finish(): void {
    this.#late.finish();
    this.#fold.finish?.(this.#context);
  }

  close(): void {
    this.#late.close();
    this.#computation.finish.close?.();
  }

  beginBatch(): void {
    this.processingTime = this.#context.system.clock.now();
    this.#states.forgetEmpty(this.#hasWindows);
  }

  readonly #hasWindows = (slot: number): boolean => this.#logic.has(slot);

  /** Passes on only what somebody reads. */
  setSides(sides: readonly string[]): void {
    this.#sides = sides;
  }

  /** Takes in a record, of time NaN where the stream carries none. What comes of it is in `results`. */
  accept(slot: number, record: unknown, time: number): void {
    this.#hasAdvanced = false;
    this.#log.touch(slot);
    try {
      this.#logic.processElement(slot, record, Number.isNaN(time) ? undefined : time);
    } catch (error) {
      throw this.#context.failure(error, record);
    }
  }

  /**
   * How far event time has come. Whoever goes on from here is told of the same watermark once more, and then nothing is to fire that
   * waits for the next one.
   */
  snapshot(): WindowProgress {
    return { watermark: this.watermark, hasAdvanced: this.#hasAdvanced };
  }

  /** @param parts what several scopes said: it is as late as for the last of them. Time that had come to its end begins anew. */
  restore(parts: readonly WindowProgress[]): void {
    const open = parts.filter(({ watermark }) => watermark < Number.POSITIVE_INFINITY);
    if (open.length === 0) return;
    this.watermark = Math.min(...open.map(({ watermark }) => watermark));
    // A timer that one of them had set for the past waits for the next watermark, whatever the others were about to do.
    this.#hasAdvanced = open.every(({ watermark, hasAdvanced }) => watermark > this.watermark || hasAdvanced);
  }

  advanceEventTime(watermark: number): void {
    if (watermark <= this.watermark) return;
    this.watermark = watermark;
    this.#hasAdvanced = true;
  }

  advanceProcessingTime(now: number): void {
    this.processingTime = now;
    this.#now = now;
  }

  /** When the next timer of the time of day is due. */
  get nextTime(): number {
    return this.processingTimers.next + 1;
  }

  get isDue(): boolean {
    return (
      this.results.waiting || (this.#hasAdvanced && isDue(this.eventTimers, this.watermark)) || isDue(this.processingTimers, this.#now - 1)
    );
  }

  /** Takes the next result that is due; false when there is none yet, after a timer has fired where one was due. */
  takeDue(): boolean {
    if (this.results.take()) return true;
    this.#fireTimer();
    return this.results.take();
  }

  #fireTimer(): void {
    const { eventTimers, processingTimers } = this;
    if (this.#now === Number.POSITIVE_INFINITY && this.#fireProcessingTimer()) return;
    if (this.#hasAdvanced && eventTimers.pop(this.watermark)) {
      const { time, slot, namespace } = eventTimers;
      this.#log.touch(slot);
      try {
        this.#logic.onEventTimer(time, slot, namespace);
      } catch (error) {
        throw this.#timerFailure(error, time, slot);
      }
    } else if (processingTimers.size > 0) this.#fireProcessingTimer();
  }

  #fireProcessingTimer(): boolean {
    const timers = this.processingTimers;
    if (!timers.pop(this.#now - 1)) return false;
    const { time, slot, namespace } = timers;
    this.#log.touch(slot);
    try {
      this.#logic.onProcessingTimer(time, slot, namespace);
    } catch (error) {
      throw this.#timerFailure(error, time, slot);
    }
    return true;
  }

  /** A timer fires for a key that is there until its last window has ended. */
  #timerFailure(error: unknown, timer: number, slot: number): unknown {
    if (!this.index.has(slot)) return this.#context.failure(error);
    return this.#context.failure(error, this.keyed ? { timer, key: this.index.key(slot) } : { timer });
  }

  emit(pane: Pane<Window>, contents: unknown): void {
    const evicts = this.#spec.evictor !== undefined;
    if (evicts && !this.#fold.takesNothing && (contents as readonly unknown[]).length === 0) return;
    const { hand, method } = this.#computation.finish;
    const call = this.#call;
    call.begin(pane);
    try {
      const folded = evicts ? this.#fold.readAll(contents as readonly unknown[]) : this.#fold.read(contents);
      noPromise(hand(folded, call, call.out), method);
    } catch (error) {
      throw this.#context.failure(error, { key: call.key, window: shown(pane.window) });
    } finally {
      call.end();
    }
  }

  clear(pane: Pane<Window>): void {
    const { clear } = this.#computation.finish;
    if (clear !== undefined) this.#callClear(pane, clear);
    this.#states.endWindow(pane);
  }

  #callClear(pane: Pane<Window>, clear: NonNullable<WindowFinish['clear']>): void {
    const call = this.#call;
    call.begin(pane);
    call.closeOutputs();
    try {
      clear(call);
    } catch (error) {
      throw this.#context.failure(error, { key: call.key, window: shown(pane.window) });
    } finally {
      call.end();
    }
  }

  late(_slot: number, record: unknown, timestamp: number | undefined, missedByMs: number): void {
    const { lateTag } = this.#spec;
    if (lateTag !== undefined && this.reads(lateTag)) this.results.add(record, timestamp ?? Number.NaN, lateTag);
    else this.#late.drop(missedByMs, record);
  }

  empty(slot: number): void {
    this.#states.endKey(slot);
  }

  /** Whether somebody reads a side output. */
  reads(side: string): boolean {
    return this.#sides.includes(side);
  }
}

/** Both times are infinite at the end of the input, also where there are no timers. */
function isDue(timers: TimerQueue, time: number): boolean {
  return timers.size > 0 && timers.next <= time;
}

/** A window as errors show it. */
function shown(window: Window): unknown {
  return window instanceof TimeWindow ? { start: window.start, end: window.end } : window;
}
