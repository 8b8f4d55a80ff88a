/**
 * Sets of numbers from 0 on, one for each slot. All lie in pages of one arena, so that the way to an element leads over two places in memory:
 * where the set of the slot lies, and the element's own. Up to `fewMax` numbers lie one behind the other; more in an open-addressed table.
 *
 * Invariant: how long the block of a set is follows from how many numbers there are in it, and at most half of the places of a table are
 * taken. One thread owns the sets.
 *
 * @hotpath
 */

import { grown, initialSlots } from './slots.ts';

/** Numbers that lie one behind the other: half a cache line. */
const fewMax = 8;
const fewBits = 3;
/** The smallest table. */
const tableBitsMin = 5;
/** Longer blocks have a page of their own, which goes when they do. */
const pageBits = 16;
const pageMask = (1 << pageBits) - 1;
const golden = 0x9e3779b1;
const noPlaces = new Int32Array(0);

/** Entries of a slot: how many numbers there are, and where the block begins, page and place in it. */
const slotLength = 2;

export class NumberSets {
  #sets = new Int32Array(initialSlots * slotLength);
  /** Numbers plus one, 0 where there is none. */
  readonly #pages: Int32Array[] = [];
  /** The page that blocks are taken of, and the first place that is free. */
  #page = -1;
  #next = pageMask + 1;
  /** By length, as a power of two: a block that is free, plus one; its first place leads to another in the same way. */
  readonly #free = new Int32Array(pageBits + 1);
  /** Numbers of pages that have gone. */
  readonly #gone: number[] = [];

  size(slot: number): number {
    return slot * slotLength < this.#sets.length ? (this.#sets[slot * slotLength] as number) : 0;
  }

  /** Whether the number is new. */
  add(slot: number, number: number): boolean {
    const at = slot * slotLength;
    if (at >= this.#sets.length) this.#sets = grown(this.#sets, at + 1);
    const size = this.#sets[at] as number;
    if (size === 0) this.#sets[at + 1] = this.#take(fewBits);
    const start = this.#sets[at + 1] as number;
    const page = this.#pages[start >>> pageBits] as Int32Array;
    const from = start & pageMask;
    const entry = number + 1;
    if (size > fewMax) {
      const bits = bitsOf(size);
      if (!put(page, from, bits, entry)) return false;
      if (bitsOf(size + 1) > bits) this.#move(at, size + 1, bits, bits + 1);
    } else {
      for (let place = from; place < from + size; place++) if (page[place] === entry) return false;
      if (size < fewMax) page[from + size] = entry;
      else {
        this.#move(at, size, fewBits, tableBitsMin);
        const table = this.#sets[at + 1] as number;
        put(this.#pages[table >>> pageBits] as Int32Array, table & pageMask, tableBitsMin, entry);
      }
    }
    this.#sets[at] = size + 1;
    return true;
  }

  /** Puts the numbers of a slot into an array with room for them, in no order that means anything. @returns how many */
  read(slot: number, into: Int32Array): number {
    const size = this.size(slot);
    if (size === 0) return 0;
    const start = this.#sets[slot * slotLength + 1] as number;
    const page = this.#pages[start >>> pageBits] as Int32Array;
    let place = start & pageMask;
    for (let count = 0; count < size; place++) if (page[place] !== 0) into[count++] = (page[place] as number) - 1;
    return size;
  }

  clear(slot: number): void {
    const size = this.size(slot);
    if (size === 0) return;
    const at = slot * slotLength;
    this.#give(this.#sets[at + 1] as number, size > fewMax ? bitsOf(size) : fewBits);
    this.#sets[at] = 0;
  }

  /** Moves the numbers of a set into a longer table. */
  #move(at: number, size: number, bits: number, longerBits: number): void {
    const start = this.#sets[at + 1] as number;
    const longer = this.#take(longerBits);
    const page = this.#pages[start >>> pageBits] as Int32Array;
    const longerPage = this.#pages[longer >>> pageBits] as Int32Array;
    let place = start & pageMask;
    for (let left = size; left > 0; place++) {
      const entry = page[place] as number;
      if (entry === 0) continue;
      put(longerPage, longer & pageMask, longerBits, entry);
      left--;
    }
    this.#give(start, bits);
    this.#sets[at + 1] = longer;
  }

  /** A block of zeros, of 2^bits places. */
  #take(bits: number): number {
    if (bits > pageBits) return this.#newPage(bits) << pageBits;
    const free = this.#free[bits] as number;
    if (free !== 0) {
      const page = this.#pages[(free - 1) >>> pageBits] as Int32Array;
      this.#free[bits] = page[(free - 1) & pageMask] as number;
      page[(free - 1) & pageMask] = 0;
      return free - 1;
    }
    const length = 1 << bits;
    if (this.#next + length > pageMask + 1) {
      this.#page = this.#newPage(pageBits);
      this.#next = 0;
    }
    this.#next += length;
    return (this.#page << pageBits) | (this.#next - length);
  }

  #newPage(bits: number): number {
    const number = this.#gone.pop() ?? this.#pages.length;
    this.#pages[number] = new Int32Array(1 << bits);
    return number;
  }

  #give(start: number, bits: number): void {
    if (bits > pageBits) {
      this.#pages[start >>> pageBits] = noPlaces;
      this.#gone.push(start >>> pageBits);
      return;
    }
    const page = this.#pages[start >>> pageBits] as Int32Array;
    const from = start & pageMask;
    page.fill(0, from, from + (1 << bits));
    page[from] = this.#free[bits] as number;
    this.#free[bits] = start + 1;
  }
}

/** The length of the table of so many numbers, as a power of two. */
function bitsOf(size: number): number {
  return Math.max(tableBitsMin, 32 - Math.clz32(size * 2 - 1));
}

/**
 * Whether the entry is a new one of the table. Numbers that follow on each other lie side by side, since values that come at about the same
 * time have such numbers; what is the same in their low bits is told apart by the others.
 */
function put(page: Int32Array, from: number, bits: number, entry: number): boolean {
  const mask = (1 << bits) - 1;
  let place = (entry ^ Math.imul(entry >>> bits, golden)) & mask;
  for (let there = page[from + place]; there !== 0; there = page[from + place]) {
    if (there === entry) return false;
    place = (place + 1) & mask;
  }
  page[from + place] = entry;
  return true;
}
