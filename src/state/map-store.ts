/**
 * A map for each key; one without entries is none. The keys of the maps lie under their names, see `map-name.ts`.
 *
 * @hotpath
 */

import { keyOf, nameOf } from './map-name.ts';
import { ObjectColumn } from './slot-columns.ts';
import type { SlotOccupancy } from './slot-occupancy.ts';
import { cleanerOf, type Expiring, type ExpiringStoreOptions, type IncrementalCleaner, type SlotStore } from './slot-store.ts';
import { hasExpired, type Ttl } from './ttl.ts';

export interface MapStore extends SlotStore {
  size(slot: number): number;
  isEmpty(slot: number): boolean;
  get(slot: number, key: unknown): unknown;
  has(slot: number, key: unknown): boolean;
  set(slot: number, key: unknown, value: unknown): void;
  delete(slot: number, key: unknown): boolean;
  entries(slot: number): IterableIterator<[unknown, unknown]>;
  keys(slot: number): IterableIterator<unknown>;
  values(slot: number): IterableIterator<unknown>;
}

/** Never changed. */
const none: ReadonlyMap<never, never> = new Map<never, never>();

/** Maps whose entries never expire. */
export class PlainMaps implements MapStore {
  readonly cleanup = undefined;
  readonly #maps = new ObjectColumn<Map<unknown, unknown>>();
  readonly #occupancy: SlotOccupancy;
  /** Whether any key has another name. While none has, maps are gone through as they are. */
  #named = false;

  constructor(occupancy: SlotOccupancy) {
    this.#occupancy = occupancy;
  }

  makeRoom(slots: number): void {
    this.#maps.makeRoom(slots);
  }

  size(slot: number): number {
    return this.#maps.get(slot)?.size ?? 0;
  }

  isEmpty(slot: number): boolean {
    return this.#maps.get(slot) === undefined;
  }

  get(slot: number, key: unknown): unknown {
    const name = nameOf(key);
    return this.#maps.get(slot)?.get(name);
  }

  has(slot: number, key: unknown): boolean {
    const name = nameOf(key);
    return this.#maps.get(slot)?.has(name) ?? false;
  }

  set(slot: number, key: unknown, value: unknown): void {
    const name = nameOf(key);
    if (isNamed(name)) this.#named = true;
    const map = this.#maps.get(slot);
    if (map === undefined) this.#begin(slot, new Map([[name, value]]));
    else map.set(name, value);
  }

  delete(slot: number, key: unknown): boolean {
    const name = nameOf(key);
    const map = this.#maps.get(slot);
    if (map === undefined || !map.delete(name)) return false;
    if (map.size === 0) this.clear(slot);
    return true;
  }

