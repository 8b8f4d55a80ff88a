/** What a job goes on from: a manifest, taken apart for the plan of the job as it is now. Pure. */

import { MillraceError } from '../base/errors.ts';
import type { CheckpointManifest, OperatorManifest } from '../checkpoint/manifest.ts';
import {
  type MatchOptions,
  matchState,
  mismatch,
  type StateDifference,
  type StatefulOperator,
  type StateMatch,
} from '../checkpoint/restore-match.ts';
import { type InFlightRouting, planRestore } from '../checkpoint/restore-plan.ts';
import { exchangeKeys, sourceKey } from '../graph/exchange-keys.ts';
import type { Exchange } from '../graph/job.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { stateIds } from '../graph/state-ids.ts';
import type { OperatorRestore, RestoredRows, SubtaskRestore } from '../wire/messages.ts';
import { changedSources } from './changed-sources.ts';

export interface RecoveredState {
  /** The checkpoint, as people know it. */
  readonly name: string;
  readonly id: number;
  readonly kind: CheckpointManifest['kind'];
  /** Milliseconds since 1970, UTC: when it was triggered. */
  readonly triggeredAt: number;
  /** By worker slot. */
  readonly restores: readonly (readonly SubtaskRestore[])[];
  /** Splits that are not read to their end, by stage. */
  readonly splits: ReadonlyMap<number, readonly unknown[]>;
  readonly hostInputs: Readonly<Record<string, number>>;
  /** The directory of a savepoint that the state is in; undefined where it is in the job's own storage. */
  readonly savepoint: string | undefined;
  /** Sinks that are no longer there, with what they held. */
  readonly leftSinks: readonly OperatorManifest[];
  /** What is to be said of state that has no operator, and of operators that have no state. */
  readonly notices: readonly string[];
}

export interface JobMatchOptions extends MatchOptions {
  /** Of the job as it is now. Undefined where it is the same, as in tests. */
  readonly jobName?: string;
}

export interface RecoveryOptions extends JobMatchOptions {
  readonly plan: PhysicalPlan;
  readonly name: string;
  readonly savepoint: string | undefined;
}

/** The operators of a plan as a manifest knows them. */
function statefulOperators(plan: PhysicalPlan): StatefulOperator[] {
  const ids = stateIds(plan.job);
  return plan.job.stages
    .flatMap((stage) => stage.operators)
    .map(({ id, name, uid, spec, parallelism, maxParallelism }) => ({
      stateId: ids.get(id) as string,
      name,
      kind: spec.kind,
      parallelism,
      maxParallelism,
      hasUid: uid !== undefined,
    }));
}

/** Operators that never hold anything: to tell of them that they start empty would be noise. */
const stateless: ReadonlySet<string> = new Set(['map', 'filter', 'flatMap', 'print', 'from-host']);

function holdsNothing(kind: string): boolean {
  // What aggregates in front of an exchange hands on what it has ahead of a barrier.
  return stateless.has(kind) || kind.endsWith('-local');
}

/** What goes where, and the differences that people want to know of. */
export function matchPlan(
  manifest: CheckpointManifest,
  plan: PhysicalPlan,
  options: JobMatchOptions,
): { readonly match: StateMatch; readonly differences: readonly StateDifference[] } {
  const operators = statefulOperators(plan);
  const match = matchState(manifest, operators, options);
  // An operator that held nothing then is not new.
  const known = new Set(manifest.operators.map(({ stateId }) => stateId));
  const kinds = new Map(operators.map(({ stateId, kind }) => [stateId, kind]));
  const isNoise = ({ kind, stateId }: StateDifference): boolean =>
    kind === 'no-state' && (known.has(stateId) || holdsNothing(kinds.get(stateId) as string));
  const told = match.differences.filter((difference) => !isNoise(difference));
  const doubtful = new Set(told.filter(({ kind }) => kind === 'other-operator').map(({ stateId }) => stateId));
  const sources = changedSources(manifest, plan).filter(({ stateId }) => !doubtful.has(stateId));
  return { match, differences: [...told, ...sources, ...otherJob(manifest, options)] };
}

function leftSinksOf({ operators }: CheckpointManifest, { differences }: StateMatch): OperatorManifest[] {
  const left = new Set(differences.filter(({ kind }) => kind === 'no-operator').map(({ stateId }) => stateId));
  return operators.filter(({ kind, stateId }) => kind === 'sink' && left.has(stateId));
}

