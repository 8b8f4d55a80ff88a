/**
 * The places at which the slots of keys are found by their hashes: open addressing with linear probing in one typed array. Who looks for
 * a key reads the words themselves, from `placeOf` on until one is 0. One index owns a table.
 *
 * @hotpath
 */

import { initialSlots, type KeySlots } from './key-slots.ts';

/**
 * A key's place is the top bits of its hash times 2³² ÷ φ (Knuth's multiplicative hashing): the low bits say which subtask
 * owns the key, so among the keys of one subtask they hardly differ, and places by them would lie in long runs.
 */
const golden = 0x9e3779b1;

export class KeyTable {
  /**
   * Slot + 1 in as many low bits as count the places, above them those bits of the key's hash, or 0 for an empty place; at most half
   * full. So hardly any other key's entry is looked at on the way to one.
   */
  words = new Int32Array(initialSlots * 2);
  /** Of places, and of slots in words. */
  mask = initialSlots * 2 - 1;
  /** Bits of a hash that are more than there are places for. */
  #shift = 32 - Math.log2(initialSlots * 2);
  readonly #keys: KeySlots;

  constructor(keys: KeySlots) {
    this.#keys = keys;
  }

  /** The first place that a key with this hash may have. */
  placeOf(hash: number): number {
    return Math.imul(hash, golden) >>> this.#shift;
  }

  /** Puts the slot of a new key into an empty place. */
  put(place: number, hash: number, slot: number): void {
    this.words[place] = this.#word(hash, slot);
    if (this.#keys.keyCount * 2 > this.words.length) this.#grow();
  }

  /** Of a key that is still there. */
  remove(slot: number): void {
    const { words, mask } = this;
    let place = this.placeOf(this.#keys.hash(slot));
    while (((words[place] as number) & mask) !== slot + 1) place = (place + 1) & mask;
    this.#vacate(place);
  }

  clear(): void {
    this.words.fill(0);
  }

  /** What a place says of a key. */
  #word(hash: number, slot: number): number {
    return (hash & ~this.mask) | (slot + 1);
  }

  /**
   * Empties a place by backward shift (Knuth's algorithm R): of the keys behind it, one that may lie there is moved to it and
   * leaves the place that is to be emptied next. So no search meets a gap before its key, and there are no marks of removed
   * keys to be passed over.
   */
  #vacate(place: number): void {
    const { words, mask } = this;
    let gap = place;
    for (let next = (gap + 1) & mask; words[next] !== 0; next = (next + 1) & mask) {
      const word = words[next] as number;
      const displacement = (next - this.placeOf(this.#keys.hash((word & mask) - 1))) & mask;
      if (displacement < ((next - gap) & mask)) continue;
      words[gap] = word;
      gap = next;
    }
    words[gap] = 0;
  }

  /**
   * Zeros are written, not only asked for: a page of memory that was read before it is written to is one of zeros that all share until then. To
   * write there makes another page, and interrupts the other processors of the process, which costs ten times as much.
   */
  #grow(): void {
    const words = new Int32Array(this.words.length * 2).fill(0);
    this.words = words;
    this.mask = words.length - 1;
    this.#shift--;
    const keys = this.#keys;
    for (let slot = 0; slot < keys.size; slot++) {
      if (!keys.has(slot)) continue;
      const hash = keys.hash(slot);
      let place = this.placeOf(hash);
      while (words[place] !== 0) place = (place + 1) & this.mask;
      words[place] = this.#word(hash, slot);
    }
  }
}
