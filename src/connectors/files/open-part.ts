/**
 * A part that is being written, under its hidden name. Its length counts what was written to the file; text that waits in memory is
 * not in it. Runs on the subtask's thread.
 */

import { join } from 'node:path';
import type { Storage, WritableFile } from '../../base/system.ts';
import { failedOperation } from '../failed-operation.ts';
import type { FileFormat } from './file-format.ts';
import { hiddenPath } from './part-names.ts';
import type { PartTimes } from './rolling.ts';

/** A part that goes on behind a checkpoint, as the checkpoint stores it. */
export interface OpenPartState extends PartTimes {
  readonly bucket: string;
  /** The name that it will have, relative to the directory of the sink. */
  readonly path: string;
  /** Bytes that belong to the checkpoint. */
  readonly length: number;
  /** What its format must know to go on. */
  readonly format: unknown;
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

export class OpenPart implements PartTimes {
  readonly bucket: string;
  readonly path: string;
  readonly format: FileFormat;
  readonly createdAt: number;
  lastWriteAt: number;
  readonly #fullPath: string;
  readonly #file: WritableFile;
  #text: string;
  #length = 0;
  /** Bytes that survive a crash. */
  #synced = 0;

  /** Begins a part. */
  static create(place: PartPlace, part: Pick<OpenPart, 'bucket' | 'path' | 'format'>, now: number): OpenPart {
    const open = (path: string): WritableFile => place.storage.create(path);
    return new OpenPart(place, { ...part, createdAt: now, lastWriteAt: now, length: 0 }, open, part.format.start());
  }

  /** Goes on with a part as it was at a checkpoint: what was written behind it is cut off. */
  static resume(place: PartPlace, state: OpenPartState, format: FileFormat): OpenPart {
    const open = (path: string): WritableFile => place.storage.append(path, state.length);
    return new OpenPart(place, { ...state, format }, open, '');
  }

  private constructor(
    { directory }: PartPlace,
    part: Pick<OpenPart, 'bucket' | 'path' | 'format' | 'createdAt' | 'lastWriteAt' | 'length'>,
    open: (hiddenPath: string) => WritableFile,
    text: string,
  ) {
    this.bucket = part.bucket;
    this.path = part.path;
    this.format = part.format;
    this.createdAt = part.createdAt;
    this.lastWriteAt = part.lastWriteAt;
    this.#fullPath = join(directory, part.path);
    this.#file = writing(this.#fullPath, () => open(join(directory, hiddenPath(part.path))));
    this.#length = part.length;
    this.#text = text;
  }

  /** Bytes in the file. */
  get length(): number {
    return this.#length;
  }

  /** Characters that are not in the file yet. */
  get waiting(): number {
    return this.#text.length;
  }

  write(record: unknown): void {
    this.#text += this.format.record(record);
  }

  flush(now: number): void {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    writing(this.#fullPath, () => this.#file.write(bytes));
    this.#length += bytes.length;
    this.lastWriteAt = now;
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
    return { bucket, path, length, createdAt, lastWriteAt, format: format.state };
  }

  close(): void {
    this.#file.close();
  }
}
