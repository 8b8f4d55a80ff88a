/**
 * Records of a range of a plain file: those that start in it, the last of them read to its end beyond the range. Ranges that lie
 * side by side therefore give every record of the file exactly once.
 */

import type { ReadableFile } from '../../base/system.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { RecordParser } from '../../formats/parser.ts';
import type { RecordBuffer } from '../lines/record-buffer.ts';
import type { Taken } from '../lines/record-stream.ts';
import { changedFile, createBuffer, type FileRecords, type FileRecordsOptions, headOf, openSplit, readBlock } from './file-records.ts';
import type { FileSplit } from './file-split.ts';

/** Bytes read beyond the range at once: the rest of most lines. */
const overrunBytes = 4096;
/** Where the first line starts behind a byte order mark. */
const behindByteOrderMark = 3;

export class PlainFileRecords implements FileRecords {
  readonly #split: FileSplit;
  readonly #readBytes: number;
  readonly #file: ReadableFile;
  readonly #parser: RecordParser;
  readonly #buffer: RecordBuffer;
  /** Lines that start here or behind are not of this split. */
  #end: number;
  /** Offset of the next block. */
  #next: number;
  /** Bytes to read at once beyond the range: doubled each time, for long records. */
  #overrunBytes = overrunBytes;

  constructor(given: FileSplit, options: FileRecordsOptions) {
    this.#readBytes = options.limits.readBytes;
    this.#end = given.end;
    this.#parser = options.parser;
    this.#file = openSplit(given, options.storage);
    try {
      const split = options.starts.settle(given, this.#file);
      const atRecord = split.start === 0 || split.atRecord === true;
      this.#split = split;
      this.#next = atRecord ? split.start : split.start - 1;
      const bufferBytes = Math.min(this.#readBytes, Math.max(0, split.end - this.#next) + overrunBytes) + overrunBytes;
      this.#buffer = createBuffer(split, options, { origin: this.#next, bufferBytes, alone: true });
      if (!atRecord) this.#skipPartialLine();
      else if (split.start === 0 && options.byteOrderMark) this.#dropByteOrderMark();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  take(batch: RecordBatch): Taken {
    while (!this.#buffer.take(batch, this.#end)) {
      if (this.#finished) return 'ended';
      this.#read();
    }
    return 'batch';
  }

  remaining(): FileSplit | undefined {
    if (this.#finished) return undefined;
    const rest = { ...this.#split, ...headOf(this.#parser), start: this.#buffer.position };
    const { starts, skipContinuations } = this.#parser;
    return starts === undefined && skipContinuations === undefined ? rest : { ...rest, atRecord: true };
  }

  get bytesRead(): number {
    return Math.max(0, Math.min(this.#buffer.position, this.#split.end) - this.#split.start);
  }

  close(): void {
    this.#file.close();
  }

  get #finished(): boolean {
    return this.#buffer.position >= this.#end || this.#buffer.exhausted;
  }

  /** The byte in front of the range says whether a line starts with it; otherwise that line belongs to an earlier range, with what continues it. */
  #skipPartialLine(): void {
    do this.#read();
    while (!this.#buffer.skipLine() && !this.#finished);
    while (!this.#finished && !this.#buffer.skipContinuations()) this.#read();
  }

  /** The first line starts at the front of the file, mark or no mark. */
  #dropByteOrderMark(): void {
    do this.#read();
    while (!this.#buffer.dropByteOrderMark());
    if (this.#buffer.position === behindByteOrderMark) this.#end = Math.max(this.#end, behindByteOrderMark + 1);
  }

  #read(): void {
    const within = Math.max(0, this.#end - this.#next);
    const length = Math.min(this.#readBytes, within + this.#overrunBytes);
    if (within === 0) this.#overrunBytes *= 2;
    const offset = this.#buffer.reserve(length);
    const read = readBlock(this.#file, this.#split.path, { target: this.#buffer.bytes, offset, length, position: this.#next });
    this.#buffer.added(read);
    this.#next += read;
    if (read === 0) this.#endOfFile();
  }

  #endOfFile(): void {
    if (this.#next < this.#split.end) throw changedFile(this.#split, `shrank to ${this.#next} bytes`);
    this.#buffer.end();
  }
}
