/**
 * Reads lines from a descriptor of the process. On a worker thread `process.stdin` is a copy that the main thread feeds, and on
 * the main thread others may want it, so the descriptor is opened as what it is.
 */

import { createReadStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { Polled, SourceReader, SourceReaderContext, Split } from '../../graph/source.ts';
import { failedOperation } from '../failed-operation.ts';
import { createLineBatch } from '../lines/line-batch.ts';
import { LineSplitter } from '../lines/line-splitter.ts';
import { LineStream, type Taken } from '../lines/line-stream.ts';

export class StdinReader implements SourceReader<string, Split> {
  readonly #context: SourceReaderContext;
  readonly #descriptor: number;
  readonly #batch: RecordBatch;
  #split: Split | undefined;
  #input: Readable | undefined;
  #lines: LineStream | undefined;
  #splitter: LineSplitter | undefined;
  #last = false;
  #ended = false;

  constructor(context: SourceReaderContext, descriptor: number) {
    this.#context = context;
    this.#descriptor = descriptor;
    this.#batch = createLineBatch(context.limits);
  }

  addSplit(split: Split): void {
    this.#split = split;
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<string> {
    if (this.#split !== undefined && !this.#ended) {
      const taken = this.#take();
      if (taken === 'batch') return this.#batch;
      if (taken === 'pending') return 'pending';
      this.#ended = true;
    }
    return this.#last ? 'end' : 'needs-split';
  }

  splits(): readonly Split[] {
    return this.#split === undefined || this.#ended ? [] : [this.#split];
  }

  close(): void {
    this.#ended = true;
    this.#input?.destroy();
  }

  get bytesRead(): number {
    return this.#splitter?.position ?? 0;
  }

  #take(): Taken {
    try {
      this.#lines ??= this.#open();
      return this.#lines.take(this.#batch);
    } catch (error) {
      throw failedOperation('SOURCE_FAILED', 'cannot read standard input', error);
    }
  }

  #open(): LineStream {
    const { readBytes } = this.#context.limits;
    this.#input = openDescriptor(this.#descriptor);
    this.#splitter = this.#createSplitter(readBytes);
    return new LineStream(this.#input, {
      splitter: this.#splitter,
      waitingBytesMax: readBytes,
      wake: () => this.#context.wake(),
      byteOrderMark: true,
    });
  }

  #createSplitter(bufferBytes: number): LineSplitter {
    return new LineSplitter({
      encoding: 'utf8',
      delimiter: '\n',
      origin: 0,
      bufferBytes,
      place: 'standard input',
      lineBytesMax: this.#context.limits.lineBytes,
      onInvalid: (offset) => this.#context.warn(`standard input: byte ${offset} is not valid UTF-8; such bytes become U+FFFD`),
    });
  }
}

/**
 * Pipes and terminals are watched by the event loop. A read of them through the thread pool could not be called off: it would
 * hold up the thread, and even `process.exit`, until somebody writes.
 */
function openDescriptor(descriptor: number): Readable {
  if (isatty(descriptor)) return new ReadStream(descriptor);
  const facts = fstatSync(descriptor);
  if (facts.isFIFO() || facts.isSocket()) return new Socket({ fd: descriptor, readable: true, writable: false });
  return createReadStream('', { fd: descriptor, autoClose: false });
}
