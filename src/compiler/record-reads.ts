/** Which fields of a record functions and operators read, as far as that is known before the first record. */

import type { UserFunction } from '../graph/logical.ts';
import { analyseClosure, parameterUse } from './closure-analysis.ts';

/** What an operator reads of the records of its input. */
export interface RecordReads {
  readonly fields: readonly string[];
  /** Whether it hands the records on as they are, so that those behind it read them, too. */
  readonly handsOn: boolean;
}

/** The fields that a function reads of its first argument; undefined where it may read all of it. */
export function fieldsRead(fn: UserFunction): readonly string[] | undefined {
  const use = parameterUse(analyseClosure(fn), 0);
  if (use.kind === 'whole') return undefined;
  return use.kind === 'fields' ? use.fields : [];
}

/** What is read where several read something; undefined where one of them may read everything. */
export function readByAll(reads: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  return reads.every((fields) => fields !== undefined) ? [...new Set(reads.flat())] : undefined;
}

/** `reads` of an operator that calls functions of the record. */
export function readsOf(functions: readonly UserFunction[], handsOn: boolean): RecordReads | undefined {
  const fields = readByAll(functions.map(fieldsRead));
  return fields === undefined ? undefined : { fields, handsOn };
}
