/** A column of strings that are written as bytes, one behind the other. */
export class TextColumn {
  /** @param {import('millrace').Latin1Strings} strings */
  constructor(strings) {
    this.strings = strings;
    this.offsets = strings.offsets;
    this.bytes = strings.bytes;
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * Makes room for rows from one on. Returns where the first begins.
   *
   * @param {number} row
   * @param {number} bytes
   */
  reserve(row, bytes) {
    const at = this.offsets[row];
    const reserved = this.strings.reserve(at + bytes);
    if (reserved !== this.bytes) {
      this.bytes = reserved;
      this.view = new DataView(reserved.buffer);
    }
    return at;
  }
}

/** Bytes that `copyLetters` may write behind what it copies. */
export const copySlack = 7;

/**
 * Copies eight bytes at a time, and up to seven more than it was told, which what comes behind overwrites. As numbers of 64 bits they stay
 * what they are: eight ASCII characters are never NaN.
 *
 * @param {DataView} from
 * @param {number} start
 * @param {number} length
 * @param {DataView} to
 * @param {number} at
 */
export function copyLetters(from, start, length, to, at) {
  for (let i = 0; i < length; i += 8) to.setFloat64(at + i, from.getFloat64(start + i, true), true);
}
