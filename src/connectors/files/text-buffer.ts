/**
 * @hotpath
 * Text that waits to be written, as UTF-8: a growable buffer, written front to back and used again. Invariant: `length` never exceeds
 * what the buffer holds, and bytes past it mean nothing. Runs on any thread; one buffer belongs to one thread.
 */

/** Enough for some records. */
const initialBytes = 1024;

/** A buffer that one long record made larger than this is given back. */
const keptBytesMax = 1024 * 1024;

/** Above this many units a native write is faster than a loop over `charCodeAt`. */
const shortTextUnitsMax = 20;

/** Above this many units bytes are counted before there is room made for them. */
const roomyTextUnitsMax = 16 * 1024;

/** No unit of UTF-16 takes more bytes of UTF-8. */
const bytesOfUnitMax = 3;

/** Digits of the largest safe integer, and a sign. */
const integerBytesMax = 17;

/** What remains of a safe integer without its last nine digits fits into 32 bits. */
const nineDigits = 1_000_000_000;

const minus = 0x2d;
const zero = 0x30;

export class TextBuffer {
  /** Bytes that were written. Set it back to take the last ones back. */
  length = 0;
  #bytes: Buffer = Buffer.allocUnsafeSlow(initialBytes);

  /** What was written, without a copy: it means nothing any more after the next write. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** Forgets what was written. */
  reset(): void {
    this.length = 0;
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** A character below U+0080, by its code. */
  ascii(code: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = code;
  }

  /** Half of a surrogate pair becomes U+FFFD. */
  text(text: string): void {
    if (text.length <= shortTextUnitsMax) this.#shortText(text);
    else this.#longText(text);
  }

  /** Bets on ASCII and starts again when the bet is lost. */
  #shortText(text: string): void {
    const units = text.length;
    this.#reserve(units);
    const bytes = this.#bytes;
    let position = this.length;
    let union = 0;
    for (let index = 0; index < units; index++) {
      const unit = text.charCodeAt(index);
      bytes[position++] = unit;
      union |= unit;
    }
    if (union > 0x7f) this.#longText(text);
    else this.length = position;
  }

  #longText(text: string): void {
    this.#reserve(text.length <= roomyTextUnitsMax ? text.length * bytesOfUnitMax : Buffer.byteLength(text));
    this.length += this.#bytes.utf8Write(text, this.length);
  }

  /** A safe integer in decimal digits. */
  integer(value: number): void {
    this.#reserve(integerBytesMax);
    if (value < 0) this.#bytes[this.length++] = minus;
    const magnitude = Math.abs(value);
    if (magnitude < nineDigits) {
      this.#digits(magnitude, digitsOf(magnitude));
      return;
    }
    const high = Math.floor(magnitude / nineDigits);
    this.#digits(high, digitsOf(high));
    this.#digits(magnitude - high * nineDigits, 9);
  }

  /** The last `count` digits of a number below 2³¹. */
  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let position = this.length + count - 1; position >= this.length; position--) {
      const next = (rest / 10) | 0;
      bytes[position] = zero + rest - next * 10;
      rest = next;
    }
    this.length += count;
  }

  #reserve(count: number): void {
    if (this.length + count > this.#bytes.length) this.#grow(this.length + count);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}

/** How many digits a number below 10⁹ has. */
function digitsOf(value: number): number {
  let count = 1;
  for (let limit = 10; limit <= value; limit *= 10) count++;
  return count;
}
