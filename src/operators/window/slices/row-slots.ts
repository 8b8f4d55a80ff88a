/**
 * Finds the slot of each row of a batch: the pane by its time, and in the pane the slot of its key. Most rows lie in the pane of the
 * row before. One subtask owns it.
 *
 * @hotpath
 */

import { requireTimestamp } from '../../../time/windows/window-assigner.ts';
import type { Accumulators } from './accumulators.ts';
import type { Pane } from './pane.ts';
import type { PaneSet } from './pane-set.ts';
import type { Slices } from './slices.ts';

export interface RowSlotsOptions {
  readonly slices: Slices;
  readonly panes: PaneSet;
  readonly accumulators: Accumulators;
  /** Slots that may be in use at once. */
  readonly slotsMax: number;
  /** The slot of a record that goes to no pane; `admitted` for others. */
  readonly refusal: (slice: number, time: number) => number;
  /** A slice has a pane now. */
  readonly opened: (slice: number) => void;
}

export const admitted = -1;

export class RowSlots {
  readonly #options: RowSlotsOptions;
  #slots = new Int32Array(0);
  /** Of the last row that came alone; generated code looks there first. */
  pane: Pane | undefined;
  start = Number.POSITIVE_INFINITY;
  end = Number.NEGATIVE_INFINITY;
  /** Of the row before that one, where it was another. */
  #other: Pane | undefined;
  /** Rows of the last batch that belong to no pane. */
  left = 0;
  /** Of the batch: the last row that another pane was looked for. */
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
    let pane: Pane | undefined;
    let other: Pane | undefined;
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    let refused = 0;
    let left = 0;
    for (let row = 0; row < rows; row++) {
      const time = times[row];
      const key = keys[row];
      if (!(time >= start && time < end)) {
        // Rows that are a little out of order go to and fro between two panes.
        const before = pane;
        this.row = row;
        pane = other !== undefined && time >= other.start && time < other.end ? other : this.#paneAt(time);
        if (before !== undefined) other = before;
        start = pane === undefined ? Number.POSITIVE_INFINITY : pane.start;
        end = pane === undefined ? Number.NEGATIVE_INFINITY : pane.end;
        refused = this.#refused;
      }
      let slot = refused;
      if (pane === undefined) this.#leaveOut(key, noKey);
      else {
        slot = key < pane.direct.length ? pane.direct[key] : pane.findHashed(key);
        if (slot === 0) slot = this.#open(pane, key, noKey);
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
    const pane = this.pane;
    if (pane === undefined) {
      this.#leaveOut(key, noKey);
      return this.#refused;
    }
    if (key === noKey) return 0;
    const slot = pane.find(key);
    return slot === 0 ? this.#open(pane, key, noKey) : slot;
  }

  /** Time has advanced, or panes were dropped: what was known of the pane of the last row need not hold any more. */
  forget(): void {
    this.pane = undefined;
    this.#other = undefined;
    this.start = Number.POSITIVE_INFINITY;
    this.end = Number.NEGATIVE_INFINITY;
  }

  #turnTo(time: number): void {
    // Rows that are a little out of order go to and fro between two panes.
    const before = this.pane;
    let pane = this.#other;
    if (pane === undefined || !(time >= pane.start && time < pane.end)) {
      this.forget();
      pane = this.#paneAt(time);
      if (pane === undefined) return;
    }
    this.#other = before;
    this.pane = pane;
    this.start = pane.start;
    this.end = pane.end;
  }

  #leaveOut(key: number, noKey: number): void {
    if (key !== noKey) this.#options.panes.leaveOut(key);
  }

  #refused = 0;

  #paneAt(time: number): Pane | undefined {
    const { slices, panes, refusal, opened } = this.#options;
    const slice = slices.at(requireTimestamp(time));
    this.#refused = refusal(slice, time);
    if (this.#refused !== admitted) return undefined;
    const known = panes.find(slice);
    if (known !== undefined) return known;
    opened(slice);
    return panes.create(slice);
  }

  #open(pane: Pane, key: number, noKey: number): number {
    const { panes, accumulators, slotsMax } = this.#options;
    if (key === noKey) return 0;
    if (accumulators.used >= slotsMax) {
      panes.leaveOut(key);
      return 0;
    }
    return panes.add(pane, key);
  }
}
