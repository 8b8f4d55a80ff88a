/** Reads the messages that come to a port. */

import type { Polled, SideRecords, SourceReader, SourceReaderContext, Split } from '../../graph/source.ts';
import { Parsing, type ParsingOptions } from '../lines/parsing.ts';
import { RecordBuffer } from '../lines/record-buffer.ts';
import { MessageQueue } from './message-queue.ts';
import { type ListenAddress, listen, type SyslogServer } from './syslog-server.ts';

export class SyslogReader implements SourceReader<unknown, Split> {
  readonly #context: SourceReaderContext;
  readonly #address: ListenAddress;
  readonly #parsing: Parsing;
  readonly #buffer: RecordBuffer;
  readonly #queue = new MessageQueue();
  #split: Split | undefined;
  #server: SyslogServer | undefined;
  #last = false;

  constructor(context: SourceReaderContext, address: ListenAddress, options: ParsingOptions) {
    const { limits } = context;
    const place = `syslog ${address.protocol} ${address.host}:${address.port}`;
    this.#context = context;
    this.#address = address;
    this.#parsing = new Parsing(context, options);
    this.#parsing.reads(place, place);
    const { parser } = this.#parsing;
    parser.begin?.(true);
    this.#buffer = new RecordBuffer({
      parser,
      origin: 0,
      bufferBytes: limits.readBytes,
      place,
      lineBytesMax: limits.lineBytes,
      hasAside: () => this.#parsing.hasAside,
    });
  }

  addSplit(split: Split): void {
    this.#split = split;
    this.#server = listen(this.#address, this.#queue, this.#context);
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<unknown> {
    if (this.#server === undefined) return this.#last ? 'end' : 'needs-split';
    const { batch } = this.#parsing;
    if (this.#buffer.take(batch, Number.POSITIVE_INFINITY)) return batch;
    if (!this.#queue.moveTo(this.#buffer)) return 'pending';
    this.#server.resume();
    return this.#buffer.take(batch, Number.POSITIVE_INFINITY) ? batch : 'pending';
  }

  takeSide(): SideRecords | undefined {
    return this.#parsing.takeSide();
  }

  /** What has come cannot be asked for again: the split only says that the source is to listen. */
  splits(): readonly Split[] {
    return this.#split === undefined ? [] : [this.#split];
  }

  close(): void {
    this.#server?.close();
  }

  get bytesRead(): number {
    return this.#server?.bytesRead ?? 0;
  }
}
