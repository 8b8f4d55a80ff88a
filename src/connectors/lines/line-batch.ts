/** Batches of lines: one column of strings. */

import type { Limits } from '../../base/limits.ts';
import { RecordBatch } from '../../batch/record-batch.ts';
import { column, internType, type RecordType, scalarType } from '../../schema/type.ts';

/** How text is stored. In `latin1` every byte is the character with its number. */
export type TextEncoding = 'utf8' | 'latin1';

/** The type of lines. */
export const lineType: RecordType = internType(scalarType(column('string')));

/** An empty batch of lines, to be filled again and again. */
export function createLineBatch(limits: Limits): RecordBatch {
  return new RecordBatch(lineType, { capacity: limits.batchRows, timestamps: false, hashes: false });
}
