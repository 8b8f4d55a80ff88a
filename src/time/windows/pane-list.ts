/**
 * The panes of a key that has several, in the order of their windows. They lie in chunks, so that of many panes only a few move when
 * one comes or goes: sessions of one key may be alive by the hundred thousand. One subtask owns it.
 *
 * @hotpath
 */

import type { Pane } from './pane.ts';
import { compareWindows, sameWindow, type TimeWindow, type Window } from './window.ts';

/** Panes of a chunk: as many as are moved about as fast as a place is found among them. */
const chunkMax = 128;

export class PaneList<W extends Window> {
  size = 0;
  /** None is empty, but for the only one. */
  readonly #chunks: Pane<W>[][] = [[]];

  get first(): Pane<W> {
    return this.#chunks[0]?.[0] as Pane<W>;
  }

  get last(): Pane<W> {
    return lastOf(lastOf(this.#chunks));
  }

  /** All of them, in a new array. */
  all(): Pane<W>[] {
    return this.#chunks.flat();
  }

  find(window: W): Pane<W> | undefined {
    const chunk = this.#chunks[this.#chunkOf(window)] as Pane<W>[];
    const found = chunk[placeIn(chunk, window)];
    return found !== undefined && sameWindow(found.window, window) ? found : undefined;
  }

  /** Those whose windows overlap or touch this one, ascending. Windows of the list must not do so among themselves. */
  meeting(window: TimeWindow): Pane<W>[] {
    const met: Pane<W>[] = [];
    const least: Window = { maxTimestamp: window.start - 1, id: Number.NEGATIVE_INFINITY };
    let at = this.#chunkOf(least);
    let place = placeIn(this.#chunks[at] as Pane<W>[], least);
    for (; at < this.#chunks.length; at++, place = 0) {
      const chunk = this.#chunks[at] as Pane<W>[];
      for (; place < chunk.length; place++) {
        const pane = chunk[place] as Pane<W>;
        const other = pane.window as Window as TimeWindow;
        if (other.start > window.end) return met;
        if (other.intersects(window)) met.push(pane);
      }
    }
    return met;
  }

  add(pane: Pane<W>): void {
    const at = this.#chunkOf(pane.window);
    const chunk = this.#chunks[at] as Pane<W>[];
    chunk.splice(placeIn(chunk, pane.window), 0, pane);
    if (chunk.length > chunkMax) this.#chunks.splice(at + 1, 0, chunk.splice(chunkMax >> 1));
    this.size++;
  }

  remove(pane: Pane<W>): void {
    let at = this.#chunkOf(pane.window);
    // It may not be the first one with that window, if merges have given others the same.
    let place = this.#chunks[at]?.indexOf(pane) as number;
    while (place < 0) place = this.#chunks[++at]?.indexOf(pane) as number;
    const chunk = this.#chunks[at] as Pane<W>[];
    chunk.splice(place, 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
    this.size--;
  }

  /** Gives a pane another window, and its place. */
  rename(pane: Pane<W>, window: W): void {
    // Most windows that grow are the last.
    if (pane === this.last && compareWindows(pane.window, window) <= 0) {
      pane.window = window;
      return;
    }
    this.remove(pane);
    pane.window = window;
    this.add(pane);
  }

  /** The index of the first chunk that does not end below `window`; of the last where all do. */
  #chunkOf(window: Window): number {
    const chunks = this.#chunks;
    const isBelow = (index: number): boolean => compareWindows(lastOf(chunks[index] as Pane<W>[]).window, window) < 0;
    let low = 0;
    let high = chunks.length - 1;
    // Most windows belong to the last.
    if (high > 0 && isBelow(high - 1)) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBelow(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The index of the first pane whose window is not below `window`. */
function placeIn(chunk: readonly Pane[], window: Window): number {
  let low = 0;
  let high = chunk.length;
  if (high > 0 && compareWindows((chunk[high - 1] as Pane).window, window) < 0) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareWindows((chunk[middle] as Pane).window, window) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lastOf<E>(list: readonly E[]): E {
  return list[list.length - 1] as E;
}
