/** What the stores of all kinds of state have in common, and the clean-up of what has expired in them. */

import type { SlotOccupancy } from './slot-occupancy.ts';
import type { Ttl } from './ttl.ts';

/**
 * One state of all keys of a subtask, by slot. It tells the occupancy when it begins to hold something for a slot and when
 * nothing is left.
 */
export interface SlotStore {
  /** Makes room for slots below `slots`. */
  makeRoom(slots: number): void;
  clear(slot: number): void;
  /**
   * What it holds for a slot, as data in the form that `state-schema.ts` tells; undefined for nothing. It is what the store itself goes on with:
   * who keeps it copies it.
   */
  held(slot: number): unknown;
  /** Holds such data, which is the store's from then on, for a slot for which it holds nothing. */
  hold(slot: number, held: unknown): void;
  /** Undefined where nothing expires, or nobody wants it cleaned up. */
  readonly cleanup: IncrementalCleaner | undefined;
}

/** What a store of expiring state is made with. */
export interface ExpiringStoreOptions {
  readonly ttl: Ttl;
  /** Processing time in epoch milliseconds. */
  readonly now: () => number;
  readonly occupancy: SlotOccupancy;
}

/** Drops what has expired at one slot. */
export interface Expiring {
  /**
   * Looks at the next entry of a slot, or at all it has there, and drops it if it has expired.
   *
   * @returns whether it is through with the slot
   */
  dropExpired(slot: number, now: number): boolean;
}

/**
 * Walks over the slots of one store again and again, a few steps on each access, as Flink's incremental clean-up does. Each
 * step looks at a bounded number of things, whatever a key holds.
 *
 * @hotpath
 */
export class IncrementalCleaner {
  /** Whether each record is an access. */
  readonly everyRecord: boolean;
  readonly #steps: number;
  readonly #store: Expiring;
  readonly #occupancy: SlotOccupancy;
  #next = 0;

  constructor(store: Expiring, options: ExpiringStoreOptions) {
    this.#store = store;
    this.#occupancy = options.occupancy;
    this.#steps = options.ttl.cleanupKeys;
    this.everyRecord = options.ttl.cleanupEveryRecord;
  }

  /** What an access costs: some steps. */
  run(now: number): void {
    const { bound } = this.#occupancy;
    if (bound === 0) return;
    for (let step = 0; step < this.#steps; step++) {
      if (this.#next >= bound) this.#next = 0;
      if (this.#store.dropExpired(this.#next, now)) this.#next++;
    }
  }
}

/** The cleaner of a store, if its time to live asks for one. */
export function cleanerOf(store: Expiring, options: ExpiringStoreOptions): IncrementalCleaner | undefined {
  return options.ttl.cleanupKeys === 0 ? undefined : new IncrementalCleaner(store, options);
}
