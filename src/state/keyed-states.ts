/**
 * All keyed state of one subtask of an operator: a store for each declared state, by the slots of a `KeyIndex`. Invariant: how
 * many states a slot has is known at once, so that keys without any are forgotten and their slots used again. One subtask owns
 * it.
 *
 * @hotpath (select and what accessors do)
 */

import { assert } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';
import { AggregatingAccessor, ListAccessor, MapAccessor, ReducingAccessor, ValueAccessor } from './accessors.ts';
import { type CellStore, ExpiringCells, PlainCells } from './cell-store.ts';
import type { StateDeclarations, StateDescriptor } from './descriptors.ts';
import { ExpiringLists, PlainLists } from './list-store.ts';
import { ExpiringMaps, PlainMaps } from './map-store.ts';
import { SlotOccupancy, statesMax } from './slot-occupancy.ts';
import type { IncrementalCleaner, SlotStore } from './slot-store.ts';
import type { StateOf } from './states.ts';
import type { Ttl } from './ttl.ts';

/** What a key has, by the name of the state; states that it does not have are not there. */
export type KeySnapshot = Readonly<Record<string, unknown>>;

export interface KeyedStatesOptions<D extends StateDeclarations> {
  readonly declarations: D;
  /** Forgets a key whose slot is released; a `KeyIndex`. */
  readonly index: { remove(slot: number): void };
  /** Processing time in epoch milliseconds: the time of all that expires. Every access of such state asks for it. */
  readonly now: () => number;
}

interface NamedState {
  readonly name: string;
  readonly store: SlotStore;
  readonly accessor: object;
}

/**
 * @example
 * const states = new KeyedStates({ declarations: { seen: valueState<number>() }, index, now: () => clock.now() });
 * states.select(index.ofValue(hash, key));
 * states.accessors.seen.update(1);
 * states.releaseVacant((slot) => timers.countOf(slot) > 0); // between two batches
 */
export class KeyedStates<D extends StateDeclarations = StateDeclarations> {
  /** What functions see as `ctx.state`. */
  readonly accessors: StateOf<D>;
  readonly #occupancy: SlotOccupancy;
  readonly #states: readonly NamedState[];
  readonly #cleaners: readonly IncrementalCleaner[];
  /** Those that every record runs. */
  readonly #recordCleaners: readonly IncrementalCleaner[];
  readonly #index: { remove(slot: number): void };
  readonly #now: () => number;

