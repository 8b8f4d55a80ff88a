/**
 * What happens to a record in windows of any kind: Flink's WindowOperator, EvictingWindowOperator and MergingWindowSet. Assigners,
 * triggers and evictors are asked; contents, timers and states are kept, by key and window. One for each subtask; it runs in the
 * subtask's thread, calls nothing but its host, and knows keys by their numbers only.
 *
 * - Every window that ends has a clean-up at `maxTimestamp`, plus the allowed lateness in event time. It is a timer like the
 *   trigger's own, so the trigger is told. Until then the window is there, with or without contents.
 * - A record joins the windows that are not late; one that finds all of its windows late is handed back.
 * - What belongs to a window goes with it. A global window goes when it is empty and its trigger is as new.
 *
 * It differs from Flink where Flink leaves leftovers: timers that a trigger forgets to delete do not outlive their window or a
 * merge, and a trigger cannot delete the clean-up.
 *
 * @hotpath
 */

import { MillraceError } from '../../base/errors.ts';
import type { Random } from '../../base/system.ts';
import type { Evictor, TimestampedValue } from './evictor.ts';
import { MergingPanes } from './merging-panes.ts';
import { type Pane, PaneTable } from './pane.ts';
import { PaneContext, type TimeSource } from './pane-context.ts';
import { never, PaneTimers, type StoredTimers } from './pane-timers.ts';
import { equalPlainValues } from './plain-values.ts';
import { checkResult, fires, purges, type Trigger, type TriggerResult } from './trigger.ts';
import { endOfTime, type Window } from './window.ts';
import type { WindowAssigner } from './window-assigner.ts';
import { timestampedContents, type WindowContents } from './window-contents.ts';

/** Where timers wait; `TimerQueue` is one. It hands them back by `onEventTimer` and `onProcessingTimer`. */
export interface WindowTimers {
  register(time: number, slot: number, namespace: number): unknown;
  delete(time: number, slot: number, namespace: number): unknown;
}

/** What the engine does for the windows of a subtask. */
export interface WindowHost<in T, in W extends Window, in E> extends TimeSource {
  /** It has advanced before the timers that it makes due fire. `-Infinity` at first. */
  readonly watermark: number;
  readonly processingTime: number;
  readonly eventTimers: WindowTimers;
  readonly processingTimers: WindowTimers;
  readonly random: Random;
  /** A window fires. Results carry `pane.window.maxTimestamp` as their timestamp. */
  emit(pane: Pane<W>, contents: E): void;
  /** A window ends: its state in functions is to be cleared. */
  clear?(pane: Pane<W>): void;
  /**
   * A record that all of its windows were too late for.
   *
   * @param missedByMs how much longer a window would have had to wait to take it
   */
  late(slot: number, record: T, timestamp: number | undefined, missedByMs: number): void;
  /** The key has no window, now or any more: what belongs to it alone can be freed. */
  empty(slot: number): void;
}

export interface WindowOptions<T, W extends Window, E> {
  readonly assigner: WindowAssigner<T, W>;
  /** Default: the assigner's. */
  readonly trigger?: Trigger<T, W> | undefined;
  /** How long a window of event time stays behind the watermark that ends it. Default 0. */
  readonly allowedLatenessMs?: number;
  /** With an evictor, what is emitted are the records: `T[]`. */
  readonly evictor?: Evictor<T, W> | undefined;
  /** Needed without an evictor: how windows hold what is in them, which is what is emitted. */
  readonly contents?: WindowContents<T, E> | undefined;
}

/** What a window of a key was like when a checkpoint was taken. */
export interface StoredPane<W extends Window> {
  readonly slot: number;
  readonly window: W;
  readonly filled: boolean;
  readonly contents: unknown;
  readonly triggerState: unknown;
  readonly eventTimers: StoredTimers | undefined;
  readonly processingTimers: StoredTimers | undefined;
}

/**
 * @example
 * const logic = new WindowLogic({ assigner: eventTime.session({ gap: '30m' }), contents: reducedContents(add) }, host);
 * logic.processElement(slot, record, timestamp);
 * while (host.eventTimers.pop(watermark)) logic.onEventTimer(queue.time, queue.slot, queue.namespace);
 */
