/** Makes the lines that `print` writes. */

import { inspect } from 'node:util';
import type { Operator } from '../compiler/operator.ts';
import { valueRow, wholeRecord } from '../compiler/row.ts';

/** Strings as they are, other records as Node shows them, in one line. */
function printedText(record: unknown): string {
  return typeof record === 'string'
    ? record
    : inspect(record, { depth: 8, breakLength: Number.POSITIVE_INFINITY, compact: true, maxArrayLength: 1000, maxStringLength: 100_000 });
}

/** As in Flink: the prefix, and with several subtasks the number of the one that prints. */
export function printOperator(prefix: string | undefined): Operator {
  return {
    kind: 'print',
    title: 'print',
    functions: {},
    details: { prefix },
    retains: false,
    create: (context) => {
      const numbers = context.parallelism > 1 ? [String(context.subtask + 1)] : [];
      const label = [...(prefix === undefined ? [] : [prefix]), ...numbers].join(':');
      const lead = label === '' ? '' : `${label}> `;
      const line = (record: unknown): string => lead + printedText(record);
      return {
        generate(code, row, emit) {
          const text = code.names.fresh('text');
          code.body.line(`const ${text} = ${code.names.constant('line', line)}(${wholeRecord(row)});`);
          emit(valueRow(text, row.timestamp));
        },
      };
    },
  };
}
