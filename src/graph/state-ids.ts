/** By what the state of an operator is found again when a job goes on: its `uid`, or a name made from its place among its like. */

import type { OperatorId } from '../base/ids.ts';
import type { JobGraph } from './job.ts';
import type { LogicalOperator } from './logical.ts';

/**
 * Where the author gave no `uid`, an operator is the n-th of its kind. That holds as long as none of its kind is added before it;
 * whoever changes a job gives uids.
 */
export function stateIds(job: JobGraph): ReadonlyMap<OperatorId, string> {
  const operators = job.stages.flatMap((stage) => stage.operators).sort((a, b) => a.id - b.id);
  const counts = new Map<string, number>();
  return new Map(operators.map((operator) => [operator.id, operator.uid ?? derivedId(operator, counts)]));
}

function derivedId({ spec: { kind } }: LogicalOperator, counts: Map<string, number>): string {
  const count = (counts.get(kind) ?? 0) + 1;
  counts.set(kind, count);
  return `${kind}-${count}`;
}
