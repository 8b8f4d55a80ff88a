/**
 * Numbers the different strings of a column of bytes: 0 for the first one seen, 1 for the next. Where they are few, a row is then a
 * number, whatever is done with it behind: its slot among keys, its hash, its JavaScript string are each looked up once for a string, not
 * for a row. One column owns it.
 *
 * Open addressing with linear probing; strings are compared by words, as bytes of one encoding.
 *
 * @hotpath
 */

import { hashLatin1Words, tailMasks } from '../base/hash.ts';
import { nullId } from './string-column.ts';
import { StringDictionary } from './string-dictionary.ts';

/** More different strings than this are no few: to find one among them costs what it saves behind. */
const stringsMax = 1 << 14;
/** Nor are long ones. */
const arenaBytesMax = 1 << 20;
const initialBytes = 1 << 12;
const initialEntries = 128;
/** Words of an entry, of which the first ones are bytes of the string. */
const entryLength = 8;
const entryWords = 4;
const entryHash = 6;
/** Bytes that lie in an entry. */
const shortBytesMax = entryWords * 4;

/** The bits of an entry's words that belong to a string, by its length. */
const shortMasks = Int32Array.from({ length: (shortBytesMax + 1) * entryWords }, (_, i) => {
  const bytes = Math.floor(i / entryWords) - (i % entryWords) * 4;
  return bytes >= 4 ? -1 : (1 << (Math.max(bytes, 0) * 8)) - 1;
});
/** 2³² ÷ φ: multiplied by it, numbers that are alike spread over the high bits (Knuth). */
const spread = 0x9e3779b1;
/** Bytes behind a string that can be read. */
const slackBytes = 4;

/** The strings of a batch: row i is bytes[offsets[2i], offsets[2i + 1]). At least sixteen bytes more can be read. */
export interface InternedRows {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly offsets: Int32Array;
  /** 0 where a row is null; null where none is. */
  readonly validity: Uint8Array | null;
  readonly rows: number;
}

/** What numbers the strings of a column; in JavaScript here, and in WebAssembly in `KernelInterner`. */
export interface Interner {
  readonly dictionary: StringDictionary;
  /** By row; `nullId` for null. */
  readonly ids: Int32Array;
  /** Puts the number of each row into `ids`. False where there are too many strings: then it is of no use any more. */
  take(rows: InternedRows): boolean;
}

interface NewString {
  readonly hash: number;
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

export class StringInterner implements Interner {
  readonly dictionary = new StringDictionary();
  readonly ids: Int32Array;
  readonly #utf8: boolean;
  /** Id + 1, 0 for an empty place; at most half full. */
  #table = new Int32Array(initialEntries * 2);
  /** By how much the hash of a place is shifted. */
  #shift = 32 - Math.log2(initialEntries * 2);
  /** By id: the first bytes as four words, the length, where the bytes behind them begin in the arena, and the hash. */
  #entries = new Int32Array(initialEntries * entryLength);
  #arena = new DataView(new ArrayBuffer(initialBytes));
  #arenaEnd = 0;
  #isFull = false;

  /** @param utf8 whether the bytes are UTF-8; otherwise they are Latin-1 */
  constructor(rowsMax: number, utf8: boolean) {
    this.ids = new Int32Array(rowsMax);
    this.#utf8 = utf8;
  }

