/** Gathers the operators of one environment. Streams hold positions in it; `build` makes the immutable graph. */

import { MillraceError } from '../base/errors.ts';
import type { OperatorId } from '../base/ids.ts';
import type { Chaining, LogicalEdge, LogicalGraph, LogicalOperator, OperatorSpec } from '../graph/logical.ts';
import type { RecordType } from '../schema/type.ts';

export interface OperatorDraft {
  readonly id: OperatorId;
  readonly spec: OperatorSpec;
  /** Edges without a partitioner of their own are forward where the parallelism allows, else rebalance. */
  readonly inputs: readonly EdgeDraft[];
  name: string | undefined;
  uid: string | undefined;
  parallelism: number | undefined;
  maxParallelism: number | undefined;
  chaining: Chaining;
  type: RecordType | undefined;
  /** The operator that it runs beside, with the same parallelism. */
  follows: OperatorDraft | undefined;
}

export interface EdgeDraft extends Omit<LogicalEdge, 'partitioner'> {
  readonly partitioner: LogicalEdge['partitioner'] | undefined;
}

/** The main output of an operator, to be partitioned as the consumer's parallelism asks for. */
export function edgeFrom({ id }: OperatorDraft): EdgeDraft {
  return { from: id, partitioner: undefined, side: undefined };
}

export interface GraphDefaults {
  readonly parallelism: number;
  readonly maxParallelism: number;
}

export class GraphBuilder {
  readonly #drafts: OperatorDraft[] = [];

  add(
    spec: OperatorSpec,
    inputs: readonly EdgeDraft[],
    options: Partial<Pick<OperatorDraft, 'name' | 'uid' | 'parallelism'>> = {},
  ): OperatorDraft {
    const draft: OperatorDraft = {
      id: this.#drafts.length as OperatorId,
      spec,
      inputs,
      name: options.name,
      uid: options.uid,
      parallelism: options.parallelism,
      maxParallelism: undefined,
      chaining: 'always',
      type: undefined,
      follows: undefined,
    };
    this.#drafts.push(draft);
    return draft;
  }

  /** The graph as it stands. @throws MillraceError INVALID_JOB when it could not run even with more operators */
  build(defaults: GraphDefaults): LogicalGraph {
    const operators: LogicalOperator[] = [];
    for (const draft of this.#drafts) operators.push(resolve(draft, operators, defaults));
    checkGraph(operators);
    return { operators };
  }

  /** Fails unless the job does something. */
  checkComplete(): void {
    if (this.#drafts.some(({ spec }) => spec.kind === 'sink' || spec.endpoint?.direction === 'output')) return;
    throw new MillraceError(
      'INVALID_JOB',
      'the job has no sink, so nothing would come of it; end a stream with print(), sinkTo(…) or toHost(…)',
    );
  }
}

function resolve(draft: OperatorDraft, before: readonly LogicalOperator[], defaults: GraphDefaults): LogicalOperator {
  const parallelism = draft.parallelism ?? draft.follows?.parallelism ?? defaults.parallelism;
  const maxParallelism = draft.maxParallelism ?? draft.follows?.maxParallelism ?? defaults.maxParallelism;
  const name = draft.name ?? draft.spec.title;
  if (parallelism > maxParallelism) {
    throw new MillraceError(
      'INVALID_OPTION',
      `'${name}': parallelism ${parallelism} exceeds maxParallelism ${maxParallelism}; raise maxParallelism`,
    );
  }
  const inputs = draft.inputs.map((edge): LogicalEdge => {
    const same = before[edge.from]?.parallelism === parallelism;
    return { ...edge, partitioner: edge.partitioner ?? { kind: same ? 'forward' : 'rebalance' } };
  });
  return {
    id: draft.id,
    name,
    uid: draft.uid,
    spec: draft.spec,
    inputs,
    parallelism,
    maxParallelism,
    chaining: draft.chaining,
    type: draft.type,
  };
}

function checkGraph(operators: readonly LogicalOperator[]): void {
  if (operators.length === 0)
    throw new MillraceError('INVALID_JOB', 'the job has no operators; start with a source such as env.readTextFile(…)');
  const uids = new Map<string, string>();
  for (const { uid, name } of operators) {
    if (uid === undefined) continue;
    if (uids.has(uid))
      throw new MillraceError('INVALID_JOB', `uid '${uid}' is used by '${uids.get(uid)}' and '${name}'; give each operator its own`);
    uids.set(uid, name);
  }
  checkEndpoints(operators);
  checkTargets(operators);
}

const endpointTwice = {
  input: 'an input is one stream: use that twice, or give the other input a name of its own',
  output: 'unite the streams with union(…) in front of one output, or give the other output a name of its own',
};

function checkEndpoints(operators: readonly LogicalOperator[]): void {
  const titles = new Set<string>();
  for (const { spec } of operators) {
    if (spec.endpoint === undefined) continue;
    const { direction, name } = spec.endpoint;
    const title = `${direction === 'input' ? 'fromHost' : 'toHost'}('${name}')`;
    if (titles.has(title)) throw new MillraceError('INVALID_JOB', `${title} occurs twice; ${endpointTwice[direction]}`);
    titles.add(title);
  }
}

/** Two sinks that write to one place would take each other's work for that of an earlier run, or mix it. */
function checkTargets(operators: readonly LogicalOperator[]): void {
  const writers = new Map<string, string>();
  for (const { spec, name } of operators) {
    if (spec.target === undefined) continue;
    const other = writers.get(spec.target);
    if (other !== undefined) {
      throw new MillraceError(
        'INVALID_JOB',
        `the sinks '${other}' and '${name}' both write to '${spec.target}'; ` +
          'give each a place of its own, or unite their streams with union(…) in front of one sink',
      );
    }
    writers.set(spec.target, name);
  }
}
