/**
 * @hotpath
 * A cursor over bytes that a `ByteSink` wrote. Invariant: `position` never passes `end`; reading beyond it is a failed
 * assertion, not a value. The bytes may sit on a `SharedArrayBuffer`; whatever is read is copied out of it.
 * Runs on any thread; one source belongs to one thread.
 */
import { assert } from '../base/assert.ts';

/** Keys of objects up to this many units are looked up by their bytes instead of being made again. */
const cachedKeyUnitsMax = 31;
/** Direct-mapped: a clash costs one string, so some entries more than a job has names serve it. A power of two. */
const cachedKeysMax = 2048;

// One cache for the thread: all its sources read the records of the same jobs.
const cachedKeys = new Array<string>(cachedKeysMax).fill('');
const cachedKeyBytes = new Uint8Array(cachedKeysMax * cachedKeyUnitsMax);

// Eight bytes seen as numbers. A DataView would have to be made for each buffer, which costs more than it saves.
const scratchBytes = new Uint8Array(8);
const scratchFloat64 = new Float64Array(scratchBytes.buffer);
const scratchInt64 = new BigInt64Array(scratchBytes.buffer);

assert(isLittleEndian(), 'Millrace stores numbers as little-endian machines hold them');

export class ByteSource {
  bytes: Buffer = Buffer.alloc(0);
  /** Index of the next byte to read. */
  position = 0;
  /** Index after the last byte that may be read. */
  end = 0;

  /** Starts to read `bytes[position … end)`. */
  reset(bytes: Uint8Array, position = 0, end = bytes.length): void {
    assert(position >= 0 && position <= end && end <= bytes.length, 'the range to read lies within the bytes');
    if (this.bytes !== bytes) this.bytes = asBuffer(bytes);
    this.position = position;
    this.end = end;
  }

  u8(): number {
    if (this.position >= this.end) this.overrun(1);
    return this.bytes[this.position++];
  }

  u32(): number {
    this.need(4);
    const { bytes, position } = this;
    this.position = position + 4;
    const low = bytes[position] | (bytes[position + 1] << 8) | (bytes[position + 2] << 16);
    return (low | (bytes[position + 3] << 24)) >>> 0;
  }

  i64(): bigint {
    this.loadScratch();
    return scratchInt64[0];
  }

  f64(): number {
    this.loadScratch();
    return scratchFloat64[0];
  }

  /** What `ByteSink.varint` wrote: a whole number up to 2⁵³ − 1. */
  varint(): number {
    const first = this.u8();
    return first < 0x80 ? first : this.longVarint(first & 0x7f);
  }

  /** What `ByteSink.zigzag` wrote. */
  zigzag(): number {
    const value = this.varint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** What `ByteSink.bigint` wrote. */
  bigint(): bigint {
    const isNegative = this.u8() === 1;
    const magnitude = BigInt(`0x${this.view(this.varint()).toString('hex')}`);
    return isNegative ? -magnitude : magnitude;
  }

  /** The next `count` bytes as a view: valid as long as the bytes are. */
  view(count: number): Buffer {
    this.need(count);
    const start = this.position;
    this.position = start + count;
    return this.bytes.subarray(start, start + count);
  }

  /** Asserts that `count` bytes are left: to be asked before memory is spent on a count that was read. */
  need(count: number): void {
    if (count > this.end - this.position) this.overrun(count);
  }

  /** What `ByteSink.text` wrote. */
  text(): string {
    const header = this.varint();
    const units = Math.floor(header / 2);
    const isWide = header % 2 === 1;
    const start = this.position;
    const byteCount = isWide ? 2 * units : units;
    this.need(byteCount);
    this.position = start + byteCount;
    if (isWide) return this.bytes.ucs2Slice(start, start + byteCount);
    return units <= 8 ? shortLatin1(this.bytes, start, units) : this.latin1(start, start + units);
  }

  /** As `text`, for strings that come again and again: it returns the same string for the same bytes. */
  key(): string {
    const header = this.position < this.end ? this.bytes[this.position] : 0;
    const units = header >>> 1;
    const start = this.position + 1;
    if ((header & 1) === 1 || units > cachedKeyUnitsMax || start + units > this.end) return this.text();
    const slot = hashOf(this.bytes, start, units) & (cachedKeysMax - 1);
    const cached = cachedKeys[slot];
    if (cached.length !== units || !isCached(slot, this.bytes, start, units)) return this.newKey(slot, units);
    this.position = start + units;
    return cached;
  }

  /** Ends the reading of bytes that no sink wrote. */
  fail(what: string): never {
    assert(false, `found ${what} before position ${this.position}`);
  }

  protected latin1(start: number, end: number): string {
    return this.bytes.latin1Slice(start, end);
  }

  private newKey(slot: number, units: number): string {
    const start = this.position + 1;
    const cachedStart = slot * cachedKeyUnitsMax;
    for (let index = 0; index < units; index++) cachedKeyBytes[cachedStart + index] = this.bytes[start + index];
    cachedKeys[slot] = this.text();
    return cachedKeys[slot];
  }

  private longVarint(low: number): number {
    let value = low;
    for (let scale = 128; scale <= 2 ** 49; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : this.fail('a varint that is too large');
    }
    return this.fail('a varint that does not end');
  }

  private loadScratch(): void {
    this.need(8);
    const { bytes, position } = this;
    this.position = position + 8;
    for (let index = 0; index < 8; index++) scratchBytes[index] = bytes[position + index];
  }

  private overrun(count: number): never {
    assert(false, `${count} bytes at position ${this.position} reach beyond the end at ${this.end}`);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Up to eight units: calls with all the units at once cost a third of `toString`, and make flat strings. */
function shortLatin1(b: Buffer, at: number, units: number): string {
  const make = String.fromCharCode;
  // biome-ignore format: one line for each count
  switch (units) {
    case 0: return '';
    case 1: return make(b[at]);
    case 2: return make(b[at], b[at + 1]);
    case 3: return make(b[at], b[at + 1], b[at + 2]);
    case 4: return make(b[at], b[at + 1], b[at + 2], b[at + 3]);
    case 5: return make(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4]);
    case 6: return make(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5]);
    case 7: return make(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6]);
    default: return make(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6], b[at + 7]);
  }
}

function hashOf(bytes: Uint8Array, start: number, count: number): number {
  let hash = count;
  for (let index = start; index < start + count; index++) hash = (Math.imul(hash, 31) + bytes[index]) | 0;
  return hash ^ (hash >>> 15);
}

function isCached(slot: number, bytes: Uint8Array, start: number, count: number): boolean {
  const cachedStart = slot * cachedKeyUnitsMax;
  for (let index = 0; index < count; index++) {
    if (cachedKeyBytes[cachedStart + index] !== bytes[start + index]) return false;
  }
  return true;
}

function isLittleEndian(): boolean {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
}
