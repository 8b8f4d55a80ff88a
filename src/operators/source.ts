/** The head of a stage that reads a source: the records of its reader go through the chain as they are. */

import type { Operator } from '../compiler/operator.ts';
import type { UserFunction } from '../graph/logical.ts';
import type { MembersRead, Source, Split } from '../graph/source.ts';
import { synchronous } from './functions.ts';

export interface SourceOperator extends Operator {
  readonly source: Source<unknown>;
}

export function sourceOperator<T, S extends Split>(given: Source<T, S>): SourceOperator {
  // A reader gets the splits of its own source only.
  const source = given as unknown as Source<unknown>;
  return {
    kind: 'source',
    title: source.name,
    functions: {},
    ...(source.details === undefined ? {} : { details: source.details }),
    bounded: source.bounded,
    ...(source.parallelismMax === undefined ? {} : { parallelismMax: source.parallelismMax }),
    source,
    retains: false,
    create: () => ({
      generate: (_code, row, emit) => emit(row),
      generateBatch(_code, row, emit) {
        emit.batch(row);
        return true;
      },
    }),
  };
}

/** The source that gives these fields alone, as an operator. @param keys those of them that records are grouped by */
export function projectedSource(
  operator: SourceOperator,
  fields: readonly string[],
  keys: readonly string[],
  members?: MembersRead,
): SourceOperator {
  const { source } = operator;
  return source.project === undefined ? operator : { ...operator, source: source.project(fields, keys, members) };
}

/** A source whose records go through a function of the job at once: one operator, which name, uid and parallelism are about. */
export function generateOperator<S extends Split>(indices: Source<number, S>, create: UserFunction): SourceOperator {
  synchronous(create, 'generate');
  return {
    ...sourceOperator(indices),
    functions: { create },
    create: () => ({
      generate: (code, row, emit) => emit(code.call(create, row).resultRow),
    }),
  };
}

export function isSourceOperator(operator: { readonly kind: string }): operator is SourceOperator {
  return operator.kind === 'source';
}
