/** One record out for each record in. */

import type { CallResult, Operator, OperatorCode } from '../compiler/operator.ts';
import { readsOf } from '../compiler/record-reads.ts';
import { wholeRecord } from '../compiler/row.ts';
import { projectedRow } from '../compiler/user-call.ts';
import type { UserFunction } from '../graph/logical.ts';
import { refusePromise, synchronous } from './functions.ts';

export function mapOperator(fn: UserFunction): Operator {
  synchronous(fn, 'map');
  return {
    kind: 'map',
    title: 'map',
    functions: { map: fn },
    retains: false,
    reads: () => readsOf([fn], false),
    create: () => ({
      generate(code, row, emit) {
        const projected = projectedRow(fn, row);
        if (projected !== undefined) {
          emit(projected);
          return;
        }
        const called = code.call(fn, row);
        if (called.resultRow.form === 'unknown') refusePromises(code, called);
        emit(called.resultRow);
      },
      generateBatch(_code, row, emit) {
        const projected = projectedRow(fn, row);
        if (projected !== undefined) emit.batch(projected);
        return projected !== undefined;
      },
    }),
  };
}

/** A result whose shape the function's source does not show may be anything. */
function refusePromises(code: OperatorCode, { result, row }: CallResult): void {
  const check = code.names.constant('noPromise', (value: unknown) => refusePromise(value, 'map: the function returned a promise;'));
  code.body.line(
    `if (typeof ${result} === 'object') try { ${check}(${result}); } catch (error) { throw ${code.failure('error', wholeRecord(row))}; }`,
  );
}
