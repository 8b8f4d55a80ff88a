/** What one key has in one window, and the table of all of that in a subtask. */

import { PaneList } from './pane-list.ts';
import { never, type PaneTimers } from './pane-timers.ts';
import { sameWindow, type TimeWindow, type Window } from './window.ts';

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
 * itself, others in a list. A key without panes takes no memory but its place.
 *
 * @hotpath
 */
export class PaneTable<W extends Window> {
  /** Panes that there are. */
  size = 0;
  readonly #bySlot: (Pane<W> | PaneList<W> | undefined)[] = [];
  readonly #byNamespace: (Pane<W> | undefined)[] = [];
  readonly #freeNamespaces: number[] = [];

  /** Whether a key has panes. */
  has(slot: number): boolean {
    return this.#bySlot[slot] !== undefined;
  }

  /** The last pane of a key. */
  last(slot: number): Pane<W> | undefined {
    const panes = this.#bySlot[slot];
    return panes instanceof PaneList ? panes.last : panes;
  }

  /** Of one key, ascending. */
  panesOf(slot: number): readonly Pane<W>[] {
    const panes = this.#bySlot[slot];
    if (panes === undefined) return noPanes;
    return panes instanceof PaneList ? panes.all() : [panes];
  }

  /** Of one key, ascending: those whose windows overlap or touch this one. Windows of the key must not do so among themselves. */
  meeting(slot: number, window: TimeWindow): readonly Pane<W>[] {
    const panes = this.#bySlot[slot];
    if (panes instanceof PaneList) return panes.meeting(window);
    return panes !== undefined && window.intersects(panes.window as Window as TimeWindow) ? [panes] : noPanes;
  }

  get(namespace: number): Pane<W> | undefined {
    return this.#byNamespace[namespace];
  }

  find(slot: number, window: W): Pane<W> | undefined {
    const panes = this.#bySlot[slot];
    if (panes === undefined) return undefined;
    if (panes instanceof PaneList) return panes.find(window);
    return sameWindow(panes.window, window) ? panes : undefined;
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
    if (panes instanceof PaneList) panes.rename(pane, window);
    else pane.window = window;
  }

  #insert(pane: Pane<W>): void {
    const { slot } = pane;
    while (this.#bySlot.length <= slot) this.#bySlot.push(undefined);
    const panes = this.#bySlot[slot];
    if (panes === undefined) this.#bySlot[slot] = pane;
    else if (panes instanceof PaneList) panes.add(pane);
    else this.#bySlot[slot] = listOf(panes, pane);
  }

  #take(pane: Pane<W>): void {
    const panes = this.#bySlot[pane.slot];
    if (!(panes instanceof PaneList)) {
      this.#bySlot[pane.slot] = undefined;
      return;
    }
    panes.remove(pane);
    if (panes.size === 1) this.#bySlot[pane.slot] = panes.first;
  }
}

function listOf<W extends Window>(...panes: readonly Pane<W>[]): PaneList<W> {
  const list = new PaneList<W>();
  for (const pane of panes) list.add(pane);
  return list;
}
