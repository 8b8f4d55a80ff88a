/**
 * The slots of keys that are small whole numbers, ids and codes as most keys are, by the key itself: they are found without hashing.
 * One index owns them.
 *
 * @hotpath
 */

import { initialSlots } from './key-slots.ts';

/** Numbers below this are found so in any case. */
const smallMax = 1 << 16;
/** Larger ones are, too, where they are dense: below so many times the number of keys. */
const sparsenessMax = 8;

export class DirectKeys {
  /** By key: slot + 1, or 0. As long as the largest key needs. */
  slots = new Int32Array(0);

  /** The slot of a key, −1 where it is not found so. */
  find(key: number): number {
    const integer = key | 0;
    return integer === key && integer >= 0 && integer < this.slots.length ? (this.slots[integer] as number) - 1 : -1;
  }

  /** @param keys how many there are of any kind */
  add(key: number, slot: number, keys: number): void {
    const integer = key | 0;
    if (integer !== key || integer < 0 || (integer >= smallMax && integer >= keys * sparsenessMax)) return;
    if (integer >= this.slots.length) this.#grow(integer);
    this.slots[integer] = slot + 1;
  }

  /** The same for one that was there before: a small one was added when it came. */
  addLarge(key: number, slot: number, keys: number): void {
    if (key >= smallMax) this.add(key, slot, keys);
  }

  #grow(key: number): void {
    const slots = new Int32Array(Math.max(initialSlots, key * 2));
    slots.set(this.slots);
    this.slots = slots;
  }

  remove(key: number): void {
    const integer = key | 0;
    if (integer === key && integer >= 0 && integer < this.slots.length) this.slots[integer] = 0;
  }

  clear(): void {
    this.slots.fill(0);
  }
}
