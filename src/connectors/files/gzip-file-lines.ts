/**
 * Lines of a gzip file. Its bytes are read a block at a time and decompressed in Node's thread pool; how far that runs ahead is
 * bounded by the stream's own buffers, because a block is read only when the one before it has been decompressed and taken.
 */

import type { TransformOptions } from 'node:stream';
import { createGunzip, type Gunzip, type ZlibOptions } from 'node:zlib';
import { MillraceError } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import type { ReadableFile } from '../../base/system.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import { reasonOf } from '../failed-operation.ts';
import type { LineSplitter } from '../lines/line-splitter.ts';
import { LineStream, type Taken } from '../lines/line-stream.ts';
import { createSplitter, type FileLines, type FileLinesOptions, openSplit, readBlock } from './file-lines.ts';
import type { FileSplit } from './file-split.ts';

/** The least that zlib takes. */
const chunkBytesMin = 64;

export class GzipFileLines implements FileLines {
  readonly #split: FileSplit;
  readonly #options: FileLinesOptions;
  readonly #file: ReadableFile;
  readonly #gunzip: Gunzip;
  readonly #splitter: LineSplitter;
  readonly #lines: LineStream;
  readonly #block: Uint8Array;
  #next = 0;
  #closed = false;
  #ended = false;

  constructor(split: FileSplit, options: FileLinesOptions) {
    const { readBytes } = options.limits;
    const skip = split.skip ?? 0;
    this.#split = split;
    this.#options = options;
    this.#file = openSplit(split, options.storage);
    this.#block = new Uint8Array(readBytes);
    this.#splitter = createSplitter(split, options, { origin: skip, bufferBytes: readBytes });
    this.#gunzip = createGunzip(gunzipOptions(options.limits));
    this.#lines = new LineStream(this.#gunzip, {
      splitter: this.#splitter,
      waitingBytesMax: readBytes,
      wake: options.wake,
      byteOrderMark: skip === 0 && options.encoding === 'utf8',
      skip,
    });
    this.#feed();
  }

  take(batch: RecordBatch): Taken {
    try {
      const taken = this.#lines.take(batch);
      if (taken === 'ended') this.#finish();
      return taken;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  remaining(): FileSplit | undefined {
    return this.#ended ? undefined : { ...this.#split, skip: this.#splitter.position };
  }

  get bytesRead(): number {
    return this.#gunzip.bytesWritten;
  }

  close(): void {
    this.#closed = true;
    this.#gunzip.destroy();
    this.#file.close();
  }

  /** Gives the next block to the decompressor, which asks for another when it is done with it. */
  #feed(): void {
    if (this.#closed) return;
    try {
      const { length } = this.#block;
      const read = readBlock(this.#file, this.#split.path, { target: this.#block, offset: 0, length, position: this.#next });
      this.#next += read;
      if (read === 0) this.#gunzip.end();
      else this.#gunzip.write(this.#block.subarray(0, read), (error) => this.#fed(error));
    } catch (error) {
      this.#gunzip.destroy(error as Error);
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
    const unread = size - this.#gunzip.bytesWritten;
    if (unread > 0) this.#options.warn(`'${path}': the last ${unread} bytes are not gzip data and were left out`);
  }

  #failure(error: unknown): MillraceError {
    if (error instanceof MillraceError) return error;
    const at = this.#gunzip.bytesWritten;
    const hint = at === 0 ? '; if it is not compressed, give it a name that does not end in .gz' : '';
    const place = `'${this.#split.path}' at byte ${at} of ${this.#split.size}`;
    return new MillraceError('SOURCE_FAILED', `cannot decompress ${place}: ${reasonOf(error)}${hint}`, { cause: error });
  }
}

/** One read's worth ahead on each side. */
function gunzipOptions({ readBytes }: Limits): ZlibOptions {
  const options: ZlibOptions & TransformOptions = { chunkSize: Math.max(chunkBytesMin, readBytes), readableHighWaterMark: readBytes };
  return options;
}
