/** What becomes of the groups of a match. */

import type { FixedColumn } from '../batch/column.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { StringColumn } from '../batch/string-column.ts';
import type { ColumnType } from '../schema/type.ts';
import { AnyTime } from './text-values.ts';

/** Puts the group of a field into the next row of a column; returns what is wrong with it. */
export type FieldReader = (batch: RecordBatch, column: number, groups: Readonly<Record<string, string | undefined>>) => string | undefined;

export function fieldReader(name: string, { kind, nullable }: ColumnType): FieldReader {
  const missing = `the group '${name}' took no part in the match`;
  if (kind === 'string') {
    return (batch, column, groups) => {
      const text = groups[name];
      if (text === undefined && !nullable) return missing;
      (batch.columns[column] as StringColumn).set(batch.rowCount, text ?? null);
      return undefined;
    };
  }
  const read = values[kind as keyof typeof values]();
  const bad = `'${name}' is no ${kind}`;
  return (batch, column, groups) => {
    const text = groups[name];
    const { rowCount: row, capacity } = batch;
    const target = batch.columns[column] as FixedColumn;
    const isNull = text === undefined || (nullable && text === '');
    if (isNull && !nullable) return missing;
    const value = isNull ? undefined : read(text);
    if (value === undefined && !isNull) return bad;
    if (nullable) (target.validity(capacity) as Uint8Array)[row] = isNull ? 0 : 1;
    if (value !== undefined) target.values(capacity)[row] = value;
    return undefined;
  };
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const wholeNumber = /^[+-]?\d+$/;
const truths: Readonly<Record<string, number>> = { true: 1, false: 0 };

/** By kind of column, what makes a reader of its texts; undefined for a text that means nothing. */
const values = {
  float64: () => numberOf,
  int32: () => (text: string) => wholeInt32(numberOf(text)),
  bigint64: () => (text: string) => (wholeNumber.test(text) ? inInt64(BigInt(text)) : undefined),
  bool: () => (text: string) => truths[text],
  timestamp: timeOf,
};

function numberOf(text: string): number | undefined {
  return decimal.test(text) ? Number(text) : undefined;
}

function wholeInt32(value: number | undefined): number | undefined {
  return value !== undefined && (value | 0) === value ? value : undefined;
}

function inInt64(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function timeOf(): (text: string) => number | undefined {
  const time = new AnyTime();
  return (text) => {
    const bytes = Buffer.from(text);
    const value = time.read(bytes, 0, bytes.length);
    return Number.isNaN(value) ? undefined : value;
  };
}
