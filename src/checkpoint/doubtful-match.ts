/**
 * Whether state goes to the operator that it came from, where no `uid` says so: then an operator is the n-th of its kind, and one that
 * was added or removed in front gives it another's state. Told by the names of operators, and by how many of a kind have the same. Pure.
 */

import type { OperatorManifest } from './manifest.ts';
import type { StatefulOperator } from './restore-match.ts';

/** What there was, and what there is now: operators with state and without. */
export interface Operators {
  readonly before: readonly Pick<OperatorManifest, 'stateId' | 'name' | 'kind'>[];
  readonly now: readonly StatefulOperator[];
}

export interface Doubt {
  /** Whether it is likely enough to keep the job from starting. */
  readonly fatal: boolean;
  readonly text: string;
}

/** Whether the state of `from` may be another operator's than `to`'s: what there was, what there is, and what to do. */
export function doubtOf(from: OperatorManifest, to: StatefulOperator, operators: Operators): Doubt | undefined {
  if (to.hasUid !== false) return undefined;
  return from.name === to.name ? crowd(to, operators) : stranger(from, to, operators);
}

/** Another name: one that was changed, or another operator. */
function stranger(from: OperatorManifest, to: StatefulOperator, operators: Operators): Doubt {
  const { stateId } = to;
  const state = from.splits === undefined ? 'state' : 'positions';
  const told = `'${to.name}' (${stateId}) would go on with the ${state} of '${from.name}': without a uid an operator is the n-th of its kind, ${to.kind}`;
  // What these read and write is their name, unless they have one: mostly it is that which was changed.
  const isRenamed = isEndpoint(to) && !isAround(from.name, stateId, operators.now) && !isAround(to.name, stateId, operators.before);
  if (isRenamed) return { fatal: false, text: `${told}; if it is another one, give it a uid` };
  return {
    fatal: true,
    text: `${told}; if it is the same one, say .uid('${stateId}'), else give it, and all others with state, uids of their own`,
  };
}

function isEndpoint({ kind }: StatefulOperator): boolean {
  return kind === 'source' || kind === 'sink';
}

function isAround(name: string, stateId: string, operators: readonly { readonly stateId: string; readonly name: string }[]): boolean {
  return operators.some((each) => each.name === name && each.stateId !== stateId);
}

/** Several of one kind and name, and not as many as there were: which is which, nobody can tell. */
function crowd(to: StatefulOperator, { before, now }: Operators): Doubt | undefined {
  const { stateId, name, kind } = to;
  const isAlike = (each: { readonly stateId: string; readonly name: string; readonly kind: string }): boolean =>
    each.kind === kind && each.name === name && each.stateId.startsWith(`${kind}-`);
  const was = before.filter(isAlike).length;
  const is = now.filter(isAlike).length;
  if (was === is) return undefined;
  const text =
    `'${name}' (${stateId}) would go on with state that may be another's: there ${was === 1 ? 'was' : 'were'} ${was} ${kind} of this name without a uid, ` +
    `and there ${is === 1 ? 'is' : 'are'} ${is} now; say .uid('${stateId}') at the one that it belongs to`;
  return { fatal: true, text };
}
