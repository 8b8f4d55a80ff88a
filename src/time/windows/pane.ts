/** What one key has in one window, and the table of all of that in a subtask. */

import { never, type PaneTimers } from './pane-timers.ts';
import { compareWindows, sameWindow, type Window } from './window.ts';

/** A window of one key: its contents, the state of its trigger, its timers. */
export class Pane<W extends Window = Window> {
  /** The number of the key. */
  readonly slot: number;
  /** The number of the pane, by which timers name it. It is used again when the pane is gone. */
  readonly namespace: number;
  /** Another one after a merge. */
  window: W;
  /** Whether there are contents: not when it was purged, or everything was evicted. */
  filled = false;
  /** What `WindowContents` made. */
  contents: unknown = undefined;
  triggerState: unknown;
  /** State of a function for this window alone. Whoever sets it may rely on `clear` of the host. */
  windowState: unknown = undefined;
  eventTimers: PaneTimers | undefined = undefined;
  processingTimers: PaneTimers | undefined = undefined;

  constructor(slot: number, namespace: number, window: W, triggerState: unknown) {
    this.slot = slot;
    this.namespace = namespace;
    this.window = window;
    this.triggerState = triggerState;
  }

  get hasTimers(): boolean {
    const { eventTimers, processingTimers } = this;
    return (
      (eventTimers !== undefined && eventTimers.first !== never) || (processingTimers !== undefined && processingTimers.first !== never)
    );
  }
}

const noPanes: readonly never[] = [];

/**
 * The panes of a subtask, by key in the order of their windows, and by number. Most keys have one pane: it stands in the table
 * itself, others in an array. A key without panes takes no memory but its place.
 *
 * @hotpath
 */
export class PaneTable<W extends Window> {
  /** Panes that there are. */
  size = 0;
  readonly #bySlot: (Pane<W> | Pane<W>[] | undefined)[] = [];
  readonly #byNamespace: (Pane<W> | undefined)[] = [];
  readonly #freeNamespaces: number[] = [];

  /** Whether a key has panes. */
  has(slot: number): boolean {
    return this.#bySlot[slot] !== undefined;
  }

  /** The pane of a key that has exactly one. */
  only(slot: number): Pane<W> | undefined {
    const panes = this.#bySlot[slot];
    return panes instanceof Pane ? panes : undefined;
  }

  /** Of one key, ascending. The array may change with the table. */
  panesOf(slot: number): readonly Pane<W>[] {
    const panes = this.#bySlot[slot];
    return panes instanceof Pane ? [panes] : (panes ?? noPanes);
  }

  get(namespace: number): Pane<W> | undefined {
    return this.#byNamespace[namespace];
  }

  find(slot: number, window: W): Pane<W> | undefined {
    const panes = this.#bySlot[slot];
    if (panes === undefined) return undefined;
    const found = panes instanceof Pane ? panes : panes[placeOf(panes, window)];
    return found !== undefined && sameWindow(found.window, window) ? found : undefined;
  }

  /** Adds a window that the key does not have. */
  create(slot: number, window: W, triggerState: unknown): Pane<W> {
    const namespace = this.#freeNamespaces.pop() ?? this.#byNamespace.length;
    const pane = new Pane(slot, namespace, window, triggerState);
    this.#byNamespace[namespace] = pane;
    this.size++;
    this.#insert(pane);
    return pane;
  }

  remove(pane: Pane<W>): void {
    this.#take(pane);
    this.#byNamespace[pane.namespace] = undefined;
    this.#freeNamespaces.push(pane.namespace);
    this.size--;
  }

  /** Gives a pane another window, which may have another place among those of its key. */
  rename(pane: Pane<W>, window: W): void {
    const panes = this.#bySlot[pane.slot];
    pane.window = window;
    if (!Array.isArray(panes) || isInPlace(panes, panes.lastIndexOf(pane))) return;
    this.#take(pane);
    this.#insert(pane);
  }

  #insert(pane: Pane<W>): void {
    const { slot } = pane;
    while (this.#bySlot.length <= slot) this.#bySlot.push(undefined);
    const panes = this.#bySlot[slot];
    if (panes === undefined) this.#bySlot[slot] = pane;
    else if (Array.isArray(panes)) panes.splice(placeOf(panes, pane.window), 0, pane);
    else this.#bySlot[slot] = compareWindows(panes.window, pane.window) < 0 ? [panes, pane] : [pane, panes];
  }

  #take(pane: Pane<W>): void {
    const panes = this.#bySlot[pane.slot];
    if (!Array.isArray(panes)) this.#bySlot[pane.slot] = undefined;
    else if (panes.length === 2) this.#bySlot[pane.slot] = panes[0] === pane ? panes[1] : panes[0];
    else panes.splice(panes.indexOf(pane), 1);
  }
}

function isInPlace<W extends Window>(panes: readonly Pane<W>[], place: number): boolean {
  const { window } = panes[place] as Pane<W>;
  const before = panes[place - 1];
  const behind = panes[place + 1];
  return (
    !(before !== undefined && compareWindows(before.window, window) > 0) &&
    !(behind !== undefined && compareWindows(behind.window, window) < 0)
  );
}

/** The index of the first pane whose window is not below `window`. Most records belong to one of the last. */
function placeOf<W extends Window>(panes: readonly Pane<W>[], window: W): number {
  let low = 0;
  let high = panes.length;
  if (high > 0 && compareWindows((panes[high - 1] as Pane<W>).window, window) < 0) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareWindows((panes[middle] as Pane<W>).window, window) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
