/** Lets the records pass for which a function returns something truthy. */

import type { UserFunction } from '../graph/logical.ts';
import type { Operator } from '../compiler/operator.ts';
import { synchronous } from './functions.ts';

export function filterOperator(fn: UserFunction): Operator {
  synchronous(fn, 'filter');
  return {
    kind: 'filter',
    title: 'filter',
    functions: { filter: fn },
    retains: false,
    create: () => ({
      generate(code, row, emit) {
        const call = code.call(fn, row);
        code.body.block(`if (${call.result})`, () => emit(call.row));
      },
    }),
  };
}
