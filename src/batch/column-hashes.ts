/**
 * Hashes of a whole column of keys.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { hashNumber } from '../base/hash.ts';
import { type Column, StringColumn } from './column.ts';

/** Hashes the numbers or strings of all rows, none of which is null. */
export function hashColumn(column: Column, rows: number, hashes: Int32Array): void {
  if (column instanceof StringColumn) {
    column.hashAll(rows, hashes);
    return;
  }
  assert(column.kind === 'fixed', 'keys that are hashed together are numbers or strings');
  const values = column.values(rows) as Float64Array | Int32Array;
  for (let row = 0; row < rows; row++) hashes[row] = hashNumber(values[row] as number);
}
