/** What the functions of windows look like: the contracts of `process`, `apply`, and of what follows an aggregation. */

import type { Window } from './window.ts';

/** Names a side output: an `OutputTag`. */
export interface WindowOutputTag<out S> {
  readonly id: string;
  readonly records?: S;
}

/** What the function of a window knows when it fires. */
export interface ProcessWindowContext<out K, out W extends Window, out S = unknown, out G = unknown> {
  readonly key: K;
  readonly window: W;
  readonly watermark: number;
  /** Milliseconds since 1970 by the clock of the machine. */
  readonly processingTime: number;
  /**
   * What the function keeps for this key and window, from one firing to the next: what `createWindowState` made. Not for windows
   * that merge: whose state would it be?
   */
  readonly windowState: S;
  /** What the function keeps for this key, over all of its windows: what `createGlobalState` made. It is never cleared. */
  readonly globalState: G;
  /** Sends a record to a side output. */
  output<R>(tag: WindowOutputTag<R>, value: R): void;
}

/**
 * A function of the whole window. Behind `reduce` or `aggregate`, the elements are the one result.
 *
 * @example
 * const changes: ProcessWindowFunction<Reading, Change, string, TimeWindow, { firings: number }> = {
 *   createWindowState: () => ({ firings: 0 }),
 *   process(ctx, readings, out) {
 *     ctx.windowState.firings++;
 *     out({ sensor: ctx.key, end: ctx.window.end, readings: [...readings].length, firing: ctx.windowState.firings });
 *   },
 * };
 */
export interface ProcessWindowFunction<in T, out R, in K = unknown, in W extends Window = Window, S = unknown, G = unknown> {
  /** The state of a new window: plain mutable data. */
  createWindowState?(): S;
  /** The state of a new key: plain mutable data. */
  createGlobalState?(): G;
  /** The window fires. `elements` are valid until it returns. */
  process(context: ProcessWindowContext<K, W, S, G>, elements: Iterable<T>, out: (result: R) => void): void;
  /** The window ends; its state is about to be dropped. */
  clear?(context: Omit<ProcessWindowContext<K, W, S, G>, 'output'>): void;
}

/**
 * A function of the whole window that needs no more than key and window: for `apply`.
 *
 * @example
 * stream.apply((key, window, elements, out) => out(`${key} ${window.end}: ${[...elements].length}`));
 */
export type WindowFunction<in T, out R, in K = unknown, in W extends Window = Window> = (
  key: K,
  window: W,
  elements: Iterable<T>,
  out: (result: R) => void,
) => void;
