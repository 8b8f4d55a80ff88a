/** Which fields of a record functions and operators read, as far as that is known before the first record. */

import type { UserFunction } from '../graph/logical.ts';
import { analyseClosure, type Path, parameterUse } from './closure-analysis.ts';

/** What an operator reads of the records of its input. */
export interface RecordReads {
  readonly fields: readonly string[];
  /** What it reads of their values; all of each where that is not known. */
  readonly paths?: readonly Path[];
  /** Whether it hands the records on as they are, so that those behind it read them, too. */
  readonly handsOn: boolean;
}

/** The fields that a function reads of its first argument; undefined where it may read all of it. */
export function fieldsRead(fn: UserFunction): readonly string[] | undefined {
  const use = parameterUse(analyseClosure(fn), 0);
  if (use.kind === 'whole') return undefined;
  return use.kind === 'fields' ? use.fields : [];
}

/** The same with what it reads of their values. */
export function pathsRead(fn: UserFunction): readonly Path[] | undefined {
  const use = parameterUse(analyseClosure(fn), 0);
  if (use.kind === 'whole') return undefined;
  return use.kind === 'fields' ? use.paths : [];
}

/** What is read where several read something, the same perhaps more than once; undefined where one of them may read everything. */
export function readByAll<T>(reads: readonly (readonly T[] | undefined)[]): readonly T[] | undefined {
  return reads.every((read) => read !== undefined) ? reads.flat() : undefined;
}

/** `reads` of an operator that calls functions of the record. */
export function readsOf(functions: readonly UserFunction[], handsOn: boolean): RecordReads | undefined {
  const paths = readByAll(functions.map(pathsRead));
  return paths === undefined ? undefined : { fields: [...new Set(paths.map(([field]) => field as string))], paths, handsOn };
}
