/**
 * A pipeline as plain data: from it the engine's job and the oracle's result are made, and with it failures are told. Nodes
 * stand in an order in which inputs come before their consumers.
 */

import type { RecordType } from '../../src/schema/type.ts';
import { canonical, shortened } from './canonical.ts';

/** A function of the job; the oracle calls the same. */
export type JobFunction = (...args: never[]) => unknown;

export type Field = string | number;

export type Key =
  | { readonly kind: 'field'; readonly field: Field }
  | { readonly kind: 'fields'; readonly fields: readonly Field[] }
  | { readonly kind: 'selector'; readonly select: JobFunction };

export type Partition =
  | { readonly kind: 'rebalance' | 'rescale' | 'shuffle' | 'broadcast' | 'global' | 'forward' }
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'custom'; readonly key: Key; readonly partition: (key: unknown, subtasks: number) => number };

export interface Edge {
  readonly from: number;
  /** Id of the side output that it takes. */
  readonly side: string | undefined;
  /** Forward where the parallelism is the same, else rebalance, when undefined. */
  readonly partition: Partition | undefined;
}

/**
 * How much of the result of a keyed aggregation follows from the set of records alone: nothing (`ordered`), the final result
 * (`free`), or every rolling result (`steady`: a count goes 1, 2, 3 in any order).
 */
export type Needs = 'ordered' | 'free' | 'steady';

/** What an aggregator is given: a field, what a function returns, or the record. */
export type AggregateInput = Field | JobFunction | undefined;

export type AggregateKind =
  | 'sum'
  | 'min'
  | 'max'
  | 'avg'
  | 'variance'
  | 'first'
  | 'last'
  | 'minBy'
  | 'maxBy'
  | 'countDistinct'
  | 'approxCountDistinct'
  | 'collect';

export type Aggregate =
  | { readonly kind: 'count' }
  | { readonly kind: AggregateKind; readonly of: AggregateInput }
  | { readonly kind: 'quantile'; readonly of: AggregateInput; readonly q: number | readonly number[] }
  | { readonly kind: 'topK'; readonly of: AggregateInput; readonly k: number };

export interface ProcessSpec {
  readonly sides: readonly string[];
  /** Sends records to the main output with `out`, and to side outputs by their ids with `side`. */
  readonly body: (value: never, side: (id: string, record: unknown) => void, out: (record: unknown) => void) => void;
}

export interface FoldSpec {
  readonly createAccumulator: () => unknown;
  readonly add: (record: never, accumulator: never) => unknown;
  readonly getResult: (accumulator: never) => unknown;
  readonly merge: (a: never, b: never) => unknown;
}

export type KeyedOperation =
  | { readonly op: 'reduce'; readonly needs: Needs; readonly fn: JobFunction }
  | { readonly op: 'sum' | 'min' | 'max' | 'minBy' | 'maxBy'; readonly needs: Needs; readonly field: Field | undefined }
  | {
      readonly op: 'aggregate';
      readonly needs: Needs;
      readonly aggregates: Readonly<Record<string, Aggregate>>;
      readonly toRow: JobFunction | undefined;
    }
  | { readonly op: 'fold'; readonly needs: Needs; readonly fold: FoldSpec; readonly toRow: JobFunction | undefined };

export type Operation =
  | { readonly op: 'data'; readonly rows: readonly unknown[] }
  /** Records that the host feeds in. */
  | { readonly op: 'fromHost'; readonly rows: readonly unknown[] }
  | { readonly op: 'sequence'; readonly from: number; readonly to: number }
  | { readonly op: 'map' | 'filter' | 'flatMap'; readonly fn: JobFunction }
  | { readonly op: 'process'; readonly process: ProcessSpec }
  | KeyedOperation
  | { readonly op: 'sink'; readonly to: SinkKind };

/** Functions that take each record at once, or later; the host's thread, where `toHost(name)` or `env.collect` reads. */
export type SinkKind = 'callback' | 'promise' | 'toHost' | 'collect';

export interface PlanNode {
  readonly operation: Operation;
  readonly inputs: readonly Edge[];
  /** The parallelism that the author set; the environment's, or a source's own, when undefined. */
  readonly parallelism?: number | undefined;
  readonly chaining?: 'never' | 'head' | undefined;
  readonly returns?: RecordType | undefined;
}

export interface PlanConfig {
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly mode: 'streaming' | 'batch' | 'automatic';
  readonly localAggregation: boolean;
  readonly chaining: boolean;
  readonly bufferTimeout: number;
  readonly limits: Readonly<Record<string, number>>;
}

