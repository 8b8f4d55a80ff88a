/**
 * Writes batches as frames. First the layout is planned, so that a frame's length is known before room is asked for; then
 * the columns are copied in place.
 *
 * @hotpath
 */

import { AnyColumn } from '../batch/any-column.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import { type Column, FixedColumn, type FixedValues } from '../batch/column.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { StringColumn } from '../batch/string-column.ts';
import { UnsupportedValueError } from '../batch/unsupported-value.ts';
import { encodeValue } from '../batch/value-codec.ts';
import { ColumnEntry, ColumnForm, FrameKind } from '../wire/frame.ts';
import { align8, columnEntryBytes, type FrameMemory, headerBytes } from './frame-memory.ts';

export const timestampsFlag = 1;
export const hashesFlag = 2;

/** Where the buffers of one column lie, in bytes from the start of the frame; 0 for none. */
interface ColumnPlan {
  form: ColumnForm;
  values: number;
  data: number;
  dataBytes: number;
  validity: number;
}

/** Typed arrays longer than this are copied by the engine, which costs a view; shorter ones element by element. */
const loopMax = 48;

/** Strings are put together to texts of so many units, or of one string that is longer: far from the longest string that there can be. */
const textUnitsMax = 64 * 1024;

/** A value in a batch that cannot cross threads, with the row and column that hold it. */
export class UnsupportedColumnValueError extends Error {
  override readonly name = 'UnsupportedColumnValueError';
  readonly row: number;
  readonly column: number;
  readonly unsupported: UnsupportedValueError;

  constructor(row: number, column: number, unsupported: UnsupportedValueError) {
    super(unsupported.message, { cause: unsupported });
    this.row = row;
    this.column = column;
    this.unsupported = unsupported;
  }
}

export class FrameEncoder {
  readonly #plans: ColumnPlan[] = [];
  readonly #sinks: ByteSink[] = [];
  /** Columns whose last batch had a unit above 255: the next is planned as UTF-16 at once. */
  readonly #wide: boolean[] = [];
  readonly #entry = new ColumnEntry();
  #timestamps = 0;
  #hashes = 0;
  #bytes = 0;

  /** Bytes of the frame that was planned last. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Plans the frame of a batch and returns its length in bytes. */
  plan(batch: RecordBatch): number {
    const rows = batch.rowCount;
    this.#bytes = align8(headerBytes + batch.columns.length * columnEntryBytes);
    this.#timestamps = batch.timestamps === null ? 0 : this.#place(rows * 8);
    this.#hashes = batch.hashes === null ? 0 : this.#place(rows * 4);
    for (let i = 0; i < batch.columns.length; i++) this.#planColumn(batch.columns[i] as Column, i, rows);
    return this.#bytes;
  }

