/**
 * The panes that there are, by slice, and the keys that they hold. Invariant: a key is in the index while a pane has it; no
 * longer, unless few enough are kept; keys are forgotten between two batches only. One subtask owns the set.
 *
 * @hotpath
 */

import type { ChangeLog } from '../../../state/change-log.ts';
import type { KeyIndex } from '../../../state/key-index.ts';
import type { Accumulators } from './accumulators.ts';
import { Pane } from './pane.ts';
import type { Slices } from './slices.ts';

/** Panes that are found without a search, a power of two: as many as a batch may touch in turn. */
const recentPanes = 64;
/** Panes that wait to be used again, so that their memory need not be made anew. */
const sparePanes = 8;

export class PaneSet {
  /** Ascending. */
  readonly panes: Pane[] = [];
  /** What is told of slots that are given back. */
  log: ChangeLog | undefined = undefined;
  readonly #slices: Slices;
  readonly #index: KeyIndex | undefined;
  readonly #accumulators: Accumulators;
  readonly #recent: (Pane | undefined)[] = new Array<undefined>(recentPanes).fill(undefined);
  readonly #spare: Pane[] = [];
  /** By number of the key: panes that have it. */
  #counts = new Int32Array(256);
  /** Keys that came with records of no pane: they are in no pane, perhaps. */
  readonly #vacant: number[] = [];
  /** Keys that may stay in the index although they are in no pane, so that those that come again and again need not be put there anew. */
  readonly #keptKeys: number;

  /**
   * @param index undefined where there is only one key, number 0
   * @param keptKeys keys up to which the index keeps those that are in no pane any more
   */
  constructor(slices: Slices, accumulators: Accumulators, index: KeyIndex | undefined, keptKeys = 0) {
    this.#slices = slices;
    this.#accumulators = accumulators;
    this.#index = index;
    this.#keptKeys = keptKeys;
  }

  find(slice: number): Pane | undefined {
    const recent = this.#recent[slice & (recentPanes - 1)];
    if (recent !== undefined && recent.slice === slice) return recent;
    const pane = this.panes[this.firstFrom(slice)];
    if (pane === undefined || pane.slice !== slice) return undefined;
    this.#recent[slice & (recentPanes - 1)] = pane;
    return pane;
  }

  /** The place of the first pane whose slice is not before this one. */
  firstFrom(slice: number): number {
    let low = 0;
    let high = this.panes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.panes[middle].slice < slice) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  create(slice: number): Pane {
    const pane = this.#spare.pop() ?? new Pane(this.#accumulators);
    pane.slice = slice;
    pane.slots.slice = slice;
    pane.start = this.#slices.start(slice);
    pane.end = this.#slices.end(slice);
    this.panes.splice(this.firstFrom(slice), 0, pane);
    this.#recent[slice & (recentPanes - 1)] = pane;
    return pane;
  }

  /** Gives a key a slot in a pane that it is new to. */
  add(pane: Pane, key: number): number {
    if (key >= this.#counts.length) {
      const counts = new Int32Array(Math.max(key + 1, this.#counts.length * 2));
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#counts[key]++;
    return pane.add(key);
  }

  /** The slot of a key in a slice, new ones if need be. */
  slotOf(slice: number, key: number): number {
    const pane = this.find(slice) ?? this.create(slice);
    const slot = pane.find(key);
    return slot === 0 ? this.add(pane, key) : slot;
  }

  /** A record of a key went to no pane. */
  leaveOut(key: number): void {
    if (key >= this.#counts.length || this.#counts[key] === 0) this.#vacant.push(key);
  }

  /** Forgets keys that came with records of no pane. */
  forgetVacant(): void {
    if (this.#vacant.length === 0) return;
    for (const key of this.#vacant) if (key >= this.#counts.length || this.#counts[key] === 0) this.#forget(key);
    this.#vacant.length = 0;
  }

  /** Drops the first panes. */
  dropFirst(count: number): void {
    for (const pane of this.panes.splice(0, count)) {
      const at = pane.slice & (recentPanes - 1);
      if (this.#recent[at] === pane) this.#recent[at] = undefined;
      // Its keys are still known.
      if (this.log?.tracks === true) for (let i = 0; i < pane.slots.count; i++) this.log.release(pane.slots.at(i));
      this.#release(pane);
      pane.clear();
      if (this.#spare.length < sparePanes) this.#spare.push(pane);
    }
    if (this.#keptKeys > 0 && this.#index !== undefined && this.#index.keyCount > this.#keptKeys) this.#forgetPast(this.#index);
  }

  #forgetPast(index: KeyIndex): void {
    for (let key = 0; key < index.size; key++) if (this.#counts[key] === 0 && index.has(key)) index.remove(key);
  }

  #release(pane: Pane): void {
    const { slots } = pane;
    const { keyOf } = this.#accumulators;
    const counts = this.#counts;
    for (let i = 0; i < slots.count; i++) {
      const key = keyOf[slots.at(i)];
      if (--counts[key] === 0 && this.#keptKeys === 0) this.#forget(key);
    }
  }

  #forget(key: number): void {
    if (this.#index?.has(key) === true) this.#index.remove(key);
  }
}
