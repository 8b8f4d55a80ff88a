/**
 * Lines of a range of a plain file: those that start in it, the last of them read to its end beyond the range. Ranges that lie
 * side by side therefore give every line of the file exactly once.
 */

import type { ReadableFile } from '../../base/system.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { LineSplitter } from '../lines/line-splitter.ts';
import type { Taken } from '../lines/line-stream.ts';
import { changedFile, createSplitter, type FileLines, type FileLinesOptions, openSplit, readBlock } from './file-lines.ts';
import type { FileSplit } from './file-split.ts';

/** Bytes read beyond the range at once: the rest of most lines. */
const overrunBytes = 4096;
/** Where the first line starts behind a byte order mark. */
const behindByteOrderMark = 3;

export class PlainFileLines implements FileLines {
  readonly #split: FileSplit;
  readonly #readBytes: number;
  readonly #file: ReadableFile;
  readonly #splitter: LineSplitter;
  /** Lines that start here or behind are not of this split. */
  #end: number;
  /** Offset of the next block. */
  #next: number;

  constructor(split: FileSplit, options: FileLinesOptions) {
    this.#split = split;
    this.#readBytes = options.limits.readBytes;
    this.#end = split.end;
    this.#next = Math.max(0, split.start - 1);
    const bufferBytes = Math.min(this.#readBytes, split.end - this.#next + overrunBytes) + overrunBytes;
    this.#splitter = createSplitter(split, options, { origin: this.#next, bufferBytes });
    this.#file = openSplit(split, options.storage);
    try {
      if (split.start > 0) this.#skipPartialLine();
      else if (options.encoding === 'utf8') this.#dropByteOrderMark();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  take(batch: RecordBatch): Taken {
    while (!this.#splitter.take(batch, this.#end)) {
      if (this.#finished) return 'ended';
      this.#read();
    }
    return 'batch';
  }

  remaining(): FileSplit | undefined {
    return this.#finished ? undefined : { ...this.#split, start: this.#splitter.position };
  }

  get bytesRead(): number {
    return Math.max(0, Math.min(this.#splitter.position, this.#split.end) - this.#split.start);
  }

  close(): void {
    this.#file.close();
  }

  get #finished(): boolean {
    return this.#splitter.position >= this.#end || this.#splitter.exhausted;
  }

  /** The byte in front of the range says whether a line starts with it; otherwise that line belongs to an earlier range. */
  #skipPartialLine(): void {
    do this.#read();
    while (!this.#splitter.skipLine() && !this.#finished);
  }

  /** The first line starts at the front of the file, mark or no mark. */
  #dropByteOrderMark(): void {
    do this.#read();
    while (!this.#splitter.dropByteOrderMark());
    if (this.#splitter.position === behindByteOrderMark) this.#end = Math.max(this.#end, behindByteOrderMark + 1);
  }

  #read(): void {
    const length = Math.min(this.#readBytes, Math.max(0, this.#end - this.#next) + overrunBytes);
    const offset = this.#splitter.reserve(length);
    const read = readBlock(this.#file, this.#split.path, { target: this.#splitter.bytes, offset, length, position: this.#next });
    this.#splitter.added(read);
    this.#next += read;
    if (read === 0) this.#endOfFile();
  }

  #endOfFile(): void {
    if (this.#next < this.#split.end) throw changedFile(this.#split, `shrank to ${this.#next} bytes`);
    this.#splitter.end();
  }
}
