/**
 * Records of a compressed file. Its bytes are read a block at a time and decompressed in Node's thread pool; how far that runs ahead is
 * bounded by the stream's own buffers, because a block is read only when the one before it has been decompressed and taken.
 */

import { MillraceError } from '../../base/errors.ts';
import type { ReadableFile } from '../../base/system.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import { reasonOf } from '../failed-operation.ts';
import type { RecordBuffer } from '../lines/record-buffer.ts';
import { RecordStream, type Taken } from '../lines/record-stream.ts';
import { type Compression, compressedSuffix } from './compression.ts';
import { createDecompressor, type Decompressor } from './decompression.ts';
import { createBuffer, type FileRecords, type FileRecordsOptions, headOf, openSplit, readBlock } from './file-records.ts';
import type { FileSplit } from './file-split.ts';

export class CompressedFileRecords implements FileRecords {
  readonly #split: FileSplit;
  readonly #options: FileRecordsOptions;
  readonly #file: ReadableFile;
  readonly #decompressor: Decompressor;
  readonly #compression: Compression;
  readonly #buffer: RecordBuffer;
  readonly #records: RecordStream;
  readonly #block: Uint8Array;
  #next = 0;
  #closed = false;
  #ended = false;

  constructor(split: FileSplit, options: FileRecordsOptions) {
    const { readBytes } = options.limits;
    const skip = split.skip ?? 0;
    this.#split = split;
    this.#options = options;
    this.#compression = split.compression ?? 'gzip';
    this.#decompressor = createDecompressor(this.#compression, split.path, options.limits);
    this.#file = openSplit(split, options.storage);
    this.#block = new Uint8Array(readBytes);
    this.#buffer = createBuffer(split, options, { origin: skip, bufferBytes: readBytes });
    this.#records = new RecordStream(this.#decompressor, {
      buffer: this.#buffer,
      waitingBytesMax: readBytes,
      wake: options.wake,
      byteOrderMark: skip === 0 && options.byteOrderMark,
      skip,
    });
    this.#feed();
  }

  take(batch: RecordBatch): Taken {
    try {
      const taken = this.#records.take(batch);
      if (taken === 'ended') this.#finish();
      return taken;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  remaining(): FileSplit | undefined {
    return this.#ended ? undefined : { ...this.#split, ...headOf(this.#options.parser), skip: this.#buffer.position };
  }

  get bytesRead(): number {
    return this.#decompressor.bytesWritten;
  }

  close(): void {
    this.#closed = true;
    this.#decompressor.destroy();
    this.#file.close();
  }

  /** Gives the next block to the decompressor, which asks for another when it is done with it. */
  #feed(): void {
    if (this.#closed) return;
    try {
      const { length } = this.#block;
      const read = readBlock(this.#file, this.#split.path, { target: this.#block, offset: 0, length, position: this.#next });
      this.#next += read;
      if (read === 0) this.#decompressor.end();
      else this.#decompressor.write(this.#block.subarray(0, read), (error) => this.#fed(error));
    } catch (error) {
      this.#decompressor.destroy(error as Error);
    }
  }

  /** An error comes as an event, too. */
  #fed(error: Error | null | undefined): void {
    if (error === null || error === undefined) this.#feed();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { path, size } = this.#split;
    const unread = size - this.#decompressor.bytesWritten;
    if (unread > 0) this.#options.warn(`'${path}': the last ${unread} bytes are not ${this.#compression} data and were left out`);
  }

  #failure(error: unknown): MillraceError {
    if (error instanceof MillraceError) return error;
    const at = this.#decompressor.bytesWritten;
    const hint = at === 0 ? `; if it is not compressed, give it a name that does not end in ${compressedSuffix[this.#compression]}` : '';
    const place = `'${this.#split.path}' at byte ${at} of ${this.#split.size}`;
    // A file that is cut may still grow; one that is damaged stays so.
    const code = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR' ? 'SOURCE_FAILED' : 'MALFORMED_RECORD';
    return new MillraceError(code, `cannot decompress ${place}: ${reasonOf(error)}${hint}`, { cause: error });
  }
}
