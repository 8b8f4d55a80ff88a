/**
 * Splits the strings of a column as `String.prototype.split` does, over their bytes: the pieces are rows of another column
 * that points into the same memory, each with its hash. A chunk of pieces at a time, so that memory is bounded and a chunk
 * is still in the cache when its reader comes to it. One subtask owns a splitter.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { hashLatin1, hashLatin1Words } from '../base/hash.ts';
import { StringColumn } from './string-column.ts';

/** What separates pieces: a text; or any one character of a class, or with `run` as many of them as there are. */
export type Separator =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'class'; readonly holds: (character: string) => boolean; readonly run: boolean; readonly skipsEmpty?: boolean };

/** Pieces of a chunk, where it is not a test that asks for less. */
export const chunkRows = 1024;

const noBytes = new Uint8Array(0);
const noOffsets = new Int32Array(0);

export class StringSplitter {
  /** The pieces of the chunk. */
  readonly column = new StringColumn(0);
  /** Pieces in the chunk. */
  rows = 0;
  /** Piece of the chunk to begin with, or to go on with. */
  first = 0;
  /** Whether the present chunk is to be gone on with before the next is made. */
  stopped = false;
  /** Whether the pieces always point into the bytes of the strings. */
  readonly keepsBytes: boolean = true;
  /** By piece. */
  readonly hashes: Int32Array;
  readonly #rowsMax: number;
  /** Beginning and end of each piece. */
  readonly #pieces: Int32Array;
  /** Bytes at each of which a string is split, by byte; null when the separator is none of the kind. */
  readonly #class: Uint8Array | null;
  readonly #run: boolean;
  readonly #skipsEmpty: boolean;
  /** The separator's bytes, where it is a text that is not one byte; null for one that no Latin-1 string holds. */
  readonly #text: Uint8Array | null;
  // What is split.
  #bytes: Uint8Array = noBytes;
  #offsets: Int32Array = noOffsets;
  #stride = 1;
  #bytesBase = 0;
  #gap = 0;
  #source: StringColumn | null = null;
  /** Where the rest of the current string begins and ends. */
  #at = 0;
  #end = 0;
  /** Where the offsets of the current string are, and of the string behind the last. */
  #place = 0;
  #lastPlace = 0;

  constructor(separator: Separator, rowsMax = chunkRows) {
    this.#rowsMax = rowsMax;
    this.hashes = new Int32Array(rowsMax);
    this.#pieces = new Int32Array(rowsMax * 2);
    this.#class = classOf(separator);
    this.#run = separator.kind === 'class' && separator.run;
    this.#skipsEmpty = separator.kind === 'class' && separator.skipsEmpty === true;
    this.#text = separator.kind === 'text' && /^[\0-\xff]*$/.test(separator.text) ? Buffer.from(separator.text, 'latin1') : null;
  }

  /** Begins with the strings of the rows from `from` to before `to`. They are Latin-1 bytes, none is null. */
  begin(column: StringColumn, from: number, to: number): void {
    assert(column.latin1, 'strings are split as bytes');
    this.#source = column;
    this.#bytes = column.bytes;
    this.#offsets = column.offsets;
    this.#stride = column.stride;
    this.#bytesBase = column.bytesBase;
    this.#gap = column.gap;
    this.#place = column.base + from * column.stride;
    this.#lastPlace = column.base + to * column.stride;
    if (from < to) this.#enter();
  }

  /** Stops in front of a piece of the chunk, of which there is more to do. Returns 0, for whoever counts rows that are through. */
  stop(piece: number): number {
    this.first = piece;
    this.stopped = true;
    return 0;
  }