export class WindowLogic<T, W extends Window, E> {
  readonly #host: WindowHost<T, W, E>;
  #assigner: WindowAssigner<T, W>;
  #isResolved = false;
  readonly #isEventTime: boolean;
  readonly #trigger: Trigger<T, W>;
  readonly #evictor: Evictor<T, W> | undefined;
  readonly #contents: WindowContents<T, unknown>;
  readonly #latenessMs: number;
  readonly #table = new PaneTable<W>();
  readonly #context: PaneContext;
  readonly #merging: MergingPanes<W> | undefined;
  /** Timers that were put into the queues so far. */
  #queued = 0;
  /** Panes that are restored, and have no timers in the queues yet. */
  #restored: Pane<W>[] = [];
  /** What the state of the trigger is like at first. */
  readonly #newState: unknown;

  constructor(options: WindowOptions<T, W, E>, host: WindowHost<T, W, E>) {
    const { assigner, trigger = assigner.defaultTrigger(), evictor, allowedLatenessMs = 0 } = options;
    this.#host = host;
    this.#assigner = assigner;
    this.#isEventTime = assigner.isEventTime;
    this.#trigger = trigger;
    this.#evictor = evictor;
    this.#contents = contentsOf(options);
    this.#latenessMs = allowedLatenessMs;
    this.#context = new PaneContext(host);
    this.#newState = trigger.createState?.();
    this.#merging = this.#mergingPanes();
  }

  /** Windows of all keys. */
  get size(): number {
    return this.#table.size;
  }

  /** Whether a key has windows. */
  has(slot: number): boolean {
    return this.#table.has(slot);
  }

  /** The windows of a key, in order. */
  panesOf(slot: number): readonly Pane<W>[] {
    return this.#table.panesOf(slot);
  }

  /** The pane with a number. */
  pane(namespace: number): Pane<W> | undefined {
    return this.#table.get(namespace);
  }

  /** Makes a window of a key what it was; `restored` follows behind the last one. */
  restorePane({ slot, window, filled, contents, triggerState, eventTimers, processingTimers }: StoredPane<W>): Pane<W> {
    const pane = this.#table.create(slot, window, triggerState);
    pane.filled = filled;
    pane.contents = contents;
    pane.eventTimers = eventTimers && PaneTimers.of(eventTimers);
    pane.processingTimers = processingTimers && PaneTimers.of(processingTimers);
    this.#restored.push(pane);
    return pane;
  }

  /** Puts the timers of the windows that were restored into the queues, in the order in which they came there before. */
  restored(): void {
    const timers = this.#restored.flatMap((pane) => [
      { pane, queue: this.#host.eventTimers, timers: pane.eventTimers },
      { pane, queue: this.#host.processingTimers, timers: pane.processingTimers },
    ]);
    this.#restored = [];
    timers.sort((a, b) => (a.timers?.order ?? 0) - (b.timers?.order ?? 0));
    for (const { pane, queue, timers: each } of timers) {
      if (each === undefined || each.queued === never) continue;
      queue.register(each.queued, pane.slot, pane.namespace);
      this.#queued = Math.max(this.#queued, each.order);
    }
  }

