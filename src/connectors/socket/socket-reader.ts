/** Keeps one connection at a time and reads its lines. Event handlers only change state and wake the subtask. */

import type { Socket } from 'node:net';
import { assert } from '../../base/assert.ts';
import { MillraceError } from '../../base/errors.ts';
import type { Timer } from '../../base/system.ts';
import type { Polled, SideRecords, SourceReader, SourceReaderContext, Split } from '../../graph/source.ts';
import { reasonOf } from '../failed-operation.ts';
import { Parsing, type ParsingOptions } from '../lines/parsing.ts';
import { RecordBuffer } from '../lines/record-buffer.ts';
import { RecordStream, type Taken } from '../lines/record-stream.ts';
import { refusalOf } from './refusal.ts';

/** When to connect again. */
export interface Reconnect {
  /** Milliseconds between attempts; undefined for a delay that doubles. */
  readonly delayMs: number | undefined;
  /** Attempts in a row, at least 1. */
  readonly attemptsMax: number;
  /** Whether a connection that was open is opened again. */
  readonly afterClose: boolean;
}

export interface SocketReaderOptions {
  readonly host: string;
  readonly port: number;
  readonly reconnect: Reconnect;
}

export class SocketReader implements SourceReader<unknown, Split> {
  readonly #context: SourceReaderContext;
  readonly #options: SocketReaderOptions;
  readonly #place: string;
  readonly #parsing: Parsing;
  #split: Split | undefined;
  #last = false;
  #ended = false;
  #socket: Socket | undefined;
  /** The lines of the open connection; undefined while there is none. */
  #lines: RecordStream | undefined;
  #retry: Timer | undefined;
  /** Attempts since a connection was open. */
  #attempts = 0;
  /** Bytes of the connections before this one. */
  #bytesBefore = 0;

  constructor(context: SourceReaderContext, options: SocketReaderOptions, parsing: ParsingOptions) {
    this.#context = context;
    this.#options = options;
    this.#place = `${options.host}:${options.port}`;
    this.#parsing = new Parsing(context, parsing);
    this.#parsing.reads(`socket ${this.#place}`, `socket ${this.#place}`);
  }

  addSplit(split: Split): void {
    assert(this.#split === undefined, 'a socket has one split');
    this.#split = split;
    this.#connect();
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<unknown> {
    const taken = this.#lines === undefined ? 'pending' : this.#take(this.#lines);
    if (taken === 'batch') return this.#parsing.batch;
    if (taken === 'ended') this.#closed();
    if (this.#split === undefined || this.#ended) return this.#last ? 'end' : 'needs-split';
    return 'pending';
  }

  takeSide(): SideRecords | undefined {
    return this.#parsing.takeSide();
  }

  /** A socket keeps no position: the split only says that the source is to connect again. */
  splits(): readonly Split[] {
    return this.#split === undefined || this.#ended ? [] : [this.#split];
  }

  close(): void {
    this.#ended = true;
    this.#retry?.cancel();
    this.#socket?.destroy();
  }

  get bytesRead(): number {
    return this.#bytesBefore + (this.#socket?.bytesRead ?? 0);
  }

  #connect(): void {
    const { host, port } = this.#options;
    const { connect } = process.getBuiltinModule('node:net');
    const socket = connect({ host, port, keepAlive: true, keepAliveInitialDelay: this.#context.limits.keepAliveMs });
    this.#attempts += 1;
    this.#socket = socket;
    socket.on('connect', () => this.#opened(socket));
    socket.on('error', (error) => {
      if (this.#lines === undefined) this.#notOpened(error);
    });
  }

  #opened(socket: Socket): void {
    const { limits } = this.#context;
    this.#attempts = 0;
    this.#lines = new RecordStream(socket, {
      buffer: this.#createBuffer(limits.readBytes),
      waitingBytesMax: limits.readBytes,
      wake: () => this.#context.wake(),
      byteOrderMark: false,
    });
  }

  #createBuffer(bufferBytes: number): RecordBuffer {
    const { parser } = this.#parsing;
    parser.begin?.(true);
    const lineBytesMax = this.#context.limits.lineBytes;
    const hasAside = (): boolean => this.#parsing.hasAside;
    return new RecordBuffer({ parser, origin: 0, bufferBytes, place: `socket ${this.#place}`, lineBytesMax, hasAside });
  }

  #notOpened(error: unknown): void {
    if (this.#ended) return;
    const { attemptsMax } = this.#options.reconnect;
    if (this.#attempts >= attemptsMax) this.#context.fail(this.#unreachable(error));
    else {
      if (this.#attempts === 1) this.#warnRetry(error);
      this.#connectLater();
    }
  }

  #warnRetry(error: unknown): void {
    const { attemptsMax } = this.#options.reconnect;
    const times = Number.isFinite(attemptsMax) ? `up to ${attemptsMax} times` : 'until it can be reached';
    this.#context.warn(`cannot connect to ${this.#place}: ${refusalOf(error).reason}; trying ${times}`);
  }

  #unreachable(error: unknown): MillraceError {
    const times = this.#attempts === 1 ? 'once' : `${this.#attempts} times`;
    const { reason, wayOut } = refusalOf(error);
    const message = `cannot connect to ${this.#place}, tried ${times}: ${reason}${wayOut === undefined ? '' : `; ${wayOut}`}`;
    return new MillraceError('SOURCE_FAILED', message, { cause: error });
  }

  #connectLater(): void {
    const { delayMs } = this.#options.reconnect;
    const { connectDelayMs, connectDelayMsMax } = this.#context.limits;
    const backoffMs = Math.min(connectDelayMsMax, connectDelayMs * 2 ** Math.max(0, this.#attempts - 1));
    this.#retry = this.#context.system.timers.after(delayMs ?? backoffMs, () => this.#connect());
  }

  /** A connection that broke counts as closed when it is to be opened again. */
  #take(lines: RecordStream): Taken {
    try {
      return lines.take(this.#parsing.batch);
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      if (!this.#options.reconnect.afterClose) {
        throw new MillraceError('SOURCE_FAILED', `the connection to ${this.#place} broke: ${reasonOf(error)}`, { cause: error });
      }
      this.#context.warn(`the connection to ${this.#place} broke (${reasonOf(error)}); connecting again, an unfinished line is lost`);
      return 'ended';
    }
  }

  #closed(): void {
    this.#bytesBefore += this.#socket?.bytesRead ?? 0;
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#lines = undefined;
    if (this.#options.reconnect.afterClose) this.#connectLater();
    else this.#ended = true;
  }
}
