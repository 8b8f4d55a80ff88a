/**
 * Finds the slot of each row of a batch: the slice by its time, and in the slice the slot of its key. Most rows lie in the slice of the
 * row before. One subtask owns it.
 *
 * @hotpath
 */

import { requireTimestamp } from '../../../time/windows/window-assigner.ts';
import type { Accumulators } from './accumulators.ts';
import type { FilledSlice } from './filled-slice.ts';
import type { FilledSlices } from './filled-slices.ts';
import type { Slices } from './slices.ts';

export interface RowSlotsOptions {
  readonly slices: Slices;
  readonly filledSlices: FilledSlices;
  readonly accumulators: Accumulators;
  /** Slots that may be in use at once. */
  readonly slotsMax: number;
  /** The slot of a record that goes to no slice; `admitted` for others. */
  readonly refusal: (slice: number, time: number) => number;
  /** A slice has its first key now. */
  readonly opened: (slice: number) => void;
}

export const admitted = -1;

export class RowSlots {
  readonly #options: RowSlotsOptions;
  #slots = new Int32Array(0);
  /** Of the last row that came alone; generated code looks there first. */
  filled: FilledSlice | undefined;
  start = Number.POSITIVE_INFINITY;
  end = Number.NEGATIVE_INFINITY;
  /** Of the row before that one, where it was another. */
  #other: FilledSlice | undefined;
  /** Rows of the last batch that belong to no slice. */
  left = 0;
  /** Of the batch: the last row that another slice was looked for. */
  row = 0;

  constructor(options: RowSlotsOptions) {
    this.#options = options;
  }

  /**
   * The slots of the rows of a batch. Finding them twice is the same as finding them once.
   *
   * @param keys numbers of the keys
   * @param noKey the number of a key that has none, since there was no room
   */
  ofBatch(times: Float64Array | Int32Array, keys: Int32Array, rows: number, noKey = -1): Int32Array {
    if (this.#slots.length < rows) this.#slots = new Int32Array(rows);
    const slots = this.#slots;
    let filled: FilledSlice | undefined;
    let other: FilledSlice | undefined;
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    let refused = 0;
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const time = times[row];
      const key = keys[row];
      if (!(time >= start && time < end)) {
        // Rows that are a little out of order go to and fro between two slices.
        const before = filled;
        this.row = row;
        filled = other !== undefined && time >= other.start && time < other.end ? other : this.#filledAt(time);
        if (before !== undefined) other = before;
        start = filled === undefined ? Number.POSITIVE_INFINITY : filled.start;
        end = filled === undefined ? Number.NEGATIVE_INFINITY : filled.end;
        refused = this.#refused;
      }
      let slot = refused;
      if (filled === undefined) this.#leaveOut(key, noKey);
      else {
        slot = key < filled.direct.length ? filled.direct[key] : filled.findHashed(key);
        if (slot === 0) slot = this.#open(filled, key, noKey);
      }
      slots[row] = slot;
      if (slot < 2) left++;
    }
    this.left = left;
    return slots;
  }

  /** The slots where all rows have the same time. */
  ofMoment(time: number, keys: Int32Array, rows: number): Int32Array {
    if (this.#slots.length < rows) this.#slots = new Int32Array(rows);
    for (let row = 0; row < rows; row++) this.#slots[row] = this.ofRow(time, keys[row]);
    this.left = 0;
    return this.#slots;
  }

  /** The slot of one row. */
  ofRow(time: number, key: number, noKey = -1): number {
    if (!(time >= this.start && time < this.end)) this.#turnTo(time);
    const filled = this.filled;
    if (filled === undefined) {
      this.#leaveOut(key, noKey);
      return this.#refused;
    }
    if (key === noKey) return 0;
    const slot = filled.find(key);
    return slot === 0 ? this.#open(filled, key, noKey) : slot;
  }

  /** Time has advanced, or slices were dropped: what was known of the slice of the last row need not hold any more. */
  forget(): void {
    this.filled = undefined;
    this.#other = undefined;
    this.start = Number.POSITIVE_INFINITY;
    this.end = Number.NEGATIVE_INFINITY;
  }

  #turnTo(time: number): void {
    // Rows that are a little out of order go to and fro between two slices.
    const before = this.filled;
    let filled = this.#other;
    if (filled === undefined || !(time >= filled.start && time < filled.end)) {
      this.forget();
      filled = this.#filledAt(time);
      if (filled === undefined) return;
    }
    this.#other = before;
    this.filled = filled;
    this.start = filled.start;
    this.end = filled.end;
  }

  #leaveOut(key: number, noKey: number): void {
    if (key !== noKey) this.#options.filledSlices.leaveOut(key);
  }

  #refused = 0;

  #filledAt(time: number): FilledSlice | undefined {
    const { slices, filledSlices, refusal, opened } = this.#options;
    const slice = slices.at(requireTimestamp(time));
    this.#refused = refusal(slice, time);
    if (this.#refused !== admitted) return undefined;
    const known = filledSlices.find(slice);
    if (known !== undefined) return known;
    opened(slice);
    return filledSlices.create(slice);
  }

  #open(filled: FilledSlice, key: number, noKey: number): number {
    const { filledSlices, accumulators, slotsMax } = this.#options;
    if (key === noKey) return 0;
    if (accumulators.used >= slotsMax) {
      filledSlices.leaveOut(key);
      return 0;
    }
    return filledSlices.add(filled, key);
  }
}