  /** A record of the key with number `slot` has come. */
  processElement(slot: number, record: T, timestamp: number | undefined): void {
    const assigner = this.#isResolved ? this.#assigner : this.#resolve();
    let isAssigned = false;
    let hasJoined = false;
    if (assigner.assignWindow !== undefined) {
      isAssigned = true;
      hasJoined = this.#join(slot, assigner.assignWindow(record, timestamp, this.#host), record, timestamp);
    } else {
      for (const window of assigner.assignWindows(record, timestamp, this.#host)) {
        isAssigned = true;
        if (this.#join(slot, window, record, timestamp)) hasJoined = true;
      }
    }
    if (!hasJoined && (isAssigned || this.#isRecordLate(timestamp)))
      this.#host.late(slot, record, timestamp, this.#missedBy(record, timestamp));
    if (!this.#table.has(slot)) this.#host.empty(slot);
  }

  /** A timer of the host's `eventTimers` is due. */
  onEventTimer(time: number, slot: number, namespace: number): void {
    const pane = this.#table.get(namespace);
    if (pane === undefined || pane.slot !== slot || pane.eventTimers === undefined) return;
    const due = takeDue(pane.eventTimers, time, this.#isEventTime ? this.#cleanupTime(pane.window) : never);
    if (due === never) {
      this.#schedule(pane);
      return;
    }
    const left = this.#isOver(pane, this.#host.watermark, this.#isEventTime) ? pane.eventTimers.all() : undefined;
    this.#context.pane = pane;
    this.#apply(pane, this.#trigger.onEventTime(due, pane.window, this.#context));
    if (left !== undefined) pane.eventTimers.keep(left);
    this.#settle(pane, this.#isEventTime && due === this.#cleanupTime(pane.window));
  }

  /** A timer of the host's `processingTimers` is due. */
  onProcessingTimer(time: number, slot: number, namespace: number): void {
    const pane = this.#table.get(namespace);
    if (pane === undefined || pane.slot !== slot || pane.processingTimers === undefined) return;
    const due = takeDue(pane.processingTimers, time, this.#isEventTime ? never : this.#cleanupTime(pane.window));
    if (due === never) {
      this.#schedule(pane);
      return;
    }
    const left = this.#isOver(pane, this.#host.processingTime, !this.#isEventTime) ? pane.processingTimers.all() : undefined;
    this.#context.pane = pane;
    this.#apply(pane, this.#trigger.onProcessingTime(due, pane.window, this.#context));
    if (left !== undefined) pane.processingTimers.keep(left);
    this.#settle(pane, !this.#isEventTime && due === this.#cleanupTime(pane.window));
  }

  /** Adds a record to one window; false when the window is late. */
  #join(slot: number, window: W, record: T, timestamp: number | undefined): boolean {
    const pane = this.#merging === undefined ? this.#paneOf(slot, window) : this.#merging.paneFor(slot, window);
    if (pane === undefined) return false;
    pane.contents = pane.filled ? this.#contents.add(pane.contents, record, timestamp) : this.#contents.create(record, timestamp);
    pane.filled = true;
    this.#context.pane = pane;
    const result = this.#trigger.onElement(record, timestamp, pane.window, this.#context);
    if (result !== 'continue') this.#apply(pane, result);
    this.#schedule(pane);
    if (!pane.filled) this.#releaseIfIdle(pane);
    return true;
  }

  #paneOf(slot: number, window: W): Pane<W> | undefined {
    return this.#isWindowLate(window) ? undefined : (this.#table.find(slot, window) ?? this.#create(slot, window));
  }

  #create(slot: number, window: W): Pane<W> {
    return this.#table.create(slot, window, this.#trigger.createState?.());
  }

  #apply(pane: Pane<W>, result: TriggerResult): void {
    checkResult(result);
    if (pane.filled && fires(result)) this.#fire(pane);
    if (pane.filled && purges(result)) this.#purge(pane);
  }

  #fire(pane: Pane<W>): void {
    const evictor = this.#evictor;
    if (evictor === undefined) {
      this.#host.emit(pane, pane.contents as E);
      return;
    }
    const elements = pane.contents as TimestampedValue<T>[];
    evictor.evictBefore?.(elements, pane.window, this.#context);
    // With an evictor, what is emitted are the records.
    this.#host.emit(pane, elements.map(({ value }) => value) as E);
    evictor.evictAfter?.(elements, pane.window, this.#context);
    if (elements.length === 0) this.#purge(pane);
  }

  #purge(pane: Pane<W>): void {
    this.#contents.drop?.(pane.contents);
    pane.contents = undefined;
    pane.filled = false;
  }

  /** After a timer: the window ends, or waits for the next one. */
  #settle(pane: Pane<W>, isCleanup: boolean): void {
    if (isCleanup) this.#end(pane);
    else {
      this.#schedule(pane);
      if (!pane.filled) this.#releaseIfIdle(pane);
    }
    if (!this.#table.has(pane.slot)) this.#host.empty(pane.slot);
  }

  #end(pane: Pane<W>): void {
    if (pane.filled) this.#purge(pane);
    this.#context.pane = pane;
    this.#trigger.clear?.(pane.window, this.#context);
    this.#host.clear?.(pane);
    this.#remove(pane);
  }

  /** A window without an end would stay for ever: it goes when a new one would be no different. */
  #releaseIfIdle(pane: Pane<W>): void {
    if (this.#cleanupTime(pane.window) < endOfTime || pane.windowState !== undefined || pane.hasTimers) return;
    if (equalPlainValues(pane.triggerState, this.#newState)) this.#remove(pane);
  }

  #remove(pane: Pane<W>): void {
    const { eventTimers, processingTimers, slot, namespace } = pane;
    if (eventTimers !== undefined && eventTimers.queued !== never) this.#host.eventTimers.delete(eventTimers.queued, slot, namespace);
    if (processingTimers !== undefined && processingTimers.queued !== never)
      this.#host.processingTimers.delete(processingTimers.queued, slot, namespace);
    this.#table.remove(pane);
  }

  /** Sees to it that the queues hold a timer that is not later than the next thing to do for the pane. */
  #schedule(pane: Pane<W>): void {
    const cleanup = this.#cleanupTime(pane.window);
    if (cleanup < endOfTime) {
      if (this.#isEventTime) pane.eventTimers ??= new PaneTimers();
      else pane.processingTimers ??= new PaneTimers();
    }
    const { eventTimers, processingTimers } = pane;
    if (eventTimers !== undefined) this.#enqueue(this.#host.eventTimers, eventTimers, pane, this.#isEventTime ? cleanup : endOfTime);
    if (processingTimers !== undefined)
      this.#enqueue(this.#host.processingTimers, processingTimers, pane, this.#isEventTime ? endOfTime : cleanup);
  }

  #enqueue(queue: WindowTimers, timers: PaneTimers, { slot, namespace }: Pane, cleanup: number): void {
    const due = Math.min(timers.first, cleanup < endOfTime ? cleanup : never);
    if (due >= timers.queued) return;
    if (timers.queued !== never) queue.delete(timers.queued, slot, namespace);
    timers.queued = due;
    timers.order = ++this.#queued;
    queue.register(due, slot, namespace);
  }

  /** When the window ends. `endOfTime` when it does not. */
  #cleanupTime(window: W): number {
    return this.#isEventTime ? Math.min(window.maxTimestamp + this.#latenessMs, endOfTime) : window.maxTimestamp;
  }

  #isWindowLate(window: W): boolean {
    return this.#isEventTime && this.#cleanupTime(window) <= this.#host.watermark;
  }

