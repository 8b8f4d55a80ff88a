/**
 * One value for each key: what value, reducing and aggregating states are kept in. Undefined is no value.
 *
 * @hotpath
 */

import { NumberColumn, ValueColumn } from './slot-columns.ts';
import type { SlotOccupancy } from './slot-occupancy.ts';
import { cleanerOf, type Expiring, type ExpiringStoreOptions, type IncrementalCleaner, type SlotStore } from './slot-store.ts';
import { hasExpired, type Ttl } from './ttl.ts';

export interface CellStore extends SlotStore {
  /** The value as a function reads it. */
  read(slot: number): unknown;
  /** The value that another is added to: this is no reading. */
  accumulated(slot: number): unknown;
  write(slot: number, value: unknown): void;
}

/** Values that never expire. */
export class PlainCells implements CellStore {
  readonly cleanup = undefined;
  readonly #values = new ValueColumn();
  readonly #occupancy: SlotOccupancy;

  constructor(occupancy: SlotOccupancy) {
    this.#occupancy = occupancy;
  }

  makeRoom(slots: number): void {
    this.#values.makeRoom(slots);
  }

  read(slot: number): unknown {
    return this.#values.get(slot);
  }

  accumulated(slot: number): unknown {
    return this.#values.get(slot);
  }

  write(slot: number, value: unknown): void {
    const before = this.#values.get(slot);
    this.#values.set(slot, value);
    if (before === undefined) {
      if (value !== undefined) this.#occupancy.fill(slot);
    } else if (value === undefined) this.#occupancy.empty(slot);
  }

  clear(slot: number): void {
    this.write(slot, undefined);
  }

  held(slot: number): unknown {
    return this.#values.get(slot);
  }

  hold(slot: number, held: unknown): void {
    this.write(slot, held);
  }
}

/** Values with the time at which each was last touched. */
export class ExpiringCells implements CellStore, Expiring {
  readonly cleanup: IncrementalCleaner | undefined;
  readonly #values: PlainCells;
  /** NaN, which never expires, where there is no value. */
  readonly #stamps = new NumberColumn();
  readonly #occupancy: SlotOccupancy;
  readonly #ttl: Ttl;
  readonly #now: () => number;

  constructor(options: ExpiringStoreOptions) {
    this.#occupancy = options.occupancy;
    this.#values = new PlainCells(options.occupancy);
    this.#ttl = options.ttl;
    this.#now = options.now;
    this.cleanup = cleanerOf(this, options);
  }

  makeRoom(slots: number): void {
    this.#values.makeRoom(slots);
    this.#stamps.makeRoom(slots);
  }

  read(slot: number): unknown {
    const now = this.#now();
    this.cleanup?.run(now);
    const value = this.#values.read(slot);
    if (value === undefined) return undefined;
    if (hasExpired(this.#ttl, this.#stamps.get(slot), now)) {
      this.#drop(slot);
      return this.#ttl.returnExpired ? value : undefined;
    }
    if (this.#ttl.updateOnRead && this.#stamps.get(slot) !== now) {
      this.#occupancy.touch(slot);
      this.#stamps.set(slot, now);
    }
    return value;
  }

  accumulated(slot: number): unknown {
    const value = this.#values.read(slot);
    if (value === undefined || this.#ttl.returnExpired) return value;
    return hasExpired(this.#ttl, this.#stamps.get(slot), this.#now()) ? undefined : value;
  }

  write(slot: number, value: unknown): void {
    const now = this.#now();
    this.cleanup?.run(now);
    this.#values.write(slot, value);
    if (value === undefined) this.#stamps.clear(slot);
    else this.#stamps.set(slot, now);
  }

  clear(slot: number): void {
    this.#values.clear(slot);
    this.#stamps.clear(slot);
  }

  dropExpired(slot: number, now: number): boolean {
    if (hasExpired(this.#ttl, this.#stamps.get(slot), now)) this.#drop(slot);
    return true;
  }

  #drop(slot: number): void {
    this.#occupancy.touch(slot);
    this.clear(slot);
  }

  /** The value, and when it was last touched. */
  held(slot: number): unknown {
    const value = this.#values.read(slot);
    return value === undefined ? undefined : [value, this.#stamps.get(slot)];
  }

  hold(slot: number, held: unknown): void {
    const [value, stamp] = held as [unknown, number];
    this.#values.write(slot, value);
    this.#stamps.set(slot, stamp);
  }
}