  /**
   * Writes the planned batch at a position. False when a string turned out to need UTF-16: plan again, the frame grows.
   */
  write(batch: RecordBatch, schema: number, memory: FrameMemory, position: number): boolean {
    const rows = batch.rowCount;
    const header = memory.startFrame(position, FrameKind.Data, this.#bytes);
    header.mutate_rows(rows);
    header.mutate_schema(schema);
    header.mutate_columns(batch.columns.length);
    header.mutate_flags((batch.timestamps === null ? 0 : timestampsFlag) | (batch.hashes === null ? 0 : hashesFlag));
    if (batch.timestamps !== null) {
      copyValues(batch.timestamps, 0, memory.float64, (position + this.#timestamps) >> 3, rows);
    }
    if (batch.hashes !== null) copyValues(batch.hashes, 0, memory.int32, (position + this.#hashes) >> 2, rows);
    for (let i = 0; i < batch.columns.length; i++) {
      if (!this.#writeColumn(batch.columns[i] as Column, i, rows, memory, position)) return false;
    }
    return true;
  }

  #place(bytes: number): number {
    const offset = this.#bytes;
    this.#bytes = align8(offset + bytes);
    return offset;
  }

  #planColumn(column: Column, index: number, rows: number): void {
    let plan = this.#plans[index];
    if (plan === undefined) {
      plan = { form: ColumnForm.Null, values: 0, data: 0, dataBytes: 0, validity: 0 };
      this.#plans[index] = plan;
    }
    plan.values = 0;
    plan.data = 0;
    plan.dataBytes = 0;
    plan.validity = 0;
    if (column instanceof FixedColumn) {
      plan.form = ColumnForm.Fixed;
      plan.values = this.#place(rows * column.values(rows).BYTES_PER_ELEMENT);
      if (column.validity(rows) !== null) plan.validity = this.#place(rows);
    } else if (column instanceof StringColumn) this.#planStrings(column, index, rows, plan);
    else if (column instanceof AnyColumn) this.#planValues(column, index, rows, plan);
    else plan.form = ColumnForm.Null;
  }

  #planStrings(column: StringColumn, index: number, rows: number, plan: ColumnPlan): void {
    if (column.form === 'dictionary') {
      plan.form = ColumnForm.Dictionary;
      plan.values = this.#place(rows * 4);
      return;
    }
    plan.values = this.#place((rows + 1) * 4);
    if (column.form === 'bytes') {
      plan.form = column.utf8 ? ColumnForm.Utf8 : column.wide ? ColumnForm.Utf16 : ColumnForm.Latin1;
      plan.dataBytes = lengthOfStrings(column, rows);
      if (column.validity !== null) plan.validity = this.#place(rows);
    } else {
      const wide = this.#wide[index] === true;
      plan.form = wide ? ColumnForm.Utf16 : ColumnForm.Latin1;
      const { units, nulls } = measure(column.references, rows);
      plan.dataBytes = wide ? units * 2 : units;
      if (nulls) plan.validity = this.#place(rows);
    }
    plan.data = this.#place(plan.dataBytes);
  }

  #planValues(column: AnyColumn, index: number, rows: number, plan: ColumnPlan): void {
    plan.form = ColumnForm.Any;
    if (column.isEncoded) {
      plan.values = this.#place((rows + 1) * 4);
      plan.dataBytes = (column.offsets[column.base + rows] as number) - (column.offsets[column.base] as number);
      plan.data = this.#place(plan.dataBytes);
      return;
    }
    const sink = this.#sinks[index] ?? new ByteSink();
    this.#sinks[index] = sink;
    sink.reset();
    const values = column.load(rows);
    for (let row = 0; row < rows; row++) {
      try {
        encodeValue(sink, values[row]);
      } catch (error) {
        if (error instanceof UnsupportedValueError) throw new UnsupportedColumnValueError(row, index, error);
        throw error;
      }
    }
    plan.dataBytes = sink.length;
    plan.data = this.#place(sink.length);
  }

  #writeColumn(column: Column, index: number, rows: number, memory: FrameMemory, position: number): boolean {
    const plan = this.#plans[index] as ColumnPlan;
    const entry = this.#entry.__init(position + headerBytes + index * columnEntryBytes, memory.flat);
    entry.mutate_form(plan.form);
    entry.mutate_values(plan.values);
    entry.mutate_data(plan.data);
    entry.mutate_data_bytes(plan.dataBytes);
    entry.mutate_validity(plan.validity);
    if (column instanceof FixedColumn) writeFixed(column, plan, rows, memory, position);
    else if (column instanceof StringColumn) return this.#writeStrings(column, index, rows, memory, position);
    else if (column instanceof AnyColumn && column.isEncoded) writeEncodedRows(column, plan, rows, memory, position);
    else if (column instanceof AnyColumn) {
      const sink = this.#sinks[index] as ByteSink;
      sink.bytes.copy(memory.bytes, position + plan.data, 0, sink.length);
    }
    return true;
  }

  #writeStrings(column: StringColumn, index: number, rows: number, memory: FrameMemory, position: number): boolean {
    const plan = this.#plans[index] as ColumnPlan;
    if (column.form === 'dictionary') {
      copyValues(column.ids, column.idsBase, memory.int32, (position + plan.values) >> 2, rows);
      return true;
    }
    if (column.form === 'bytes') {
      writeStringBytes(column, plan, rows, memory, position);
      return true;
    }
    if (plan.validity !== 0) {
      for (let row = 0; row < rows; row++) memory.uint8[position + plan.validity + row] = column.references[row] === null ? 0 : 1;
    }
    if (plan.form === ColumnForm.Utf16) {
      this.#wide[index] = writeUtf16(column.references, plan, rows, memory, position);
      return true;
    }
    const latin1 = writeLatin1(column.references, plan, rows, memory, position);
    if (!latin1) this.#wide[index] = true;
    return latin1;
  }
}

function measure(references: readonly (string | null)[], rows: number): { units: number; nulls: boolean } {
  let units = 0;
  let nulls = false;
  for (let row = 0; row < rows; row++) {
    const value = references[row] as string | null;
    if (value === null) nulls = true;
    else units += value.length;
  }
  return { units, nulls };
}

function copyValues(from: FixedValues, fromBase: number, to: FixedValues, toBase: number, count: number): void {
  if (count > loopMax) {
    (to as Float64Array).set(
      count === from.length ? (from as Float64Array) : (from as Float64Array).subarray(fromBase, fromBase + count),
      toBase,
    );
  } else {
    for (let i = 0; i < count; i++) to[toBase + i] = from[fromBase + i] as never;
  }
}

