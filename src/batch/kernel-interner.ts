/**
 * Numbers strings as `StringInterner` does, in WebAssembly: a string costs a third, so that numbering pays where there are many more. One
 * column owns it.
 *
 * @hotpath
 */

import { ViewedBytes } from './byte-words.ts';
import { StringDictionary } from './string-dictionary.ts';
import type { InternedRows, Interner } from './string-interner.ts';
import type { KernelMemory } from './string-kernel.ts';

/** More different strings than this are too many to be kept beside the keys that somebody makes of them. */
const stringsMax = 1 << 17;
/** Nor are longer ones than these, without their first sixteen bytes. */
const arenaBytes = 1 << 22;
/** Of so many strings on, they must have come so often each: where most come but once, finding them is work for nothing. */
const judgedStrings = 1 << 16;
const repeatsMin = 1.5;
/** Places of the first table, as their binary logarithm; tables are at most half full. */
const initialBits = 8;
const placeBytes = 32;
const tablesBytes = 4 * stringsMax * placeBytes;
/** Words of the state; see `Strings` in `assembly/strings.ts`. */
const stateWords = 11;
const countWord = 2;
/** Bytes of rows that are copied to the kernel at a time, where they do not lie in its memory. */
const windowBytes = 1 << 18;
/** Bytes behind a string that can be read. */
const slackBytes = 16;

/** Bytes of kernel memory that an interner takes. */
export function internerBytes(rowsMax: number): number {
  return tablesBytes + arenaBytes + windowBytes + rowsMax * 5 * Int32Array.BYTES_PER_ELEMENT + rowsMax + 4096;
}

export class KernelInterner implements Interner {
  readonly dictionary = new StringDictionary();
  readonly ids: Int32Array;
  /** Where the strings of the rows begin and end, for `takeOwn`. */
  readonly offsets: Int32Array;
  readonly #memory: KernelMemory;
  readonly #utf8: boolean;
  readonly #views = new ViewedBytes();
  readonly #state: Int32Array;
  readonly #firstRows: Int32Array;
  readonly #validity: Uint8Array;
  readonly #window: Buffer;
  #rowsSeen = 0;
  #isFull = false;

  /**
   * @param memory with room for `internerBytes`
   * @param utf8 whether the bytes are UTF-8; otherwise they are Latin-1
   */
  constructor(memory: KernelMemory, rowsMax: number, utf8: boolean) {
    this.#memory = memory;
    this.#utf8 = utf8;
    this.offsets = memory.allocateInts(rowsMax * 2);
    this.ids = memory.allocateInts(rowsMax);
    this.#firstRows = memory.allocateInts(rowsMax);
    const hashes = memory.allocateInts(rowsMax);
    this.#validity = memory.allocateBytes(rowsMax);
    this.#window = memory.allocateBytes(windowBytes);
    this.#state = memory.allocateInts(stateWords);
    const tables = memory.allocate(tablesBytes);
    const arena = memory.allocate(arenaBytes);
    const { offsets, ids } = this;
    const addresses = [offsets, hashes, ids, this.#firstRows].map(({ byteOffset }) => byteOffset);
    this.#state.set([tables, initialBits, 0, stringsMax, arena, 0, arenaBytes, ...addresses]);
  }

  take({ bytes, offsets, validity, rows }: InternedRows): boolean {
    if (this.#isFull) return false;
    this.offsets.set(rows * 2 === offsets.length ? offsets : offsets.subarray(0, rows * 2));
    if (validity !== null) this.#validity.set(validity.subarray(0, rows));
    const address = this.#memory.addressOf(bytes);
    if (address >= 0) return this.#number({ bytes, address, from: 0, to: rows, hasNulls: validity !== null });
    return this.#takeCopied(bytes, rows, validity !== null);
  }

  /** The same for rows whose places are in `offsets` already, and whose bytes lie in the kernel's memory; none is null. */
  takeOwn(bytes: Buffer, rows: number): boolean {
    return !this.#isFull && this.#number({ bytes, address: bytes.byteOffset, from: 0, to: rows, hasNulls: false });
  }

  /** Copies as many rows as there is room for at a time. */
  #takeCopied(bytes: Buffer, rows: number, hasNulls: boolean): boolean {
    const { offsets } = this;
    for (let from = 0; from < rows; ) {
      const start = offsets[from * 2] as number;
      let to = from;
      while (to < rows && (offsets[to * 2 + 1] as number) - start <= windowBytes - slackBytes) to++;
      if (to === from) this.#isFull = true;
      if (this.#isFull) return false;
      bytes.copy(this.#window, 0, start, offsets[to * 2 - 1]);
      this.#number({ bytes, address: this.#window.byteOffset - start, from, to, hasNulls });
      from = to;
    }
    return !this.#isFull;
  }

  /** @param rows `bytes` lie at `address`, or a part of them lies where it would be then */
  #number(rows: { readonly bytes: Buffer; address: number; from: number; to: number; hasNulls: boolean }): boolean {
    const { bytes, address, from, to, hasNulls } = rows;
    const before = this.#state[countWord] as number;
    const done = this.#memory.kernel.take(this.#state.byteOffset, address, from, to, hasNulls ? this.#validity.byteOffset : 0);
    const count = this.#state[countWord] as number;
    if (count > before) this.#add(bytes, count - before);
    this.#rowsSeen += to - from;
    if (done < to || (count >= judgedStrings && this.#rowsSeen < count * repeatsMin)) this.#isFull = true;
    return !this.#isFull;
  }

  #add(bytes: Buffer, count: number): void {
    const { offsets, dictionary } = this;
    const view = this.#views.of(bytes);
    for (let i = 0; i < count; i++) {
      const at = (this.#firstRows[i] as number) * 2;
      dictionary.addBytes(bytes, view, offsets[at] as number, offsets[at + 1] as number, this.#utf8);
    }
  }
}
