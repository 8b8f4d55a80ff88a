/**
 * A record as generated code knows it: perhaps as one JavaScript value, perhaps as fields that lie in columns or locals, or
 * both. Rows are immutable; an operator that learns more of a record hands on another row.
 */

import { optionalMember, propertyKey } from '../base/code-writer.ts';
import type { ColumnKind, RecordForm } from '../schema/type.ts';

/** What is known of a field's value when the code is written: a column kind, or nothing (`js`). */
export type FieldKind = ColumnKind | 'js';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly nullable: boolean;
  /** The expression of its JavaScript value; asking for it counts as a use of the column. */
  read(): string;
  /** The string column it lies in, for copying and hashing without making a string. */
  readonly column?: FieldColumn;
  /** The array of numbers that it lies in, by row. */
  readonly numbers?: { use(): string };
  /** The bytes of its value, as `encodeValue` writes them, for copying without making the value: an `EncodedRows`, and a row in it. */
  readonly encoded?: { readonly rows: string; readonly row: string };
  /** The column of values that it lies in, perhaps as bytes. */
  readonly values?: { use(): string };
  /** The number that it is in every row. */
  readonly constant?: number;
}

export interface FieldColumn {
  use(): string;
  readonly row: string;
  readonly rows: string;
  /** Whether all rows are known to be Latin-1 bytes, none of them null. */
  readonly latin1?: boolean;
  /** The array of the strings' hashes, by row, where there is one. */
  readonly hashes?: string;
}

/** The key that a record is grouped by, where it is known already. */
export interface RowKey {
  readonly field: Field;
  /** Expression of its hash, where known. */
  readonly hash: string | undefined;
}

export interface Row {
  /** `unknown` when only the value is there. */
  readonly form: RecordForm | 'unknown';
  readonly fields: readonly Field[];
  /** A local that holds the whole record. */
  readonly value: string | undefined;
  /** Expression of its event time; undefined when the stream carries none. */
  readonly timestamp: string | undefined;
  readonly key: RowKey | undefined;
}

export function localField(name: string, expression: string, kind: FieldKind = 'js', nullable = false): Field {
  return { name, kind, nullable, read: () => expression };
}

/** A field that is the same number in every row. */
export function constantField(name: string, constant: number): Field {
  return { ...localField(name, String(constant), 'float64'), constant };
}

/** Whether the field lies in a column, or is constant: then it is the same whenever it is read. */
export function isColumnar(field: Field): boolean {
  return field.column !== undefined || field.numbers !== undefined || field.constant !== undefined;
}

/** The row of a value of which nothing is known. */
export function valueRow(value: string, timestamp: string | undefined): Row {
  return { form: 'unknown', fields: [], value, timestamp, key: undefined };
}

/** The expression of the whole record, a literal of the fields where it is not in a local. */
export function wholeRecord(row: Row): string {
  return row.value ?? literal(row, () => true);
}

/**
 * The expression of the whole record for keeping it: a new literal where the fields are known. Kept itself, the local record
 * would have to exist for every row; V8 removes it when only a rare branch makes another.
 */
export function freshRecord(row: Row): string {
  return row.form === 'unknown' ? (row.value as string) : literal(row, () => true);
}

/** A record literal in which fields that are not kept are undefined (arrays) or absent (objects). */
export function literal(row: Row, keeps: (name: string) => boolean): string {
  switch (row.form) {
    case 'object': {
      const kept = row.fields.filter((field) => keeps(field.name));
      return `{ ${kept.map((field) => `${propertyKey(field.name)}: ${field.read()}`).join(', ')} }`;
    }
    case 'tuple':
      return `[${row.fields.map((field) => (keeps(field.name) ? field.read() : 'undefined')).join(', ')}]`;
    case 'scalar':
      return (row.fields[0] as Field).read();
    case 'unknown':
      return row.value as string;
  }
}

export function fieldOf(row: Row, name: string): Field | undefined {
  return row.form === 'scalar' ? undefined : row.fields.find((field) => field.name === name);
}

/**
 * The expression of what `record.name` is, whatever is known of the record; undefined for records that are null. A name that is
 * no field may still be one that arrays or strings have, such as `length`.
 */
export function fieldExpression(row: Row, name: string): string {
  return fieldOf(row, name)?.read() ?? optionalMember(`(${wholeRecord(row)})`, name);
}
