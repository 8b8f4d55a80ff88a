/**
 * A table of timers: (time, slot, namespace) → id. Open addressing with linear probing; an entry lies in the table itself, so
 * that asking for a timer touches one line of the cache, however many there are.
 *
 *     an entry, 24 bytes:   time │ namespace │ slot + 1 │ id        slot + 1 is 0 in an empty place
 *                           8      8           4          4
 *
 * One subtask owns a table.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { mix } from '../base/hash.ts';

/** Of an entry, as 64-bit and as 32-bit words. */
const entryDoubles = 3;
const entryWords = 6;
const namespaceDouble = 1;
const slotWord = 4;
const idWord = 5;

const placesMin = 64;

/** The share of places that may be taken. */
const fullShare = 0.6;

const scratch = new Float64Array(2);
const scratchWords = new Int32Array(scratch.buffer);

function hashOf(time: number, slot: number, namespace: number): number {
  scratch[0] = time;
  scratch[1] = namespace;
  let h = Math.imul(slot, 0x9e3779b1) ^ (scratchWords[0] as number);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ (scratchWords[1] as number);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ (scratchWords[2] as number);
  return mix(Math.imul(h ^ (h >>> 16), 0x27d4eb2f) ^ (scratchWords[3] as number));
}

export class TimerTable {
  #size = 0;
  #places = placesMin;
  #doubles = new Float64Array(placesMin * entryDoubles);
  #words = new Int32Array(this.#doubles.buffer);

  /** Adds a timer, which is not there. */
  add(time: number, slot: number, namespace: number, id: number): void {
    if (this.#size >= this.#places * fullShare) this.#grow();
    this.#size++;
    this.#put(time, slot, namespace, id);
  }

  /** The id of a timer, −1 when it is not there. */
  find(time: number, slot: number, namespace: number): number {
    const place = this.#place(time, slot, namespace);
    return place < 0 ? -1 : (this.#words[place * entryWords + idWord] as number);
  }

  /** Removes a timer, which is there. */
  remove(time: number, slot: number, namespace: number): void {
    const place = this.#place(time, slot, namespace);
    assert(place >= 0, 'a timer that is removed is in the table');
    this.#empty(place);
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return this.#doubles.byteLength;
  }

  #place(time: number, slot: number, namespace: number): number {
    const doubles = this.#doubles;
    const words = this.#words;
    const mask = this.#places - 1;
    let place = hashOf(time, slot, namespace) & mask;
    for (;;) {
      const found = words[place * entryWords + slotWord] as number;
      if (found === 0) return -1;
      const at = place * entryDoubles;
      if (found === slot + 1 && doubles[at] === time && doubles[at + namespaceDouble] === namespace) return place;
      place = (place + 1) & mask;
    }
  }

  #put(time: number, slot: number, namespace: number, id: number): void {
    const words = this.#words;
    const mask = this.#places - 1;
    let place = hashOf(time, slot, namespace) & mask;
    while (words[place * entryWords + slotWord] !== 0) place = (place + 1) & mask;
    this.#doubles[place * entryDoubles] = time;
    this.#doubles[place * entryDoubles + namespaceDouble] = namespace;
    words[place * entryWords + slotWord] = slot + 1;
    words[place * entryWords + idWord] = id;
  }

  /** Entries behind the place move up, so that no probe meets a gap before its entry (Knuth 6.4, algorithm R). */
  #empty(place: number): void {
    const doubles = this.#doubles;
    const words = this.#words;
    const mask = this.#places - 1;
    let hole = place;
    let at = place;
    for (;;) {
      at = (at + 1) & mask;
      const found = words[at * entryWords + slotWord] as number;
      if (found === 0) break;
      const from = at * entryDoubles;
      const home = hashOf(doubles[from] as number, found - 1, doubles[from + namespaceDouble] as number) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#move(from, hole * entryDoubles);
      hole = at;
    }
    words[hole * entryWords + slotWord] = 0;
    this.#size--;
  }

  /** Copies an entry; its last words one by one, since as a double they may spell a NaN, whose bits need not survive. */
  #move(from: number, to: number): void {
    const doubles = this.#doubles;
    const words = this.#words;
    doubles[to] = doubles[from] as number;
    doubles[to + namespaceDouble] = doubles[from + namespaceDouble] as number;
    words[to * 2 + slotWord] = words[from * 2 + slotWord] as number;
    words[to * 2 + idWord] = words[from * 2 + idWord] as number;
  }

  #grow(): void {
    const [doubles, words] = [this.#doubles, this.#words];
    const before = this.#places;
    const places = before * 2;
    this.#doubles = new Float64Array(places * entryDoubles);
    this.#words = new Int32Array(this.#doubles.buffer);
    this.#places = places;
    for (let old = 0; old < before; old++) {
      const slot = (words[old * entryWords + slotWord] as number) - 1;
      if (slot < 0) continue;
      const time = doubles[old * entryDoubles] as number;
      const namespace = doubles[old * entryDoubles + namespaceDouble] as number;
      this.#put(time, slot, namespace, words[old * entryWords + idWord] as number);
    }
  }
}
