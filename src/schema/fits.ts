/** Whether records keep a declared type. */

import { fitsInt64, isPlainDate } from './inference.ts';
import type { ColumnType, RecordType } from './type.ts';

/** A function that tells whether a record has the type, by the same rules as an exchange that writes it in columns. */
export function typeCheck(type: RecordType): (record: unknown) => boolean {
  const checks = type.columns.map(columnCheck);
  const { names } = type;
  if (type.form === 'scalar') return checks[0] as (record: unknown) => boolean;
  if (type.form === 'tuple') {
    return (record) =>
      Array.isArray(record) &&
      record.length === checks.length &&
      Object.getPrototypeOf(record) === Array.prototype &&
      // A hole reads as undefined and is something else.
      checks.every((check, i) => check(record[i]) && (record[i] !== undefined || i in record));
  }
  return (record) => {
    if (typeof record !== 'object' || record === null || Object.getPrototypeOf(record) !== Object.prototype) return false;
    const keys = Object.keys(record);
    return (
      keys.length === names.length &&
      names.every((name, i) => keys[i] === name && checks[i]?.((record as Record<string, unknown>)[name]) === true)
    );
  };
}

function columnCheck({ kind, nullable }: ColumnType): (value: unknown) => boolean {
  const check = kindChecks[kind];
  return nullable ? (value) => value === null || check(value) : check;
}

const kindChecks: Readonly<Record<ColumnType['kind'], (value: unknown) => boolean>> = {
  float64: (value) => typeof value === 'number',
  int32: (value) => typeof value === 'number' && Object.is(value | 0, value),
  bigint64: (value) => typeof value === 'bigint' && fitsInt64(value),
  bool: (value) => typeof value === 'boolean',
  timestamp: isPlainDate,
  string: (value) => typeof value === 'string',
  any: () => true,
  null: (value) => value === null,
};
