/**
 * Where the entries of keys lie that are not in memory: places by the hash of a key. Keys themselves are only in the entries, so who
 * looks for one reads every entry whose hash is the same; mostly that is one, or none. Open addressing with linear probing in one typed
 * array, eight bytes a place of the table: ten to fifteen for each key. Invariant: a place is there once. One subtask owns an index.
 *
 * @hotpath
 */

/** Of each place of the table: the hash, and the place of the entry; 0 is none. */
const words = 2;

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
  #table = new Int32Array(initialPlaces * words);
  #places = initialPlaces;

  /** Bytes of memory. */
  get bytes(): number {
    return this.#table.byteLength;
  }

  /** Where in the table the first entry of a hash is, −1 for none. Good until something is added or removed. */
  find(hash: number): number {
    return this.#search(hash, this.#home(hash));
  }

  /** The next one of the same hash. */
  findNext(hash: number, at: number): number {
    return this.#search(hash, this.#after(at));
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
    for (let at = from; table[at * words + 1] !== 0; at = this.#after(at)) if (table[at * words] === hash) return at;
    return -1;
  }

  placeAt(at: number): number {
    return this.#table[at * words + 1] as number;
  }

  add(hash: number, place: number): void {
    if (++this.size > this.#places * loadMax) this.#grow();
    this.#put(hash, place);
  }

  #put(hash: number, place: number): void {
    const table = this.#table;
    let at = this.#home(hash);
    while (table[at * words + 1] !== 0) at = this.#after(at);
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

  /** Empties a place of the table by backward shift, as `KeyIndex` does. */
  removeAt(removed: number): void {
    const table = this.#table;
    const places = this.#places;
    let gap = removed;
    for (let next = this.#after(gap); table[next * words + 1] !== 0; next = this.#after(next)) {
      const hash = table[next * words] as number;
      if (distance(this.#home(hash), next, places) < distance(gap, next, places)) continue;
      table[gap * words] = hash;
      table[gap * words + 1] = table[next * words + 1] as number;
      gap = next;
    }
    table[gap * words + 1] = 0;
    this.size--;
  }

  /** Hashes and places of all entries, in turn. */
  entries(): Int32Array {
    const entries = new Int32Array(this.size * words);
    let end = 0;
    for (let i = 0; i < this.#table.length; i += words) {
      if (this.#table[i + 1] === 0) continue;
      entries[end++] = this.#table[i] as number;
      entries[end++] = this.#table[i + 1] as number;
    }
    return entries;
  }

  #grow(): void {
    const before = this.#table;
    this.#places = Math.ceil(this.#places * growth);
    this.#table = new Int32Array(this.#places * words);
    for (let i = 0; i < before.length; i += words) if (before[i + 1] !== 0) this.#put(before[i] as number, before[i + 1] as number);
  }
}

/** How many places `to` is behind `from`. */
function distance(from: number, to: number, places: number): number {
  return to >= from ? to - from : to - from + places;
}