  clear(slot: number): void {
    if (this.#maps.get(slot) === undefined) return;
    this.#maps.set(slot, undefined);
    this.#occupancy.empty(slot);
  }

  entries(slot: number): IterableIterator<[unknown, unknown]> {
    const map = this.#maps.get(slot) ?? none;
    return this.#named ? withKeys(map) : map.entries();
  }

  keys(slot: number): IterableIterator<unknown> {
    const map = this.#maps.get(slot) ?? none;
    return this.#named ? keysOf(map.keys()) : map.keys();
  }

  values(slot: number): IterableIterator<unknown> {
    return (this.#maps.get(slot) ?? none).values();
  }

  #begin(slot: number, map: Map<unknown, unknown>): void {
    this.#maps.set(slot, map);
    this.#occupancy.fill(slot);
  }

  /** A map of what the keys are named. */
  held(slot: number): unknown {
    return this.#maps.get(slot);
  }

  hold(slot: number, held: unknown): void {
    const map = held as Map<unknown, unknown>;
    if (!this.#named) for (const name of map.keys()) this.#named ||= isNamed(name);
    this.#begin(slot, map);
  }
}

/** Whether a key is not its own name. */
function isNamed(name: unknown): boolean {
  return typeof name === 'string' && name.charCodeAt(0) === 0;
}

function* withKeys(map: ReadonlyMap<unknown, unknown>): Generator<[unknown, unknown]> {
  for (const [name, value] of map) yield [keyOf(name), value];
}

function* keysOf(names: Iterable<unknown>): Generator<unknown> {
  for (const name of names) yield keyOf(name);
}

interface Entry {
  readonly name: unknown;
  value: unknown;
  /** When it was last touched. */
  stamp: number;
}

type Entries = Map<unknown, Entry>;

/** Maps whose entries each have the time at which they were last touched. */
export class ExpiringMaps implements MapStore, Expiring {
  readonly cleanup: IncrementalCleaner | undefined;
  readonly #maps = new ObjectColumn<Entries>();
  readonly #occupancy: SlotOccupancy;
  readonly #ttl: Ttl;
  readonly #now: () => number;
  /** The map that is being cleaned up, and how far. */
  #cleaned: Entries | undefined;
  #cleaning: Iterator<Entry> | undefined;

  constructor(options: ExpiringStoreOptions) {
    this.#occupancy = options.occupancy;
    this.#ttl = options.ttl;
    this.#now = options.now;
    this.cleanup = cleanerOf(this, options);
  }

  makeRoom(slots: number): void {
    this.#maps.makeRoom(slots);
  }

  size(slot: number): number {
    const map = this.#maps.get(slot);
    if (map === undefined) return 0;
    if (this.#ttl.returnExpired) return map.size;
    const now = this.#now();
    let count = 0;
    for (const { stamp } of map.values()) if (!hasExpired(this.#ttl, stamp, now)) count++;
    return count;
  }

  isEmpty(slot: number): boolean {
    const map = this.#maps.get(slot);
    if (map === undefined) return true;
    if (this.#ttl.returnExpired) return false;
    const now = this.#now();
    for (const { stamp } of map.values()) if (!hasExpired(this.#ttl, stamp, now)) return false;
    return true;
  }

  get(slot: number, key: unknown): unknown {
    return this.#read(slot, key)?.value;
  }

  has(slot: number, key: unknown): boolean {
    return this.#read(slot, key) !== undefined;
  }

  set(slot: number, key: unknown, value: unknown): void {
    const name = nameOf(key);
    const stamp = this.#now();
    this.cleanup?.run(stamp);
    const map = this.#maps.get(slot);
    if (map === undefined) {
      this.#maps.set(slot, new Map([[name, { name, value, stamp }]]));
      this.#occupancy.fill(slot);
      return;
    }
    const entry = map.get(name);
    if (entry !== undefined && !hasExpired(this.#ttl, entry.stamp, stamp)) {
      entry.value = value;
      entry.stamp = stamp;
      return;
    }
    // One that has expired is a new one, whether or not it was cleaned up: last in order.
    map.delete(name);
    map.set(name, { name, value, stamp });
  }

  delete(slot: number, key: unknown): boolean {
    const name = nameOf(key);
    const now = this.#now();
    this.cleanup?.run(now);
    const map = this.#maps.get(slot);
    const entry = map?.get(name);
    if (map === undefined || entry === undefined) return false;
    this.#drop(slot, map, entry);
    return this.#ttl.returnExpired || !hasExpired(this.#ttl, entry.stamp, now);
  }

  clear(slot: number): void {
    if (this.#maps.get(slot) === undefined) return;
    this.#maps.set(slot, undefined);
    this.#occupancy.empty(slot);
  }

  *entries(slot: number): Generator<[unknown, unknown]> {
    for (const { name, value } of this.#readAll(slot)) yield [keyOf(name), value];
  }

  *keys(slot: number): Generator<unknown> {
    for (const { name } of this.#readAll(slot)) yield keyOf(name);
  }

  *values(slot: number): Generator<unknown> {
    for (const { value } of this.#readAll(slot)) yield value;
  }

  dropExpired(slot: number, now: number): boolean {
    const map = this.#maps.get(slot);
    if (map === undefined) return true;
    if (map !== this.#cleaned || this.#cleaning === undefined) {
      this.#cleaned = map;
      this.#cleaning = map.values();
    }
    const next = this.#cleaning.next();
    if (next.done === true) {
      this.#cleaned = undefined;
      this.#cleaning = undefined;
      return true;
    }
    if (hasExpired(this.#ttl, next.value.stamp, now)) this.#drop(slot, map, next.value);
    return false;
  }

  #read(slot: number, key: unknown): Entry | undefined {
    const name = nameOf(key);
    const now = this.#now();
    this.cleanup?.run(now);
    const map = this.#maps.get(slot);
    const entry = map?.get(name);
    return map === undefined || entry === undefined || !this.#touch(slot, map, entry, now) ? undefined : entry;
  }

  /** Each entry is read when its turn comes. */
  *#readAll(slot: number): Generator<Entry> {
    this.cleanup?.run(this.#now());
    const map = this.#maps.get(slot);
    if (map === undefined) return;
    for (const entry of map.values()) if (this.#touch(slot, map, entry, this.#now())) yield entry;
  }

  /** Reads an entry and says whether it may be seen. */
  #touch(slot: number, map: Entries, entry: Entry, now: number): boolean {
    if (hasExpired(this.#ttl, entry.stamp, now)) {
      this.#drop(slot, map, entry);
      return this.#ttl.returnExpired;
    }
    if (this.#ttl.updateOnRead && entry.stamp !== now) {
      this.#occupancy.touch(slot);
      entry.stamp = now;
    }
    return true;
  }

  #drop(slot: number, map: Entries, entry: Entry): void {
    this.#occupancy.touch(slot);
    map.delete(entry.name);
    if (map.size === 0 && this.#maps.get(slot) === map) this.clear(slot);
  }

  /** A map of what the keys are named to the value and when it was last touched. */
  held(slot: number): unknown {
    const map = this.#maps.get(slot);
    if (map === undefined) return undefined;
    return new Map(Array.from(map.values(), ({ name, value, stamp }) => [name, [value, stamp]]));
  }

  hold(slot: number, held: unknown): void {
    const entries = held as Map<unknown, [unknown, number]>;
    this.#maps.set(slot, new Map(Array.from(entries, ([name, [value, stamp]]) => [name, { name, value, stamp }])));
    this.#occupancy.fill(slot);
  }
}