function writeFixed(column: FixedColumn, plan: ColumnPlan, rows: number, memory: FrameMemory, position: number): void {
  const values = column.values(rows);
  const validity = column.validity(rows);
  const start = position + plan.values;
  if (values instanceof Float64Array) copyValues(values, 0, memory.float64, start >> 3, rows);
  else if (values instanceof Int32Array) copyValues(values, 0, memory.int32, start >> 2, rows);
  else if (values instanceof BigInt64Array) copyValues(values, 0, memory.int64, start >> 3, rows);
  else copyValues(values, 0, memory.uint8, start, rows);
  if (validity !== null) copyValues(validity, 0, memory.uint8, position + plan.validity, rows);
}

function lengthOfStrings({ offsets, base, stride, gap }: StringColumn, rows: number): number {
  if (stride === 1) return (offsets[base + rows] as number) - (offsets[base] as number) - rows * gap;
  let length = 0;
  for (let at = base; at < base + rows * 2; at += 2) length += (offsets[at + 1] as number) - (offsets[at] as number) - gap;
  return length;
}

function writeStringBytes(column: StringColumn, plan: ColumnPlan, rows: number, memory: FrameMemory, position: number): void {
  const { offsets, base, stride, bytesBase, bytes, gap } = column;
  const offsetsBase = (position + plan.values) >> 2;
  const first = offsets[base] as number;
  let target = position + plan.data;
  if (gap === 0 && stride === 1) {
    bytes.copy(memory.bytes, target, bytesBase + first, bytesBase + (offsets[base + rows] as number));
    for (let row = 0; row <= rows; row++) memory.int32[offsetsBase + row] = (offsets[base + row] as number) - first;
  } else {
    for (let row = 0; row < rows; row++) {
      memory.int32[offsetsBase + row] = target - position - plan.data;
      target += bytes.copy(
        memory.bytes,
        target,
        bytesBase + (offsets[base + row * stride] as number),
        bytesBase + (offsets[base + row * stride + 1] as number) - gap,
      );
    }
    memory.int32[offsetsBase + rows] = target - position - plan.data;
  }
  if (column.validity !== null) {
    copyValues(column.validity, column.validityBase, memory.uint8, position + plan.validity, rows);
  }
}

function writeEncodedRows(
  { offsets, base, bytes, bytesBase }: AnyColumn,
  plan: ColumnPlan,
  rows: number,
  memory: FrameMemory,
  position: number,
): void {
  const offsetsBase = (position + plan.values) >> 2;
  const first = offsets[base] as number;
  for (let row = 0; row <= rows; row++) memory.int32[offsetsBase + row] = (offsets[base + row] as number) - first;
  const start = bytesBase + first;
  bytes.copy(memory.bytes, position + plan.data, start, start + plan.dataBytes);
}

/**
 * False when a unit does not fit a byte. One text of many strings is written for less than each of them: strings that were put together
 * are taken from their pieces, and none is read unit by unit.
 */
function writeLatin1(
  references: readonly (string | null)[],
  plan: ColumnPlan,
  rows: number,
  { int32, bytes }: FrameMemory,
  position: number,
): boolean {
  const offsetsBase = (position + plan.values) >> 2;
  const start = position + plan.data;
  let target = start;
  let text = '';
  for (let row = 0; row < rows; row++) {
    int32[offsetsBase + row] = target + text.length - start;
    const value = references[row] as string | null;
    if (value === null) continue;
    if (text.length + value.length > textUnitsMax) {
      if (!writeText(text, bytes, target)) return false;
      target += text.length;
      text = '';
    }
    text += value;
  }
  int32[offsetsBase + rows] = target + text.length - start;
  return writeText(text, bytes, target);
}

/** False when a unit does not fit a byte, and was cut off. */
function writeText(text: string, bytes: Buffer, position: number): boolean {
  bytes.latin1Write(text, position);
  return bytes.latin1Slice(position, position + text.length) === text;
}

/** Whether any unit needed it. */
function writeUtf16(
  references: readonly (string | null)[],
  plan: ColumnPlan,
  rows: number,
  memory: FrameMemory,
  position: number,
): boolean {
  const { int32, uint8 } = memory;
  const offsetsBase = (position + plan.values) >> 2;
  const start = position + plan.data;
  let target = start;
  let units = 0;
  for (let row = 0; row < rows; row++) {
    int32[offsetsBase + row] = target - start;
    const value = references[row] as string | null;
    if (value === null) continue;
    const length = value.length;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      units |= unit;
      uint8[target++] = unit & 0xff;
      uint8[target++] = unit >> 8;
    }
  }
  int32[offsetsBase + rows] = target - start;
  return units > 255;
}
