/**
 * A run of bytes that records are taken from: bytes are put at its end, records are taken from its front by a parser, a batch at a time;
 * a batch may point into it.
 *
 * Invariants: `start ≤ filled`, and the parser's delimiter stands at `filled` although it does not belong to the input: every search
 * ends there, and the last record has its delimiter even when the input has not. Bytes move only in `reserve`, so a batch is
 * good until then. Used by the thread of the reader.
 *
 * @hotpath
 */

import { assert } from '../../base/assert.ts';
import { MillraceError } from '../../base/errors.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { ParserInput, RecordParser } from '../../formats/parser.ts';

export interface RecordBufferOptions {
  readonly parser: RecordParser;
  /** Offset in the input of the first byte that will be put in. */
  readonly origin: number;
  /** Bytes to begin with; the buffer grows with the records. */
  readonly bufferBytes: number;
  /** Whether no other buffer is used while this one is: the parser may have memory for one. False when absent. */
  readonly alone?: boolean;
  /** What is read, for errors: `file '/var/log/x'`. */
  readonly place: string;
  /** Bytes of the longest record. */
  readonly lineBytesMax: number;
  /** Whether what was parsed is to be handed on although it has no record: there are others, for a side output. Never when absent. */
  readonly hasAside?: (() => boolean) | undefined;
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
/** Bytes that can be read behind the delimiter: parsers look at words. */
const slackBytes = 16;

export class RecordBuffer {
  readonly #options: RecordBufferOptions;
  readonly #delimiter: Buffer;
  readonly #input: { -readonly [name in keyof ParserInput]: ParserInput[name] };

  constructor(options: RecordBufferOptions) {
    const { parser, bufferBytes, origin, alone = false } = options;
    this.#options = options;
    this.#delimiter = parser.delimiter;
    const length = bufferBytes + this.#delimiter.length + slackBytes;
    const bytes = (alone ? parser.inputMemory?.(length) : undefined) ?? Buffer.allocUnsafeSlow(length);
    this.#input = { bytes, start: 0, filled: 0, startsBefore: 0, ended: false, origin, searched: 0 };
    this.#stand(0);
  }

  /** Offset in the input of the first byte that was not taken. */
  get position(): number {
    return this.#input.origin + this.#input.start;
  }

  /** Whether the input has ended and all of it was taken. */
  get exhausted(): boolean {
    return this.#input.ended && this.#input.start === this.#input.filled;
  }

  get ended(): boolean {
    return this.#input.ended;
  }

  /** Makes room for `length` bytes and says where in `bytes` they go. Ends the life of the last batch. */
  reserve(length: number): number {
    const behind = length + this.#delimiter.length + slackBytes;
    if (this.#input.filled + behind > this.#input.bytes.length) this.#makeRoom(behind);
    return this.#input.filled;
  }

  get bytes(): Buffer {
    return this.#input.bytes;
  }

  /** Says that `length` of the reserved bytes have been written. */
  added(length: number): void {
    this.#stand(this.#input.filled + length);
  }

  append(chunk: Uint8Array): void {
    const offset = this.reserve(chunk.length);
    this.#input.bytes.set(chunk, offset);
    this.added(chunk.length);
  }

  /** Says that the input has ended: what is left is the last record. */
  end(): void {
    this.#input.ended = true;
  }

  /**
   * Drops the byte order mark that UTF-8 text may begin with. False while there are too few bytes to tell.
   * Call it until it is true, before the first record is taken.
   */
  dropByteOrderMark(): boolean {
    const input = this.#input;
    const length = Math.min(byteOrderMark.length, input.filled - input.start);
    const alike = byteOrderMark.compare(input.bytes, input.start, input.start + length, 0, length) === 0;
    if (alike && length < byteOrderMark.length) return input.ended;
    if (alike) input.start += length;
    return true;
  }

  /** Drops the rest of a line. False when its end is not there yet: then everything was dropped. */
  skipLine(): boolean {
    assert(this.#delimiter.length === 1, 'a delimiter of many bytes may be cut');
    const input = this.#input;
    const at = input.bytes.indexOf(this.#delimiter[0] as number, input.start);
    input.start = Math.min(at + 1, input.filled);
    return at < input.filled;
  }

  /** Drops lines that belong to a record in front of them. False when what follows is not there yet. */
  skipContinuations(): boolean {
    const { parser } = this.#options;
    if (parser.skipContinuations === undefined) return true;
    const { at, isRecord } = parser.skipContinuations(this.#input);
    this.#input.start = at;
    return isRecord;
  }

  /** Says that the last line which has its end is that of a record, too; what follows is left out. */
  endBehindLine(): void {
    const input = this.#input;
    const at = input.filled > input.start ? input.bytes.lastIndexOf(this.#delimiter, input.filled - 1) : -1;
    this.#stand(Math.max(input.start, at + this.#delimiter.length));
    this.end();
  }

  /**
   * Fills the batch with the next records, those that start in front of the offset `end`. False when there is none, or none
   * that is complete. The batch may be empty where records were set aside.
   */
  take(batch: RecordBatch, end: number): boolean {
    const input = this.#input;
    batch.clear();
    input.startsBefore = end - input.origin;
    for (;;) {
      const next = this.#options.parser.parse(batch, input);
      if (next === input.start) return false;
      input.start = next;
      if (batch.rowCount > 0 || this.#options.hasAside?.() === true) return true;
    }
  }

  /** Puts the delimiter behind the input. */
  #stand(filled: number): void {
    this.#input.filled = filled;
    this.#input.bytes.set(this.#delimiter, filled);
  }

  /** Moves what is left to the front; where that is not enough, to a buffer of twice the size. */
  #makeRoom(behind: number): void {
    const input = this.#input;
    const { start, bytes } = input;
    const left = input.filled - start;
    if (left > this.#options.lineBytesMax) this.#refuseRecord();
    const needed = left + behind;
    const target = needed <= bytes.length ? bytes : Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2));
    bytes.copy(target, 0, start, input.filled);
    input.bytes = target;
    input.origin += start;
    input.start = 0;
    input.searched = Math.max(0, input.searched - start);
    this.#stand(left);
  }

  #refuseRecord(): never {
    throw new MillraceError(
      'MALFORMED_RECORD',
      `${this.#options.place}: the line that begins at byte ${this.position} is longer than ${this.#options.lineBytesMax} bytes; ` +
        'is this text, and are its lines delimited as they were said to be?',
    );
  }
}
