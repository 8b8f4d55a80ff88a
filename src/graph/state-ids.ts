/** By what the state of an operator is found again when a job goes on: its `uid`, or a name made from its place among its like. */

import type { OperatorId } from '../base/ids.ts';
import type { JobGraph } from './job.ts';
import type { LogicalOperator } from './logical.ts';

/**
 * Where the author gave no `uid`, an operator is the n-th of its kind. That holds as long as none of its kind is added before it;
 * whoever changes a job gives uids. A name that was made once may be given as a `uid`: then it is not made again.
 */
export function stateIds(job: JobGraph): ReadonlyMap<OperatorId, string> {
  const operators = job.stages.flatMap((stage) => stage.operators).sort((a, b) => a.id - b.id);
  const taken = new Set(operators.map(({ uid }) => uid));
  return new Map(
    operators.map((operator) => {
      const id = operator.uid ?? derivedId(operator, taken);
      taken.add(id);
      return [operator.id, id];
    }),
  );
}

function derivedId({ spec: { kind } }: LogicalOperator, taken: ReadonlySet<string | undefined>): string {
  for (let count = 1; ; count++) if (!taken.has(`${kind}-${count}`)) return `${kind}-${count}`;
}