  /** Makes the next chunk, or goes on with the one that was stopped at; false when there is none. */
  next(): boolean {
    if (this.stopped) {
      this.stopped = false;
      return true;
    }
    this.first = 0;
    this.rows = 0;
    if (this.#class !== null) this.#splitAtClass(this.#class);
    else if (this.#text?.length === 0) this.#splitEverywhere();
    else this.#splitAtText();
    if (this.rows === 0) return false;
    const { bytes } = this.#source as StringColumn;
    this.column.setBytes({ offsets: this.#pieces, base: 0, stride: 2, bytes, bytesBase: 0, wide: false, gap: 0, ...noValidity });
    return true;
  }

  #enter(): void {
    const place = this.#place;
    this.#at = this.#bytesBase + (this.#offsets[place] as number);
    this.#end = this.#bytesBase + (this.#offsets[place + 1] as number) - this.#gap;
  }

  /** Goes to the next string; false when there is none. */
  #advance(): boolean {
    this.#place += this.#stride;
    if (this.#place === this.#lastPlace) return false;
    this.#enter();
    return true;
  }

  /** Finds, cuts and hashes in one pass. A string has one piece more than it has separators. */
  #splitAtClass(separates: Uint8Array): void {
    if (this.#place === this.#lastPlace) return;
    const bytes = this.#bytes;
    const pieces = this.#pieces;
    const { hashes } = this;
    const view = (this.#source as StringColumn).view();
    const wordsMax = bytes.length - 3;
    const rowsMax = this.#rowsMax;
    const run = this.#run;
    const skipsEmpty = this.#skipsEmpty;
    let at = this.#at;
    let end = this.#end;
    let rows = 0;
    while (rows < rowsMax) {
      let here = at;
      while (here < end && separates[bytes[here] as number] === 0) here++;
      if (!skipsEmpty || here > at) {
        pieces[rows * 2] = at;
        pieces[rows * 2 + 1] = here;
        hashes[rows++] = here <= wordsMax ? hashLatin1Words(view, at, here) : hashLatin1(bytes, at, here);
      }
      if (here < end) {
        at = here + 1;
        if (run) while (at < end && separates[bytes[at] as number] !== 0) at++;
      } else {
        if (!this.#advance()) break;
        at = this.#at;
        end = this.#end;
      }
    }
    this.#at = at;
    this.rows = rows;
  }

  #splitAtText(): void {
    const text = this.#text;
    while (this.rows < this.#rowsMax && this.#place !== this.#lastPlace) {
      const found = text === null ? -1 : this.#find(text);
      this.#add(this.#at, found < 0 ? this.#end : found);
      if (found < 0) this.#advance();
      else this.#at = found + (text as Uint8Array).length;
    }
  }

  /** One piece for each byte, none for an empty string. */
  #splitEverywhere(): void {
    while (this.rows < this.#rowsMax && this.#place !== this.#lastPlace) {
      if (this.#at < this.#end) this.#add(this.#at, ++this.#at);
      else this.#advance();
    }
  }

  /** Where the text next begins in the current string, or −1. */
  #find(text: Uint8Array): number {
    const bytes = this.#bytes;
    const last = this.#end - text.length;
    for (let start = this.#at; start <= last; start++) {
      let length = 0;
      while (length < text.length && bytes[start + length] === text[length]) length++;
      if (length === text.length) return start;
    }
    return -1;
  }

  #add(start: number, end: number): void {
    const row = this.rows++;
    this.#pieces[row * 2] = start;
    this.#pieces[row * 2 + 1] = end;
    this.hashes[row] = hashLatin1(this.#bytes, start, end);
  }
}

const noValidity = { validity: null, validityBase: 0 } as const;

/** 1 for each byte at which strings are split; null when the separator is no such class. */
export function classOf(separator: Separator): Uint8Array | null {
  const isOneByte = separator.kind === 'text' && separator.text.length === 1 && separator.text.charCodeAt(0) < 256;
  if (separator.kind === 'text' && !isOneByte) return null;
  const holds = separator.kind === 'class' ? separator.holds : (character: string) => character === separator.text;
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(String.fromCharCode(byte)) ? 1 : 0));
}
