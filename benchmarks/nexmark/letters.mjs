/**
 * Texts of random letters. They are pieces of blocks of letters that are made once, so that a piece costs a copy, and the place where it
 * begins and its length are all that is left to chance.
 */
import { Choice } from './chance.mjs';

const blockBytes = 1 << 16;
/** Pieces begin anywhere in the block, and may end behind it. */
const behindBytes = 1024;
const letterA = 'a'.charCodeAt(0);
const shortestPiece = 3;

/** A block of the letters a to z, of which one in thirteen is another character where one is given. */
export class Letters {
  /**
   * @param {number} seed
   * @param {string} special one ASCII character; '' for none
   */
  constructor(seed, special) {
    const kind = new Choice(seed, `kind of letter '${special}'`);
    const letter = new Choice(seed, `letter '${special}'`);
    this.bytes = Buffer.allocUnsafeSlow(blockBytes + behindBytes);
    for (let i = 0; i < this.bytes.length; i++) {
      const isSpecial = special !== '' && kind.below(i, 13) === 0;
      this.bytes[i] = isSpecial ? special.charCodeAt(0) : letterA + letter.below(i, 26);
    }
    this.view = new DataView(this.bytes.buffer);
    /** Where the piece that was taken last begins, and how long it is. */
    this.start = 0;
    this.length = 0;
  }

  /**
   * Takes a piece of 3 up to `max` characters, and no space at its ends.
   *
   * @param {number} word 32 random bits
   * @param {number} max without it
   */
  take(word, max) {
    let start = word >>> 16;
    let end = start + shortestPiece + upTo(word, max - shortestPiece);
    while (start < end && this.bytes[start] === 32) start++;
    while (start < end && this.bytes[end - 1] === 32) end--;
    this.start = start;
    this.length = end - start;
  }
}

/**
 * A whole number up to the bound, without it, of the lowest 16 bits of a word. Where a piece begins is a matter of the highest.
 *
 * @param {number} word
 * @param {number} bound
 */
export function upTo(word, bound) {
  return ((word & 0xffff) * bound) >>> 16;
}
