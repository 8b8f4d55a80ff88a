/** Stream elements as plain data: batches are made of them and read back to them, so that they can be compared. */

import { AnyColumn } from '../../src/batch/any-column.ts';
import { type Column, FixedColumn } from '../../src/batch/column.ts';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import { nullId, StringColumn } from '../../src/batch/string-column.ts';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';
import type { ChannelWriter } from '../../src/channel/channel.ts';
import type { Mark, StreamElement } from '../../src/channel/element.ts';
import { batchColumns, type ColumnType, column, internType, type RecordType } from '../../src/schema/type.ts';

/** How the strings of a column lie in the batch that is offered. */
export type StringLayout = 'references' | 'latin1' | 'utf16' | 'lines' | 'dictionary';

export interface PlainBatch {
  readonly kind: 'batch';
  readonly type: RecordType;
  /** One array for each row, one value for each column. */
  readonly rows: readonly (readonly unknown[])[];
  readonly timestamps: readonly number[] | null;
  readonly hashes: readonly number[] | null;
}

export type PlainElement = PlainBatch | Mark;

/** A plain element and how to lay it out; dictionaries go by column and are shared by the batches that name them. */
export interface Offered {
  readonly element: PlainElement;
  readonly layout?: StringLayout;
  readonly dictionaries?: StringDictionary[];
}

export function tupleType(...columns: readonly ColumnType[]): RecordType {
  return internType({ form: 'tuple', names: columns.map((_, i) => String(i)), columns, key: undefined });
}

/** A batch of one column. */
export function batchOf(type: ColumnType | RecordType, values: readonly unknown[]): PlainBatch {
  const record = 'form' in type ? type : tupleType(type);
  return { kind: 'batch', type: record, rows: values.map((value) => [value]), timestamps: null, hashes: null };
}

export const stringColumn = column('string');
export const nullableString = column('string', true);

/** What a writer is offered for a plain element. */
export function materialise(writer: ChannelWriter, { element, layout = 'references', dictionaries = [] }: Offered): StreamElement {
  if (element.kind !== 'batch') return element;
  const options = { capacity: element.rows.length, timestamps: element.timestamps !== null, hashes: element.hashes !== null };
  const batch = writer.acquire(element.type, options);
  batch.rowCount = element.rows.length;
  batch.timestamps?.set(element.timestamps as number[]);
  batch.hashes?.set(element.hashes as number[]);
  batch.columns.forEach((each, i) => {
    const values = element.rows.map((row) => row[i]);
    if (each instanceof StringColumn) fillStrings(each, values as (string | null)[], { layout, dictionary: dictionaryOf(dictionaries, i) });
    else fillColumn(each, values);
  });
  return batch;
}

function dictionaryOf(dictionaries: StringDictionary[], index: number): StringDictionary {
  dictionaries[index] ??= new StringDictionary();
  return dictionaries[index];
}

function fillColumn(target: Column, values: readonly unknown[]): void {
  if (target instanceof AnyColumn) target.values = [...values];
  if (!(target instanceof FixedColumn)) return;
  const stored = target.values(values.length);
  const validity = target.validity(values.length);
  values.forEach((value, row) => {
    if (validity !== null) validity[row] = value === null ? 0 : 1;
    if (value !== null) stored[row] = (value instanceof Date ? value.getTime() : value) as never;
  });
}

function fillStrings(
  target: StringColumn,
  values: readonly (string | null)[],
  { layout, dictionary }: { readonly layout: StringLayout; readonly dictionary: StringDictionary },
): void {
  if (layout === 'dictionary') {
    target.setIds(Int32Array.from([7, ...values.map((value) => idOf(dictionary, value))]), 1, dictionary);
  } else if (layout === 'references' || !fitsLayout(values, layout)) {
    for (const [row, value] of values.entries()) target.set(row, value);
  } else setStringBytes(target, values, layout);
}

function idOf(dictionary: StringDictionary, value: string | null): number {
  if (value === null) return nullId;
  const known = dictionary.slice(0).indexOf(value);
  return known >= 0 ? known : dictionary.add(value);
}

function fitsLayout(values: readonly (string | null)[], layout: StringLayout): boolean {
  const narrow = values.every((value) => value === null || /^[\0-\xff]*$/.test(value));
  return layout === 'utf16' || narrow;
}

/** Bytes that begin away from zero, as in a file or a ring; in the layout 'lines' a line feed ends every row. */
function setStringBytes(target: StringColumn, values: readonly (string | null)[], layout: 'latin1' | 'utf16' | 'lines'): void {
  const encoding = layout === 'utf16' ? 'utf16le' : 'latin1';
  const gap = layout === 'lines' ? 1 : 0;
  const offsets = new Int32Array(values.length + 4);
  const base = 3;
  const parts: Buffer[] = [Buffer.from('before..')];
  offsets[base] = 2;
  values.forEach((value, row) => {
    const bytes = Buffer.from((value ?? '') + '\n'.repeat(gap), encoding);
    parts.push(bytes);
    offsets[base + row + 1] = (offsets[base + row] as number) + bytes.length;
  });
  const validity = values.includes(null) ? Uint8Array.from([9, ...values.map((value) => (value === null ? 0 : 1))]) : null;
  const bytes = Buffer.concat([...parts, Buffer.from('behind')]);
  target.setBytes({ offsets, base, bytes, bytesBase: 6, wide: layout === 'utf16', gap, validity, validityBase: 1 });
}

/** What a polled element holds, copied out of it. */
export function plainOf(element: StreamElement): PlainElement {
  if (element.kind !== 'batch') return { ...element };
  const { type, rowCount, timestamps, hashes } = element;
  const kinds = batchColumns(type);
  const columns = element.columns.map((each, i) => readColumn(each, kinds[i] as ColumnType, rowCount));
  return {
    kind: 'batch',
    type,
    rows: Array.from({ length: rowCount }, (_, row) => columns.map((values) => values[row])),
    timestamps: timestamps === null ? null : [...timestamps.subarray(0, rowCount)],
    hashes: hashes === null ? null : [...hashes.subarray(0, rowCount)],
  };
}

function readColumn(from: Column, type: ColumnType, rows: number): unknown[] {
  return Array.from({ length: rows }, (_, row) => readValue(from, type, row, rows));
}

function readValue(from: Column, type: ColumnType, row: number, rows: number): unknown {
  if (from instanceof AnyColumn) return from.load(rows)[row];
  if (from instanceof StringColumn) return from.at(row, rows);
  if (!(from instanceof FixedColumn)) return null;
  if (from.validity(rows)?.[row] === 0) return null;
  const value = from.values(rows)[row] as number | bigint;
  if (type.kind === 'bool') return value === 1;
  return type.kind === 'timestamp' ? new Date(Number(value)) : value;
}

/** The string columns of a batch. */
export function stringColumnsOf(batch: RecordBatch): StringColumn[] {
  return batch.columns.filter((each) => each instanceof StringColumn);
}
