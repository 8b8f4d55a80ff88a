/**
 * Reads frames as batches, in place: the columns of a decoded batch point into the memory of the frame and are valid until
 * the frame is released. One batch object serves all frames of a schema.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { AnyColumn } from '../batch/any-column.ts';
import { type Column, FixedColumn } from '../batch/column.ts';
import { RecordBatch } from '../batch/record-batch.ts';
import { StringColumn } from '../batch/string-column.ts';
import type { StringDictionary } from '../batch/string-dictionary.ts';
import type { RecordType } from '../schema/type.ts';
import { ColumnEntry, ColumnForm, type FrameHeader } from '../wire/frame.ts';
import { hashesFlag, timestampsFlag } from './frame-encoder.ts';
import { align8, columnEntryBytes, type FrameMemory, headerBytes } from './frame-memory.ts';

export class FrameDecoder {
  readonly #batch: RecordBatch;
  readonly #dictionaries: readonly (StringDictionary | undefined)[];
  readonly #entry = new ColumnEntry();

  /** @param dictionaries the channel's, by column */
  constructor(type: RecordType, dictionaries: readonly (StringDictionary | undefined)[]) {
    this.#batch = new RecordBatch(type, { capacity: 0, timestamps: false, hashes: false });
    this.#dictionaries = dictionaries;
  }

  decode(memory: FrameMemory, position: number, header: FrameHeader): RecordBatch {
    const batch = this.#batch;
    const rows = header.rows();
    const flags = header.flags();
    assert(header.columns() === batch.columns.length, 'a frame has the columns of its schema');
    let offset = position + align8(headerBytes + batch.columns.length * columnEntryBytes);
    batch.rowCount = rows;
    batch.timestamps = null;
    batch.hashes = null;
    if ((flags & timestampsFlag) !== 0) {
      batch.timestamps = new Float64Array(memory.buffer as ArrayBuffer, memory.offset + offset, rows);
      offset = align8(offset + rows * 8);
    }
    if ((flags & hashesFlag) !== 0) {
      batch.hashes = new Int32Array(memory.buffer as ArrayBuffer, memory.offset + offset, rows);
    }
    for (let i = 0; i < batch.columns.length; i++) this.#decodeColumn(i, memory, position);
    return batch;
  }

  #decodeColumn(index: number, memory: FrameMemory, position: number): void {
    const column = this.#batch.columns[index] as Column;
    const entry = this.#entry.__init(position + headerBytes + index * columnEntryBytes, memory.flat);
    if (column instanceof FixedColumn) {
      const start = memory.offset + position;
      const validityOffset = entry.validity() === 0 ? 0 : start + entry.validity();
      column.setFrame({ buffer: memory.buffer, valuesOffset: start + entry.values(), validityOffset });
    } else if (column instanceof StringColumn) this.#pointStrings(column, index, entry, memory, position);
    else if (column instanceof AnyColumn) {
      const start = position + entry.data();
      const rows = entry.values() === 0 ? null : { offsets: memory.int32, base: (position + entry.values()) >> 2 };
      column.setEncoded(memory.bytes, start, start + entry.dataBytes(), rows);
    }
  }

  #pointStrings(column: StringColumn, index: number, entry: ColumnEntry, memory: FrameMemory, position: number): void {
    const base = (position + entry.values()) >> 2;
    if (entry.form() === ColumnForm.Dictionary) {
      const dictionary = this.#dictionaries[index];
      assert(dictionary !== undefined, 'a dictionary travels before its ids');
      column.setIds(memory.int32, base, dictionary);
      return;
    }
    column.setBytes({
      offsets: memory.int32,
      base,
      bytes: memory.bytes,
      bytesBase: position + entry.data(),
      wide: entry.form() === ColumnForm.Utf16,
      utf8: entry.form() === ColumnForm.Utf8,
      gap: 0,
      validity: entry.validity() === 0 ? null : memory.uint8,
      validityBase: position + entry.validity(),
    });
  }
}
