/**
 * The logical graph: operators and the edges between them, as the job's author wrote them. Immutable data and user
 * functions; nothing of a run.
 */

import type { OperatorId } from '../base/ids.ts';
import type { RecordType } from '../schema/type.ts';

/** A function of the job. */
export type UserFunction = (...args: never[]) => unknown;

/** How the key of a record is found. */
export type KeySpec =
  /** One field's value, or an array of several fields' values where `composite`. */
  | { readonly kind: 'fields'; readonly fields: readonly string[]; readonly composite: boolean }
  | { readonly kind: 'selector'; readonly select: UserFunction }
  /** The operator before knows it and hands it on with the record; `composite` as above. */
  | { readonly kind: 'carried'; readonly composite?: boolean };

export type PartitionerSpec =
  | { readonly kind: 'forward' | 'rebalance' | 'rescale' | 'shuffle' | 'broadcast' | 'global' }
  | { readonly kind: 'hash'; readonly key: KeySpec }
  | { readonly kind: 'custom'; readonly key: KeySpec; readonly partition: UserFunction };

/** Whether keys are arrays of several fields' values. */
export function isComposite(key: KeySpec): boolean {
  return key.kind !== 'selector' && key.composite === true;
}

/**
 * What an operator does, as immutable data. The layers above know more of each kind; the graph knows what it plans by.
 */
export interface OperatorSpec {
  readonly kind: string;
  /** Name for people where the author gave none. */
  readonly title: string;
  /** The functions of the job that it calls, by role, for the plan and its hash. */
  readonly functions: Readonly<Record<string, UserFunction>>;
  /** Options that make it another operator, as plain data, for the plan and its hash. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The operator that aggregates in front of the exchange, where that changes no result. */
  readonly local?: OperatorSpec;
  /** Of a local aggregation: whether it is worth having in streaming mode, too, since it knows when to go on. */
  readonly streams?: boolean;
  /**
   * Of a local aggregation over all records: whether there is one behind a single subtask as well, where checkpoints are taken, so that state goes from
   * there to another parallelism. Named aggregators have none there: checkpoints hold their state as it is without.
   */
  readonly behindOne?: boolean;
  /** The operator that takes the place of this one behind its local aggregation; this one itself when absent. */
  readonly merge?: OperatorSpec;
  /** For a source: whether its input ends. */
  readonly bounded?: boolean;
  /** Subtasks that it can be divided among at most. */
  readonly parallelismMax?: number;
  /** For a sink: what no other sink of the job may write to. */
  readonly target?: string;
  /** An endpoint of the host: it runs there, not in a stage. */
  readonly endpoint?: { readonly direction: 'input' | 'output'; readonly name: string };
}

export interface LogicalEdge {
  readonly from: OperatorId;
  readonly partitioner: PartitionerSpec;
  /** Id of the side output that it takes; the main output when absent. */
  readonly side: string | undefined;
  /** Which of the operator's inputs it ends at; the first when absent. */
  readonly input?: number;
}

export type Chaining = 'always' | 'head' | 'never';

export interface LogicalOperator {
  readonly id: OperatorId;
  readonly name: string;
  readonly uid: string | undefined;
  readonly spec: OperatorSpec;
  readonly inputs: readonly LogicalEdge[];
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly chaining: Chaining;
  /** The type that `returns` declared for its records. */
  readonly type: RecordType | undefined;
  /** The operator of the author that this one was made for; its own name elsewhere. */
  readonly partOf?: string;
  /** How it finds the key of a record, where it is keyed and chained behind what feeds it. */
  readonly key?: KeySpec;
}

export interface LogicalGraph {
  /** In the order of their ids: inputs come before their consumers. */
  readonly operators: readonly LogicalOperator[];
}

export type RuntimeMode = 'streaming' | 'batch';

/** Batch when every source ends, unless the mode is given. A batch job of a source that does not end emits its rows when it is stopped. */
export function resolveRuntimeMode(graph: LogicalGraph, mode: RuntimeMode | 'automatic'): RuntimeMode {
  if (mode !== 'automatic') return mode;
  const sources = graph.operators.filter((operator) => operator.inputs.length === 0);
  return sources.every((source) => source.spec.bounded === true) ? 'batch' : 'streaming';
}
