/**
 * A set of numbers from 0 on, open addressing in a typed array. Invariant: at most half of the places are taken. One thread owns a set.
 *
 * @hotpath
 */

const golden = 0x9e3779b1;
const initialBits = 5;

export class NumberSet {
  size = 0;
  /** Numbers plus one, 0 where there is none. */
  #places = new Int32Array(1 << initialBits);
  #shift = 32 - initialBits;

  /** Whether the number is new. */
  add(number: number): boolean {
    if (!this.#put(number + 1)) return false;
    if (++this.size * 2 > this.#places.length) this.#grow();
    return true;
  }

  /** The numbers, in no order that means anything. */
  numbers(): Int32Array {
    const numbers = new Int32Array(this.size);
    let count = 0;
    for (const entry of this.#places) if (entry !== 0) numbers[count++] = entry - 1;
    return numbers;
  }

  #put(entry: number): boolean {
    const places = this.#places;
    const mask = places.length - 1;
    let place = Math.imul(entry, golden) >>> this.#shift;
    for (let there = places[place]; there !== 0; there = places[place]) {
      if (there === entry) return false;
      place = (place + 1) & mask;
    }
    places[place] = entry;
    return true;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Int32Array(before.length * 2);
    this.#shift--;
    for (const entry of before) if (entry !== 0) this.#put(entry);
  }
}
