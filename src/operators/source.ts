/** The head of a stage that reads a source: the records of its reader go through the chain as they are. */

import type { Operator } from '../compiler/operator.ts';
import type { Source } from '../graph/source.ts';

export interface SourceOperator extends Operator {
  readonly source: Source<unknown>;
}

export function sourceOperator(source: Source<unknown>): SourceOperator {
  return {
    kind: 'source',
    title: source.name,
    functions: {},
    ...(source.details === undefined ? {} : { details: source.details }),
    bounded: source.bounded,
    source,
    retains: false,
    create: () => ({
      generate: (_code, row, emit) => emit(row),
    }),
  };
}

export function isSourceOperator(operator: { readonly kind: string }): operator is SourceOperator {
  return operator.kind === 'source';
}
