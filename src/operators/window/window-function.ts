/** What the functions of windows look like: the contracts of `process`, `apply`, and of what follows an aggregation. */

import type { StateDeclarations } from '../../state/descriptors.ts';
import type { StateOf } from '../../state/states.ts';
import type { Window } from '../../time/windows/window.ts';
import type { OutputTag, SubtaskContext } from '../process/context.ts';

type NoStates = Record<never, never>;

/** Which window a result is of. */
export interface WindowResultContext<out K, out W extends Window> {
  /** Undefined behind `windowAll`. */
  readonly key: K;
  readonly window: W;
}

/** What the function of a window knows when it ends. */
export interface WindowEndContext<out K, out W extends Window, out S = unknown, out G = unknown>
  extends WindowResultContext<K, W>,
    SubtaskContext {
  /** No older record is expected. `-Infinity` before the first watermark. */
  readonly watermark: number;
  /** Milliseconds since 1970 by the clock of the machine. */
  readonly processingTime: number;
  /** The states that the function declares for a key and window: they last from one firing to the next, and end with the window. */
  readonly windowState: S;
  /** The states that the function declares for a key, over all of its windows. */
  readonly globalState: G;
}

/** What the function of a window knows when it fires. */
export interface ProcessWindowContext<out K, out W extends Window, out S = unknown, out G = unknown> extends WindowEndContext<K, W, S, G> {
  /** Sends a record to a side output; `getSideOutput(tag)` reads it. Nobody need read it. */
  output<R>(tag: OutputTag<R>, value: R): void;
}

/**
 * A function of the whole window. Behind `reduce` or `aggregate`, the elements are the one result. One object serves all subtasks
 * of a worker, so what a key needs belongs into state and not into fields.
 *
 * @example
 * const changes = readings.keyBy('sensor').window(eventTime.tumbling('1m')).allowedLateness('1h').process({
 *   windowState: { firings: valueState({ default: 0 }) },
 *   process(ctx, elements: Iterable<Reading>, out: (row: { sensor: string; end: number; readings: number; firing: number }) => void) {
 *     const { firings } = ctx.windowState;
 *     firings.update(firings.value + 1);
 *     out({ sensor: ctx.key, end: ctx.window.end, readings: [...elements].length, firing: firings.value });
 *   },
 * });
 */
export interface ProcessWindowFunction<
  in T,
  out R,
  in K = unknown,
  in W extends Window = Window,
  S extends StateDeclarations = NoStates,
  G extends StateDeclarations = NoStates,
> {
  /** States of a key and window. Not for windows that merge: whose state would it be? */
  readonly windowState?: S;
  /** States of a key, over all of its windows. They are cleared by nobody but the function, and by their time to live. */
  readonly globalState?: G;
  open?(context: SubtaskContext): void;
  /** The window fires. `elements` are valid until it returns. */
  process(context: ProcessWindowContext<K, W, StateOf<S>, StateOf<G>>, elements: Iterable<T>, out: (result: R) => void): void;
  /** The window ends; its state is about to be dropped. */
  clear?(context: WindowEndContext<K, W, StateOf<S>, StateOf<G>>): void;
  close?(): void;
}

/**
 * A function of the whole window that needs no more than key and window: for `apply`.
 *
 * @example
 * windowed.apply((key, window, elements, out: (row: string) => void) => out(`${key} ${window.end}: ${[...elements].length}`));
 */
export type WindowFunction<in T, out R, in K = unknown, in W extends Window = Window> = (
  key: K,
  window: W,
  elements: Iterable<T>,
  out: (result: R) => void,
) => void;

/** The same behind `windowAll`, where there is no key. */
export type AllWindowFunction<in T, out R, in W extends Window = Window> = (
  window: W,
  elements: Iterable<T>,
  out: (result: R) => void,
) => void;
