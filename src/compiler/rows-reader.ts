/** Makes the records of whole batches, for whoever takes them out of the job: where the host's outputs begin. */

import { CodeWriter, Names } from '../base/code-writer.ts';
import { KeptValues, keptStrings } from '../batch/kept-strings.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { ColumnType, RecordType } from '../schema/type.ts';
import { fixedValue } from './input-row.ts';
import { localField, wholeRecord } from './row.ts';

const values = new KeptValues();

/** A function that makes the records of a batch, in order. They share no memory with it. */
export function compileRowsReader(type: RecordType): (batch: RecordBatch) => unknown[] {
  const names = new Names();
  const code = new CodeWriter();
  const fields = type.columns.map((column, i) =>
    localField(type.names[i] as string, expressionOf(column, i), column.kind, column.nullable),
  );
  code.block(
    'return (batch) =>',
    () => {
      code.line('const { rowCount: rows, columns } = batch;');
      code.line('const records = new Array(rows);');
      for (const line of type.columns.flatMap((column, i) => declarations(column, i, names))) code.line(line);
      const record = wholeRecord({ form: type.form, fields, value: undefined, timestamp: undefined, key: undefined });
      code.line(`for (let i = 0; i < rows; i++) records[i] = ${record};`);
      code.line('return records;');
    },
    '};',
  );
  return names.evaluate(code.toString(), 'millrace:host-output.js') as (batch: RecordBatch) => unknown[];
}

/** Lines that declare the values `v` of a column, by row, and `n`, which says where they are null. */
function declarations({ kind, nullable }: ColumnType, index: number, names: Names): string[] {
  const column = `columns[${index}]`;
  switch (kind) {
    case 'null':
      return [];
    case 'any':
      return [`const v${index} = ${column}.load(rows, ${names.constant('values', values)});`];
    case 'string':
      return [`const v${index} = ${names.constant('keptStrings', keptStrings)}(${column}, rows);`];
    default:
      return [`const v${index} = ${column}.values(rows);`, ...(nullable ? [`const n${index} = ${column}.validity(rows);`] : [])];
  }
}

/** The expression of a column's value in row `i`. */
function expressionOf(column: ColumnType, index: number): string {
  const { kind, nullable } = column;
  if (kind === 'null') return 'null';
  const raw = `v${index}[i]`;
  if (kind === 'any' || kind === 'string') return raw;
  // A whole number costs no memory where V8 can see that it is one.
  const value = kind === 'float64' ? `(Object.is(${raw} | 0, ${raw}) ? ${raw} | 0 : ${raw})` : fixedValue(column, raw);
  return nullable ? `(n${index}?.[i] === 0 ? null : ${value})` : value;
}
