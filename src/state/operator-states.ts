/**
 * State of one subtask of an operator that has no keys: lists, and the maps of broadcast streams. The stores are those of keyed
 * state, with one slot. One subtask owns it.
 */

import { MillraceError } from '../base/errors.ts';
import type { Distribution, SubtaskPart } from '../wire/state-handles.ts';
import { ListAccessor, MapAccessor, ReadOnlyMapAccessor } from './accessors.ts';
import type { OperatorStateDeclarations } from './descriptors.ts';
import { PlainLists } from './list-store.ts';
import { PlainMaps } from './map-store.ts';
import { SlotOccupancy } from './slot-occupancy.ts';
import type { SlotStore } from './slot-store.ts';
import type { ReadOnlyStateOf, StateOf } from './states.ts';

const onlySlot = 0;

interface NamedState {
  readonly name: string;
  readonly distribution: Distribution;
  readonly store: SlotStore;
  readonly writable: object;
  readonly readable: object;
}

/**
 * @example
 * const states = new OperatorStates({ rules: broadcastState<string, Rule>() });
 * states.writable.rules.set('a', rule);
 * states.readable.rules.get('a');
 */
export class OperatorStates<D extends OperatorStateDeclarations> {
  /** What functions see of records that are broadcast, and of all records where nothing is broadcast. */
  readonly writable: StateOf<D>;
  /** What functions see of records that are not broadcast: broadcast state can only be read. */
  readonly readable: ReadOnlyStateOf<D>;
  readonly #states: readonly NamedState[];

  constructor(declarations: D) {
    const states: NamedState[] = [];
    const occupancy = new SlotOccupancy((slots) => {
      for (const { store } of states) store.makeRoom(slots);
    });
    for (const [name, descriptor] of Object.entries(declarations)) states.push(stateOf(name, descriptor, occupancy));
    occupancy.select(onlySlot);
    this.#states = states;
    this.writable = Object.freeze(Object.fromEntries(states.map(({ name, writable }) => [name, writable]))) as StateOf<D>;
    this.readable = Object.freeze(Object.fromEntries(states.map(({ name, readable }) => [name, readable]))) as ReadOnlyStateOf<D>;
  }

  /**
   * All state by name: a list as its elements, a map as its entries. States without any are left out. Later changes do not show in
   * it, unless values themselves are changed.
   */
  snapshot(): Readonly<Record<string, SubtaskPart>> {
    const parts: Record<string, SubtaskPart> = {};
    for (const { name, distribution, store } of this.#states) {
      const held = store.held(onlySlot);
      if (held !== undefined) parts[name] = { distribution, items: [...(held as Iterable<unknown>)] };
    }
    return parts;
  }

  /** Takes over what such parts of several subtasks have come to. States that are not declared any more are left out. */
  restore(parts: Readonly<Record<string, readonly unknown[]>>): void {
    for (const { name, distribution, store } of this.#states) {
      const items = Object.hasOwn(parts, name) ? (parts[name] as readonly unknown[]) : [];
      if (items.length === 0) continue;
      store.hold(onlySlot, distribution === 'broadcast' ? new Map(items as readonly (readonly [unknown, unknown])[]) : [...items]);
    }
  }
}

function stateOf(name: string, descriptor: OperatorStateDeclarations[string], occupancy: SlotOccupancy): NamedState {
  switch (descriptor?.kind) {
    case 'operator-list': {
      const store = new PlainLists(occupancy);
      const accessor = new ListAccessor(occupancy, store);
      return { name, distribution: descriptor.redistribution, store, writable: accessor, readable: accessor };
    }
    case 'broadcast': {
      const store = new PlainMaps(occupancy);
      return {
        name,
        distribution: 'broadcast',
        store,
        writable: new MapAccessor(occupancy, store, name),
        readable: new ReadOnlyMapAccessor(occupancy, store, name),
      };
    }
    default:
      throw new MillraceError(
        'INVALID_OPTION',
        `state.${name} is no state of an operator without keys; declare it by operatorListState or broadcastState`,
      );
  }
}
