/**
 * Inference of types from values. An inferred type is a guess that later values may widen: `null` to a nullable kind, two
 * kinds to `any`, records of unlike form to one `any` column. Widening never goes back, so it ends.
 */

import { columnsMax } from '../base/limits.ts';
import { anyColumn, anyRecord, type ColumnType, column, internType, isAwkwardName, type RecordType, scalarType } from './type.ts';

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

function fitsInt64(value: bigint): boolean {
  return value >= int64Min && value <= int64Max;
}

/** An object with these properties and no place for others. Without a prototype V8 keeps it as a table, which is assigned to faster. */
export function frameOf(names: readonly string[]): object {
  const frame = Object.create(null);
  for (const name of names) frame[name] = undefined;
  return Object.preventExtensions(frame);
}

/**
 * Whether an object has no enumerable properties but those of a frame, and all that it has can be read. To assign it costs V8 less
 * than to list the symbols that it has.
 */
export function hasOnly(value: object, frame: object): boolean {
  try {
    Object.assign(frame, value);
    return true;
  } catch {
    return false;
  }
}

const bare = frameOf([]);

/** Whether a value is a `Date` and nothing more: no subclass, no further properties. */
export function isPlainDate(value: unknown): value is Date {
  return value instanceof Date && Object.getPrototypeOf(value) === Date.prototype && hasOnly(value, bare);
}

function columnOf(value: unknown): ColumnType {
  switch (typeof value) {
    case 'number':
      return column('float64');
    case 'string':
      return column('string');
    case 'boolean':
      return column('bool');
    case 'bigint':
      return fitsInt64(value) ? column('bigint64') : anyColumn;
    case 'object':
      return value === null ? column('null') : isPlainDate(value) ? column('timestamp') : anyColumn;
    default:
      return anyColumn;
  }
}

/** The narrowest column type that takes all values of both. */
export function widenColumn(a: ColumnType, b: ColumnType): ColumnType {
  if (a.kind === b.kind) return a.nullable === b.nullable ? a : column(a.kind, true);
  if (a.kind === 'null') return b.kind === 'any' ? b : column(b.kind, true);
  if (b.kind === 'null') return a.kind === 'any' ? a : column(a.kind, true);
  if (isNumeric(a) && isNumeric(b)) return column('float64', a.nullable || b.nullable);
  return anyColumn;
}

/** int32 and float64 hold the same kind of value, a number. */
function isNumeric(type: ColumnType): boolean {
  return type.kind === 'float64' || type.kind === 'int32';
}

/** The narrowest record type that takes all records of both. */
export function widenType(a: RecordType, b: RecordType): RecordType {
  const key = a.key === undefined ? b.key : b.key === undefined ? a.key : widenColumn(a.key, b.key);
  const alike = a.form === b.form && a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i]);
  if (!alike) return internType({ ...anyRecord, key });
  const columns = a.columns.map((each, i) => widenColumn(each, b.columns[i] as ColumnType));
  return internType({ form: a.form, names: a.names, columns, key });
}

/** Whether records with these names can have a column each. */
export function isRecordShape(names: readonly string[]): boolean {
  return names.length > 0 && names.length <= columnsMax && !names.some((name) => /\p{Surrogate}/u.test(name));
}

/** The narrowest type that takes `record`, with the key that travels with it where there is one. */
export function inferType(record: unknown, key?: { readonly value: unknown }): RecordType {
  const keyType = key === undefined ? undefined : columnOf(key.value);
  return internType({ ...inferRecord(record), key: keyType });
}

function inferRecord(record: unknown): RecordType {
  try {
    return formOf(record);
  } catch {
    // A getter threw. The codec says which, where the record crosses threads.
    return anyRecord;
  }
}

function formOf(record: unknown): RecordType {
  if (typeof record !== 'object' || record === null) return scalarType(columnOf(record));
  if (Array.isArray(record)) return isPlainTuple(record) ? tupleOf(record) : anyRecord;
  if (Object.getPrototypeOf(record) !== Object.prototype) return scalarType(columnOf(record));
  return isPlainObject(record) ? objectOf(record as Record<string, unknown>) : anyRecord;
}

/** An array without holes and without further properties. */
function isPlainTuple(record: readonly unknown[]): boolean {
  const length = record.length;
  if (length === 0 || length > columnsMax || Object.getPrototypeOf(record) !== Array.prototype) return false;
  const keys = Reflect.ownKeys(record);
  // Indices come first, ascending, and `length` behind them.
  return keys.length === length + 1 && keys[length - 1] === String(length - 1);
}

/** Enumerable properties under ordinary names only. */
function isPlainObject(record: object): boolean {
  const names = Object.keys(record);
  if (names.length === 0 || names.length > columnsMax || names.some(isAwkwardName)) return false;
  return Reflect.ownKeys(record).length === names.length;
}

function tupleOf(record: readonly unknown[]): RecordType {
  return { form: 'tuple', names: record.map((_, i) => String(i)), columns: record.map(columnOf), key: undefined };
}

function objectOf(record: Record<string, unknown>): RecordType {
  const names = Object.keys(record);
  return { form: 'object', names, columns: names.map((name) => columnOf(record[name])), key: undefined };
}
