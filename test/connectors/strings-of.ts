/** What batches of lines hold. Apart from `support.ts`, because programs that tests start cannot have vitest in them. */

import type { RecordBatch } from '../../src/batch/record-batch.ts';
import type { StringColumn } from '../../src/batch/string-column.ts';

export function lineColumn(batch: RecordBatch): StringColumn {
  return batch.columns[0] as StringColumn;
}

/** The lines of a batch. */
export function stringsOf(batch: RecordBatch): string[] {
  const column = lineColumn(batch);
  return Array.from({ length: batch.rowCount }, (_, row) => column.at(row, batch.rowCount) as string);
}
