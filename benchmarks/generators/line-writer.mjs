/**
 * Lines put together from pieces of text that are made once, as bytes: no string comes about for a line, which is what lets a
 * generator keep up with a disk.
 */

/** How many bytes are copied at a time, which may be as many less one beyond the end of a fragment; the next one overwrites them. */
const COPIED_BYTES = 4;

const CHUNK_BYTES = 1 << 20;

/** Texts as bytes: the one at index i lies at `starts[i]` to before `starts[i + 1]`. */
export class Fragments {
  /** @param {readonly string[]} texts */
  constructor(texts) {
    const encoded = new TextEncoder().encode(texts.join('') + ' '.repeat(COPIED_BYTES));
    this.bytes = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    this.starts = new Uint32Array(texts.length + 1);
    for (let i = 0; i < texts.length; i++) this.starts[i + 1] = this.starts[i] + Buffer.byteLength(texts[i]);
  }
}

/** Writes fragments and numbers one after the other into a chunk. */
export class LineWriter {
  /** Bytes written so far. */
  at = 0;

  /** @param {DataView} chunk */
  constructor(chunk) {
    this.chunk = chunk;
  }

  /**
   * @param {Fragments} fragments
   * @param {number} i which of them
   */
  fragment(fragments, i) {
    const { bytes, starts } = fragments;
    const start = starts[i];
    const length = starts[i + 1] - start;
    for (let j = 0; j < length; j += COPIED_BYTES) this.chunk.setInt32(this.at + j, bytes.getInt32(start + j));
    this.at += length;
  }

  /** @param {number} value a whole number from 0 to before 2^31 */
  number(value) {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    let rest = value;
    for (let i = digits - 1; i >= 0; i--) {
      const next = (rest / 10) | 0;
      this.chunk.setUint8(this.at + i, 0x30 + rest - 10 * next);
      rest = next;
    }
    this.at += digits;
  }

  /**
   * @param {number} value a whole number from 0 to before 2^32
   * @param {number} digits hexadecimal ones, the lowest of the number
   */
  hexadecimal(value, digits) {
    for (let i = digits - 1, rest = value; i >= 0; i--, rest >>>= 4) {
      const digit = rest & 15;
      this.chunk.setUint8(this.at + i, digit < 10 ? 0x30 + digit : 0x57 + digit);
    }
    this.at += digits;
  }
}

/**
 * Chunks of whole lines, up to the first line with which `bytes` are reached.
 *
 * @param {{ bytes: number, longest: number }} options `longest`: no line has more bytes
 * @param {(writer: LineWriter) => void} writeLine writes one line, with its line feed
 * @returns {Generator<Uint8Array, void, undefined>} each is valid until the next one is asked for
 */
export function* linesOf({ bytes, longest }, writeLine) {
  const chunk = new Uint8Array(CHUNK_BYTES);
  const writer = new LineWriter(new DataView(chunk.buffer));
  const last = CHUNK_BYTES - longest - COPIED_BYTES;
  for (let left = bytes; left > 0; left -= writer.at) {
    writer.at = 0;
    while (writer.at < left && writer.at <= last) writeLine(writer);
    yield chunk.subarray(0, writer.at);
  }
}
