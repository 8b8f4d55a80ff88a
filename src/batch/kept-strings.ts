/**
 * Strings of a batch for whoever may keep some of them. To decode the bytes of each costs several times as much as to cut it out of a text
 * of many; but what is cut out keeps the whole text in memory. So they are cut out of texts that are short: a string that is kept keeps
 * little else.
 *
 * @hotpath
 */

import { ByteSource } from './byte-source.ts';
import type { StringColumn } from './string-column.ts';

/** Bytes of a text, unless one string is longer: with more of them no time is saved that could be measured. */
const textBytesMax = 512;

/** The strings of all rows, null for null. They share no memory with the column. */
export function keptStrings(column: StringColumn, rows: number): (string | null)[] {
  const strings = new Array<string | null>(rows);
  if (column.form === 'bytes' && rows > 0) cutStrings(column, rows, strings);
  else for (let row = 0; row < rows; row++) strings[row] = column.at(row, rows);
  return strings;
}

function cutStrings(column: StringColumn, rows: number, strings: (string | null)[]): void {
  const { offsets, base, stride, bytesBase, gap, wide } = column;
  const others = column.nonAscii(rows);
  const last = bytesBase + (offsets[base + (rows - 1) * stride + 1] as number);
  let text = '';
  let textStart = 0;
  let textEnd = -1;
  for (let row = 0; row < rows; row++) {
    if (column.isNull(row)) {
      strings[row] = null;
      continue;
    }
    if (others !== null && others[row] === 1) {
      strings[row] = column.detached(row, rows);
      continue;
    }
    const at = base + row * stride;
    const start = bytesBase + (offsets[at] as number);
    const end = bytesBase + (offsets[at + 1] as number) - gap;
    if (end > textEnd || start < textStart) {
      textStart = start;
      textEnd = Math.max(end, Math.min(start + textBytesMax, last));
      text = wide ? column.bytes.ucs2Slice(start, textEnd) : column.bytes.latin1Slice(start, textEnd);
    }
    const from = start - textStart;
    const to = end - textStart;
    strings[row] = wide ? text.substring(from >> 1, to >> 1) : text.substring(from, to);
  }
}

/** Decodes values, with strings that are cut out of short texts. The bytes stay what they are until the next `reset`. */
export class KeptValues extends ByteSource {
  #text = '';
  #start = 0;
  #end = -1;

  override reset(bytes: Uint8Array, position = 0, end = bytes.length): void {
    super.reset(bytes, position, end);
    this.#end = -1;
  }

  protected override latin1(start: number, end: number): string {
    if (end > this.#end || start < this.#start) {
      this.#start = start;
      this.#end = Math.max(end, Math.min(start + textBytesMax, this.end));
      this.#text = this.bytes.latin1Slice(start, this.#end);
    }
    return this.#text.substring(start - this.#start, end - this.#start);
  }
}
