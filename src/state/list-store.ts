/**
 * A list for each key; one without elements is none. An array that was handed out is never changed: the next change makes
 * another.
 *
 * @hotpath
 */

import { ObjectColumn } from './slot-columns.ts';
import type { SlotOccupancy } from './slot-occupancy.ts';
import { cleanerOf, type Expiring, type ExpiringStoreOptions, type IncrementalCleaner, type SlotStore } from './slot-store.ts';
import { hasExpired, type Ttl } from './ttl.ts';

export interface ListStore extends SlotStore {
  length(slot: number): number;
  get(slot: number): readonly unknown[];
  add(slot: number, value: unknown): void;
  addAll(slot: number, values: Iterable<unknown>): void;
  update(slot: number, values: Iterable<unknown>): void;
}

const none: readonly unknown[] = Object.freeze([]);

class Elements {
  values: unknown[];
  /** Whether somebody else has the array, too. */
  lent = false;

  constructor(values: unknown[]) {
    this.values = values;
  }

  lend(): readonly unknown[] {
    this.lent = true;
    return this.values;
  }

  /** The array, to be changed. */
  own(): unknown[] {
    if (this.lent) {
      this.values = this.values.slice();
      this.lent = false;
    }
    return this.values;
  }

  replace(values: unknown[]): void {
    this.values = values;
    this.lent = false;
  }
}

/** Lists whose elements never expire. */
export class PlainLists implements ListStore {
  readonly cleanup = undefined;
  readonly #lists = new ObjectColumn<Elements>();
  readonly #occupancy: SlotOccupancy;

  constructor(occupancy: SlotOccupancy) {
    this.#occupancy = occupancy;
  }

  makeRoom(slots: number): void {
    this.#lists.makeRoom(slots);
  }

  length(slot: number): number {
    return this.#lists.get(slot)?.values.length ?? 0;
  }

  get(slot: number): readonly unknown[] {
    return this.#lists.get(slot)?.lend() ?? none;
  }

  add(slot: number, value: unknown): void {
    const list = this.#lists.get(slot);
    if (list === undefined) this.#begin(slot, [value]);
    else list.own().push(value);
  }

  addAll(slot: number, values: Iterable<unknown>): void {
    const added = [...values];
    const list = this.#lists.get(slot);
    if (list !== undefined) {
      const elements = list.own();
      for (const value of added) elements.push(value);
    } else if (added.length > 0) this.#begin(slot, added);
  }

  update(slot: number, values: Iterable<unknown>): void {
    const replacement = [...values];
    const list = this.#lists.get(slot);
    if (replacement.length === 0) this.clear(slot);
    else if (list === undefined) this.#begin(slot, replacement);
    else list.replace(replacement);
  }

  clear(slot: number): void {
    if (this.#lists.get(slot) === undefined) return;
    this.#lists.set(slot, undefined);
    this.#occupancy.empty(slot);
  }

  #begin(slot: number, values: unknown[]): void {
    this.#lists.set(slot, new Elements(values));
    this.#occupancy.fill(slot);
  }

  held(slot: number): unknown {
    return this.#lists.get(slot)?.values;
  }

  hold(slot: number, held: unknown): void {
    this.#begin(slot, held as unknown[]);
  }
}

class StampedElements extends Elements {
  /** By element: when it was last touched. */
  stamps: number[];

  constructor(values: unknown[], stamps: number[]) {
    super(values);
    this.stamps = stamps;
  }
}

/** Lists whose elements each have the time at which they were last touched. */
export class ExpiringLists implements ListStore, Expiring {
  readonly cleanup: IncrementalCleaner | undefined;
  readonly #lists = new ObjectColumn<StampedElements>();
  readonly #occupancy: SlotOccupancy;
  readonly #ttl: Ttl;
  readonly #now: () => number;

  constructor(options: ExpiringStoreOptions) {
    this.#occupancy = options.occupancy;
    this.#ttl = options.ttl;
    this.#now = options.now;
    this.cleanup = cleanerOf(this, options);
  }

  makeRoom(slots: number): void {
    this.#lists.makeRoom(slots);
  }

