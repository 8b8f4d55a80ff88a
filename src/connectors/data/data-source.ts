/** The rows of an array of the job module. Every worker has the array; splits are ranges of it. */

import { assert } from '../../base/assert.ts';
import type { Polled, Source, SourceReader, SourceReaderContext, Split } from '../../graph/source.ts';

export interface RangeSplit extends Split {
  /** First index, and the one behind the last. */
  readonly start: number;
  readonly end: number;
}

/** Divides [start, end) into at most `parts` ranges of nearly equal length, none of them empty. */
function divideRange(start: number, end: number, parts: number): RangeSplit[] {
  const length = end - start;
  const count = Math.min(parts, length);
  return Array.from({ length: count }, (_, i) => {
    const range = { start: start + Math.floor((length * i) / count), end: start + Math.floor((length * (i + 1)) / count) };
    return { id: `${range.start}-${range.end}`, ...range };
  });
}

export function dataSource<T>(rows: readonly T[]): Source<T, RangeSplit> {
  return {
    name: 'fromData',
    bounded: true,
    details: { rows: rows.length },
    enumerate: ({ parallelism }) => divideRange(0, rows.length, parallelism),
    createReader: (context) => new DataReader(rows, context),
  };
}

class DataReader<T> implements SourceReader<T, RangeSplit> {
  readonly #rows: readonly T[];
  readonly #batchRows: number;
  #split: RangeSplit | null = null;
  #complete = false;

  constructor(rows: readonly T[], context: SourceReaderContext) {
    this.#rows = rows;
    this.#batchRows = context.limits.batchRows;
  }

  addSplit(split: RangeSplit): void {
    assert(this.#split === null, 'a reader reads one range at a time');
    this.#split = split;
  }

  noMoreSplits(): void {
    this.#complete = true;
  }

  poll(): Polled<T> {
    const split = this.#split;
    if (split === null) return this.#complete ? 'end' : 'needs-split';
    const end = Math.min(split.end, split.start + this.#batchRows);
    this.#split = end === split.end ? null : { ...split, start: end };
    return this.#rows.slice(split.start, end);
  }

  splits(): readonly RangeSplit[] {
    return this.#split === null ? [] : [this.#split];
  }

  close(): void {}
}
