/** `process` on a keyed stream: state of each key, timers, side outputs. */

import { callable, checkArgument, optional, unexpected } from '../../base/options.ts';
import type { Operator } from '../../compiler/operator.ts';
import type { UserFunction } from '../../graph/logical.ts';
import type { MixedStateDeclarations } from '../../state/descriptors.ts';
import type { StateOf } from '../../state/states.ts';
import { synchronous } from '../functions.ts';
import type { SubtaskContext } from './context.ts';
import { checkStates, keyedStates, splitStates, subtaskStates } from './state-declarations.ts';
import { type InputMethod, type KeyedContext, StatefulInstance, type TimerContext } from './stateful-instance.ts';

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
  for (const method of ['open', 'onTimer', 'close'] as const) checkArgument(fn[method], optional(callable), `process: ${method}`);
  const state: MixedStateDeclarations = checkStates(fn.state, [...keyedStates, ...subtaskStates], 'process');
  const inputs: InputMethod[] = [{ method: 'processElement', fn: bound(fn, 'processElement'), keyed: true, broadcast: false }];
  return {
    kind: 'keyed-process',
    title: 'process',
    functions: { processElement: fn.processElement, ...(fn.onTimer === undefined ? {} : { onTimer: fn.onTimer }) },
    details: { state: describeStates(state) },
    retains: true,
    create: (context) =>
      new StatefulInstance(
        {
          inputs,
          onTimer: fn.onTimer === undefined ? undefined : bound(fn, 'onTimer'),
          open: fn.open?.bind(fn),
          close: fn.close?.bind(fn),
          ...splitStates(state),
        },
        context,
      ),
  };
}

/** A method of a function object, callable by itself. */
export function bound<Name extends string>(fn: { readonly [N in Name]?: unknown }, name: Name): UserFunction {
  synchronous(fn[name] as UserFunction, 'process');
  return (value: never, context: never, out: never) => (fn[name] as UserFunction).call(fn, value, context, out);
}

/** The kinds of states by name, for the plan. */
export function describeStates(states: Readonly<Record<string, { readonly kind: string }>>): readonly (readonly [string, string])[] {
  return Object.entries(states).map(([name, { kind }]) => [name, kind] as const);
}
