/** Which states functions may declare. */

import { unexpected } from '../../base/options.ts';
import type { OperatorStateDeclarations, StateDeclarations, StateDescriptor } from '../../state/descriptors.ts';

/** States by name, of keys and of the subtask. */
export type DeclaredStates = Readonly<Record<string, StateDescriptor | OperatorStateDeclarations[string]>>;

export type StateKind = DeclaredStates[string]['kind'];

/** Of a function with keys. */
export const keyedStates: readonly StateKind[] = ['value', 'list', 'map', 'reducing', 'aggregating'];
/** Of a function without keys. */
export const subtaskStates: readonly StateKind[] = ['operator-list'];
/** Of a function on a broadcast stream and another, besides those of keys where the other is keyed. */
export const broadcastStates: readonly StateKind[] = ['broadcast', 'operator-list'];

const makers: Readonly<Record<StateKind, string>> = {
  value: 'valueState',
  list: 'listState',
  map: 'mapState',
  reducing: 'reducingState',
  aggregating: 'aggregatingState',
  'operator-list': 'operatorListState',
  broadcast: 'broadcastState',
};

/** The declarations, if they are states of these kinds by name. */
export function checkStates<D>(declarations: D | undefined, kinds: readonly StateKind[], of: string): D | Record<never, never> {
  if (declarations === undefined) return {};
  if (typeof declarations !== 'object' || declarations === null) throw unexpected(`${of}: state`, 'states by name', declarations);
  const expected = `a state made by ${kinds.map((kind) => makers[kind]).join(' or ')}`;
  for (const [name, descriptor] of Object.entries(declarations)) {
    const kind = (descriptor as { readonly kind?: StateKind } | null | undefined)?.kind;
    if (kind === undefined || !kinds.includes(kind))
      throw unexpected(`${of}: state.${name}`, expected, descriptor, kind === undefined ? undefined : makers[kind]);
  }
  return declarations;
}

/** The states of keys, and those of the subtask. */
export function splitStates(declarations: DeclaredStates): {
  readonly state: StateDeclarations;
  readonly operatorState: OperatorStateDeclarations;
} {
  const entries = Object.entries(declarations);
  const isKeyed = ([, { kind }]: (typeof entries)[number]): boolean => keyedStates.includes(kind);
  return {
    state: Object.fromEntries(entries.filter(isKeyed)) as StateDeclarations,
    operatorState: Object.fromEntries(entries.filter((entry) => !isKeyed(entry))) as OperatorStateDeclarations,
  };
}

/** The kinds of states by name, for the plan. */
export function describeStates(states: Readonly<Record<string, { readonly kind: string }>>): readonly (readonly [string, string])[] {
  return Object.entries(states).map(([name, { kind }]) => [name, kind] as const);
}
