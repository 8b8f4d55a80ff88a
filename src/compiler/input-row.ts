/**
 * The row that the columns of an input batch make, and the code that gets the columns ready: where the generated loop of a
 * stage begins. Also a reader of records for whoever takes them one by one.
 */

import { assert } from '../base/assert.ts';
import { CodeWriter, member } from '../base/code-writer.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { StringColumn } from '../batch/string-column.ts';
import type { PartitionerSpec } from '../graph/logical.ts';
import type { ColumnType, RecordType } from '../schema/type.ts';
import { carriesKey } from './exchange-writer.ts';
import { type Field, fieldOf, localField, type Row, type RowKey, wholeRecord } from './row.ts';

export interface InputRowOptions {
  readonly batch: RecordBatch;
  /** Of the input; undefined for a source's own. */
  readonly partitioner: PartitionerSpec | undefined;
  /** Whether an operator of the stage keeps values of records. */
  readonly retains: boolean;
  /** Whether the batches are lines of Latin-1 bytes, see `isLatin1`. */
  readonly latin1: boolean;
}

/** Whether the records of a batch are strings, all of them Latin-1 bytes. */
export function isLatin1(batch: RecordBatch): boolean {
  const column = batch.columns[0];
  return batch.type.form === 'scalar' && column instanceof StringColumn && column.latin1;
}

/** The row that a batch's columns make, and the code that gets the columns ready. */
export class InputRow {
  readonly row: Row;
  /** The expression of the whole record, where the batch holds records as they are. */
  readonly record: string | undefined;
  readonly #type: RecordType;
  readonly #used = new Set<number>();
  /** Columns of values that are to be decoded. */
  readonly #loaded = new Set<number>();
  readonly #hashed: boolean;
  readonly #retains: boolean;
  readonly #latin1: boolean;

  constructor({ batch, partitioner, retains, latin1 }: InputRowOptions) {
    this.#type = batch.type;
    this.#hashed = partitioner?.kind === 'hash';
    this.#retains = retains;
    this.#latin1 = latin1;
    const fields = batch.type.columns.map((column, i) => this.#field(batch.type.names[i] as string, column, i));
    const timestamp = batch.timestamps === null ? undefined : 'times[i]';
    const plain = batch.type.form === 'scalar' && batch.type.columns[0]?.kind === 'any';
    this.record = plain ? (fields[0] as Field).read() : undefined;
    const row: Row = plain
      ? { form: 'unknown', fields: [], value: 'record', timestamp, key: undefined }
      : { form: batch.type.form, fields, value: undefined, timestamp, key: undefined };
    this.row = { ...row, key: this.#key(row, partitioner) };
  }

  #key(row: Row, partitioner: PartitionerSpec | undefined): RowKey | undefined {
    if (partitioner?.kind !== 'hash') return undefined;
    if (carriesKey(partitioner)) {
      assert(this.#type.key !== undefined, 'a carried key has a column');
      return { field: this.#field('key', this.#type.key, this.#type.columns.length), hash: 'hashes[i]' };
    }
    assert(partitioner.key.kind === 'fields', 'a key that is not carried is a field');
    const name = partitioner.key.fields[0] as string;
    const field = fieldOf(row, name) ?? localField(name, member(row.value ?? wholeRecord(row), name));
    return { field, hash: 'hashes[i]' };
  }

  #field(name: string, column: ColumnType, index: number): Field {
    const use = (): string => {
      this.#used.add(index);
      return `c${index}`;
    };
    const read = (): string => {
      const object = use();
      const raw = `v${index}[i]`;
      const orNull = (value: string) => (column.nullable ? `(n${index}[i] === 0 ? null : ${value})` : value);
      switch (column.kind) {
        case 'null':
          return 'null';
        case 'any':
          this.#loaded.add(index);
          return `v${index}[i]`;
        case 'string':
          return `${object}.${this.#retains ? 'detached' : 'at'}(i, rows)`;
        default:
          return orNull(fixedValue(column, raw));
      }
    };
    const field: Field = { name, kind: column.kind, nullable: column.nullable, read };
    if (column.kind === 'string') return { ...field, column: { use, row: 'i', rows: 'rows', latin1: this.#latin1 && index === 0 } };
    if (column.kind === 'any') return { ...field, values: { use } };
    if (column.nullable || (column.kind !== 'float64' && column.kind !== 'int32')) return field;
    const numbers = (): string => {
      use();
      return `v${index}`;
    };
    return { ...field, numbers: { use: numbers } };
  }

  /** Declares the columns that the body turned out to use. */
  prologue(): CodeWriter {
    const code = new CodeWriter();
    code.line('const rows = batch.rowCount;');
    if (this.#hashed) code.line('const { hashes } = batch;');
    if (this.row.timestamp !== undefined) code.line('const times = batch.timestamps;');
    for (const index of [...this.#used].sort((a, b) => a - b)) {
      const column = this.#type.columns[index] ?? (this.#type.key as ColumnType);
      code.line(`const c${index} = batch.columns[${index}];`);
      if (column.kind === 'any') {
        if (this.#loaded.has(index)) code.line(`const v${index} = c${index}.load(rows);`);
      } else if (column.kind !== 'string' && column.kind !== 'null') {
        code.line(`const v${index} = c${index}.values(rows);`);
        if (column.nullable) code.line(`const n${index} = c${index}.validity(rows);`);
      }
    }
    return code;
  }
}

/** The expression of the value that a number in a column stands for. */
export function fixedValue({ kind }: ColumnType, raw: string): string {
  if (kind === 'bool') return `${raw} === 1`;
  return kind === 'timestamp' ? `new Date(${raw})` : raw;
}

/** A function that makes the record of a row, for whoever takes records one by one. */
export function recordReader(type: RecordType): (batch: RecordBatch, row: number) => unknown {
  const columns = type.columns.map((column, i) => (batch: RecordBatch, row: number) => valueAt(batch, i, column, row));
  if (type.form === 'scalar') return columns[0] as (batch: RecordBatch, row: number) => unknown;
  if (type.form === 'tuple') return (batch, row) => columns.map((read) => read(batch, row));
  return (batch, row) => {
    const record: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i++) record[type.names[i] as string] = columns[i]?.(batch, row);
    return record;
  };
}

function valueAt(batch: RecordBatch, index: number, type: ColumnType, row: number): unknown {
  const column = batch.columns[index];
  if (column === undefined || column.kind === 'null') return null;
  if (column.kind === 'any') return column.load(batch.rowCount)[row];
  // Whoever reads records one by one may keep them.
  if (column instanceof StringColumn) return column.detached(row, batch.rowCount);
  if (column.validity(batch.rowCount)?.[row] === 0) return null;
  const raw = column.values(batch.rowCount)[row];
  if (type.kind === 'bool') return raw === 1;
  return type.kind === 'timestamp' ? new Date(raw as number) : raw;
}
