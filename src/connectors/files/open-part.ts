/**
 * A part that is being written, under its hidden name. Its length counts what was written to the file; what waits in memory, to be
 * handed on or to become a block that is compressed, is not in it. Runs on the subtask's thread.
 */

import { join } from 'node:path';
import { MillraceError } from '../../base/errors.ts';
import type { Storage, WritableFile } from '../../base/system.ts';
import { failedOperation, reasonOf } from '../failed-operation.ts';
import { type Compression, type Compressor, compressor } from './compression.ts';
import type { FileFormat } from './file-format.ts';
import { hiddenPath } from './part-names.ts';
import type { PartTimes } from './rolling.ts';
import { TextBuffer } from './text-buffer.ts';

/** A part that goes on behind a checkpoint, as the checkpoint stores it. */
export interface OpenPartState extends PartTimes {
  readonly bucket: string;
  /** The name that it will have, relative to the directory of the sink. */
  readonly path: string;
  /** Bytes that belong to the checkpoint. */
  readonly length: number;
  /** What its format must know to go on. */
  readonly format: unknown;
  /** How it was begun: it goes on like that, whatever the sink does with others. */
  readonly compression?: Compression;
}

/** Where parts are. */
export interface PartPlace {
  readonly storage: Storage;
  /** Absolute. */
  readonly directory: string;
}

/** Does something to a part; what the system refuses is SINK_FAILED and names the part. */
export function writing<R>(path: string, operation: () => R): R {
  try {
    return operation();
  } catch (error) {
    throw failedOperation('SINK_FAILED', `cannot write '${path}'`, error);
  }
}

/** What a part is begun with. */
interface NewPart {
  readonly bucket: string;
  readonly path: string;
  readonly format: FileFormat;
  readonly compression?: Compression | undefined;
}

export class OpenPart implements PartTimes {
  readonly bucket: string;
  readonly path: string;
  readonly format: FileFormat;
  readonly createdAt: number;
  lastWriteAt: number;
  readonly #fullPath: string;
  readonly #file: WritableFile;
  readonly #compression: Compression | undefined;
  readonly #compress: Compressor | undefined;
  readonly #text = new TextBuffer();
  /** Of the next block, where there are blocks. */
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #length = 0;
  /** Bytes that survive a crash. */
  #synced = 0;

  /** Begins a part. */
  static create(place: PartPlace, part: NewPart, now: number): OpenPart {
    const open = (path: string): WritableFile => place.storage.create(path);
    const begun = new OpenPart(place, { ...part, createdAt: now, lastWriteAt: now, length: 0 }, open);
    part.format.start(begun.#text);
    return begun;
  }

  /** Goes on with a part as it was at a checkpoint: what was written behind it is cut off. */
  static resume(place: PartPlace, state: OpenPartState, format: FileFormat): OpenPart {
    const open = (path: string): WritableFile => {
      try {
        return place.storage.append(path, state.length);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ENODATA') throw error;
        throw new MillraceError('SINK_CORRUPT', `${reasonOf(error)}, as the checkpoint says; bring it back, or start over`, {
          cause: error,
        });
      }
    };
    return new OpenPart(place, { ...state, format }, open);
  }

  private constructor(
    { directory }: PartPlace,
    part: NewPart & PartTimes & { readonly length: number },
    open: (hiddenPath: string) => WritableFile,
  ) {
    this.bucket = part.bucket;
    this.path = part.path;
    this.format = part.format;
    this.createdAt = part.createdAt;
    this.lastWriteAt = part.lastWriteAt;
    this.#compression = part.compression;
    this.#compress = part.compression === undefined ? undefined : compressor(part.compression);
    this.#fullPath = join(directory, part.path);
    this.#file = writing(this.#fullPath, () => open(join(directory, hiddenPath(part.path))));
    this.#length = part.length;
  }

  /** Bytes in the file. */
  get length(): number {
    return this.#length;
  }

  /** Whether so much waits that it is to be written: as many bytes as are gathered, or as many as fill the file. */
  isDue(gatheredBytes: number, fileBytes: number): boolean {
    if (this.#compress !== undefined) return this.#text.length + this.#gatheredBytes >= gatheredBytes;
    return this.#text.length >= Math.min(gatheredBytes, fileBytes - this.#length);
  }

  write(record: unknown): void {
    this.format.record(record, this.#text);
  }

  /** Holds no text any more. What is to be compressed waits until it is worth it. */
  flush(now: number): void {
    const bytes = this.#text.written;
    if (bytes.length === 0) return;
    this.lastWriteAt = now;
    if (this.#compress === undefined) this.#append(bytes);
    else {
      this.#gathered.push(Buffer.from(bytes));
      this.#gatheredBytes += bytes.length;
    }
    this.#text.reset();
  }

  /** Writes all that waits, so that the file is one that can be read. */
  writeOut(now: number): void {
    this.flush(now);
    if (this.#gatheredBytes > 0) this.#appendBlock();
  }

  /** The same at the end of the part. Without a block a compressed file is none. */
  complete(now: number): void {
    this.writeOut(now);
    if (this.#length === 0) this.#appendBlock();
  }

  #appendBlock(): void {
    if (this.#compress === undefined) return;
    const block = this.#compress(Buffer.concat(this.#gathered));
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#append(block);
  }

  #append(bytes: Uint8Array): void {
    writing(this.#fullPath, () => this.#file.write(bytes));
    this.#length += bytes.length;
  }

  /** Makes the file survive a crash, as it is now. */
  async sync(): Promise<void> {
    const length = this.#length;
    if (length === this.#synced && length > 0) return;
    try {
      await this.#file.syncSoon();
    } catch (error) {
      throw failedOperation('SINK_FAILED', `cannot write '${this.#fullPath}'`, error);
    }
    this.#synced = length;
  }

  get state(): OpenPartState {
    const { bucket, path, length, createdAt, lastWriteAt, format } = this;
    const compression = this.#compression === undefined ? {} : { compression: this.#compression };
    return { bucket, path, length, createdAt, lastWriteAt, format: format.state, ...compression };
  }

  close(): void {
    this.#file.close();
  }
}
