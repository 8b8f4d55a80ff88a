/** `process` on a keyed stream: state of each key, timers, side outputs. */

import { unexpected } from '../../base/options.ts';
import type { Operator } from '../../compiler/operator.ts';
import type { MixedStateDeclarations } from '../../state/descriptors.ts';
import type { StateOf } from '../../state/states.ts';
import type { SubtaskContext } from './context.ts';
import { keyedStates, subtaskStates } from './state-declarations.ts';
import type { KeyedContext, TimerContext } from './stateful-instance.ts';
import { statefulOperator } from './stateful-operator.ts';

/**
 * A function on a keyed stream. It declares its states; `ctx.state` has them by name, typed, for the key of the record. One
 * object serves all subtasks of a worker, so what a key needs belongs into state and not into fields.
 *
 * @example
 * const counts = clicks.keyBy('user').process({
 *   state: { seen: valueState({ default: 0 }) },
 *   processElement(click: Click, ctx, out: (row: { user: string; clicks: number }) => void) {
 *     ctx.state.seen.update(ctx.state.seen.value + 1);
 *     if (ctx.timestamp !== undefined) ctx.timers.registerEventTime(ctx.timestamp + 60_000);
 *   },
 *   onTimer(_time, ctx, out) {
 *     out({ user: ctx.key, clicks: ctx.state.seen.value });
 *     ctx.state.seen.clear();
 *   },
 * });
 */
export interface KeyedProcessFunction<K, T, R, D extends MixedStateDeclarations = Record<never, never>> {
  readonly state?: D;
  open?(context: SubtaskContext): void;
  processElement(value: T, context: KeyedContext<K, StateOf<D>>, out: (value: R) => void): void;
  /** A timer fired. Timers of one kind fire in the order of their times. */
  onTimer?(time: number, context: TimerContext<K, StateOf<D>>, out: (value: R) => void): void;
  close?(): void;
}

type AnyFunction = KeyedProcessFunction<never, never, never, MixedStateDeclarations>;

export function keyedProcessOperator(fn: AnyFunction): Operator {
  if (typeof fn?.processElement !== 'function') throw unexpected('process', 'an object with a method processElement(value, ctx, out)', fn);
  const inputs = [{ method: 'processElement', keyed: true, broadcast: false }];
  return statefulOperator({ kind: 'keyed-process', fn, inputs, states: [...keyedStates, ...subtaskStates] });
}
