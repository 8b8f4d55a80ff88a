/**
 * Where the entries of keys lie that are not in memory: places by the hash of a key. Keys themselves are only in the entries, so who
 * looks for one reads every entry whose hash is the same; mostly that is one, or none. Open addressing with linear probing in one typed
 * array, eight bytes a place of the table. Invariant: a place is there once. One subtask owns an index.
 *
 * @hotpath
 */

/** Of each place of the table: the hash, and the place of the entry; 0 is none. */
const words = 2;

const initialPlaces = 256;

/** Above this the table is doubled: a search that finds nothing then looks at some eight places, which lie in two cache lines. */
const loadMax = 0.75;

/** As in `KeyIndex`: the low bits of hashes say which subtask has the key. */
const golden = 0x9e3779b1;

export class PlaceIndex {
  /** Entries. */
  size = 0;
  #table = new Int32Array(initialPlaces * words);
  #mask = initialPlaces - 1;
  #shift = 32 - Math.log2(initialPlaces);

  /** Bytes of memory. */
  get bytes(): number {
    return this.#table.byteLength;
  }

  /** Where in the table the first entry of a hash is, −1 for none. Good until something is added or removed. */
  find(hash: number): number {
    return this.#search(hash, Math.imul(hash, golden) >>> this.#shift);
  }

  /** The next one of the same hash. */
  findNext(hash: number, at: number): number {
    return this.#search(hash, (at + 1) & this.#mask);
  }

  #search(hash: number, from: number): number {
    const table = this.#table;
    for (let at = from; table[at * words + 1] !== 0; at = (at + 1) & this.#mask) if (table[at * words] === hash) return at;
    return -1;
  }

  placeAt(at: number): number {
    return this.#table[at * words + 1] as number;
  }

  add(hash: number, place: number): void {
    if (++this.size > (this.#mask + 1) * loadMax) this.#grow();
    this.#put(hash, place);
  }

  #put(hash: number, place: number): void {
    const table = this.#table;
    let at = Math.imul(hash, golden) >>> this.#shift;
    while (table[at * words + 1] !== 0) at = (at + 1) & this.#mask;
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
    const mask = this.#mask;
    let gap = removed;
    for (let next = (gap + 1) & mask; table[next * words + 1] !== 0; next = (next + 1) & mask) {
      const hash = table[next * words] as number;
      const displacement = (next - (Math.imul(hash, golden) >>> this.#shift)) & mask;
      if (displacement < ((next - gap) & mask)) continue;
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
    this.#table = new Int32Array(before.length * 2);
    this.#mask = this.#mask * 2 + 1;
    this.#shift--;
    for (let i = 0; i < before.length; i += words) if (before[i + 1] !== 0) this.#put(before[i] as number, before[i + 1] as number);
  }
}
