/**
 * Windows by slices in one subtask: takes rows to the accumulators of their slice and key, and walks over the rows of the windows
 * that time has completed. It decides what is too late, what fires, and when slices are dropped:
 *
 * - a record is late when all of its windows ended the allowed lateness ago;
 * - a window fires when time has reached its last millisecond, and then for the key of each late record again;
 * - a slice is dropped when the last of its windows ended the allowed lateness ago.
 *
 * Time is the watermark, or the last millisecond of the day that is over: nothing can come at it any more. One subtask owns it.
 *
 * @hotpath
 */

import type { OperatorContext } from '../../../compiler/operator.ts';
import type { ChangeLog } from '../../../state/change-log.ts';
import { KeyIndex } from '../../../state/key-index.ts';
import { endOfTime } from '../../../time/windows/window.ts';
import type { Aggregators } from '../../aggregation.ts';
import { Accumulators, lateSlot, noSlot } from './accumulators.ts';
import { FilledSlices } from './filled-slices.ts';
import { admitted, RowSlots } from './row-slots.ts';
import { SliceState } from './slice-state.ts';
import type { Slices } from './slices.ts';
import { WindowRows } from './window-rows.ts';

export interface SlicedWindowsOptions {
  readonly slices: Slices;
  readonly aggregators: Aggregators;
  readonly allowedLatenessMs: number;
  readonly keyed: boolean;
  readonly context: Pick<OperatorContext, 'keyedState' | 'warn'>;
}

export class SlicedWindows {
  readonly index = new KeyIndex();
  readonly accumulators: Accumulators;
  readonly rowSlots: RowSlots;
  /** What is told of slots before rows are added to them. */
  readonly log: ChangeLog;
  /** Of the row that `next` or `nextAgain` has come to. */
  slot = 0;
  key = 0;
  start = 0;
  end = 0;
  readonly #slices: Slices;
  readonly #latenessMs: number;
  readonly #filledSlices: FilledSlices;
  readonly #windowRows: WindowRows;
  #time = Number.NEGATIVE_INFINITY;
  /** The first window that has not ended. */
  #firstOpen = Number.NEGATIVE_INFINITY;
  /** The window that fires next; Infinity while no slice holds anything. */
  #nextWindow = Number.POSITIVE_INFINITY;
  /** The next row of the window that fires now; −1 while none does. */
  #cursor = -1;
  #firing = 0;
  /** Of the late record: its windows that fire again, from the last one down. */
  #again = 0;
  #againUntil = 0;
  #againKey = 0;

