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
    const { table, create } = this.#parts;
    const last = table.last(slot) as Pane<W & TimeWindow> | undefined;
    if (last === undefined) return create(slot, window);
    // What lies in front of the last does not reach up to it. Most windows are here.
    if (last.window.start > window.start) return this.#paneMeetingSeveral(slot, window);
    if (!last.window.intersects(window)) return create(slot, window);
    return this.#merge(last as Pane<W>, none, last.window.cover(window) as W & TimeWindow);
  }

  #paneMeetingSeveral(slot: number, window: W & TimeWindow): Pane<W> | undefined {
    const { table, create } = this.#parts;
    const [into, ...others] = table.meeting(slot, window) as readonly Pane<W & TimeWindow>[];
    if (into === undefined) return create(slot, window);
    const covered = others.reduce((soFar, pane) => pane.window.cover(soFar), into.window.cover(window));
    return this.#merge(into as Pane<W>, others as readonly Pane<W>[], covered as W & TimeWindow);
  }

  /** Asks the assigner about all windows of the key, as Flink does. */
  #paneAfterMerging(slot: number, window: W): Pane<W> | undefined {
    const { table, mergeWindows, create } = this.#parts;
    const panes = table.panesOf(slot);
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
