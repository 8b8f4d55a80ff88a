/** The states that the function of a window declares: of a key, by its slot, and of a key and window, by the number of the pane. */

import type { ByteSink } from '../../batch/byte-sink.ts';
import type { ByteSource } from '../../batch/byte-source.ts';
import type { ChangeLog } from '../../state/change-log.ts';
import type { StateDeclarations } from '../../state/descriptors.ts';
import type { KeyIndex } from '../../state/key-index.ts';
import { KeyedStates, type ReadStates } from '../../state/keyed-states.ts';
import type { StateSchema } from '../../state/state-schema.ts';
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
  readonly #ofKeys: KeyedStates;
  readonly #ofWindows: KeyedStates;
  /** Whether any are declared: where none are, nothing need be done for them. */
  readonly #hasKeyStates: boolean;
  readonly #hasWindowStates: boolean;
  /** What is told of keys that are forgotten; undefined where nobody follows changes. */
  #log: ChangeLog | undefined;

  constructor({ windowState, globalState, index, now }: WindowStatesOptions) {
    this.#index = index;
    this.#ofKeys = new KeyedStates({ declarations: globalState, index, now });
    this.#ofWindows = new KeyedStates({ declarations: windowState, index: panes, now });
    this.#hasKeyStates = Object.keys(globalState).length > 0;
    this.#hasWindowStates = Object.keys(windowState).length > 0;
  }

  /** Tells a log, whose units are slots of keys, of changes from now on. @param keyOf the slot of a window's key, −1 where it is gone */
  follow(log: ChangeLog, keyOf: (namespace: number) => number): void {
    if (!log.tracks) return;
    this.#log = log;
    this.#ofKeys.follow(log);
    const tell = (namespace: number, change: (slot: number) => void): void => {
      const slot = keyOf(namespace);
      if (slot >= 0) change(slot);
    };
    this.#ofWindows.follow({
      touch: (namespace) => tell(namespace, (slot) => log.touch(slot)),
      expose: (namespace) => tell(namespace, (slot) => log.expose(slot)),
      // Its key is not forgotten with it.
      release: () => {},
    });
  }

  get windowState(): unknown {
    return this.#ofWindows.accessors;
  }

  get globalState(): unknown {
    return this.#ofKeys.accessors;
  }

  get keySchema(): StateSchema {
    return this.#ofKeys.schema;
  }

  get windowSchema(): StateSchema {
    return this.#ofWindows.schema;
  }

  hasKeyState(slot: number): boolean {
    return this.#ofKeys.stateCount(slot) > 0;
  }

  /** @param of whose state it is, for errors */
  writeKeyState(slot: number, sink: ByteSink, of: () => string): void {
    this.#ofKeys.write(slot, sink, of);
  }

  writeWindowState({ namespace }: Pane, sink: ByteSink, of: () => string): void {
    this.#ofWindows.write(namespace, sink, of);
  }

  keyReader(schema: StateSchema, warn: (message: string) => void): ReadStates {
    return this.#ofKeys.reader(schema, warn);
  }

  windowReader(schema: StateSchema, warn: (message: string) => void): ReadStates {
    return this.#ofWindows.reader(schema, warn);
  }

  readWindowState(pane: Pane, states: ReadStates, source: ByteSource): void {
    if (!states.read(source)) return;
    states.giveTo(pane.namespace);
    pane.windowState = true;
  }

  enter({ slot, namespace }: Pane): void {
    if (this.#hasKeyStates) this.#ofKeys.select(slot);
    if (this.#hasWindowStates) this.#ofWindows.select(namespace);
  }

  leave(pane: Pane): void {
    if (this.#hasKeyStates) this.#ofKeys.deselect();
    if (!this.#hasWindowStates) return;
    this.#ofWindows.deselect();
    // A window that never ends stays for its state.
    pane.windowState = this.#ofWindows.stateCount(pane.namespace) > 0 ? true : undefined;
  }

  /** The window ends. */
  endWindow({ namespace }: Pane): void {
    if (this.#hasWindowStates) this.#ofWindows.release(namespace);
  }

  /** The key has no window: it is forgotten, unless it has state. */
  endKey(slot: number): void {
    if (this.#hasKeyStates) {
      if (this.#ofKeys.stateCount(slot) === 0) this.#ofKeys.release(slot);
      return;
    }
    this.#log?.release(slot);
    this.#index.remove(slot);
  }

  /** Forgets the keys whose state has expired, unless they have windows. */
  forgetEmpty(hasWindows: (slot: number) => boolean): void {
    if (this.#hasKeyStates) this.#ofKeys.releaseVacant(hasWindows);
    if (this.#hasWindowStates) this.#ofWindows.releaseVacant();
  }
}
