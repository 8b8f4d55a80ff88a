/**
 * Batches as bytes that outlive the channel: the frames that a ring would carry, one behind the other, behind eight bytes with the
 * version. Each type goes in front of the first batch that has it; strings of a dictionary are written out.
 */

import { assert } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { rowsFrom } from '../batch/select-rows.ts';
import { StringColumn } from '../batch/string-column.ts';
import type { RecordType } from '../schema/type.ts';
import { FrameKind } from '../wire/frame.ts';
import { encodeRecordType } from '../wire/record-type.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { align8, headerBytes, privateFrameMemory } from './frame-memory.ts';
import { FrameReader } from './frame-reader.ts';

/** Goes up when the layout of frames, or of the values in them, changes. */
const storedBatchesVersion = 1;
const versionBytes = 8;

export class StoredBatches {
  readonly #encoder = new FrameEncoder();
  readonly #schemas = new Map<RecordType, number>();
  readonly #frames: Uint8Array[] = [Uint8Array.of(storedBatchesVersion, 0, 0, 0, 0, 0, 0, 0)];
  /** Rows so far. */
  count = 0;
  /** Bytes so far, without the version. */
  length = 0;

  /**
   * Adds the rows of a batch from one on; the batch may change once this has returned.
   *
   * @throws UnsupportedColumnValueError for a value that is no plain data
   */
  add(batch: RecordBatch, first = 0): void {
    if (first >= batch.rowCount) return;
    const whole = first === 0 && !batch.columns.some(isForeign) ? batch : rowsFrom(batch, first);
    this.#addFrame(this.#frameOf(whole, this.#schema(batch.type)));
    this.count += whole.rowCount;
  }

  #schema(type: RecordType): number {
    const known = this.#schemas.get(type);
    if (known !== undefined) return known;
    const schema = this.#schemas.size;
    this.#schemas.set(type, schema);
    const message = encodeRecordType(type);
    const bytes = align8(headerBytes + message.length);
    const memory = privateFrameMemory(bytes);
    const header = memory.startFrame(0, FrameKind.Schema, bytes);
    header.mutate_payload(message.length);
    header.mutate_schema(schema);
    memory.uint8.set(message, headerBytes);
    this.#addFrame(memory.uint8);
    return schema;
  }

  #frameOf(batch: RecordBatch, schema: number): Uint8Array {
    for (;;) {
      const memory = privateFrameMemory(this.#encoder.plan(batch));
      // A string may have turned out to need more room.
      if (this.#encoder.write(batch, schema, memory, 0)) return memory.uint8;
    }
  }

  #addFrame(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.length += frame.length;
  }

  /** All of it, to be written one behind the other. */
  get chunks(): readonly Uint8Array[] {
    return this.#frames;
  }
}

/** Whether strings lie as no writer of a ring would lay them down by itself. */
function isForeign(column: RecordBatch['columns'][number]): boolean {
  return column instanceof StringColumn && (column.form === 'dictionary' || (column.form === 'bytes' && column.stride !== 1));
}

/** The batches that bytes hold, each in memory of its own. @throws MillraceError CHECKPOINT_CORRUPT */
export function readStoredBatches(bytes: Uint8Array): RecordBatch[] {
  if (bytes.length < versionBytes || bytes[0] !== storedBatchesVersion) {
    throw new MillraceError(
      'CHECKPOINT_CORRUPT',
      `rows in flight are stored in format ${bytes[0] ?? 'none'}, this version of Millrace reads format ${storedBatchesVersion}; run the version that wrote them`,
    );
  }
  const memory = privateFrameMemory(bytes.length - versionBytes);
  memory.uint8.set(bytes.subarray(versionBytes));
  const batches: RecordBatch[] = [];
  // A reader has one batch object for each type, so each frame is read by a reader of its own.
  const types = new FrameReader();
  for (let position = 0; position < memory.uint8.length; ) {
    const header = memory.headerAt(position);
    const length = header.bytes();
    assert(length >= headerBytes, 'a frame is as long as its header at least');
    const isData = header.kind() === FrameKind.Data;
    const element = (isData ? types.copy() : types).element(memory, position, header);
    if (element?.kind === 'batch') batches.push(element);
    position += length;
  }
  return batches;
}