  constructor(options: KeyedStatesOptions<D>) {
    const entries = Object.entries(options.declarations);
    assert(entries.length <= statesMax, 'an operator has fewer than 65,536 states');
    const states: NamedState[] = [];
    this.#occupancy = new SlotOccupancy((slots) => {
      for (const { store } of states) store.makeRoom(slots);
    });
    for (const [name, descriptor] of entries) states.push(stateOf(name, descriptor, this.#occupancy, options.now));
    this.#states = states;
    this.#cleaners = states.map(({ store }) => store.cleanup).filter((cleaner) => cleaner !== undefined);
    this.#recordCleaners = this.#cleaners.filter(({ everyRecord }) => everyRecord);
    this.#index = options.index;
    this.#now = options.now;
    const accessors = Object.fromEntries(states.map(({ name, accessor }) => [name, accessor]));
    this.accessors = Object.freeze(accessors) as StateOf<D>;
  }

  /** Makes the accessors those of a key: once for each record and each timer. */
  select(slot: number): void {
    this.#occupancy.select(slot);
    if (this.#recordCleaners.length > 0) run(this.#recordCleaners, this.#now());
  }

  /** From here on accessors belong to no key; using them is an error. */
  deselect(): void {
    this.#occupancy.selected = -1;
  }

  /** How many of the declared states hold something for a slot. State that has expired counts until it is dropped. */
  stateCount(slot: number): number {
    return this.#occupancy.count(slot);
  }

  /** Calls `visit` with every slot that has state. It may change the state of that slot. */
  forEachSlot(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.#occupancy.bound; slot++) if (this.#occupancy.count(slot) > 0) visit(slot);
  }

  /**
   * Releases the keys that have no state left, or never had any, among those that were selected or lost state since the last
   * call; the work is bounded by their number. To be called between two batches, when no slots that were looked up are still to
   * be used.
   *
   * @param inUse whether a key must be kept all the same, because it has timers; it comes again after it was selected again
   * @returns how many were released
   */
  releaseVacant(inUse: (slot: number) => boolean = never): number {
    let released = 0;
    this.#occupancy.takeVacant((slot) => {
      if (inUse(slot)) return;
      this.release(slot);
      released++;
    });
    return released;
  }

  /** Forgets a key: clears what state it has, and removes it from the index, so that its slot goes to another key. */
  release(slot: number): void {
    if (this.#occupancy.count(slot) > 0) for (const { store } of this.#states) store.clear(slot);
    this.#occupancy.free(slot);
    this.#index.remove(slot);
  }

  /** One step of incremental clean-up of every state that expires, as an access of it would do: for times without records. */
  cleanUp(): void {
    run(this.#cleaners, this.#now());
  }

  /** All state of a slot as plain data. Later changes do not show in it. */
  snapshot(slot: number): KeySnapshot {
    const snapshot: Record<string, unknown> = {};
    for (const { name, store } of this.#states) {
      const held = store.snapshot(slot);
      if (held !== undefined) snapshot[name] = held;
    }
    return snapshot;
  }

  /** Gives a slot without state what was snapshotted. States that are not declared any more are left out. */
  restore(slot: number, snapshot: KeySnapshot): void {
    this.#occupancy.admit(slot);
    assert(this.#occupancy.count(slot) === 0, 'state is restored for a key that has none');
    for (const { name, store } of this.#states) if (Object.hasOwn(snapshot, name)) store.restore(slot, snapshot[name]);
  }
}

const never = (): boolean => false;

function run(cleaners: readonly IncrementalCleaner[], now: number): void {
  for (const cleaner of cleaners) cleaner.run(now);
}

function stateOf(name: string, descriptor: StateDescriptor, occupancy: SlotOccupancy, now: () => number): NamedState {
  switch (descriptor?.kind) {
    case 'value': {
      const store = cellsOf(descriptor.ttl, occupancy, now);
      return { name, store, accessor: new ValueAccessor(occupancy, store, descriptor.createDefault) };
    }
    case 'reducing': {
      const store = cellsOf(descriptor.ttl, occupancy, now);
      return { name, store, accessor: new ReducingAccessor(occupancy, store, descriptor.reduce) };
    }
    case 'aggregating': {
      const store = cellsOf(descriptor.ttl, occupancy, now);
      return { name, store, accessor: new AggregatingAccessor(occupancy, store, descriptor.aggregate) };
    }
    case 'list': {
      const { ttl } = descriptor;
      const store = ttl === undefined ? new PlainLists(occupancy) : new ExpiringLists({ ttl, now, occupancy });
      return { name, store, accessor: new ListAccessor(occupancy, store) };
    }
    case 'map': {
      const { ttl } = descriptor;
      const store = ttl === undefined ? new PlainMaps(occupancy) : new ExpiringMaps({ ttl, now, occupancy });
      return { name, store, accessor: new MapAccessor(occupancy, store, name) };
    }
    default:
      throw undeclared(name);
  }
}

function cellsOf(ttl: Ttl | undefined, occupancy: SlotOccupancy, now: () => number): CellStore {
  return ttl === undefined ? new PlainCells(occupancy) : new ExpiringCells({ ttl, now, occupancy });
}

function undeclared(name: string): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `state.${name} is no state of a key; declare it by valueState, listState, mapState, reducingState or aggregatingState`,
  );
}
