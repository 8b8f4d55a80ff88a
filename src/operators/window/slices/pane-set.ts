/**
 * The panes that there are, by slice, and the keys that they hold. Invariant: a key is in the index while a pane has it, and no
 * longer; keys are forgotten between two batches only. One subtask owns the set.
 *
 * @hotpath
 */

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
  readonly #slices: Slices;
  readonly #index: KeyIndex | undefined;
  readonly #accumulators: Accumulators;
  readonly #recent: (Pane | undefined)[] = new Array<undefined>(recentPanes).fill(undefined);
  readonly #spare: Pane[] = [];
  /** By number of the key: panes that have it. */
  #counts = new Int32Array(256);
  /** Keys that came with records of no pane: they are in no pane, perhaps. */
  readonly #vacant: number[] = [];

  /** @param index undefined where there is only one key, number 0 */
  constructor(slices: Slices, accumulators: Accumulators, index: KeyIndex | undefined) {
    this.#slices = slices;
    this.#accumulators = accumulators;
    this.#index = index;
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
      this.#release(pane);
      pane.clear();
      if (this.#spare.length < sparePanes) this.#spare.push(pane);
    }
  }

  #release(pane: Pane): void {
    const { slots } = pane;
    const { keyOf } = this.#accumulators;
    const counts = this.#counts;
    for (let i = 0; i < slots.count; i++) {
      const key = keyOf[slots.at(i)];
      if (--counts[key] === 0) this.#forget(key);
    }
  }

  #forget(key: number): void {
    if (this.#index?.has(key) === true) this.#index.remove(key);
  }
}
