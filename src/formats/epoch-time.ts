/**
 * Times as what passed since 1970.
 *
 * @hotpath
 */

import type { TimeReader } from './times.ts';

/** Digits of the longest epoch time: those of the last instant that a `Date` can be, in milliseconds. */
const epochDigits = 16;

/** `1697062455`, `1697062455.003` or `1697062455003`: what passed since 1970. Digits behind the milliseconds are dropped. */
export class EpochTime implements TimeReader {
  readonly length = undefined;
  readonly #unitMs: number;

  /** @param unitMs milliseconds of the unit: 1 or 1000 */
  constructor(unitMs: 1 | 1000) {
    this.#unitMs = unitMs;
  }

  read(bytes: Buffer, start: number, end: number): number {
    const negative = bytes[start] === 45;
    let p = negative ? start + 1 : start;
    const first = p;
    let value = 0;
    for (let digit = 0; p < end && (digit = (bytes[p] as number) - 48) >>> 0 < 10; p++) value = value * 10 + digit;
    if (p === first || p - first > epochDigits) return Number.NaN;
    value *= this.#unitMs;
    if (p < end) {
      if (bytes[p++] !== 46 || p === end) return Number.NaN;
      let unit = this.#unitMs / 10;
      for (let digit = 0; p < end && (digit = (bytes[p] as number) - 48) >>> 0 < 10; p++) {
        if (unit >= 1) value += unit * digit;
        unit /= 10;
      }
      if (p < end) return Number.NaN;
    }
    return negative ? -value : value;
  }
}
