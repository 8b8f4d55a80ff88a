/** Logical graphs in a few words, for the tests of what is planned from them. */

import type { OperatorId } from '../../src/base/ids.ts';
import { type JobGraph, type JobGraphOptions, planJob } from '../../src/graph/job.ts';
import type { LogicalGraph, LogicalOperator, OperatorSpec, PartitionerSpec } from '../../src/graph/logical.ts';

export interface Draft extends Partial<Omit<LogicalOperator, 'id' | 'inputs' | 'spec' | 'name'>> {
  readonly name: string;
  readonly spec?: Partial<OperatorSpec>;
  /** Names of what feeds it, each through a partitioner; forward when not given. */
  readonly from?: readonly (string | Input)[];
}

export interface Input {
  readonly name: string;
  readonly partitioner?: PartitionerSpec;
  readonly side?: string;
}

export const hash: PartitionerSpec = { kind: 'hash', key: { kind: 'fields', fields: ['key'], composite: false } };

/** A graph of operators that name their inputs; parallelism 2 where none is given. */
export function graphOf(...drafts: readonly Draft[]): LogicalGraph {
  const ids = new Map(drafts.map((draft, id) => [draft.name, id as OperatorId]));
  return { operators: drafts.map((draft) => operatorOf(draft, ids)) };
}

function operatorOf({ from = [], spec, ...draft }: Draft, ids: ReadonlyMap<string, OperatorId>): LogicalOperator {
  return {
    id: ids.get(draft.name) as OperatorId,
    uid: undefined,
    parallelism: 2,
    maxParallelism: 128,
    chaining: 'always',
    type: undefined,
    ...draft,
    spec: { kind: 'test', title: draft.name, functions: {}, ...spec },
    inputs: from.map((input) => edgeOf(typeof input === 'string' ? { name: input } : input, ids)),
  };
}

function edgeOf(
  { name, partitioner = { kind: 'forward' }, side }: Input,
  ids: ReadonlyMap<string, OperatorId>,
): LogicalOperator['inputs'][number] {
  const from = ids.get(name);
  if (from === undefined) throw new Error(`there is no operator '${name}'`);
  return { from, partitioner, side };
}

const defaults: JobGraphOptions = { mode: 'batch', localAggregation: true, chaining: true };

export function plan(graph: LogicalGraph, options: Partial<JobGraphOptions> = {}): JobGraph {
  return planJob(graph, { ...defaults, ...options });
}

/** The stages as people draw them: `source → map`. */
export function stagesOf(job: JobGraph): string[] {
  return job.stages.map((stage) => stage.operators.map((operator) => operator.name).join(' → '));
}

/** The exchanges as people draw them: `map —hash→ sum`, with the numbers of the stages they join. */
export function exchangesOf(job: JobGraph): string[] {
  return job.exchanges.map(({ from, to, partitioner }) => {
    return `${from.stage ?? 'host'}:${from.operator.name} —${partitioner.kind}→ ${to.stage ?? 'host'}:${to.operator.name}`;
  });
}
