/**
 * The panes of merging windows, such as sessions: a window that is added may make one of several. Panes of one key never
 * overlap or touch where windows merge as windows of time do, so those that a new window meets are found by searching.
 *
 * @hotpath
 */

import { mergeTimeWindows } from './merge-time-windows.ts';
import type { Pane, PaneTable } from './pane.ts';
import type { PaneContext } from './pane-context.ts';
import type { Trigger } from './trigger.ts';
import { sameWindow, TimeWindow, type Window } from './window.ts';
import type { WindowAssigner } from './window-assigner.ts';
import type { WindowContents } from './window-contents.ts';

/** What merging needs of the window logic. */
export interface MergingParts<W extends Window> {
  readonly table: PaneTable<W>;
  readonly trigger: Trigger<never, W>;
  readonly contents: WindowContents<never, unknown>;
  readonly context: PaneContext;
  readonly mergeWindows: NonNullable<WindowAssigner<never, W>['mergeWindows']>;
  /** Makes a pane of a window that is not late; undefined when it is. */
  create(slot: number, window: W): Pane<W> | undefined;
  /** Removes a pane, with the timers that it has in queues. */
  remove(pane: Pane<W>): void;
  /** Throws when a merge would end a window in the past. */
  checkResult(window: W): void;
}

const none: readonly never[] = [];

export class MergingPanes<W extends Window> {
  readonly #parts: MergingParts<W>;
  readonly #mergesTime: boolean;

  constructor(parts: MergingParts<W>) {
    this.#parts = parts;
    this.#mergesTime = (parts.mergeWindows as unknown) === mergeTimeWindows;
  }

  /** The pane that a record of `window` joins, after merging; undefined when the window is late and meets no other. */
  paneFor(slot: number, window: W): Pane<W> | undefined {
    if (this.#mergesTime && window instanceof TimeWindow) return this.#paneMeeting(slot, window);
    return this.#paneAfterMerging(slot, window);
  }

  #paneMeeting(slot: number, window: W & TimeWindow): Pane<W> | undefined {
    const only = this.#parts.table.only(slot) as Pane<W & TimeWindow> | undefined;
    if (only?.window.intersects(window)) return this.#merge(only as Pane<W>, none, only.window.cover(window) as W & TimeWindow);
    return only === undefined ? this.#paneMeetingSeveral(slot, window) : this.#parts.create(slot, window);
  }

  #paneMeetingSeveral(slot: number, window: W & TimeWindow): Pane<W> | undefined {
    const panes = this.#parts.table.panesOf(slot) as readonly Pane<W & TimeWindow>[];
    const end = firstBehind(panes, window.end);
    let begin = end;
    let covered: TimeWindow = window;
    for (; begin > 0 && windowAt(panes, begin - 1).end >= window.start; begin--) covered = windowAt(panes, begin - 1).cover(covered);
    if (begin === end) return this.#parts.create(slot, window);
    return this.#merge(panes[begin] as Pane<W>, panes.slice(begin + 1, end), covered as W & TimeWindow);
  }

  /** Asks the assigner about all windows of the key, as Flink does. */
  #paneAfterMerging(slot: number, window: W): Pane<W> | undefined {
    const { table, mergeWindows, create } = this.#parts;
    const panes = [...table.panesOf(slot)];
    const merges: { readonly merged: readonly W[]; readonly result: W }[] = [];
    mergeWindows([...panes.map((pane) => pane.window), window], (merged, result) => merges.push({ merged, result }));
    let actual = window;
    for (const { merged, result } of merges) {
      if (merged.some((each) => sameWindow(each, window))) actual = result;
      const [into, ...others] = panes.filter((pane) => merged.some((each) => sameWindow(each, pane.window)));
      if (into !== undefined) this.#merge(into, others, result);
    }
    return table.find(slot, actual) ?? create(slot, actual);
  }

  #merge(into: Pane<W>, others: readonly Pane<W>[], result: W): Pane<W> {
    const { table, trigger, context, remove, checkResult } = this.#parts;
    if (others.length === 0 && sameWindow(into.window, result)) return into;
    checkResult(result);
    for (const other of others) {
      trigger.mergeState?.(into.triggerState, other.triggerState);
      this.#mergeContents(into, other);
      remove(other);
    }
    table.rename(into, result);
    into.eventTimers?.clear();
    into.processingTimers?.clear();
    context.pane = into;
    trigger.onMerge?.(result, context);
    return into;
  }

  #mergeContents(into: Pane<W>, other: Pane<W>): void {
    if (!other.filled) return;
    const { contents } = this.#parts;
    if (into.filled) {
      into.contents = contents.merge(into.contents, other.contents);
      contents.drop?.(other.contents);
      return;
    }
    into.contents = other.contents;
    into.filled = true;
  }
}

function windowAt(panes: readonly Pane<TimeWindow>[], index: number): TimeWindow {
  return (panes[index] as Pane<TimeWindow>).window;
}

/** The index of the first pane that starts behind `end`. Most windows meet the last pane, or lie behind it. */
function firstBehind(panes: readonly Pane<TimeWindow>[], end: number): number {
  let low = 0;
  let high = panes.length;
  if (high === 0 || windowAt(panes, high - 1).start <= end) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (windowAt(panes, middle).start <= end) low = middle + 1;
    else high = middle;
  }
  return low;
}
