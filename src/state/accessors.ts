/**
 * The objects behind `ctx.state`: each reads and writes one store at the selected slot. One for each state and subtask, used
 * for every record; reading and writing allocates nothing. Who follows changes is told before each write, and before something is
 * handed out that may be an object, since functions may change it before they write it back.
 *
 * @hotpath
 */

import type { CellStore } from './cell-store.ts';
import type { UntypedAggregate } from './descriptors.ts';
import type { ListStore } from './list-store.ts';
import type { MapStore } from './map-store.ts';
import type { SlotOccupancy } from './slot-occupancy.ts';
import type { AggregatingState, ListState, MapState, ReadOnlyMapState, ReducingState, ValueState } from './states.ts';

export class ValueAccessor implements ValueState<unknown, unknown> {
  readonly #occupancy: SlotOccupancy;
  readonly #cells: CellStore;
  readonly #createDefault: (() => unknown) | undefined;

  constructor(occupancy: SlotOccupancy, cells: CellStore, createDefault: (() => unknown) | undefined) {
    this.#occupancy = occupancy;
    this.#cells = cells;
    this.#createDefault = createDefault;
  }

  get value(): unknown {
    const value = this.#cells.read(this.#occupancy.expose());
    return value === undefined && this.#createDefault !== undefined ? this.#createDefault() : value;
  }

  update(value: unknown): void {
    this.#cells.write(this.#occupancy.change(), value);
  }

  clear(): void {
    this.#cells.clear(this.#occupancy.change());
  }
}

export class ReducingAccessor implements ReducingState<unknown> {
  readonly #occupancy: SlotOccupancy;
  readonly #cells: CellStore;
  readonly #reduce: (soFar: unknown, next: unknown) => unknown;

  constructor(occupancy: SlotOccupancy, cells: CellStore, reduce: (soFar: never, next: never) => unknown) {
    this.#occupancy = occupancy;
    this.#cells = cells;
    this.#reduce = reduce as (soFar: unknown, next: unknown) => unknown;
  }

  add(value: unknown): void {
    const slot = this.#occupancy.change();
    const soFar = this.#cells.accumulated(slot);
    this.#cells.write(slot, soFar === undefined ? value : this.#reduce(soFar, value));
  }

  get(): unknown {
    return this.#cells.read(this.#occupancy.expose());
  }

  clear(): void {
    this.#cells.clear(this.#occupancy.change());
  }
}

export class AggregatingAccessor implements AggregatingState<unknown, unknown> {
  readonly #occupancy: SlotOccupancy;
  readonly #cells: CellStore;
  readonly #aggregate: UntypedAggregate;

  constructor(occupancy: SlotOccupancy, cells: CellStore, aggregate: UntypedAggregate) {
    this.#occupancy = occupancy;
    this.#cells = cells;
    this.#aggregate = aggregate;
  }

  add(value: unknown): void {
    const slot = this.#occupancy.change();
    const soFar = this.#cells.accumulated(slot);
    this.#cells.write(slot, this.#aggregate.add(value, soFar === undefined ? this.#aggregate.createAccumulator() : soFar));
  }

  get(): unknown {
    const accumulator = this.#cells.read(this.#occupancy.expose());
    return accumulator === undefined ? undefined : this.#aggregate.getResult(accumulator);
  }

  clear(): void {
    this.#cells.clear(this.#occupancy.change());
  }
}

export class ListAccessor implements ListState<unknown> {
  readonly #occupancy: SlotOccupancy;
  readonly #lists: ListStore;

  constructor(occupancy: SlotOccupancy, lists: ListStore) {
    this.#occupancy = occupancy;
    this.#lists = lists;
  }

  get length(): number {
    return this.#lists.length(this.#occupancy.current());
  }

  get(): readonly unknown[] {
    return this.#lists.get(this.#occupancy.expose());
  }

  add(value: unknown): void {
    this.#lists.add(this.#occupancy.change(), value);
  }

  addAll(values: Iterable<unknown>): void {
    this.#lists.addAll(this.#occupancy.change(), values);
  }

  update(values: Iterable<unknown>): void {
    this.#lists.update(this.#occupancy.change(), values);
  }

  clear(): void {
    this.#lists.clear(this.#occupancy.change());
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.get()[Symbol.iterator]();
  }
}

/** The reading half of a map, and what broadcast state is where it may only be read: a write says so. */
export class ReadOnlyMapAccessor implements ReadOnlyMapState<unknown, unknown> {
  protected readonly occupancy: SlotOccupancy;
  protected readonly maps: MapStore;
  readonly #name: string;

  constructor(occupancy: SlotOccupancy, maps: MapStore, name: string) {
    this.occupancy = occupancy;
    this.maps = maps;
    this.#name = name;
  }

  get size(): number {
    return this.maps.size(this.occupancy.current());
  }

  isEmpty(): boolean {
    return this.maps.isEmpty(this.occupancy.current());
  }

  get(key: unknown): unknown {
    return this.maps.get(this.occupancy.expose(), key);
  }

  has(key: unknown): boolean {
    return this.maps.has(this.occupancy.current(), key);
  }

  entries(): IterableIterator<[unknown, unknown]> {
    return this.maps.entries(this.occupancy.expose());
  }

  keys(): IterableIterator<unknown> {
    return this.maps.keys(this.occupancy.expose());
  }

  values(): IterableIterator<unknown> {
    return this.maps.values(this.occupancy.expose());
  }

  [Symbol.iterator](): IterableIterator<[unknown, unknown]> {
    return this.entries();
  }

  /** Only a `MapAccessor` may; types hide this method from whoever may not. */
  set(_key: unknown, _value: unknown): this {
    throw this.#refusal();
  }

  delete(_key: unknown): boolean {
    throw this.#refusal();
  }

  clear(): void {
    throw this.#refusal();
  }

  #refusal(): TypeError {
    return new TypeError(
      `broadcast state '${this.#name}' is read-only here: change it in processBroadcastElement, which every subtask calls with the same records`,
    );
  }
}

export class MapAccessor extends ReadOnlyMapAccessor implements MapState<unknown, unknown> {
  override set(key: unknown, value: unknown): this {
    this.maps.set(this.occupancy.change(), key, value);
    return this;
  }

  override delete(key: unknown): boolean {
    return this.maps.delete(this.occupancy.change(), key);
  }

  override clear(): void {
    this.maps.clear(this.occupancy.change());
  }
}
