/**
 * The slices that hold keys, in their order, and those keys. Invariant: a key is in the index while a slice has it; longer
 * only as long as few enough are kept, since many come again soon; keys are forgotten between two batches only. One subtask owns the set.
 *
 * @hotpath
 */

import type { ChangeLog } from '../../../state/change-log.ts';
import type { KeyIndex } from '../../../state/key-index.ts';
import type { Accumulators } from './accumulators.ts';
import { FilledSlice } from './filled-slice.ts';
import type { Slices } from './slices.ts';

/** Slices that are found without a search, a power of two: as many as a batch may touch in turn. */
const recentSlices = 64;
/** Slices that wait to be used again, so that their memory need not be made anew. */
const spareSlices = 8;
/** Keys in no slice that are kept, for each that slices have: to look for a key costs less than to take it in anew. */
const idlePerUsed = 2;
/** To forget keys, all slots of the index are looked at: so many at most for each key. */
const slotsPerIdle = 8;

export class FilledSlices {
  /** Ascending. */
  readonly all: FilledSlice[] = [];
  /** What is told of slots that are given back. */
  log: ChangeLog | undefined = undefined;
  readonly #slices: Slices;
  readonly #index: KeyIndex | undefined;
  readonly #accumulators: Accumulators;
  readonly #recent: (FilledSlice | undefined)[] = new Array<undefined>(recentSlices).fill(undefined);
  readonly #spare: FilledSlice[] = [];
  /** By number of the key: slices that have it. */
  #counts = new Int32Array(256);
  /** Keys to be forgotten where they are in no slice still: of records that went to none, and of slices that were dropped long ago. */
  readonly #vacant: number[] = [];
  /** Whether those of long ago are among them. */
  #leavesIdle = false;
  readonly #keysMax: number | undefined;
  /** Keys that slices have. */
  #used = 0;

  /**
   * @param index undefined where there is only one key, number 0
   * @param keysMax keys up to which the index keeps those that are in no slice any more; undefined where it depends on those that are
   */
  constructor(slices: Slices, accumulators: Accumulators, index: KeyIndex | undefined, keysMax?: number) {
    this.#slices = slices;
    this.#accumulators = accumulators;
    this.#index = index;
    this.#keysMax = keysMax;
  }

  find(slice: number): FilledSlice | undefined {
    const recent = this.#recent[slice & (recentSlices - 1)];
    if (recent !== undefined && recent.number === slice) return recent;
    const filled = this.all[this.firstFrom(slice)];
    if (filled === undefined || filled.number !== slice) return undefined;
    this.#recent[slice & (recentSlices - 1)] = filled;
    return filled;
  }

  /** The place of the first slice that is not before this one. */
  firstFrom(slice: number): number {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle].number < slice) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  create(slice: number): FilledSlice {
    const filled = this.#spare.pop() ?? new FilledSlice(this.#accumulators, this.#index === undefined);
    filled.number = slice;
    filled.slots.slice = slice;
    filled.start = this.#slices.start(slice);
    filled.end = this.#slices.end(slice);
    this.all.splice(this.firstFrom(slice), 0, filled);
    this.#recent[slice & (recentSlices - 1)] = filled;
    return filled;
  }

  /** Gives a key a slot in a slice that it is new to. */
  add(filled: FilledSlice, key: number): number {
    if (key >= this.#counts.length) {
      const counts = new Int32Array(Math.max(key + 1, this.#counts.length * 2));
      counts.set(this.#counts);
      this.#counts = counts;
    }
    if (this.#counts[key]++ === 0) this.#used++;
    return filled.add(key);
  }

  /** The slot of a key in a slice, new ones if need be. */
  slotOf(slice: number, key: number): number {
    const filled = this.find(slice) ?? this.create(slice);
    const slot = filled.find(key);
    return slot === 0 ? this.add(filled, key) : slot;
  }

  /** A key is perhaps in no slice: a record of it went to none. */
  leaveOut(key: number): void {
    if (key >= this.#counts.length || this.#counts[key] === 0) this.#vacant.push(key);
  }

  /** Forgets keys in no slice that were left out, or that are too many. Between two batches: the numbers of the keys of one are known by then. */
  forgetVacant(): void {
    if (this.#vacant.length === 0) return;
    this.#leavesIdle = false;
    for (const key of this.#vacant) if (key >= this.#counts.length || this.#counts[key] === 0) this.#forget(key);
    this.#vacant.length = 0;
  }

  /** Drops the first slices. */
  dropFirst(count: number): void {
    if (this.#keysMax === undefined) this.#leaveIdle();
    for (const filled of this.all.splice(0, count)) {
      const at = filled.number & (recentSlices - 1);
      if (this.#recent[at] === filled) this.#recent[at] = undefined;
      // Its keys are still known.
      if (this.log?.tracks === true) for (let i = 0; i < filled.slots.count; i++) this.log.release(filled.slots.at(i));
      this.#release(filled);
      filled.clear();
      if (this.#spare.length < spareSlices) this.#spare.push(filled);
    }
    const index = this.#index;
    if (index === undefined || index.keyCount <= (this.#keysMax ?? Number.POSITIVE_INFINITY)) return;
    if (this.#used === 0) this.#forgetAll(index);
    else this.#forgetPast(index);
  }

  /** Where too many are kept, those go that were in no slice before some are dropped now: the keys of the last ones come again soonest. */
  #leaveIdle(): void {
    const index = this.#index;
    if (index === undefined || this.#leavesIdle) return;
    const idle = index.keyCount - this.#used;
    if (idle <= Math.max(this.#used * idlePerUsed, index.size / slotsPerIdle)) return;
    this.#leavesIdle = true;
    for (let key = 0; key < index.size; key++) if (index.has(key)) this.leaveOut(key);
  }

  /** No slice has any of them: to take them out one by one costs as much as they did. */
  #forgetAll(index: KeyIndex): void {
    index.clear();
    this.#vacant.length = 0;
  }

  #forgetPast(index: KeyIndex): void {
    for (let key = 0; key < index.size; key++) if (this.#counts[key] === 0 && index.has(key)) index.remove(key);
  }

  #release(filled: FilledSlice): void {
    const { slots } = filled;
    const { keyOf } = this.#accumulators;
    const counts = this.#counts;
    for (let i = 0; i < slots.count; i++) {
      const key = keyOf[slots.at(i)];
      if (--counts[key] === 0) this.#used--;
    }
  }

  #forget(key: number): void {
    if (this.#index?.has(key) === true) this.#index.remove(key);
  }
}