function otherJob(manifest: CheckpointManifest, { jobName = manifest.jobName }: JobMatchOptions): StateDifference[] {
  if (jobName === manifest.jobName) return [];
  const text = `it is of the job '${manifest.jobName}', and this is '${jobName}'`;
  return [{ kind: 'other-job', stateId: '', fatal: false, text }];
}

/** @throws MillraceError STATE_MISMATCH when the job does not fit the state */
export function recoverState(manifest: CheckpointManifest, options: RecoveryOptions): RecoveredState {
  const { plan, name, savepoint } = options;
  const { match, differences } = matchPlan(manifest, plan, options);
  const error = mismatch({ differences }, name);
  if (error !== undefined) throw error;
  const restores: SubtaskRestore[][] = Array.from({ length: plan.slots }, () => []);
  for (const restore of restoresOf(match, plan, { owned: savepoint === undefined, name })) restores[restore.subtask]?.push(restore);
  return {
    name,
    id: manifest.id,
    kind: manifest.kind,
    triggeredAt: manifest.triggeredAt,
    restores,
    splits: splitsOf(manifest, plan),
    hostInputs: manifest.hostInputs,
    savepoint,
    leftSinks: leftSinksOf(manifest, match),
    notices: differences.map(({ text }) => text),
  };
}

const nothing: OperatorRestore = { keyed: {}, parts: {} };

function restoresOf(match: StateMatch, plan: PhysicalPlan, { owned, name }: { owned: boolean; name: string }): SubtaskRestore[] {
  const ids = stateIds(plan.job);
  const keys = new Map(exchangeKeys(plan.job).map((key, exchange) => [key, exchange]));
  const routing = (key: string): InFlightRouting => routingOf(plan.job.exchanges[keys.get(key) ?? -1]);
  const byState = new Map(match.pairs.map(({ from, to }) => [to.stateId, planRestore(from, { ...to, owned, routing })]));
  return plan.job.stages.flatMap((stage) => {
    const isSource = stage.inputs.length === 0;
    return Array.from({ length: stage.parallelism }, (_, subtask) => {
      const restored = stage.operators.map(({ id }) => byState.get(ids.get(id) as string)?.[subtask]);
      const inFlight = restored.flatMap((each, index) =>
        (each?.inFlight ?? []).map(({ exchange: key, split, side, rows, shared }): RestoredRows => {
          const exchange = keys.get(key);
          const isHere =
            index === 0 && (isSource ? key === sourceKey : exchange !== undefined && stage.inputs.some((id) => id === exchange));
          if (!isHere) throw strayRows(name, stage.operators[index]?.name ?? '');
          return { exchange, split, side, rows, shared };
        }),
      );
      const operators = restored.map((each) => (each === undefined ? nothing : { keyed: each.keyed, parts: each.parts }));
      return { stage: stage.id, subtask, operators, inFlight };
    });
  });
}

function routingOf(exchange: Exchange | undefined): InFlightRouting {
  const kind = exchange?.partitioner.kind;
  return kind === 'hash' ? 'by-key' : kind === 'broadcast' ? 'copies' : 'any';
}

function strayRows(manifest: string, operator: string): MillraceError {
  return new MillraceError(
    'STATE_MISMATCH',
    `${manifest} is unaligned: it holds rows on their way to '${operator}', through an exchange that the job has no more, because it was changed, or ` +
      'another parallelism chains or aggregates in another way. Start the job as it was, take a savepoint, and go on from that',
  );
}

/** Of every source that the manifest knows, also when it has read all. */
function splitsOf(manifest: CheckpointManifest, plan: PhysicalPlan): ReadonlyMap<number, readonly unknown[]> {
  const ids = stateIds(plan.job);
  const byState = new Map(manifest.operators.map(({ stateId, splits }) => [stateId, splits]));
  const splits = new Map<number, readonly unknown[]>();
  for (const { id: stage, operators } of plan.job.stages) {
    const head = operators[0];
    const left = head === undefined ? undefined : byState.get(ids.get(head.id) as string);
    if (left !== undefined) splits.set(stage, left);
  }
  return splits;
}
