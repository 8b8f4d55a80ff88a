/**
 * A turn at a file that is followed: the complete records that there are behind its position. What is left of a line that has no end yet is
 * not kept but read again with the next turn, so that a file at rest takes no memory.
 */

import type { ReadableFile } from '../../../base/system.ts';
import type { RecordBatch } from '../../../batch/record-batch.ts';
import { RecordBuffer } from '../../lines/record-buffer.ts';
import { CompressedFileRecords } from '../compressed-file-records.ts';
import { type FileRecordsOptions, readBlock } from '../file-records.ts';
import type { FollowedFile } from './followed-file.ts';

/** What `take` did: filled the batch; found nothing yet; or the turn is over, at the file's end, in front of more, or because its content is another one. */
export type TurnResult = 'batch' | 'pending' | 'end' | 'more' | 'replaced';

export interface FileTurn {
  readonly file: FollowedFile;
  take(batch: RecordBatch): TurnResult;
  /** Whether what was left of a line was taken for the last record. */
  readonly finished: boolean;
  readonly bytesRead: number;
  close(): void;
}

export interface PlainTurnOptions extends FileRecordsOptions {
  readonly fingerprintBytes: number;
  /** Bytes to read at most, about: others want a turn as well. */
  readonly bytesMax: number;
  /** Whether nothing is expected to be written any more: what is left is the last record, unless there is more than at the last turn. */
  readonly final: boolean;
  /** Whether the last record has waited long enough for lines that might belong to it. */
  readonly settled: boolean;
}

/** Bytes read at once at least. */
const readBytesMin = 4096;

export class PlainFileTurn implements FileTurn {
  readonly file: FollowedFile;
  bytesRead = 0;
  finished = false;
  readonly #opened: ReadableFile;
  readonly #options: PlainTurnOptions;
  readonly #buffer: RecordBuffer;
  #next: number;
  #markSettled: boolean;

  constructor(file: FollowedFile, opened: ReadableFile, options: PlainTurnOptions) {
    const { parser, limits, byteOrderMark, hasAside } = options;
    this.file = file;
    this.#opened = opened;
    this.#options = options;
    if (file.offset > 0) this.#settle();
    const { offset: origin } = file;
    parser.begin?.(origin === 0, file.head);
    const unread = (file.size ?? 0) - origin;
    const bufferBytes = Math.min(limits.readBytes, Math.max(readBytesMin, unread)) + 1;
    this.#next = origin;
    this.#buffer = new RecordBuffer({
      parser,
      origin,
      bufferBytes,
      place: `file '${file.path}'`,
      lineBytesMax: limits.lineBytes,
      hasAside,
    });
    this.#markSettled = origin > 0 || !byteOrderMark;
  }

  take(batch: RecordBatch): TurnResult {
    const { file } = this;
    for (;;) {
      if (this.#settleMark() && this.#buffer.take(batch, Number.POSITIVE_INFINITY)) return this.#advance('batch');
      if (this.#buffer.ended) return this.#advance('end');
      if (this.bytesRead >= this.#options.bytesMax) return this.#advance('more');
      const read = this.#read();
      if (read === 'replaced') return read;
      if (read === 'end') {
        this.finished = this.#options.final && this.#next <= file.readTo;
        if (this.finished) this.#buffer.end();
        else if (this.#options.settled && this.#next <= file.readTo) this.#settleRecord();
        else return this.#advance('end');
      }
    }
  }

  #settleRecord(): void {
    this.file.settledTo = this.#next;
    this.#buffer.endBehindLine();
  }

  /** The open file is the followed one's. */
  close(): void {}

  /** What was taken is behind the position; what was left out, too. */
  #advance<R extends TurnResult>(result: R): R {
    if (this.#markSettled) this.file.offset = this.#buffer.position;
    this.file.readTo = Math.max(this.file.readTo, this.#next);
    this.file.atRecord = true;
    this.file.head = this.#options.parser.head;
    return result;
  }

  #settleMark(): boolean {
    this.#markSettled ||= this.#buffer.dropByteOrderMark();
    return this.#markSettled;
  }

  #read(): 'read' | 'end' | 'replaced' {
    const { file } = this;
    const length = Math.max(readBytesMin, Math.min(this.#options.limits.readBytes, (file.size ?? 0) - this.#next));
    const offset = this.#buffer.reserve(length);
    const read = readBlock(this.#opened, file.path, { target: this.#buffer.bytes, offset, length, position: this.#next });
    if (read === 0) return 'end';
    if (!file.isSame(this.#opened, this.#options.fingerprintBytes)) return 'replaced';
    this.#buffer.added(read);
    this.#next += read;
    this.bytesRead += read;
    return 'read';
  }

  /** Where reading begins in the midst of a file, its head is read first, and the first record is looked for, as far as the format wants that. */
  #settle(): void {
    const { file } = this;
    const { starts, parser } = this.#options;
    if (file.atRecord && (parser.readHead === undefined || file.head !== undefined)) return;
    const size = Math.max(this.#opened.size, file.size ?? 0);
    const split = { id: file.identity, path: file.path, start: file.offset, end: size, size, atRecord: file.atRecord };
    const settled = starts.settle({ ...split, ...(file.head === undefined ? {} : { head: file.head }) }, this.#opened);
    file.offset = settled.start;
    file.head = settled.head;
    file.atRecord = true;
  }
}

/** All of a compressed file, which is whole when it is found. */
export class CompressedFileTurn implements FileTurn {
  readonly file: FollowedFile;
  readonly finished = true;
  readonly #records: CompressedFileRecords;

  /** @throws MillraceError when it cannot be opened, or is another file by now */
  constructor(file: FollowedFile, options: FileRecordsOptions) {
    const { identity, path, offset, head, compression, size = 0 } = file;
    this.file = file;
    const split = { id: identity, path, start: 0, end: size, size, identity, skip: offset };
    this.#records = new CompressedFileRecords(
      { ...split, ...(compression === undefined ? {} : { compression }), ...(head === undefined ? {} : { head }) },
      options,
    );
  }

  take(batch: RecordBatch): TurnResult {
    const taken = this.#records.take(batch);
    if (taken === 'pending') return taken;
    const rest = this.#records.remaining();
    this.file.offset = rest?.skip ?? this.file.offset;
    this.file.head = rest?.head ?? this.file.head;
    if (taken === 'batch') return taken;
    this.file.complete = true;
    return 'end';
  }

  get bytesRead(): number {
    return this.#records.bytesRead;
  }

  close(): void {
    this.#records.close();
  }
}
