/**
 * All keyed state of one subtask of an operator: a store for each declared state, by the slots of a `KeyIndex`. Invariant: how
 * many states a slot has is known at once, so that keys without any are forgotten and their slots used again. One subtask owns
 * it.
 *
 * @hotpath (select and what accessors do)
 */

import { assert } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';
import type { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import { decodeValue } from '../batch/value-codec.ts';
import { AggregatingAccessor, ListAccessor, MapAccessor, ReducingAccessor, ValueAccessor } from './accessors.ts';
import { type CellStore, ExpiringCells, PlainCells } from './cell-store.ts';
import type { StateDeclarations, StateDescriptor } from './descriptors.ts';
import { encodeState } from './encode-state.ts';
import { ExpiringLists, PlainLists } from './list-store.ts';
import { ExpiringMaps, PlainMaps } from './map-store.ts';
import { type SlotChanges, SlotOccupancy, statesMax } from './slot-occupancy.ts';
import type { IncrementalCleaner, SlotStore } from './slot-store.ts';
import { type StateReader, type StateSchema, schemaOf, stateReaders } from './state-schema.ts';
import type { StateOf } from './states.ts';
import type { Ttl } from './ttl.ts';

export interface KeyedStatesOptions<D extends StateDeclarations> {
  readonly declarations: D;
  /** Forgets a key whose slot is released; a `KeyIndex`. */
  readonly index: { remove(slot: number): void };
  /** Processing time in epoch milliseconds: the time of all that expires. Every access of such state asks for it. */
  readonly now: () => number;
}

/** What a key has of its states, of another version of the job perhaps, by number: to be given to a slot. */
export interface ReadStates {
  /** Reads what `write` wrote of a slot; false where nothing is left of it. */
  read(source: ByteSource): boolean;
  /** Gives what was read last to a slot without state. */
  giveTo(slot: number): void;
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
  /** How `write` writes. */
  readonly schema: StateSchema;
  readonly #declarations: D;
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
    this.schema = schemaOf(options.declarations);
    this.#declarations = options.declarations;
    this.#cleaners = states.map(({ store }) => store.cleanup).filter((cleaner) => cleaner !== undefined);
    this.#recordCleaners = this.#cleaners.filter(({ everyRecord }) => everyRecord);
    this.#index = options.index;
    this.#now = options.now;
    const accessors = Object.fromEntries(states.map(({ name, accessor }) => [name, accessor]));
    this.accessors = Object.freeze(accessors) as StateOf<D>;
  }

  /** Tells of all changes from now on. */
  follow(changes: SlotChanges): void {
    this.#occupancy.changes = changes;
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

  /** Lets go of a key whose state is kept elsewhere: nothing of it has changed. */
  evict(slot: number): void {
    this.#clear(slot);
  }

  /** Forgets a key: clears what state it has, and removes it from the index, so that its slot goes to another key. */
  release(slot: number): void {
    this.#occupancy.changes?.release(slot);
    this.#clear(slot);
  }

  #clear(slot: number): void {
    if (this.#occupancy.count(slot) > 0) for (const { store } of this.#states) store.clear(slot);
    this.#occupancy.free(slot);
    this.#index.remove(slot);
  }

  /** One step of incremental clean-up of every state that expires, as an access of it would do: for times without records. */
  cleanUp(): void {
    run(this.#cleaners, this.#now());
  }

  /** Writes all state of a slot: how many states it has, and of each its number and what it holds. @param of whose it is, for errors */
  write(slot: number, sink: ByteSink, of: () => string): void {
    const states = this.#states;
    const count = this.#occupancy.count(slot);
    sink.varint(count);
    // There may be no room for such a slot yet.
    if (count === 0) return;
    for (let place = 0; place < states.length; place++) {
      const { name, store } = states[place] as NamedState;
      const held = store.held(slot);
      if (held === undefined) continue;
      sink.varint(place);
      encodeState(sink, held, () => `state.${name}${of()}`);
    }
  }

  /** @throws OperatorError STATE_MISMATCH where the states that are declared cannot take such state */
  reader(schema: StateSchema, warn: (message: string) => void): ReadStates {
    const readers = stateReaders(schema, this.#declarations, { warn, now: this.#now });
    const stores: SlotStore[] = [];
    const held: unknown[] = [];
    // Arrays that are emptied again and again cost more than what they hold.
    let count = 0;
    return {
      read: (source) => {
        count = 0;
        for (let left = source.varint(); left > 0; left--) {
          const { place, read } = readers[source.varint()] as StateReader;
          const value = read(decodeValue(source));
          if (value === undefined) continue;
          stores[count] = (this.#states[place] as NamedState).store;
          held[count++] = value;
        }
        return count > 0;
      },
      giveTo: (slot) => {
        this.#occupancy.admit(slot);
        assert(this.#occupancy.count(slot) === 0, 'state is restored for a key that has none');
        for (let i = 0; i < count; i++) {
          (stores[i] as SlotStore).hold(slot, held[i]);
          held[i] = undefined;
        }
      },
    };
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
