/**
 * How many rows a step takes through functions that may be slow: as many as were through in `stepMs` the last time. A subtask looks
 * at barriers, and its thread at its mail, between two steps only. Runs on the subtask's thread.
 */

/** More rows than any batch has. */
const unbounded = 2 ** 30;

/** Rows of the first step, of which nobody knows yet how long they take: soon all rows of a batch, where they are fast. */
const rowsAtFirst = 64;

export class RowPace {
  /** Rows that the next step may take. */
  rows: number;
  readonly #rowsMax: number;
  readonly #stepMs: number;

  /**
   * @param stepMs milliseconds that a step is to take at most, about
   * @param rowsMax rows that a step takes at most
   */
  constructor(stepMs: number, rowsMax: number = unbounded) {
    this.rows = Math.min(rowsAtFirst, rowsMax);
    this.#rowsMax = rowsMax;
    this.#stepMs = stepMs;
  }

  /** So many rows have taken so long. */
  note(rows: number, milliseconds: number): void {
    if (milliseconds > this.#stepMs) this.rows = Math.max(1, Math.floor((rows * this.#stepMs) / milliseconds));
    else if (milliseconds * 2 < this.#stepMs && this.rows < this.#rowsMax) this.rows = Math.min(this.#rowsMax, this.rows * 2);
  }
}