  length(slot: number): number {
    const list = this.#lists.get(slot);
    if (list === undefined) return 0;
    return this.#ttl.returnExpired ? list.values.length : this.#unexpired(list, this.#now());
  }

  /** As in Flink, reading drops no expired elements that may still be read, unless all have expired. */
  get(slot: number): readonly unknown[] {
    const now = this.#now();
    this.cleanup?.run(now);
    const list = this.#lists.get(slot);
    if (list === undefined) return none;
    const { returnExpired, updateOnRead } = this.#ttl;
    const unexpired = this.#unexpired(list, now);
    const all = list.values;
    if (unexpired === 0) {
      this.#drop(slot);
      return returnExpired ? all : none;
    }
    const drops = unexpired < all.length && (updateOnRead || !returnExpired);
    if (drops || updateOnRead) this.#occupancy.touch(slot);
    if (drops) this.#keepUnexpired(list, now);
    if (updateOnRead) list.stamps.fill(now);
    const lent = list.lend();
    return returnExpired ? all : lent;
  }

  add(slot: number, value: unknown): void {
    const now = this.#now();
    this.cleanup?.run(now);
    const list = this.#lists.get(slot);
    if (list === undefined) this.#begin(slot, [value], now);
    else {
      list.own().push(value);
      list.stamps.push(now);
    }
  }

  addAll(slot: number, values: Iterable<unknown>): void {
    const added = [...values];
    const now = this.#now();
    this.cleanup?.run(now);
    const list = this.#lists.get(slot);
    if (list !== undefined) {
      const elements = list.own();
      for (const value of added) {
        elements.push(value);
        list.stamps.push(now);
      }
    } else if (added.length > 0) this.#begin(slot, added, now);
  }

  update(slot: number, values: Iterable<unknown>): void {
    const replacement = [...values];
    const now = this.#now();
    this.cleanup?.run(now);
    this.clear(slot);
    if (replacement.length > 0) this.#begin(slot, replacement, now);
  }

  clear(slot: number): void {
    if (this.#lists.get(slot) === undefined) return;
    this.#lists.set(slot, undefined);
    this.#occupancy.empty(slot);
  }

  /**
   * Elements expire from the front, as they were added, so only a list that is expired up to its middle is worth copying: then
   * each element is copied once on average. (When the clock was set back they do not, and some wait for the next reading.)
   */
  dropExpired(slot: number, now: number): boolean {
    const list = this.#lists.get(slot);
    if (list === undefined || !hasExpired(this.#ttl, list.stamps[list.stamps.length >> 1] as number, now)) return true;
    if (this.#unexpired(list, now) === 0) this.#drop(slot);
    else {
      this.#occupancy.touch(slot);
      this.#keepUnexpired(list, now);
    }
    return true;
  }

  #drop(slot: number): void {
    this.#occupancy.touch(slot);
    this.clear(slot);
  }

  #begin(slot: number, values: unknown[], now: number): void {
    this.#lists.set(slot, new StampedElements(values, new Array(values.length).fill(now)));
    this.#occupancy.fill(slot);
  }

  #unexpired({ stamps }: StampedElements, now: number): number {
    let count = 0;
    for (let i = 0; i < stamps.length; i++) if (!hasExpired(this.#ttl, stamps[i] as number, now)) count++;
    return count;
  }

  #keepUnexpired(list: StampedElements, now: number): void {
    const { stamps } = list;
    list.replace(list.values.filter((_, i) => !hasExpired(this.#ttl, stamps[i] as number, now)));
    list.stamps = stamps.filter((stamp) => !hasExpired(this.#ttl, stamp, now));
  }

  /** The elements, and when each was last touched. */
  held(slot: number): unknown {
    const list = this.#lists.get(slot);
    return list === undefined ? undefined : [list.values, list.stamps];
  }

  hold(slot: number, held: unknown): void {
    const [values, stamps] = held as [unknown[], number[]];
    this.#lists.set(slot, new StampedElements(values, stamps));
    this.#occupancy.fill(slot);
  }
}
