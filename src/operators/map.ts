/** One record out for each record in. */

import type { Operator } from '../compiler/operator.ts';
import { projectedRow } from '../compiler/user-call.ts';
import type { UserFunction } from '../graph/logical.ts';
import { synchronous } from './functions.ts';

export function mapOperator(fn: UserFunction): Operator {
  synchronous(fn, 'map');
  return {
    kind: 'map',
    title: 'map',
    functions: { map: fn },
    retains: false,
    create: () => ({
      generate(code, row, emit) {
        emit(projectedRow(fn, row) ?? code.call(fn, row).resultRow);
      },
      generateBatch(_code, row, emit) {
        const projected = projectedRow(fn, row);
        if (projected !== undefined) emit.batch(projected);
        return projected !== undefined;
      },
    }),
  };
}
