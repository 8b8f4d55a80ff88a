/** Makes a source's reader look like an input: batches of records, and splits asked for when it has none left. */

import { MillraceError, thrownText } from '../base/errors.ts';
import type { AnyColumn } from '../batch/column.ts';
import { RecordBatch } from '../batch/record-batch.ts';
import type { SourceReader, Split } from '../graph/source.ts';
import { anyRecord, internType } from '../schema/type.ts';

export interface SourceInputOptions {
  readonly createReader: () => SourceReader<unknown>;
  readonly sourceName: string;
  /** Asks the coordinator for a split; the answer comes to `addSplit` or `noMoreSplits`. */
  readonly requestSplit: () => void;
}

const anyType = internType(anyRecord);

export class SourceInput {
  readonly #options: SourceInputOptions;
  readonly #reader: SourceReader<unknown>;
  #requested = false;
  #stopped = false;
  ended = false;

  constructor(options: SourceInputOptions) {
    this.#options = options;
    this.#reader = this.#call(() => options.createReader());
  }

  get bytes(): number {
    return this.#reader.bytesRead ?? 0;
  }

  /** A source is in front of nothing. */
  get waiting(): number {
    return 0;
  }

  addSplit(split: Split): void {
    this.#requested = false;
    this.#call(() => this.#reader.addSplit(split as never));
  }

  noMoreSplits(): void {
    this.#requested = false;
    this.#call(() => this.#reader.noMoreSplits());
  }

  /** Ends the input where it stands. */
  stop(): void {
    this.#stopped = true;
  }

  poll(): RecordBatch | null {
    if (this.#stopped) this.ended = true;
    if (this.ended) return null;
    const polled = this.#call(() => this.#reader.poll());
    if (polled === 'end') this.ended = true;
    else if (polled === 'needs-split' && !this.#requested) {
      this.#requested = true;
      this.#options.requestSplit();
    }
    if (typeof polled === 'string') return null;
    return polled instanceof RecordBatch ? polled : batchOf(polled);
  }

  close(): void {
    this.#call(() => this.#reader.close());
  }

  #call<R>(call: () => R): R {
    try {
      return call();
    } catch (error) {
      throw sourceFailure(this.#options.sourceName, error);
    }
  }
}

/** The failure of a source; what is a failure already stays as it is. */
export function sourceFailure(sourceName: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  return new MillraceError(
    'SOURCE_FAILED',
    `the source '${sourceName}' failed: ${error instanceof Error ? error.message : thrownText(error)}`,
    { cause: error },
  );
}

/** Records as a source's reader hands them on, in one column. */
export function batchOf(records: readonly unknown[]): RecordBatch {
  const batch = new RecordBatch(anyType, { capacity: 0, timestamps: false, hashes: false });
  (batch.columns[0] as AnyColumn).values = records as unknown[];
  batch.rowCount = records.length;
  return batch;
}