export interface Plan {
  readonly config: PlanConfig;
  readonly nodes: readonly PlanNode[];
}

export function isKeyed(operation: Operation): operation is KeyedOperation {
  return 'needs' in operation;
}

export function isOnHost(sink: SinkKind): boolean {
  return sink === 'toHost' || sink === 'collect';
}

/** Batch when every source ends, unless the mode is given; what the host feeds in need not end. */
export function isStreaming({ config, nodes }: Plan): boolean {
  return config.mode === 'streaming' || (config.mode === 'automatic' && nodes.some(({ operation }) => operation.op === 'fromHost'));
}

/** Subtasks of a node. Sources of rows have one unless told otherwise, and the host is one. */
export function parallelismOf(plan: Plan, node: PlanNode): number {
  const { operation } = node;
  if (operation.op === 'sink' && isOnHost(operation.to)) return 1;
  return node.parallelism ?? (operation.op === 'data' ? 1 : plan.config.parallelism);
}

/** The plan as a program that people can read. */
export function planText(plan: Plan): string {
  const { nodes, config } = plan;
  const settings = JSON.stringify(config);
  return [settings, ...nodes.map((node, i) => `  n${i} = ${nodeText(node)}  // × ${parallelismOf(plan, node)}`)].join('\n');
}

function nodeText(node: PlanNode): string {
  const inputs = node.inputs.map(edgeText);
  const from = inputs.length <= 1 ? inputs.join('') : `union(${inputs.join(', ')})`;
  const options = [
    node.parallelism === undefined ? '' : `.setParallelism(${node.parallelism})`,
    node.chaining === undefined ? '' : node.chaining === 'never' ? '.disableChaining()' : '.startNewChain()',
    node.returns === undefined ? '' : `.returns(${JSON.stringify(node.returns)})`,
  ];
  return `${from === '' ? 'env' : from}.${operationText(node.operation)}${options.join('')}`;
}

function edgeText({ from, side, partition }: Edge): string {
  return `n${from}${side === undefined ? '' : `.getSideOutput(${JSON.stringify(side)})`}${partition === undefined ? '' : `.${partitionText(partition)}`}`;
}

function partitionText(partition: Partition): string {
  if (partition.kind === 'key') return `keyBy(${keyPartText(partition.key)})`;
  if (partition.kind === 'custom') return `partitionCustom(${String(partition.partition)}, ${keyPartText(partition.key)})`;
  return `${partition.kind}()`;
}

function keyPartText(key: Key): string {
  if (key.kind === 'selector') return String(key.select);
  return JSON.stringify(key.kind === 'field' ? key.field : key.fields);
}

function operationText(operation: Operation): string {
  switch (operation.op) {
    case 'data':
    case 'fromHost':
      return `${operation.op === 'data' ? 'fromData' : 'fromHost'}([\n${operation.rows.map((row) => `    ${shortened(canonical(row))},\n`).join('')}  ])`;
    case 'sequence':
      return `fromSequence(${operation.from}, ${operation.to})`;
    case 'map':
    case 'filter':
    case 'flatMap':
      return `${operation.op}(${String(operation.fn)})`;
    case 'process':
      return `process(${String(operation.process.body)})`;
    case 'reduce':
      return `reduce(${String(operation.fn)})`;
    case 'aggregate':
      return `aggregate({ ${Object.entries(operation.aggregates).map(aggregateText).join(', ')} }${toRowText(operation.toRow)})`;
    case 'fold':
      return `aggregate({ ${Object.values(operation.fold).map(String).join(', ')} }${toRowText(operation.toRow)})`;
    case 'sink':
      return operation.to;
    default:
      return `${operation.op}(${operation.field === undefined ? '' : JSON.stringify(operation.field)})`;
  }
}

function aggregateText([name, aggregate]: [string, Aggregate]): string {
  if (aggregate.kind === 'count') return `${name}: count()`;
  const { of } = aggregate;
  const rest = 'q' in aggregate ? [aggregate.q] : 'k' in aggregate ? [aggregate.k] : [];
  const input = of === undefined ? [] : [typeof of === 'function' ? String(of) : JSON.stringify(of)];
  return `${name}: ${aggregate.kind}(${[...input, ...rest.map((each) => JSON.stringify(each))].join(', ')})`;
}

function toRowText(toRow: JobFunction | undefined): string {
  return toRow === undefined ? '' : `, ${String(toRow)}`;
}
