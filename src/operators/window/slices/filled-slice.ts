/**
 * What a slice holds: a slot for each key that came. Slots are found by the key's number, directly where the numbers are dense,
 * else by hashing, so that a slice of few keys stays small whatever the number of all keys. One subtask owns a slice.
 *
 * @hotpath
 */

import type { Accumulators } from './accumulators.ts';
import { SlotList } from './accumulators.ts';

/** Numbers of keys for each key of a slice up to which it is worth an array of them all. */
const sparsenessMax = 16;
/** Numbers of keys for which a slice always has an array. */
const directMin = 1024;

const nothing = new Int32Array(0);
const golden = 0x9e3779b1;

export class FilledSlice {
  number = 0;
  /** Epoch milliseconds; the end is not part of it. */
  start = 0;
  end = 0;
  readonly slots: SlotList;
  readonly #accumulators: Accumulators;
  /** By number of the key: its slot, or 0. Empty while slots are found by hashing. */
  direct: Int32Array<ArrayBuffer>;
  /** Places of keys and slots in turn, open addressing; at most half full. Empty while they are found directly. */
  #table = nothing;
  #shift = 0;

  /** @param hasOneKey whether there is but one key, number 0: of such slices there may be very many */
  constructor(accumulators: Accumulators, hasOneKey: boolean) {
    this.#accumulators = accumulators;
    this.direct = new Int32Array(hasOneKey ? 1 : directMin);
    this.slots = new SlotList(accumulators);
  }

  /** The slot of a key, 0 when it has none. */
  find(key: number): number {
    return key < this.direct.length ? this.direct[key] : this.findHashed(key);
  }

  findHashed(key: number): number {
    const table = this.#table;
    if (table.length === 0) return 0;
    return table[this.#placeOf(key) + 1];
  }

  /** Gives a key a slot that has none yet. */
  add(key: number): number {
    const slot = this.slots.append(key);
    if (key < this.direct.length) this.direct[key] = slot;
    else this.#addFar(key, slot);
    return slot;
  }

  /** Gives all slots back. */
  clear(): void {
    const { slots, direct } = this;
    const { keyOf } = this.#accumulators;
    if (this.#table.length > 0) {
      this.#table = nothing;
      this.direct = new Int32Array(directMin);
    } else if (slots.count * 4 > direct.length) direct.fill(0);
    else for (let i = 0; i < slots.count; i++) direct[keyOf[slots.at(i)]] = 0;
    slots.clear();
  }

  #addFar(key: number, slot: number): void {
    if (this.#table.length === 0 && key < sparsenessMax * this.slots.count) {
      const direct = new Int32Array(Math.max(key + 1, this.direct.length * 2));
      direct.set(this.direct);
      this.direct = direct;
      direct[key] = slot;
      return;
    }
    if (this.#table.length < this.slots.count * 4) this.#rehash();
    else this.#put(key, slot);
  }

  /** Makes the table larger, or an array of it. */
  #rehash(): void {
    const { slots } = this;
    const { keyOf } = this.#accumulators;
    let keyMax = 0;
    for (let i = 0; i < slots.count; i++) keyMax = Math.max(keyMax, keyOf[slots.at(i)]);
    const isDense = keyMax < sparsenessMax * slots.count;
    const bits = Math.ceil(Math.log2(slots.count * 4));
    this.direct = isDense ? new Int32Array(keyMax + 1) : nothing;
    this.#table = isDense ? nothing : new Int32Array(2 << bits);
    this.#shift = 32 - bits;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.at(i);
      if (isDense) this.direct[keyOf[slot]] = slot;
      else this.#put(keyOf[slot], slot);
    }
  }

  #put(key: number, slot: number): void {
    const place = this.#placeOf(key);
    this.#table[place] = key;
    this.#table[place + 1] = slot;
  }

  /** Where a key is, or would be. */
  #placeOf(key: number): number {
    const table = this.#table;
    let place = (Math.imul(key, golden) >>> this.#shift) * 2;
    while (table[place + 1] !== 0 && table[place] !== key) {
      place += 2;
      if (place === table.length) place = 0;
    }
    return place;
  }
}
