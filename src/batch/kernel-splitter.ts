/**
 * Splits strings at runs of a class of bytes, as `StringSplitter` does, in WebAssembly: one pass marks the bytes of the class by bits, another
 * one reads words off the bits, and equal ones get the same number, so that whoever groups by them looks each up once. Where there are too
 * many different ones the pieces point into the strings.
 *
 * Only runs, and no empty pieces: then the end of a string is a separator as any other. Rows whose strings do not lie one behind the other, or
 * do not fit into the kernel's memory, are left to the loop in JavaScript. One subtask owns a splitter.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { hashLatin1Words } from '../base/hash.ts';
import { internerBytes, KernelInterner } from './kernel-interner.ts';
import type { StringColumn } from './string-column.ts';
import { createKernelMemory, type KernelMemory } from './string-kernel.ts';
import { chunkRows, classOf, type Separator, StringSplitter } from './string-splitter.ts';

/** Bytes that are split at a time: they are in the processor's nearer caches when their words are looked at. */
const windowBytes = 1 << 17;
/** Offsets of rows that are handed to the kernel at a time. */
const windowRows = 1 << 12;
/** Bytes behind the window that are read with it, and what goes beside it. */
const slackBytes = 64;
const tableBytes = 16;
const bitsBytes = windowBytes / 8 + 16;
const memoryBytes = windowBytes + slackBytes + bitsBytes + (windowRows + 1) * 4 + 2 * tableBytes + 4096;

/** A splitter for a separator: a kernel where there is one for it. */
export function createSplitter(separator: Separator, rowsMax = chunkRows): StringSplitter {
  const halves = separator.kind === 'class' && separator.run && separator.skipsEmpty === true ? halvesOf(classOf(separator)) : undefined;
  const memory = halves === undefined ? undefined : createKernelMemory(memoryBytes + internerBytes(rowsMax));
  if (halves === undefined || memory === undefined) return new StringSplitter(separator, rowsMax);
  return new KernelSplitter(separator, { rowsMax, memory, halves });
}

class KernelSplitter extends StringSplitter {
  override readonly keepsBytes = false;
  readonly #rowsMax: number;
  readonly #memory: KernelMemory;
  readonly #window: Buffer;
  readonly #view: DataView;
  readonly #bits: number;
  readonly #low: Buffer;
  readonly #high: Buffer;
  readonly #offsets: Int32Array;
  readonly #interner: KernelInterner;
  #isNumbered = true;
  #source: StringColumn | null = null;
  /** Rows that are not in the window yet. */
  #row = 0;
  #lastRow = 0;
  /** Whether the loop in JavaScript is at it. */
  #isLeft = false;
  /** What is in the window, where it began in the source, and where in it the next word is looked for. */
  #filled = 0;
  #origin = 0;
  #at = 0;

  constructor(separator: Separator, { rowsMax, memory, halves }: { rowsMax: number; memory: KernelMemory; halves: Halves }) {
    super(separator, rowsMax);
    this.#rowsMax = rowsMax;
    this.#memory = memory;
    this.#low = memory.allocateBytes(tableBytes);
    this.#high = memory.allocateBytes(tableBytes);
    this.#low.set(halves.low);
    this.#high.set(halves.high);
    this.#bits = memory.allocate(bitsBytes);
    this.#offsets = memory.allocateInts(windowRows + 1);
    this.#window = memory.allocateBytes(windowBytes + slackBytes);
    this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.length);
    this.#interner = new KernelInterner(memory, rowsMax, false);
  }

  override begin(column: StringColumn, from: number, to: number): void {
    assert(column.latin1, 'strings are split as bytes');
    this.#source = column;
    this.#row = from;
    this.#lastRow = to;
    this.#isLeft = false;
    this.#filled = 0;
    this.#at = 0;
    // Where one row begins where the other ends, nothing between them can be marked.
    if (column.stride !== 1 || column.gap === 0) this.#leave(to);
  }

  override next(): boolean {
    if (this.stopped) {
      this.stopped = false;
      return true;
    }
    for (;;) {
      if (this.#isLeft && super.next()) return true;
      this.#isLeft = false;
      this.first = 0;
      this.rows = 0;
      if (this.#at < this.#filled && this.#findWords()) return true;
      if (this.#row === this.#lastRow) return false;
      this.#fill();
    }
  }

  /** Leaves rows to the loop in JavaScript. */
  #leave(behind: number): void {
    super.begin(this.#source as StringColumn, this.#row, behind);
    this.#row = behind;
    this.#isLeft = true;
  }

  /** Copies rows to the window, as many as there is room for. */
  #fill(): void {
    const { offsets, base, bytesBase, bytes, gap } = this.#source as StringColumn;
    const first = base + this.#row;
    const start = offsets[first] as number;
    const lastMax = base + Math.min(this.#lastRow, this.#row + windowRows);
    let last = first;
    while (last < lastMax && (offsets[last + 1] as number) - start <= windowBytes) last++;
    if (last === first) {
      this.#leave(this.#row + 1);
      return;
    }
    this.#row = last - base;
    this.#origin = bytesBase + start;
    this.#at = 0;
    this.#filled = (offsets[last] as number) - start;
    bytes.copy(this.#window, 0, this.#origin, this.#origin + this.#filled);
    const { kernel } = this.#memory;
    kernel.mark(this.#window.byteOffset, this.#filled, this.#bits, this.#low.byteOffset, this.#high.byteOffset);
    this.#offsets.set(offsets.subarray(first, last + 1));
    kernel.markGaps(this.#bits, this.#offsets.byteOffset, last - first, start, gap);
  }

  #findWords(): boolean {
    const { kernel } = this.#memory;
    const { offsets } = this.#interner;
    const rows = kernel.words(this.#bits, this.#at, this.#filled, offsets.byteOffset, this.#rowsMax);
    this.#at = kernel.wordsEnd();
    this.rows = rows;
    if (rows > 0) this.#point(rows);
    return rows > 0;
  }

  #point(rows: number): void {
    const { offsets, ids, dictionary } = this.#interner;
    this.#isNumbered &&= this.#interner.takeOwn(this.#window, rows);
    const { column, hashes } = this;
    if (this.#isNumbered) {
      column.setIds(ids, 0, dictionary);
      column.hashAll(rows, hashes);
      return;
    }
    const view = this.#view;
    for (let row = 0; row < rows; row++) hashes[row] = hashLatin1Words(view, offsets[row * 2] as number, offsets[row * 2 + 1] as number);
    const { bytes } = this.#source as StringColumn;
    column.setBytes({ offsets, base: 0, stride: 2, bytes, bytesBase: this.#origin, wide: false, gap: 0, validity: null, validityBase: 0 });
  }
}

/** A class by the halves of its bytes: a byte is of it where the entries of both have a bit in common. */
interface Halves {
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

/** Undefined for a class with more than eight different rows, of the sixteen that bytes with the same upper half make. */
function halvesOf(members: Uint8Array | null): Halves | undefined {
  if (members === null) return undefined;
  const rows = Array.from({ length: 16 }, (_, upper) => members.subarray(upper * 16, upper * 16 + 16).join(''));
  const different = [...new Set(rows.filter((row) => row.includes('1')))];
  if (different.length > 8) return undefined;
  const high = Uint8Array.from(rows, (row) => (row.includes('1') ? 1 << different.indexOf(row) : 0));
  const low = Uint8Array.from({ length: 16 }, (_, lower) =>
    different.reduce((bits, row, i) => (row[lower] === '1' ? bits | (1 << i) : bits), 0),
  );
  return { low, high };
}
