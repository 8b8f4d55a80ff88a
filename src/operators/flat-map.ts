/** Any number of records out for each record in: those that the function returns, and those that it emits. */

import { analyseClosure, parameterUse } from '../compiler/closure-analysis.ts';
import type { Emit, Operator, OperatorCode, OperatorInstance } from '../compiler/operator.ts';
import { readsOf } from '../compiler/record-reads.ts';
import { type Row, valueRow, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import { canSplit, generateSplit, separatorOf, splitColumn } from './flat-map-split.ts';
import { synchronous } from './functions.ts';
import { hoistOutput } from './output.ts';

export function flatMapOperator(fn: UserFunction): Operator {
  synchronous(fn, 'flatMap');
  return {
    kind: 'flatMap',
    title: 'flatMap',
    functions: { flatMap: fn },
    retains: false,
    reads: () => readsOf([fn], false),
    create: () => instanceOf(fn),
  };
}

function instanceOf(fn: UserFunction): OperatorInstance {
  const separator = separatorOf(fn);
  if (separator === undefined) return { generate: (code, row, emit) => generateCalls(code, { fn, row, emit }) };
  return {
    takesLatin1: () => canSplit(separator),
    generate(code, row, emit) {
      const column = splitColumn(row);
      if (column === undefined) generateCalls(code, { fn, row, emit });
      else generateSplit(code, separator, { column, from: column.row, to: `${column.row} + 1` }, emit);
    },
    generateBatch(code, row, emit) {
      const column = splitColumn(row);
      // A loop that stops can be gone on with in one place only.
      if (column === undefined || code.part.kind === 'chunk') return false;
      generateSplit(code, separator, { column, from: '0', to: 'rows' }, emit);
      return true;
    },
  };
}

/** Calls the function for a row, and emits what it emits and returns. */
function generateCalls(code: OperatorCode, { fn, row, emit }: { fn: UserFunction; row: Row; emit: Emit }): void {
  const output = hoistOutput(code, row, (item, timestamp) => emit(valueRow(item, timestamp)));
  const emits = parameterUse(analyseClosure(fn), 1).kind !== 'unused';
  output.begin();
  const { result, row: called } = code.call(fn, row, emits ? [output.guarded()] : []);
  const iterate = code.names.constant('iterate', iterateResult);
  code.body.block(`if (Array.isArray(${result}))`, () => {
    code.body.line(`for (let j = 0; j < ${result}.length; j++) ${output.name}(${result}[j]);`);
  });
  code.body.block(`else if (${result} !== undefined && ${result} !== null)`, () => {
    code.body.line(`try { ${iterate}(${result}, ${output.name}); }`);
    code.body.line(`catch (error) { throw ${code.failure('error', wholeRecord(called))}; }`);
  });
  // A generator runs, and may emit, while it is read.
  output.end();
}

function iterateResult(result: unknown, output: (item: unknown) => void): void {
  if (typeof (result as Iterable<unknown>)[Symbol.iterator] !== 'function') {
    throw new TypeError(`flatMap: the function must return an iterable or nothing, it returned a ${typeof result}`);
  }
  for (const item of result as Iterable<unknown>) output(item);
}
