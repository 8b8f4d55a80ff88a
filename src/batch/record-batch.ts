/**
 * A batch of records in columns: what travels between subtasks. The sender fills it and forgets it; the receiver reads it
 * and releases it. Never shared by two writers, never changed after it was sealed.
 *
 * @hotpath
 */

import { batchColumns, type RecordType } from '../schema/type.ts';
import { type Column, createColumn, StringColumn } from './column.ts';

export class RecordBatch {
  readonly kind = 'batch';
  readonly type: RecordType;
  readonly capacity: number;
  readonly columns: readonly Column[];
  rowCount = 0;
  /** Event time of each row in epoch milliseconds, from `timestampsBase`; null when the stream carries none. */
  timestamps: Float64Array | null;
  timestampsBase = 0;
  /** Hash of each row's key, from `hashesBase`; null when the stream is not keyed. */
  hashes: Int32Array | null;
  hashesBase = 0;

  constructor(type: RecordType, options: { readonly capacity: number; readonly timestamps: boolean; readonly hashes: boolean }) {
    const { capacity } = options;
    this.type = type;
    this.capacity = capacity;
    this.columns = batchColumns(type).map((column) => createColumn(column, capacity));
    this.timestamps = options.timestamps ? new Float64Array(capacity) : null;
    this.hashes = options.hashes ? new Int32Array(capacity) : null;
  }

  /** Empties the batch so that it can be filled again. */
  clear(): void {
    this.rowCount = 0;
    for (const column of this.columns) {
      if (column instanceof StringColumn) column.units = 0;
    }
  }
}
