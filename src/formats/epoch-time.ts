/**
 * Times as what passed since 1970.
 *
 * @hotpath
 */

import { behindDigits, fractionMs, numberOfDigits, type TimeReader } from './times.ts';

/** Digits of the longest epoch time that is read: in milliseconds, the year 33658. */
const epochDigits = 15;

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
    const first = negative ? start + 1 : start;
    const point = behindDigits(bytes, first, end);
    if (point === first || point - first > epochDigits) return Number.NaN;
    const value = numberOfDigits(bytes, first, point) * this.#unitMs + this.#fractionMs(bytes, point, end);
    return negative ? -value : value;
  }

  /** Of what stands behind the whole units; NaN where that is no fraction. */
  #fractionMs(bytes: Buffer, point: number, end: number): number {
    if (point === end) return 0;
    const isFraction = bytes[point] === 46 && point + 1 < end && behindDigits(bytes, point + 1, end) === end;
    if (!isFraction) return Number.NaN;
    return this.#unitMs === 1 ? 0 : fractionMs(bytes, point + 1, end);
  }
}
