/** What flows through a channel, in order: batches of records, and the marks between them. */

import type { RecordBatch } from '../batch/record-batch.ts';

/** No record behind this is older; `time` in epoch milliseconds, Infinity at the end of the input. */
export interface Watermark {
  readonly kind: 'watermark';
  readonly time: number;
}

/** The channel holds no watermark back until it is active again. */
export interface Idleness {
  readonly kind: 'idle' | 'active';
}

/** Separates the records before a checkpoint from those after it. */
export interface Barrier {
  readonly kind: 'barrier';
  readonly checkpoint: number;
}

/** Nothing follows. */
export interface EndOfInput {
  readonly kind: 'end';
}

export type Mark = Watermark | Idleness | Barrier | EndOfInput;
export type StreamElement = RecordBatch | Mark;

export const endOfInput: EndOfInput = { kind: 'end' };
