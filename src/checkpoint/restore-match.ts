/** Which operator of a job goes on from which state in a manifest, and what does not fit. Pure: a restore and a dry run take the same. */

import { MillraceError } from '../base/errors.ts';
import type { CheckpointManifest, OperatorManifest, SubtaskState } from './manifest.ts';

/** What a job says of an operator that has state. */
export interface StatefulOperator {
  readonly stateId: string;
  readonly name: string;
  readonly kind: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
}

export interface StateDifference {
  readonly kind: 'no-operator' | 'no-state' | 'other-kind' | 'other-max-parallelism';
  readonly stateId: string;
  /** Whether the job cannot start like this. */
  readonly fatal: boolean;
  /** What differs and what to do, in one line. */
  readonly text: string;
}

export interface StateMatch {
  /** What is restored. */
  readonly pairs: readonly { readonly from: OperatorManifest; readonly to: StatefulOperator }[];
  /** Fatal ones first. */
  readonly differences: readonly StateDifference[];
}

export interface MatchOptions {
  /** Whether state that no operator takes is left behind. */
  readonly allowNonRestoredState: boolean;
}

export function matchState(
  manifest: Pick<CheckpointManifest, 'operators'>,
  operators: readonly StatefulOperator[],
  { allowNonRestoredState }: MatchOptions,
): StateMatch {
  const stored = new Map(manifest.operators.filter(holdsState).map((each) => [each.stateId, each]));
  const pairs: { from: OperatorManifest; to: StatefulOperator }[] = [];
  const differences: StateDifference[] = [];
  for (const to of operators) {
    const from = stored.get(to.stateId);
    const difference = from === undefined ? startsEmpty(to) : differenceOf(from, to);
    if (difference !== undefined) differences.push(difference);
    else if (from !== undefined) pairs.push({ from, to });
  }
  const ids = new Set(operators.map(({ stateId }) => stateId));
  for (const from of stored.values()) if (!ids.has(from.stateId)) differences.push(leftBehind(from, allowNonRestoredState));
  return { pairs, differences: [...differences.filter(({ fatal }) => fatal), ...differences.filter(({ fatal }) => !fatal)] };
}

/**
 * The error of a job that cannot start from the state: undefined when it can.
 *
 * @param manifest what it was to start from, for the message: `checkpoint 7 in …`
 */
export function mismatch({ differences }: StateMatch, manifest: string): MillraceError | undefined {
  const fatal = differences.filter((each) => each.fatal);
  if (fatal.length === 0) return undefined;
  return new MillraceError(
    'STATE_MISMATCH',
    [`the job does not fit the state of ${manifest}:`, ...fatal.map(({ text }) => text)].join('\n  '),
  );
}

/** An operator that held nothing is as good as none. */
function holdsState({ subtasks, splits = [] }: OperatorManifest): boolean {
  return splits.length > 0 || subtasks.some(isNotEmpty);
}

function isNotEmpty({ keyed, parts, inFlight = [] }: SubtaskState): boolean {
  const lists = [
    ...Object.values(keyed)
      .flat()
      .map(({ entries }) => entries),
    ...Object.entries(parts).map(([name, { count }]) => (isOfEngine(name) ? 0 : count)),
    inFlight.length,
  ];
  return lists.some((count) => count > 0);
}

/** Parts that the engine adds, such as the watermark of a subtask's input: no operator misses them. */
function isOfEngine(part: string): boolean {
  return part.startsWith('$');
}

function hasKeyedState({ subtasks }: OperatorManifest): boolean {
  return subtasks.some(({ keyed }) => Object.values(keyed).some((segments) => segments.length > 0));
}

function startsEmpty({ stateId, name }: StatefulOperator): StateDifference {
  return { kind: 'no-state', stateId, fatal: false, text: `'${name}' (${stateId}) has no state there: it starts empty` };
}

function differenceOf(from: OperatorManifest, to: StatefulOperator): StateDifference | undefined {
  const { stateId } = to;
  if (from.kind !== to.kind) {
    const text =
      `'${to.name}' (${stateId}) is a ${to.kind}, but its state is that of a ${from.kind}, '${from.name}'; ` +
      'give each operator the uid that it had, and a new one to an operator that is another now';
    return { kind: 'other-kind', stateId, fatal: true, text };
  }
  if (from.maxParallelism !== to.maxParallelism && hasKeyedState(from)) {
    const text =
      `'${to.name}' (${stateId}) has maxParallelism ${to.maxParallelism}, but its state was divided for ${from.maxParallelism}; ` +
      `set maxParallelism to ${from.maxParallelism}`;
    return { kind: 'other-max-parallelism', stateId, fatal: true, text };
  }
  return undefined;
}

function leftBehind({ stateId, name, kind }: OperatorManifest, allowed: boolean): StateDifference {
  const what = `the state of '${name}' (${stateId}, a ${kind})`;
  const text = allowed
    ? `${what} is left behind: no operator has this uid`
    : `${what} has no operator to go to; give the operator this uid, or leave the state behind with allowNonRestoredState (--allow-non-restored-state)`;
  return { kind: 'no-operator', stateId, fatal: !allowed, text };
}
