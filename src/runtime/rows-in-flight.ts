/**
 * Rows on their way that a checkpoint takes along: those that its barrier has overtaken. They are replayed to where they were bound for
 * before anything else comes there. Runs on the subtask's thread, or the host's.
 */

import { withArticle } from '../base/describe-value.ts';
import { MillraceError } from '../base/errors.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { UnsupportedColumnValueError } from '../channel/frame-encoder.ts';
import { StoredBatches } from '../channel/stored-batches.ts';

/** Where rows were bound for. */
export interface RowsPlace {
  /** Index of the exchange in the plan; undefined for rows that a source had read and not handed on. */
  readonly exchange: number | undefined;
  /** Of the stage at the end of the exchange, or of the source. */
  readonly subtask: number;
  /** The split that a source had read them from, where it tells them apart. */
  readonly split?: string | undefined;
  /** The side output of the source that they are for; its main output when absent. */
  readonly side?: string | undefined;
}

/** Rows of one place, in their order. */
export class RowsInFlight {
  readonly place: RowsPlace;
  readonly #stored = new StoredBatches();

  constructor(place: RowsPlace) {
    this.place = place;
  }

  /** Takes the rows of a batch from one on. @throws MillraceError UNSUPPORTED_VALUE */
  add(batch: RecordBatch, first = 0): void {
    try {
      this.#stored.add(batch, first);
    } catch (error) {
      if (!(error instanceof UnsupportedColumnValueError)) throw error;
      throw new MillraceError(
        'UNSUPPORTED_VALUE',
        `a record on its way between two operators cannot be stored with an unaligned checkpoint: it holds ${withArticle(error.unsupported.type)}. ` +
          'Let records hold plain values, or set checkpoint.unaligned to false',
        { cause: error },
      );
    }
  }

  get count(): number {
    return this.#stored.count;
  }

  get chunks(): readonly Uint8Array[] {
    return this.#stored.chunks;
  }
}

/** A batch that is replayed. */
export interface ReplayedBatch {
  readonly place: RowsPlace;
  readonly batch: RecordBatch;
}

/** A batch of which the rows from `next` on are not through. */
export interface RowsInHand {
  readonly batch: RecordBatch;
  readonly next: number;
}
