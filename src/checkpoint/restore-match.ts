/** Which operator of a job goes on from which state in a manifest, and what does not fit. Pure: a restore and a dry run take the same. */

import { MillraceError } from '../base/errors.ts';
import { doubtOf } from './doubtful-match.ts';
import type { CheckpointManifest, OperatorManifest, OperatorSubtaskState } from './manifest.ts';

/** What a job says of an operator that has state. */
export interface StatefulOperator {
  readonly stateId: string;
  readonly name: string;
  readonly kind: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** False where its id is made from its place among its like. */
  readonly hasUid?: boolean;
}

export interface StateDifference {
  readonly kind: 'no-operator' | 'no-state' | 'other-kind' | 'other-operator' | 'other-max-parallelism' | 'other-source' | 'other-job';
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

/** What a sink held that others do not see yet, when no sink goes on with it. */
export interface LeftOutput {
  readonly isEmpty: boolean;
  /** Whether it is committed where state may be left behind; else it is lost. */
  readonly isCommitted: boolean;
  /** How much, and where it lies. */
  readonly text: string;
}

export interface MatchOptions {
  /** Whether state that no operator takes is left behind. */
  readonly allowNonRestoredState: boolean;
  /** Looks what the state of a sink stands for; unknown where this is not given. */
  readonly outputOf?: (sink: OperatorManifest) => LeftOutput;
}

export function matchState(
  manifest: Pick<CheckpointManifest, 'operators'>,
  operators: readonly StatefulOperator[],
  options: MatchOptions,
): StateMatch {
  const stored = new Map(manifest.operators.filter(holdsState).map((each) => [each.stateId, each]));
  const pairs: { from: OperatorManifest; to: StatefulOperator }[] = [];
  const differences: StateDifference[] = [];
  for (const to of operators) {
    const from = stored.get(to.stateId);
    const difference = from === undefined ? startsEmpty(to) : differenceOf(from, to);
    const doubt =
      from === undefined || difference !== undefined ? undefined : doubtOf(from, to, { before: manifest.operators, now: operators });
    if (doubt !== undefined) differences.push({ kind: 'other-operator', stateId: to.stateId, ...doubt });
    if (difference !== undefined) differences.push(difference);
    else if (from !== undefined && doubt?.fatal !== true) pairs.push({ from, to });
  }
  const ids = new Set(operators.map(({ stateId }) => stateId));
  for (const from of stored.values())
    if (!ids.has(from.stateId)) differences.push(from.kind === 'sink' ? outputLeftBehind(from, options) : leftBehind(from, options));
  return { pairs, differences: [...differences.filter(({ fatal }) => fatal), ...differences.filter(({ fatal }) => !fatal)] };
}

/**
 * The error of a job that cannot start from the state, with all that differs: undefined when it can.
 *
 * @param manifest what it was to start from, for the message: `checkpoint 7 in …`
 */
export function mismatch({ differences }: Pick<StateMatch, 'differences'>, manifest: string): MillraceError | undefined {
  if (!differences.some(({ fatal }) => fatal)) return undefined;
  return new MillraceError(
    'STATE_MISMATCH',
    [`the job does not fit the state of ${manifest}:`, ...differences.map(({ fatal, text }) => (fatal ? text : `note: ${text}`))].join(
      '\n  ',
    ),
  );
}

/** An operator that held nothing is as good as none. */
function holdsState({ subtasks, splits = [] }: OperatorManifest): boolean {
  return splits.length > 0 || subtasks.some(isNotEmpty);
}

function isNotEmpty({ keyed, parts, inFlight = [] }: OperatorSubtaskState): boolean {
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
      otherLocalAggregation(from, to) ??
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

/** Of an operator that the same job has with local aggregation in front of its exchange, or without it. */
function otherLocalAggregation(from: OperatorManifest, to: StatefulOperator): string | undefined {
  const subject = `'${to.name}' (${to.stateId})`;
  if (to.kind === `${from.kind}-merge`)
    return `${subject} took records as they are, and takes what is aggregated in front of its exchange now; set localAggregation: false to go on with that state`;
  if (from.kind !== `${to.kind}-merge`) return undefined;
  return (
    `${subject} took what was aggregated in front of its exchange, and takes records as they are now; to go on with that state, leave localAggregation on, ` +
    'and set checkpoint where the parallelism is 1: without checkpoints nothing is aggregated there'
  );
}

function leftBehind({ stateId, name, kind }: OperatorManifest, { allowNonRestoredState: allowed }: MatchOptions): StateDifference {
  const what = `the state of '${name}' (${stateId}, a ${kind})`;
  const text = allowed
    ? `${what} is left behind: no operator has this uid`
    : `${what} has no operator to go to; give the operator this uid, or leave the state behind with allowNonRestoredState (--allow-non-restored-state)`;
  return { kind: 'no-operator', stateId, fatal: !allowed, text };
}

/** The state of a sink is output, of records that are not read again. */
function outputLeftBehind(from: OperatorManifest, options: MatchOptions): StateDifference {
  const { stateId, name } = from;
  const { allowNonRestoredState: allowed } = options;
  const output = options.outputOf?.(from);
  if (output === undefined) return leftBehind(from, options);
  const sink = `the sink '${name}' (${stateId})`;
  if (output.isEmpty) {
    const text = `${sink} is no longer there; everything that it wrote is committed`;
    return { kind: 'no-operator', stateId, fatal: false, text };
  }
  const what = `${sink} is no longer there, and has output that nobody sees yet: ${output.text}`;
  const fate = output.isCommitted ? 'committed as it is in the checkpoint' : 'lost';
  const text = allowed
    ? `${what}; it is ${fate}`
    : `${what}; give a sink this uid, or say allowNonRestoredState (--allow-non-restored-state), and it is ${fate}`;
  return { kind: 'no-operator', stateId, fatal: !allowed, text };
}