  constructor({ slices, aggregators, allowedLatenessMs, keyed, context }: SlicedWindowsOptions) {
    this.#slices = slices;
    this.#latenessMs = allowedLatenessMs;
    this.accumulators = new Accumulators(aggregators);
    this.#filledSlices = new FilledSlices(slices, this.accumulators, keyed ? this.index : undefined);
    this.#windowRows = new WindowRows(slices, this.#filledSlices, this.accumulators);
    this.rowSlots = new RowSlots({
      slices,
      filledSlices: this.#filledSlices,
      accumulators: this.accumulators,
      slotsMax: Number.POSITIVE_INFINITY,
      refusal: (slice, time) => this.#refusal(slice, time),
      opened: (slice) => this.#expect(slice, this.#firstOpen),
    });
    const { accumulators } = this;
    const index = keyed ? this.index : undefined;
    const restored = (): void => this.resume(this.#time);
    const state = new SliceState({
      slices,
      filledSlices: this.#filledSlices,
      accumulators,
      aggregators,
      index,
      warn: context.warn,
      restored,
    });
    this.log = context.keyedState('slices', state);
    this.#filledSlices.log = this.log;
  }

  get time(): number {
    return this.#time;
  }

  /** Keys in all slices: each counts for each slice. */
  get size(): number {
    return this.accumulators.used;
  }

  beginBatch(): void {
    this.#filledSlices.forgetVacant();
  }

  /** Time that never goes back. */
  advance(time: number): void {
    this.#time = time;
    this.rowSlots.forget();
    if (this.isDue) return;
    this.#firstOpen = this.#slices.firstBehind(time);
    this.#dropPast();
  }

  /** Goes on with the slices that there are where time had come so far, and all that was due had been fired. */
  resume(time: number): void {
    this.#time = time;
    this.#firstOpen = this.#slices.firstBehind(time);
    this.#expectNext();
  }

  get isDue(): boolean {
    return this.#cursor >= 0 || this.nextEnd - 1 <= this.#time;
  }

  /** When the window that fires next ends; NaN while no slice holds anything. */
  get nextEnd(): number {
    return this.#nextWindow === Number.POSITIVE_INFINITY ? Number.NaN : this.#slices.windowEnd(this.#nextWindow);
  }

  /** Goes to the next row of a window that has ended; false when there is none, and nothing is due any more. */
  next(): boolean {
    const { rows } = this.#windowRows;
    while (this.#cursor < 0 || this.#cursor === rows.count) {
      if (this.#cursor >= 0) this.#close();
      if (!this.isDue) {
        this.advance(this.#time);
        return false;
      }
      this.#open();
    }
    this.key = rows.first[this.#cursor];
    this.slot = rows.second[this.#cursor++];
    return true;
  }

  #open(): void {
    const window = this.#nextWindow;
    this.#firing = window;
    this.#windowRows.open(window);
    this.start = this.#slices.windowStart(window);
    this.end = this.#slices.windowEnd(window);
    this.#cursor = 0;
  }

  /** The rows of the window are through; which one is next follows from the slices that there are. */
  #close(): void {
    this.#windowRows.close();
    this.#cursor = -1;
    this.#firstOpen = this.#firing + 1;
    this.#expectNext();
  }

  #expectNext(): void {
    this.#nextWindow = Number.POSITIVE_INFINITY;
    const { all } = this.#filledSlices;
    const first = this.#filledSlices.firstFrom(this.#slices.firstSlice(this.#firstOpen));
    for (let i = first; i < all.length && this.#nextWindow === Number.POSITIVE_INFINITY; i++) this.#expect(all[i].number, this.#firstOpen);
  }

  /** The windows of a slice from one on fire in their time. */
  #expect(slice: number, from: number): void {
    const window = Math.max(from, this.#slices.firstWindow(slice));
    if (window <= this.#slices.lastWindow(slice) && window < this.#nextWindow) this.#nextWindow = window;
  }

  #cleanup(window: number): number {
    return Math.min(this.#slices.windowEnd(window) - 1 + this.#latenessMs, endOfTime);
  }

  #dropPast(): void {
    const { all } = this.#filledSlices;
    let past = 0;
    while (past < all.length && this.#cleanup(this.#slices.lastWindow(all[past].number)) <= this.#time) past++;
    if (past === 0) return;
    if (past === all.length) this.#windowRows.clear();
    this.#filledSlices.dropFirst(past);
  }

  #refusal(slice: number, time: number): number {
    const last = this.#slices.lastWindow(slice);
    if (this.#slices.firstWindow(slice) > last) return time + this.#latenessMs <= this.#time ? lateSlot : noSlot;
    if (this.#cleanup(last) <= this.#time) return lateSlot;
    const isMerged = slice < this.#windowRows.mergedUntil && slice >= this.#slices.firstSlice(this.#firstOpen);
    if (isMerged) this.#windowRows.isStale = true;
    return admitted;
  }

  /** Event time that has passed since a late record would have been in time. */
  missedBy(time: number): number {
    const slice = this.#slices.at(time);
    const last = this.#slices.lastWindow(slice);
    const cleanup = this.#slices.firstWindow(slice) > last ? time + this.#latenessMs : this.#cleanup(last);
    return this.#time - cleanup + 1;
  }

  /** Whether a row of a batch makes a window fire again, so that rows must be taken one by one. */
  firesAgain(times: Float64Array | Int32Array, rows: number): boolean {
    if (this.#latenessMs === 0) return false;
    // All windows that have ended end here or before, and what comes later is in none of them.
    const from = this.#slices.windowEnd(this.#firstOpen - 1);
    for (let row = 0; row < rows; row++) if (times[row] < from) return true;
    return false;
  }

  /** Begins with the windows of a record, added just now, that have ended. */
  beginAgain(time: number, key: number): void {
    this.#again = 0;
    this.#againUntil = 0;
    if (this.#latenessMs === 0) return;
    const slice = this.#slices.at(time);
    if (this.#slices.firstWindow(slice) >= this.#firstOpen) return;
    this.#againKey = key;
    this.#again = Math.min(this.#slices.lastWindow(slice), this.#firstOpen - 1) + 1;
    this.#againUntil = this.#slices.firstWindow(slice);
  }

  /** Goes to the next of them, the last first; false when there is none. */
  nextAgain(): boolean {
    this.#windowRows.close();
    if (this.#again === this.#againUntil) return false;
    const window = --this.#again;
    // Those before it are past as well.
    if (this.#cleanup(window) <= this.#time) return false;
    this.key = this.#againKey;
    this.slot = this.#windowRows.slotOf(this.key, window);
    this.start = this.#slices.windowStart(window);
    this.end = this.#slices.windowEnd(window);
    return true;
  }
}
