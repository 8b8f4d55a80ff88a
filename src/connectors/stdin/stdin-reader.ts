/**
 * Reads records from a descriptor of the process. On a worker thread `process.stdin` is a copy that the main thread feeds, and on
 * the main thread others may want it, so the descriptor is opened as what it is.
 */

import { createReadStream, fstatSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Polled, SideRecords, SourceReader, SourceReaderContext, Split } from '../../graph/source.ts';
import { failedOperation } from '../failed-operation.ts';
import { Parsing, type ParsingOptions } from '../lines/parsing.ts';
import { RecordBuffer } from '../lines/record-buffer.ts';
import { RecordStream, type Taken } from '../lines/record-stream.ts';

export interface StandardInput {
  readonly descriptor: number;
  /** A file with what was read of it before. */
  readonly front: string | undefined;
}

export class StdinReader implements SourceReader<unknown, Split> {
  readonly #context: SourceReaderContext;
  readonly #descriptor: number;
  readonly #front: string | undefined;
  readonly #parsing: Parsing;
  #split: Split | undefined;
  #input: Readable | undefined;
  #lines: RecordStream | undefined;
  #buffer: RecordBuffer | undefined;
  #last = false;
  #ended = false;

  constructor(context: SourceReaderContext, { descriptor, front }: StandardInput, parsing: ParsingOptions) {
    this.#context = context;
    this.#descriptor = descriptor;
    this.#front = front;
    this.#parsing = new Parsing(context, parsing);
    this.#parsing.reads('standard input', 'standard input');
  }

  addSplit(split: Split): void {
    this.#split = split;
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<unknown> {
    if (this.#split !== undefined && !this.#ended) {
      const taken = this.#take();
      if (taken === 'batch') return this.#parsing.batch;
      if (taken === 'pending') return 'pending';
      this.#ended = true;
    }
    return this.#last ? 'end' : 'needs-split';
  }

  takeSide(): SideRecords | undefined {
    return this.#parsing.takeSide();
  }

  splits(): readonly Split[] {
    return this.#split === undefined || this.#ended ? [] : [this.#split];
  }

  close(): void {
    this.#ended = true;
    this.#input?.destroy();
  }

  get bytesRead(): number {
    return this.#buffer?.position ?? 0;
  }

  #take(): Taken {
    try {
      this.#lines ??= this.#open();
      return this.#lines.take(this.#parsing.batch);
    } catch (error) {
      throw failedOperation('SOURCE_FAILED', 'cannot read standard input', error);
    }
  }

  #open(): RecordStream {
    const { readBytes } = this.#context.limits;
    this.#input = openDescriptor(this.#descriptor);
    this.#buffer = new RecordBuffer({
      parser: this.#parsing.parser,
      origin: 0,
      bufferBytes: readBytes,
      place: 'standard input',
      lineBytesMax: this.#context.limits.lineBytes,
      hasAside: () => this.#parsing.hasAside,
    });
    if (this.#front !== undefined) this.#buffer.append(readFileSync(this.#front));
    return new RecordStream(this.#input, {
      buffer: this.#buffer,
      waitingBytesMax: readBytes,
      wake: () => this.#context.wake(),
      byteOrderMark: true,
    });
  }
}

/**
 * Pipes and terminals are watched by the event loop. A read of them through the thread pool could not be called off: it would
 * hold up the thread, and even `process.exit`, until somebody writes.
 */
function openDescriptor(descriptor: number): Readable {
  // Loaded where they are needed: they make every thread start later.
  const { isatty, ReadStream } = process.getBuiltinModule('node:tty');
  if (isatty(descriptor)) return new ReadStream(descriptor);
  const facts = fstatSync(descriptor);
  const { Socket } = process.getBuiltinModule('node:net');
  if (facts.isFIFO() || facts.isSocket()) return new Socket({ fd: descriptor, readable: true, writable: false });
  return createReadStream('', { fd: descriptor, autoClose: false });
}
