/** A batch of some of the rows of another, in memory of its own. */

import { batchColumns, type ColumnType } from '../schema/type.ts';
import { AnyColumn } from './any-column.ts';
import { type Column, FixedColumn } from './column.ts';
import { RecordBatch } from './record-batch.ts';
import { StringColumn } from './string-column.ts';

/** @param rows which, in the order in which they are to stand */
export function selectRows(batch: RecordBatch, rows: readonly number[]): RecordBatch {
  const { type, timestamps, hashes, rowCount } = batch;
  const selected = new RecordBatch(type, { capacity: rows.length, timestamps: timestamps !== null, hashes: hashes !== null });
  selected.rowCount = rows.length;
  if (timestamps !== null) selected.timestamps?.set(rows.map((row) => timestamps[row] as number));
  if (hashes !== null) selected.hashes?.set(rows.map((row) => hashes[row] as number));
  const types = batchColumns(type);
  for (const [i, column] of batch.columns.entries()) {
    selectColumn(selected.columns[i] as Column, column, { rows, rowCount, type: types[i] as ColumnType });
  }
  return selected;
}

interface Selection {
  readonly rows: readonly number[];
  /** Of the column that they are selected from. */
  readonly rowCount: number;
  readonly type: ColumnType;
}

function selectColumn(to: Column, from: Column, { rows, rowCount, type }: Selection): void {
  if (to instanceof FixedColumn && from instanceof FixedColumn) {
    const [target, source] = [to.values(rows.length), from.values(rowCount)];
    for (const [i, row] of rows.entries()) target[i] = source[row] as never;
    if (!type.nullable) return;
    const [valid, validity] = [to.validity(rows.length) as Uint8Array, from.validity(rowCount)];
    for (const [i, row] of rows.entries()) valid[i] = validity === null ? 1 : (validity[row] as number);
  } else if (to instanceof StringColumn && from instanceof StringColumn) {
    for (const [i, row] of rows.entries()) to.set(i, from.detached(row, rowCount));
  } else if (to instanceof AnyColumn && from instanceof AnyColumn) {
    const values = from.load(rowCount);
    to.values = rows.map((row) => values[row]);
  }
}

/** The rows from one on. */
export function rowsFrom(batch: RecordBatch, first: number): RecordBatch {
  return selectRows(
    batch,
    Array.from({ length: batch.rowCount - first }, (_, i) => first + i),
  );
}