  take({ bytes, view, offsets, validity, rows }: InternedRows): boolean {
    if (this.#isFull) return false;
    const { ids } = this;
    let table = this.#table;
    let entries = this.#entries;
    let shift = this.#shift;
    for (let row = 0; row < rows; row++) {
      if (validity !== null && validity[row] === 0) {
        ids[row] = nullId;
        continue;
      }
      const start = offsets[row * 2] as number;
      const length = (offsets[row * 2 + 1] as number) - start;
      const isShort = length <= shortBytesMax;
      // No branch depends on how long a short string is: the processor could not foresee it.
      const masks = (isShort ? length : shortBytesMax) * entryWords;
      const first = view.getInt32(start, true) & (shortMasks[masks] as number);
      const second = view.getInt32(start + 4, true) & (shortMasks[masks + 1] as number);
      const third = view.getInt32(start + 8, true) & (shortMasks[masks + 2] as number);
      const fourth = view.getInt32(start + 12, true) & (shortMasks[masks + 3] as number);
      let hash =
        Math.imul(first ^ length, 0x9e3779b1) ^
        Math.imul(second, 0x85ebca6b) ^
        Math.imul(third, 0xc2b2ae35) ^
        Math.imul(fourth, 0x27d4eb2f);
      if (!isShort) hash ^= hashLatin1Words(view, start + shortBytesMax, start + length);
      hash ^= hash >>> 15;
      hash = Math.imul(hash, spread);
      const mask = table.length - 1;
      let id = -1;
      for (let place = hash >>> shift; table[place] !== 0; place = (place + 1) & mask) {
        const candidate = (table[place] as number) - 1;
        const at = candidate * entryLength;
        const differs =
          ((entries[at] as number) ^ first) |
          ((entries[at + 1] as number) ^ second) |
          ((entries[at + 2] as number) ^ third) |
          ((entries[at + 3] as number) ^ fourth) |
          ((entries[at + 4] as number) ^ length);
        if (differs !== 0 || (!isShort && !this.#equalsRest(entries[at + 5] as number, view, start, length))) continue;
        id = candidate;
        break;
      }
      if (id < 0) {
        id = this.#add({ hash, bytes, view, start, end: start + length });
        if (this.#isFull) return false;
        const at = id * entryLength;
        entries = this.#entries;
        entries[at] = first;
        entries[at + 1] = second;
        entries[at + 2] = third;
        entries[at + 3] = fourth;
        table = this.#table;
        shift = this.#shift;
      }
      ids[row] = id;
    }
    return true;
  }

  /** Compares what lies behind the words of the entry. @param from in the arena, where that begins */
  #equalsRest(from: number, view: DataView, start: number, length: number): boolean {
    const arena = this.#arena;
    const behind = start + length;
    let at = from;
    let i = start + shortBytesMax;
    for (; i + 4 <= behind; i += 4, at += 4) if (arena.getInt32(at, true) !== view.getInt32(i, true)) return false;
    return i === behind || arena.getInt32(at, true) === (view.getInt32(i, true) & (tailMasks[behind - i] as number));
  }

  #add({ hash, bytes, view, start, end }: NewString): number {
    const { dictionary } = this;
    const length = end - start;
    const rest = Math.max(0, length - shortBytesMax);
    const behind = (this.#arenaEnd + rest + slackBytes + 3) & ~3;
    if (dictionary.size === stringsMax || behind > arenaBytesMax) {
      this.#isFull = true;
      return 0;
    }
    if (behind > this.#arena.byteLength) this.#growArena(behind);
    if ((dictionary.size + 1) * entryLength > this.#entries.length) this.#growEntries();
    if (rest > 0) new Uint8Array(this.#arena.buffer).set(bytes.subarray(end - rest, end), this.#arenaEnd);
    const id = dictionary.addBytes(bytes, view, start, end, this.#utf8);
    const at = id * entryLength;
    this.#entries[at + 4] = length;
    this.#entries[at + 5] = this.#arenaEnd;
    this.#entries[at + entryHash] = hash;
    this.#arenaEnd = behind;
    this.#place(id);
    return id;
  }

  #place(id: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let place = (this.#entries[id * entryLength + entryHash] as number) >>> this.#shift;
    while (table[place] !== 0) place = (place + 1) & mask;
    table[place] = id + 1;
  }

  #growArena(bytes: number): void {
    const grown = new ArrayBuffer(Math.max(bytes, this.#arena.byteLength * 2));
    new Uint8Array(grown).set(new Uint8Array(this.#arena.buffer));
    this.#arena = new DataView(grown);
  }

  #growEntries(): void {
    const entries = new Int32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
    this.#table = new Int32Array(this.#table.length * 2);
    this.#shift--;
    for (let id = 0; id < this.dictionary.size; id++) this.#place(id);
  }
}
