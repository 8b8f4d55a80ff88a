/**
 * Records of a Node stream, which pushes its chunks whenever the event loop turns, handed to a reader that polls. Chunks wait in a
 * queue and never touch the buffer between two polls, since a batch points into it. The stream is paused while `waitingBytesMax`
 * or more of them wait.
 */

import type { Readable } from 'node:stream';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { RecordBuffer } from './record-buffer.ts';

export interface RecordStreamOptions {
  readonly buffer: RecordBuffer;
  readonly waitingBytesMax: number;
  /** Called when `take` may have something again. */
  readonly wake: () => void;
  /** Whether a byte order mark at the front is dropped. */
  readonly byteOrderMark: boolean;
  /** Bytes at the front that were read before. */
  readonly skip?: number;
}

/** What `take` did: filled the batch, found nothing yet, or found the end. */
export type Taken = 'batch' | 'pending' | 'ended';

export class RecordStream {
  readonly #input: Readable;
  readonly #options: RecordStreamOptions;
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #skip: number;
  #inputEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #markSettled: boolean;

  constructor(input: Readable, options: RecordStreamOptions) {
    this.#input = input;
    this.#options = options;
    this.#skip = options.skip ?? 0;
    this.#markSettled = !options.byteOrderMark;
    input.on('data', (chunk: Buffer) => this.#arrived(chunk));
    input.on('end', () => {
      this.#inputEnded = true;
      options.wake();
    });
    input.on('error', (error) => {
      this.#failure = { error };
      options.wake();
    });
  }

  /**
   * Fills the batch with the lines that are there.
   * @throws what the stream failed with, behind the lines that came before
   */
  take(batch: RecordBatch): Taken {
    for (;;) {
      if (this.#settleMark() && this.#options.buffer.take(batch, Number.POSITIVE_INFINITY)) return 'batch';
      if (!this.#advance()) return this.#options.buffer.ended ? 'ended' : 'pending';
    }
  }

  /** Hands the buffer what has come; false when that is nothing. */
  #advance(): boolean {
    if (this.#chunks.length > 0) {
      this.#appendChunks();
      return true;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#inputEnded || this.#options.buffer.ended) return false;
    this.#options.buffer.end();
    return true;
  }

  #settleMark(): boolean {
    this.#markSettled ||= this.#options.buffer.dropByteOrderMark();
    return this.#markSettled;
  }

  #arrived(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= this.#options.waitingBytesMax) this.#input.pause();
    this.#options.wake();
  }

  #appendChunks(): void {
    for (const chunk of this.#chunks) {
      const skipped = Math.min(this.#skip, chunk.length);
      this.#skip -= skipped;
      this.#options.buffer.append(chunk.subarray(skipped));
    }
    this.#chunks = [];
    this.#waitingBytes = 0;
    this.#input.resume();
  }
}
