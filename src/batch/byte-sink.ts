/**
 * @hotpath
 * A growable byte buffer that is written front to back and used again. Invariant: `length` never exceeds
 * `bytes.length`, and bytes past `length` mean nothing. Runs on any thread; one sink belongs to one thread.
 */

import { copiedByWordsMax, copyWords } from './byte-words.ts';

/** Enough for a typical record, so that most sinks never grow. */
const initialCapacityBytes = 1024;

/** Above this many units a native write is faster than a loop over `charCodeAt`. Its text header is one byte. */
const shortTextUnitsMax = 20;

/** V8 answers this in constant time for strings that it stores as one byte per unit. */
export const unitOutsideLatin1 = /[\u0100-\uffff]/;

export class ByteSink {
  /** What was written is `bytes[0 … length)`. Replaced when the sink grows. */
  bytes: Buffer;
  /** Count of bytes written. Set it back to take the last bytes back. */
  length = 0;
  private view: DataView;

  constructor(capacityBytes = initialCapacityBytes) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(capacityBytes, 16));
    this.view = viewOf(this.bytes);
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes. Throws a `RangeError` when Node cannot hold so many in one buffer. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.grow(this.length + count);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Little-endian, as everything here. */
  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  i64(value: bigint): void {
    this.reserve(8);
    this.view.setBigInt64(this.length, value, true);
    this.length += 8;
  }

  f64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A whole number from 0 to 2⁵³ − 1 in seven bits a byte, lowest first (unsigned LEB128). */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    // Bit operators see 32 bits only, so the high part of a large number is divided away.
    while (rest > 0x7fff_ffff) {
      this.bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** A signed 32-bit number as a varint: 0, −1, 1, −2 … become 0, 1, 2, 3 …, so small ones take one byte. */
  zigzag(int32: number): void {
    this.varint(((int32 << 1) ^ (int32 >> 31)) >>> 0);
  }

  /** Any size: u8 (1 if negative), varint of the byte count, the bytes of the magnitude with the highest first. */
  bigint(value: bigint): void {
    const isNegative = value < 0n;
    const digits = (isNegative ? -value : value).toString(16);
    const magnitude = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
    this.u8(isNegative ? 1 : 0);
    this.varint(magnitude.length);
    this.copy(magnitude);
  }

  /** The bytes as they are, without their count. */
  copy(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** The bytes from `start` to `end` of others, without making a view of them. */
  copyPart(source: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    source.copy(this.bytes, this.length, start, end);
    this.length += end - start;
  }

  /** The same where most pieces are short, and there is a view of the others. */
  copyViewed(source: Buffer, view: DataView, start: number, end: number): void {
    if (end - start >= copiedByWordsMax) {
      this.copyPart(source, start, end);
      return;
    }
    this.reserve(end - start);
    copyWords({ from: view, start, end, to: this.view, at: this.length });
    this.length += end - start;
  }

  /**
   * A string: varint of 2 × units + flavour, then one byte a unit (flavour 0, Latin-1) or two (flavour 1, UTF-16).
   * Flavour 0 exactly if all units are below 256, so equal strings have equal bytes. Lone surrogates survive.
   */
  text(value: string): void {
    if (value.length <= shortTextUnitsMax) this.shortText(value);
    else if (unitOutsideLatin1.test(value)) this.longText(value, 1, 'utf16le');
    else this.longText(value, 0, 'latin1');
  }

  /** Bets on Latin-1 and starts again when the bet is lost. */
  private shortText(value: string): void {
    const units = value.length;
    this.reserve(1 + units);
    const bytes = this.bytes;
    let position = this.length;
    let union = 0;
    bytes[position++] = units << 1;
    for (let index = 0; index < units; index++) {
      const unit = value.charCodeAt(index);
      bytes[position++] = unit;
      union |= unit;
    }
    if (union > 0xff) this.shortWideText(value);
    else this.length = position;
  }

  private shortWideText(value: string): void {
    const units = value.length;
    this.reserve(1 + 2 * units);
    const bytes = this.bytes;
    let position = this.length;
    bytes[position++] = (units << 1) | 1;
    for (let index = 0; index < units; index++) {
      const unit = value.charCodeAt(index);
      bytes[position++] = unit & 0xff;
      bytes[position++] = unit >>> 8;
    }
    this.length = position;
  }

  private longText(value: string, flavour: 0 | 1, encoding: 'latin1' | 'utf16le'): void {
    const byteCount = value.length << flavour;
    this.varint(value.length * 2 + flavour);
    this.reserve(byteCount);
    this.bytes.write(value, this.length, byteCount, encoding);
    this.length += byteCount;
  }

  /** Doubles at least, so that writing n bytes copies fewer than 2n. */
  private grow(capacityMin: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(capacityMin, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = viewOf(larger);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