  /**
   * Whether the input has ended and the window does not end by this kind of time: what a trigger registers from now on for another
   * firing, and another, would never come to an end.
   */
  #isOver(pane: Pane<W>, time: number, ends: boolean): boolean {
    return time === never && !(ends && this.#cleanupTime(pane.window) < endOfTime);
  }

  /** How far behind the watermark the end of a late record's last window is. */
  #missedBy(record: T, timestamp: number | undefined): number {
    let last = Number.NEGATIVE_INFINITY;
    for (const window of this.#assigner.assignWindows(record, timestamp, this.#host)) last = Math.max(last, this.#cleanupTime(window));
    return this.#host.watermark - (last > Number.NEGATIVE_INFINITY ? last : (timestamp ?? 0) + this.#latenessMs) + 1;
  }

  #isRecordLate(timestamp: number | undefined): boolean {
    return this.#isEventTime && (timestamp === undefined || timestamp + this.#latenessMs <= this.#host.watermark);
  }

  #resolve(): WindowAssigner<T, W> {
    this.#isResolved = true;
    const { processingTime, random } = this.#host;
    this.#assigner = this.#assigner.resolve?.({ processingTime, random }) ?? this.#assigner;
    return this.#assigner;
  }

  #mergingPanes(): MergingPanes<W> | undefined {
    const { mergeWindows } = this.#assigner;
    if (mergeWindows === undefined) return undefined;
    if (this.#trigger.onMerge === undefined) {
      const trigger = this.#trigger.kind ?? 'given';
      throw new MillraceError('INVALID_OPTION', `window: the ${trigger} trigger cannot be used with windows that merge: it has no onMerge`);
    }
    return new MergingPanes<W>({
      table: this.#table,
      trigger: this.#trigger,
      contents: this.#contents,
      context: this.#context,
      mergeWindows,
      create: (slot, window) => (this.#isWindowLate(window) ? undefined : this.#create(slot, window)),
      remove: (pane) => this.#remove(pane),
      checkResult: (window) => this.#checkMerged(window),
    });
  }

  #checkMerged(window: W): void {
    const { watermark, processingTime } = this.#host;
    if (this.#isEventTime ? this.#cleanupTime(window) > watermark : window.maxTimestamp > processingTime) return;
    const now = this.#isEventTime ? `the watermark, ${watermark}` : `the processing time, ${processingTime}`;
    throw new MillraceError(
      'INVALID_JOB',
      `window: a merge must not end a window in the past: ${window.maxTimestamp} is not behind ${now}`,
    );
  }
}

function contentsOf<T, W extends Window, E>({ contents, evictor }: WindowOptions<T, W, E>): WindowContents<T, unknown> {
  if (evictor !== undefined) return timestampedContents<T>();
  if (contents === undefined) throw new MillraceError('INVALID_OPTION', 'window: expected contents or an evictor');
  return contents;
}

/** The next thing to do for a pane, if it is due at `time`, taken from its timers; `never` if not. */
function takeDue(timers: PaneTimers, time: number, cleanup: number): number {
  if (timers.queued === time) timers.queued = never;
  const due = Math.min(timers.first, cleanup < endOfTime ? cleanup : never);
  if (due > time) return never;
  if (timers.first === due) timers.takeFirst();
  return due;
}
