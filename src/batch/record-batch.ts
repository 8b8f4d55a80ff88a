/**
 * A batch of records in columns: what travels between subtasks. The sender fills it and forgets it; the receiver reads it
 * and releases it. Never shared by two writers, never changed after it was sealed.
 *
 * @hotpath
 */

import { batchColumns, type ColumnType, type RecordType } from '../schema/type.ts';
import { AnyColumn } from './any-column.ts';
import { type Column, createColumn } from './column.ts';
import { StringColumn } from './string-column.ts';

export class RecordBatch {
  readonly kind = 'batch';
  type: RecordType;
  readonly capacity: number;
  columns: readonly Column[];
  /** The memory of all float64 and timestamp columns, one behind the other, so that writing a row touches one array. */
  floats: Float64Array;
  rowCount = 0;
  /** Event time of each row in epoch milliseconds; null when the stream carries none. */
  timestamps: Float64Array | null;
  /** Hash of each row's key; null when the stream is not keyed. */
  hashes: Int32Array | null;

  constructor(type: RecordType, options: { readonly capacity: number; readonly timestamps: boolean; readonly hashes: boolean }) {
    const { capacity } = options;
    this.type = type;
    this.capacity = capacity;
    this.floats = floatsOf(type, capacity);
    this.columns = columnsOf(type, capacity, this.floats);
    this.timestamps = options.timestamps ? new Float64Array(capacity) : null;
    this.hashes = options.hashes ? new Int32Array(capacity) : null;
  }

  /** Gives an empty batch the columns of another type, where its filler finds that its records have one. */
  become(type: RecordType): void {
    if (type === this.type) return;
    this.type = type;
    this.floats = floatsOf(type, this.capacity);
    this.columns = columnsOf(type, this.capacity, this.floats);
  }

  /** Empties the batch so that it can be filled again. */
  clear(): void {
    this.rowCount = 0;
    for (const column of this.columns) {
      if (column instanceof AnyColumn) column.clear();
      if (!(column instanceof StringColumn)) continue;
      column.rowBytes = 0;
      column.packed = false;
    }
  }
}

function floatsOf(type: RecordType, capacity: number): Float64Array {
  return new Float64Array(batchColumns(type).filter(isFloat).length * capacity);
}

function columnsOf(type: RecordType, capacity: number, memory: Float64Array): Column[] {
  let floats = 0;
  return batchColumns(type).map((column) => {
    if (!isFloat(column)) return createColumn(column, capacity);
    return createColumn(column, capacity, memory.subarray(capacity * floats, capacity * ++floats));
  });
}

/** Whether a column's values lie in `RecordBatch.floats`. */
export function isFloat(column: ColumnType): boolean {
  return column.kind === 'float64' || column.kind === 'timestamp';
}
