/** The states that the function of a window declares: of a key, by its slot, and of a key and window, by the number of the pane. */

import type { StateDeclarations } from '../../state/descriptors.ts';
import type { KeyIndex } from '../../state/key-index.ts';
import { KeyedStates } from '../../state/keyed-states.ts';
import type { Pane } from '../../time/windows/pane.ts';

export interface WindowStatesOptions {
  readonly windowState: StateDeclarations;
  readonly globalState: StateDeclarations;
  readonly index: KeyIndex;
  readonly now: () => number;
}

/** Panes are numbered by the windows; there is nothing to be forgotten of one that has no state. */
const panes = { remove: (): void => {} };

export class WindowStates {
  readonly #index: KeyIndex;
  /** Undefined where none is declared: then nothing need be done for it. */
  readonly #ofKeys: KeyedStates | undefined;
  readonly #ofWindows: KeyedStates | undefined;

  constructor({ windowState, globalState, index, now }: WindowStatesOptions) {
    this.#index = index;
    this.#ofKeys = keyedStates(globalState, index, now);
    this.#ofWindows = keyedStates(windowState, panes, now);
  }

  get windowState(): unknown {
    return this.#ofWindows?.accessors ?? noStates;
  }

  get globalState(): unknown {
    return this.#ofKeys?.accessors ?? noStates;
  }

  enter({ slot, namespace }: Pane): void {
    this.#ofKeys?.select(slot);
    this.#ofWindows?.select(namespace);
  }

  leave(pane: Pane): void {
    this.#ofKeys?.deselect();
    if (this.#ofWindows === undefined) return;
    this.#ofWindows.deselect();
    // A window that never ends stays for its state.
    pane.windowState = this.#ofWindows.stateCount(pane.namespace) > 0 ? true : undefined;
  }

  /** The window ends. */
  endWindow({ namespace }: Pane): void {
    this.#ofWindows?.release(namespace);
  }

  /** The key has no window: it is forgotten, unless it has state. */
  endKey(slot: number): void {
    if (this.#ofKeys === undefined) this.#index.remove(slot);
    else if (this.#ofKeys.stateCount(slot) === 0) this.#ofKeys.release(slot);
  }

  /** Forgets the keys whose state has expired, unless they have windows. */
  forgetEmpty(hasWindows: (slot: number) => boolean): void {
    this.#ofKeys?.releaseVacant(hasWindows);
    this.#ofWindows?.releaseVacant();
  }
}

const noStates = Object.freeze({});

function keyedStates(declarations: StateDeclarations, index: { remove(slot: number): void }, now: () => number): KeyedStates | undefined {
  return Object.keys(declarations).length === 0 ? undefined : new KeyedStates({ declarations, index, now });
}
