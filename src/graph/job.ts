/**
 * The job graph: operators chained into stages, and the exchanges between stages. A pure function of the logical graph.
 * The rules of chaining are Flink's: forward, same parallelism, one input, and nobody objects.
 */

import { assert } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';
import type { ExchangeId, OperatorId, StageId } from '../base/ids.ts';
import {
  isComposite,
  type KeySpec,
  type LogicalEdge,
  type LogicalGraph,
  type LogicalOperator,
  type PartitionerSpec,
  type RuntimeMode,
} from './logical.ts';

/** Operators that run in one loop, the head first; every other one has its input in the chain. */
export interface Stage {
  readonly id: StageId;
  readonly operators: readonly LogicalOperator[];
  readonly parallelism: number;
  /** Exchanges that end at the head. */
  readonly inputs: readonly ExchangeId[];
  /** Exchanges that start at an operator of the stage. */
  readonly outputs: readonly ExchangeId[];
}

/** The end of an exchange: an operator of a stage, or the host. */
export interface ExchangeEnd {
  readonly operator: LogicalOperator;
  /** Undefined for the host. */
  readonly stage: StageId | undefined;
  readonly parallelism: number;
}

export interface Exchange {
  readonly id: ExchangeId;
  readonly from: ExchangeEnd;
  readonly to: ExchangeEnd;
  readonly partitioner: PartitionerSpec;
  readonly side: string | undefined;
  /** Which of the consumer's inputs it ends at. */
  readonly input: number;
}

export interface JobGraph {
  readonly mode: RuntimeMode;
  readonly stages: readonly Stage[];
  readonly exchanges: readonly Exchange[];
}

export interface JobGraphOptions {
  readonly mode: RuntimeMode;
  /** Whether keyed aggregations may aggregate in front of their exchange. */
  readonly localAggregation: boolean;
  readonly chaining: boolean;
  /** Whether the job may go on from a checkpoint at another parallelism: then the operators must be the same at any. */
  readonly checkpoints?: boolean;
}

export function planJob(logical: LogicalGraph, options: JobGraphOptions): JobGraph {
  const graph = options.localAggregation ? insertLocalAggregation(logical, options) : logical;
  const heads = new Map<OperatorId, LogicalOperator[]>();
  const headOf = new Map<OperatorId, OperatorId>();
  for (const operator of graph.operators) {
    const upstream = options.chaining ? chainedTo(graph, operator) : undefined;
    const head = upstream === undefined ? operator.id : (headOf.get(upstream.id) as OperatorId);
    headOf.set(operator.id, head);
    const chain = heads.get(head);
    if (chain === undefined) heads.set(head, [operator]);
    else chain.push(operator);
  }
  return buildStages(graph, { heads, headOf, mode: options.mode });
}

/** The operator that `operator` is chained behind, if any. */
function chainedTo(graph: LogicalGraph, operator: LogicalOperator): LogicalOperator | undefined {
  const [edge, ...others] = operator.inputs;
  if (edge === undefined || others.length > 0) return undefined;
  const upstream = operatorOf(graph, edge.from);
  const chains =
    edge.partitioner.kind === 'forward' &&
    upstream.parallelism === operator.parallelism &&
    operator.chaining === 'always' &&
    upstream.chaining !== 'never' &&
    operator.spec.endpoint === undefined &&
    upstream.spec.endpoint === undefined;
  return chains ? upstream : undefined;
}

function operatorOf(graph: LogicalGraph, id: OperatorId): LogicalOperator {
  const operator = graph.operators.find((each) => each.id === id);
  assert(operator !== undefined, `operator ${id} is in the graph`);
  return operator;
}

interface Chains {
  readonly heads: ReadonlyMap<OperatorId, readonly LogicalOperator[]>;
  readonly headOf: ReadonlyMap<OperatorId, OperatorId>;
  readonly mode: RuntimeMode;
}

