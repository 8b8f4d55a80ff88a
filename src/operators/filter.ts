/** Lets the records pass for which a function returns something truthy. */

import type { Operator } from '../compiler/operator.ts';
import { readsOf } from '../compiler/record-reads.ts';
import { wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import { refusePromise, synchronous } from './functions.ts';

export function filterOperator(fn: UserFunction): Operator {
  synchronous(fn, 'filter');
  return {
    kind: 'filter',
    title: 'filter',
    functions: { filter: fn },
    retains: false,
    reads: () => readsOf([fn], true),
    create: () => ({
      generate(code, row, emit) {
        const call = code.call(fn, row);
        code.body.block(`if (${call.result})`, () => {
          // A promise is truthy whatever it will come to.
          const check = code.names.constant('noPromise', (result: unknown) =>
            refusePromise(result, 'filter: the function returned a promise;'),
          );
          code.body.line(
            `if (${call.result} !== true) try { ${check}(${call.result}); } catch (error) { throw ${code.failure('error', wholeRecord(call.row))}; }`,
          );
          emit(call.row);
        });
      },
    }),
  };
}
