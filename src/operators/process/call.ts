/** Code that calls a function which hands on records through `out` and `ctx.output`. */

import type { Emit, OperatorCode } from '../../compiler/operator.ts';
import { type Row, valueRow, wholeRecord } from '../../compiler/row.ts';
import type { UserFunction } from '../../graph/logical.ts';
import { refusePromise } from '../functions.ts';
import { hoistOutput } from '../output.ts';
import type { CallContext } from './context.ts';

export interface ProcessCall {
  /** Called with the row's record, the further arguments, the context and `out`. */
  readonly fn: UserFunction;
  /** Expressions. */
  readonly further?: readonly string[];
  readonly context: CallContext;
  /** The method of the user's function, for errors. */
  readonly method: string;
}

/** Writes the call for a row; the records that come of it carry the row's time. */
export function generateProcessCall(code: OperatorCode, row: Row, emit: Emit, { fn, further = [], context, method }: ProcessCall): void {
  const output = hoistOutput(code, row, (item, timestamp) => emit(valueRow(item, timestamp)));
  const state = code.names.constant('context', context);
  const sides = code.names.fresh('sides');
  const writers = emit.sides.map(
    (side) => [side, hoistOutput(code, row, (item, timestamp) => emit(valueRow(item, timestamp), side))] as const,
  );
  const outputs = [output, ...writers.map(([, writer]) => writer)];
  // Without a prototype, and with computed keys: ids of side outputs may be '__proto__' or 'toString'.
  const entries = ['__proto__: null', ...writers.map(([side, writer]) => `[${JSON.stringify(side)}]: ${writer.guarded()}`)];
  code.hoist(() => code.body.line(`const ${sides} = { ${entries.join(', ')} };`));
  for (const each of outputs) each.begin();
  code.body.line(`${state}.begin(${sides}, ${row.timestamp ?? 'NaN'});`);
  const called = code.call(fn, row, [...further, state, output.guarded()]);
  code.body.line(`${state}.end();`);
  for (const each of outputs) each.end();
  code.body.block(`if (${called.result} !== undefined)`, () => {
    const check = code.names.constant('noPromise', (result: unknown) => noPromise(result, method));
    code.body.line(`try { ${check}(${called.result}); }`);
    code.body.line(`catch (error) { throw ${code.failure('error', wholeRecord(called.row))}; }`);
  });
}

/** A method that hands on records while it is called returns nothing to wait for. */
export function noPromise(result: unknown, method: string): void {
  refusePromise(result, `${method} must not be async:`);
}
