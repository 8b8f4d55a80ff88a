/**
 * Text as an index keeps it: Latin-1 bytes where its units fit them, UTF-16LE bytes elsewhere. Of UTF-8 that is not ASCII it has to be
 * made; its memory serves for one text after the other.
 *
 * @hotpath
 */

import { unitsOfUtf8 } from '../base/utf8.ts';

export class CanonicalText {
  /** The bytes of the text that was made last. */
  bytes = new Uint8Array(128);
  length = 0;
  isWide = false;
  #units = new Uint16Array(64);

  /** Makes the text of valid UTF-8 bytes. */
  ofUtf8(bytes: Uint8Array, start: number, end: number): void {
    if (this.#units.length < end - start) this.#grow(end - start);
    const units = this.#units;
    const count = unitsOfUtf8(bytes, start, end, units);
    let all = 0;
    for (let i = 0; i < count; i++) all |= units[i] as number;
    this.isWide = all > 0xff;
    this.length = this.isWide ? count * 2 : count;
    const own = this.bytes;
    if (this.isWide) {
      for (let i = 0; i < count; i++) {
        own[i * 2] = units[i] as number;
        own[i * 2 + 1] = (units[i] as number) >> 8;
      }
    } else for (let i = 0; i < count; i++) own[i] = units[i] as number;
  }

  #grow(units: number): void {
    this.#units = new Uint16Array(units * 2);
    this.bytes = new Uint8Array(units * 4);
  }
}
