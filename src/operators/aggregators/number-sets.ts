/**
 * Sets of numbers from 0 on, one for each slot. Up to `fewMax` numbers lie in the entry of their slot, one behind the other: most sets of many
 * keys and windows have no more, and are found by one look at memory. More lie in an open-addressed table, in pages of one arena.
 *
 * Invariant: how long the table of a set is follows from how many numbers there are in it, and at most half of its places are taken. One
 * thread owns the sets.
 *
 * @hotpath
 */

import { grown, initialSlots } from './slots.ts';

/** Words of the entry of a slot, half a cache line: how many numbers there are; then these, or page and place where their table begins. */
const entryBits = 3;
/** Numbers that lie in an entry. */
const fewMax = (1 << entryBits) - 1;
/** The smallest table. */
const tableBitsMin = 5;
/** Longer tables have a page of their own, which goes when they do. */
const pageBits = 16;
const pageMask = (1 << pageBits) - 1;
const golden = 0x9e3779b1;
const noPlaces = new Int32Array(0);

export class NumberSets {
  /** Numbers in all sets: one that is in several counts for each. */
  total = 0;
  #entries = new Int32Array(initialSlots << entryBits);
  /** Of tables: numbers plus one, 0 where there is none. */
  readonly #pages: Int32Array[] = [];
  /** The page that tables are taken of, and the first place that is free. */
  #page = -1;
  #next = pageMask + 1;
  /** By length, as a power of two: a table that is free, plus one; its first place leads to another in the same way. */
  readonly #free = new Int32Array(pageBits + 1);
  /** Numbers of pages that have gone. */
  readonly #gone: number[] = [];

  size(slot: number): number {
    const at = slot << entryBits;
    return at < this.#entries.length ? (this.#entries[at] as number) : 0;
  }

  /** Whether the number is new. */
  add(slot: number, number: number): boolean {
    const at = slot << entryBits;
    if (at >= this.#entries.length) this.#entries = grown(this.#entries, at + fewMax);
    const entries = this.#entries;
    const size = entries[at] as number;
    if (size > fewMax) {
      if (!this.#addToTable(at, size, number)) return false;
    } else {
      for (let place = at + 1; place <= at + size; place++) if (entries[place] === number) return false;
      if (size < fewMax) entries[at + size + 1] = number;
      else this.#beginTable(at, number);
    }
    entries[at] = size + 1;
    this.total++;
    return true;
  }

  /** Puts the numbers of a slot into an array with room for them, in no order that means anything. @returns how many */
  read(slot: number, into: Int32Array): number {
    const size = this.size(slot);
    if (size === 0) return 0;
    const at = slot << entryBits;
    if (size <= fewMax) {
      for (let i = 0; i < size; i++) into[i] = this.#entries[at + 1 + i] as number;
      return size;
    }
    const start = this.#entries[at + 1] as number;
    const page = this.#pages[start >>> pageBits] as Int32Array;
    let place = start & pageMask;
    for (let count = 0; count < size; place++) if (page[place] !== 0) into[count++] = (page[place] as number) - 1;
    return size;
  }

  /** Puts a one where a number is in any set. */
  mark(marks: Uint8Array): void {
    const entries = this.#entries;
    for (let at = 0; at < entries.length; at += 1 << entryBits) {
      const size = entries[at] as number;
      if (size > fewMax) this.#markTable(entries[at + 1] as number, size, marks);
      else for (let place = at + 1; place <= at + size; place++) marks[entries[place] as number] = 1;
    }
  }

  clear(slot: number): void {
    const size = this.size(slot);
    if (size === 0) return;
    const at = slot << entryBits;
    if (size > fewMax) this.#give(this.#entries[at + 1] as number, bitsOf(size));
    this.#entries[at] = 0;
    this.total -= size;
  }

  #markTable(start: number, size: number, marks: Uint8Array): void {
    const page = this.#pages[start >>> pageBits] as Int32Array;
    let place = start & pageMask;
    for (let left = size; left > 0; place++) {
      if (page[place] === 0) continue;
      marks[(page[place] as number) - 1] = 1;
      left--;
    }
  }

  #addToTable(at: number, size: number, number: number): boolean {
    const start = this.#entries[at + 1] as number;
    const bits = bitsOf(size);
    if (!put(this.#pages[start >>> pageBits] as Int32Array, start & pageMask, bits, number + 1)) return false;
    if (bitsOf(size + 1) > bits) this.#lengthen(at, size + 1, bits);
    return true;
  }

  /** Moves the numbers of an entry to a table, with another one. */
  #beginTable(at: number, number: number): void {
    const entries = this.#entries;
    const table = this.#take(tableBitsMin);
    const page = this.#pages[table >>> pageBits] as Int32Array;
    for (let place = at + 1; place <= at + fewMax; place++) put(page, table & pageMask, tableBitsMin, (entries[place] as number) + 1);
    put(page, table & pageMask, tableBitsMin, number + 1);
    entries[at + 1] = table;
  }

  /** Moves the numbers of a set to a table twice as long. */
  #lengthen(at: number, size: number, bits: number): void {
    const start = this.#entries[at + 1] as number;
    const longer = this.#take(bits + 1);
    const page = this.#pages[start >>> pageBits] as Int32Array;
    const longerPage = this.#pages[longer >>> pageBits] as Int32Array;
    let place = start & pageMask;
    for (let left = size; left > 0; place++) {
      const entry = page[place] as number;
      if (entry === 0) continue;
      put(longerPage, longer & pageMask, bits + 1, entry);
      left--;
    }
    this.#give(start, bits);
    this.#entries[at + 1] = longer;
  }

  /** A table of zeros, of 2^bits places. */
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
    // Written to at once; see `KeyTable`.
    this.#pages[number] = new Int32Array(1 << bits).fill(0);
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
