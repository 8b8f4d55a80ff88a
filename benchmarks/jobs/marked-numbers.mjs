/**
 * Whole numbers from 0, which call a function when a number comes: a mark in the middle of a job where it costs the loops of the job nothing. (In a
 * function of the job it would be a branch that is never taken and then is, for which V8 has to compile the loop anew.)
 */
import { ColumnBatch, t } from 'millrace';

/**
 * @typedef {{ id: string, next: number }} NumberSplit
 * @typedef {import('millrace').SourceReader<{ i: number }, NumberSplit>} Reader
 */

const type = t.object({ i: t.int32 });

/**
 * @param {{ count: number, mark: number, onMark: () => void }} options `onMark` is called on the thread of the reader, with the batch that number `mark` is in
 * @returns {import('millrace').Source<{ i: number }, NumberSplit>}
 */
export function markedNumbers(options) {
  return {
    name: 'marked numbers',
    bounded: true,
    type: type.record,
    parallelismMax: 1,
    enumerate: () => [{ id: 'all', next: 0 }],
    createReader: ({ limits }) => new MarkedReader(options, limits.batchRows),
  };
}

/** @implements {Reader} */
class MarkedReader {
  #options;
  #batch;
  #values;
  /** @type {NumberSplit | undefined} */
  #split;
  #complete = false;

  /**
   * @param {Parameters<typeof markedNumbers>[0]} options
   * @param {number} rows
   */
  constructor(options, rows) {
    this.#options = options;
    this.#batch = new ColumnBatch(type, { rows });
    this.#values = this.#batch.int32('i');
  }

  /** @param {NumberSplit} split */
  addSplit(split) {
    this.#split = split;
  }

  noMoreSplits() {
    this.#complete = true;
  }

  poll() {
    if (this.#split === undefined) return this.#complete ? /** @type {const} */ ('end') : /** @type {const} */ ('needs-split');
    const { id, next } = this.#split;
    const { count, mark, onMark } = this.#options;
    const end = Math.min(count, next + this.#batch.rows);
    if (next <= mark && mark < end) onMark();
    for (let i = next; i < end; i++) this.#values[i - next] = i;
    this.#split = end < count ? { id, next: end } : undefined;
    return this.#batch.finish(end - next);
  }

  splits() {
    return this.#split === undefined ? [] : [this.#split];
  }

  close() {}
}
