/**
 * Where the entries of keys lie that are not in memory: places by the hash of a key. Keys themselves are only in the entries, so who
 * looks for one reads every entry whose hash is the same; mostly that is one, or none. Open addressing with linear probing in one typed
 * array, eight bytes a place of the table: ten to fifteen for each key.
 *
 * A key that comes into memory mostly goes again soon, so its place of the table is not closed but marked, and taken again then.
 * Invariant: an entry is there once, and no empty place lies between where it is and where a search for it begins. One subtask owns an
 * index.
 *
 * @hotpath
 */

/** Of each place of the table: the hash, and the place of the entry. */
const words = 2;

/** There is none, and there was none. No place of an entry is 0, or 1: the first segments are none. */
const empty = 0;
/** There was one, which has gone. */
const gone = 1;

const initialPlaces = 256;

/** Above this the table grows: a search that finds nothing then looks at some twelve places, which lie in two cache lines. */
const loadMax = 0.8;

/** It takes as many times the places then: what counts here is memory, more than time. */
const growth = 1.5;

/** As in `KeyIndex`: the low bits of hashes say which subtask has the key. */
const golden = 0x9e3779b1;

export class PlaceIndex {
  /** Entries. */
  size = 0;
  /** Of no use to anybody, but a loop that only reads would be left out without it. */
  touched = 0;
  #table = new Int32Array(initialPlaces * words);
  #places = initialPlaces;
  /** Places of the table that are not empty. */
  #taken = 0;

  /** Bytes of memory. */
  get bytes(): number {
    return this.#table.byteLength;
  }

  /** Where in the table the first entry of a hash is, −1 for none. Good until something is added. */
  find(hash: number): number {
    return this.#search(hash, this.#home(hash));
  }

  /** The next one of the same hash. */
  findNext(hash: number, at: number): number {
    return this.#search(hash, this.#after(at));
  }

  /**
   * Reads where a search for a hash begins. The result is of no use: who does so for many hashes first does not wait for each of them in
   * turn later on.
   */
  touch(hash: number): number {
    return this.#table[this.#home(hash) * words + 1] as number;
  }

  /** The first place of the table that an entry may have: a share of the table, which need not have a power of two of them. */
  #home(hash: number): number {
    return ((Math.imul(hash, golden) >>> 0) * this.#places * 2 ** -32) | 0;
  }

  #after(at: number): number {
    return at + 1 === this.#places ? 0 : at + 1;
  }

  #search(hash: number, from: number): number {
    const table = this.#table;
    for (let at = from; table[at * words + 1] !== empty; at = this.#after(at))
      if (table[at * words] === hash && table[at * words + 1] !== gone) return at;
    return -1;
  }

  placeAt(at: number): number {
    return this.#table[at * words + 1] as number;
  }

  add(hash: number, place: number): void {
    if (this.#taken >= this.#places * loadMax) this.#renew();
    this.#put(hash, place);
    this.size++;
  }

  #put(hash: number, place: number): void {
    const table = this.#table;
    let at = this.#home(hash);
    let word = table[at * words + 1] as number;
    while (word !== empty && word !== gone) {
      at = this.#after(at);
      word = table[at * words + 1] as number;
    }
    if (word === empty) this.#taken++;
    table[at * words] = hash;
    table[at * words + 1] = place;
  }

  /** An entry has moved; false when it is not here. */
  move(hash: number, from: number, to: number): boolean {
    const at = this.#find(hash, from);
    if (at < 0) return false;
    this.#table[at * words + 1] = to;
    return true;
  }

  has(hash: number, place: number): boolean {
    return this.#find(hash, place) >= 0;
  }

  #find(hash: number, place: number): number {
    let at = this.find(hash);
    while (at >= 0 && this.placeAt(at) !== place) at = this.findNext(hash, at);
    return at;
  }

  removeAt(at: number): void {
    this.#table[at * words + 1] = gone;
    this.size--;
  }

  /** Hashes and places of all entries, in turn. */
  entries(): Int32Array {
    const entries = new Int32Array(this.size * words);
    let end = 0;
    for (let i = 0; i < this.#table.length; i += words) {
      if (isFree(this.#table[i + 1] as number)) continue;
      entries[end++] = this.#table[i] as number;
      entries[end++] = this.#table[i + 1] as number;
    }
    return entries;
  }

  /** Leaves the marks behind, and grows unless that has made room. */
  #renew(): void {
    const before = this.#table;
    if (this.size * growth > this.#places * loadMax) this.#places = Math.ceil(this.#places * growth);
    this.#table = new Int32Array(this.#places * words);
    this.#taken = 0;
    for (let i = 0; i < before.length; i += words) {
      const place = before[i + 1] as number;
      if (!isFree(place)) this.#put(before[i] as number, place);
    }
  }
}

function isFree(word: number): boolean {
  return word === empty || word === gone;
}