function buildStages(graph: LogicalGraph, { heads, headOf, mode }: Chains): JobGraph {
  const chains = [...heads.values()].filter(([head]) => head?.spec.endpoint === undefined);
  const stageOf = new Map<OperatorId, StageId>();
  for (const [index, chain] of chains.entries()) for (const { id } of chain) stageOf.set(id, index as StageId);
  const exchanges: Exchange[] = [];
  for (const operator of graph.operators) {
    for (const edge of operator.inputs) {
      if (headOf.get(operator.id) !== operator.id) continue;
      const from = operatorOf(graph, edge.from);
      const ends = { from: endOf(from, stageOf), to: endOf(operator, stageOf) };
      exchanges.push({
        id: exchanges.length as ExchangeId,
        ...ends,
        partitioner: exchangePartitioner(edge, ends),
        side: edge.side,
        input: edge.input ?? 0,
      });
    }
  }
  const stages = chains.map((operators, index) => ({
    id: index as StageId,
    operators,
    parallelism: (operators[0] as LogicalOperator).parallelism,
    inputs: exchanges.filter((exchange) => exchange.to.stage === index).map((exchange) => exchange.id),
    outputs: exchanges.filter((exchange) => exchange.from.stage === index).map((exchange) => exchange.id),
  }));
  return { mode, stages, exchanges };
}

function endOf(operator: LogicalOperator, stageOf: ReadonlyMap<OperatorId, StageId>): ExchangeEnd {
  return { operator, stage: stageOf.get(operator.id), parallelism: operator.spec.endpoint === undefined ? operator.parallelism : 1 };
}

/** Forward becomes rebalance between the host and many subtasks; elsewhere it needs equal parallelism. */
function exchangePartitioner(edge: LogicalEdge, { from, to }: { from: ExchangeEnd; to: ExchangeEnd }): PartitionerSpec {
  if (edge.partitioner.kind !== 'forward' || from.parallelism === to.parallelism) return edge.partitioner;
  if (from.stage === undefined || to.stage === undefined) return { kind: 'rebalance' };
  throw new MillraceError(
    'INVALID_JOB',
    `forward() from '${from.operator.name}' (parallelism ${from.parallelism}) to '${to.operator.name}' (parallelism ${to.parallelism}) ` +
      'needs equal parallelism; use rebalance(), or set the same parallelism on both',
  );
}

/** By the key that the local aggregation hands on. */
function carried(key: KeySpec): PartitionerSpec {
  return { kind: 'hash', key: isComposite(key) ? { kind: 'carried', composite: true } : { kind: 'carried' } };
}

/** Whether records are brought together: those of a key, or all. */
function isGathering({ partitioner: { kind } }: LogicalEdge, { parallelism, spec }: LogicalOperator): boolean {
  if (kind === 'hash') return true;
  const isBehindOne = kind === 'forward' && spec.local?.behindOne === true;
  return parallelism === 1 && (kind === 'global' || kind === 'rebalance' || isBehindOne);
}

/** Puts each operator's local aggregation behind the operator that feeds it, to be chained there. */
function insertLocalAggregation(graph: LogicalGraph, options: JobGraphOptions): LogicalGraph {
  let next = graph.operators.length;
  const operators: LogicalOperator[] = [];
  for (const operator of graph.operators) {
    const { local } = operator.spec;
    if (local === undefined || !isWorthwhile(graph, operator, options)) {
      operators.push(operator);
      continue;
    }
    const inputs = operator.inputs.map((edge, input): LogicalEdge => {
      const { partitioner } = edge;
      const upstream = operatorOf(graph, edge.from);
      const id = next++ as OperatorId;
      operators.push({
        ...operator,
        id,
        name: `${operator.name} (local)`,
        partOf: operator.name,
        uid: operator.uid === undefined ? undefined : `${operator.uid}-local-${input}`,
        spec: local,
        inputs: [{ ...edge, partitioner: { kind: 'forward' } }],
        parallelism: upstream.spec.endpoint === undefined ? upstream.parallelism : operator.parallelism,
        chaining: 'always',
        type: undefined,
        ...(partitioner.kind === 'hash' ? { key: partitioner.key } : {}),
      });
      return { from: id, partitioner: partitioner.kind === 'hash' ? carried(partitioner.key) : partitioner, side: undefined };
    });
    operators.push({ ...operator, inputs, spec: operator.spec.merge ?? operator.spec });
  }
  return { operators };
}

/** Between one producer and one consumer nothing is spread and nothing crosses a thread: windows gain nothing there. */
function isWorthwhile(graph: LogicalGraph, operator: LogicalOperator, { mode, checkpoints = false }: JobGraphOptions): boolean {
  const { inputs, parallelism, spec } = operator;
  if (!inputs.every((edge) => isGathering(edge, operator))) return false;
  if (spec.local?.streams !== true) return mode === 'batch';
  return checkpoints || parallelism > 1 || inputs.some((edge) => operatorOf(graph, edge.from).parallelism > 1);
}
