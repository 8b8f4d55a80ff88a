/** `process` on two connected streams: one method for the records of each. */

import { unexpected } from '../../base/options.ts';
import type { Operator } from '../../compiler/operator.ts';
import type { ListStateDeclarations, MixedStateDeclarations, OperatorStateDeclarations, StateDescriptor } from '../../state/descriptors.ts';
import type { ReadOnlyStateOf, StateOf } from '../../state/states.ts';
import type { ProcessContext, SubtaskContext } from './context.ts';
import type { StatefulContext } from './process.ts';
import { broadcastStates, keyedStates, subtaskStates } from './state-declarations.ts';
import type { KeyedContext, TimerContext } from './stateful-instance.ts';
import { statefulOperator } from './stateful-operator.ts';

/**
 * A function on two streams that are connected.
 *
 * @example
 * orders.connect(prices).process({
 *   processElement1(order: Order, ctx, out: (row: string) => void) { out(`order ${order.id}`); },
 *   processElement2(price: Price, ctx, out) { out(`price ${price.value}`); },
 * });
 */
export interface CoProcessFunction<A, B, R, D extends ListStateDeclarations = Record<never, never>> {
  readonly state?: D;
  open?(context: SubtaskContext): void;
  processElement1(value: A, context: StatefulContext<StateOf<D>>, out: (value: R) => void): void;
  processElement2(value: B, context: StatefulContext<StateOf<D>>, out: (value: R) => void): void;
  close?(): void;
}

/** A function on two streams that are keyed alike: both methods see the state of the record's key. */
export interface KeyedCoProcessFunction<K, A, B, R, D extends MixedStateDeclarations = Record<never, never>> {
  readonly state?: D;
  open?(context: SubtaskContext): void;
  processElement1(value: A, context: KeyedContext<K, StateOf<D>>, out: (value: R) => void): void;
  processElement2(value: B, context: KeyedContext<K, StateOf<D>>, out: (value: R) => void): void;
  onTimer?(time: number, context: TimerContext<K, StateOf<D>>, out: (value: R) => void): void;
  close?(): void;
}

/** What a method for records that are not broadcast knows: broadcast state may only be read. */
export interface BroadcastReaderContext<S> extends ProcessContext {
  readonly state: S;
}

/**
 * A function on a stream and a broadcast one. Every subtask gets every broadcast record and keeps broadcast state of it, which
 * the records of the other stream are processed with.
 *
 * @example
 * events.connect(rules.broadcast()).process({
 *   state: { rules: broadcastState<string, Rule>() },
 *   processElement(event: Event, ctx, out: (row: Alert) => void) {
 *     for (const rule of ctx.state.rules.values()) if (matches(rule, event)) out({ rule: rule.name, event });
 *   },
 *   processBroadcastElement(rule: Rule, ctx) { ctx.state.rules.set(rule.name, rule); },
 * });
 */
export interface BroadcastProcessFunction<A, B, R, D extends OperatorStateDeclarations = Record<never, never>> {
  readonly state?: D;
  open?(context: SubtaskContext): void;
  processElement(value: A, context: BroadcastReaderContext<ReadOnlyStateOf<D>>, out: (value: R) => void): void;
  processBroadcastElement(value: B, context: BroadcastReaderContext<StateOf<D>>, out: (value: R) => void): void;
  close?(): void;
}

/** The states that a function on a keyed and a broadcast stream declares: those of each key, and those of the subtask. */
export type MixedDeclarations = Readonly<Record<string, StateDescriptor | OperatorStateDeclarations[string]>>;

type KeyedPart<D> = { readonly [N in keyof D as D[N] extends StateDescriptor ? N : never]: D[N] & StateDescriptor };
type SharedPart<D> = {
  readonly [N in keyof D as D[N] extends StateDescriptor ? never : N]: D[N] & OperatorStateDeclarations[string];
};

/** What `processBroadcastElement` knows beside a keyed stream. */
export interface BroadcastWriterContext<K, S, B> extends ProcessContext {
  readonly state: B;
  /**
   * Calls `fn` for every key that has state in this subtask; `state` is that of the key, only during the call. It may change the
   * state of the key, also clear it.
   *
   * @example ctx.applyToKeyedState((user, { seen }) => seen.clear());
   */
  applyToKeyedState(fn: (key: K, state: S) => void): void;
}

/** As `BroadcastProcessFunction`, on a keyed stream: with state of each key, and timers. */
export interface KeyedBroadcastProcessFunction<K, A, B, R, D extends MixedDeclarations = Record<never, never>> {
  readonly state?: D;
  open?(context: SubtaskContext): void;
  processElement(value: A, context: KeyedContext<K, StateOf<KeyedPart<D>> & ReadOnlyStateOf<SharedPart<D>>>, out: (value: R) => void): void;
  processBroadcastElement(
    value: B,
    context: BroadcastWriterContext<K, StateOf<KeyedPart<D>>, StateOf<SharedPart<D>>>,
    out: (value: R) => void,
  ): void;
  onTimer?(time: number, context: TimerContext<K, StateOf<KeyedPart<D>> & ReadOnlyStateOf<SharedPart<D>>>, out: (value: R) => void): void;
  close?(): void;
}

export interface CoProcessOptions {
  readonly fn: object;
  /** Whether both inputs, or the first of a keyed and a broadcast one, are keyed. */
  readonly keyed: boolean;
  readonly broadcast: boolean;
}

export function coProcessOperator({ fn, keyed, broadcast }: CoProcessOptions): Operator {
  const methods = broadcast ? ['processElement', 'processBroadcastElement'] : ['processElement1', 'processElement2'];
  const given = fn as Readonly<Record<string, unknown>> | null | undefined;
  if (!methods.every((method) => typeof given?.[method] === 'function'))
    throw unexpected('process', `an object with the methods ${methods.join('(value, ctx, out) and ')}(value, ctx, out)`, fn);
  const inputs = methods.map((method, input) => {
    const broadcasts = broadcast && input === 1;
    return { method, keyed: keyed && !broadcasts, broadcast: broadcasts };
  });
  return statefulOperator({
    kind: broadcast ? 'broadcast-process' : 'co-process',
    fn,
    inputs,
    states: [...(keyed ? keyedStates : []), ...(broadcast ? broadcastStates : subtaskStates)],
    details: { keyed },
  });
}
