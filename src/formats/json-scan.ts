/**
 * Passing over JSON that is checked on the way, so that no line is taken for a good one that `JSON.parse` refuses: four bytes at a time
 * inside of strings. The bytes of a line end with a line feed, which no value contains, and a word can be read behind it.
 *
 * @hotpath
 */

import { behindValue, escapeLength, jsonValue, notJson } from './json-text.ts';

const quote = 34;
const backslash = 92;
const comma = 44;
const colon = 58;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;
const lowerE = 101;
const minus = 45;
const plus = 43;
const point = 46;
const zero = 48;
const lowerF = 102;
const lowerN = 110;
const lowerT = 116;

/** Digits that an int32 always holds. */
const intDigits = 9;

/** Lists in lists that are passed over here; what lies deeper is left to `JSON.parse`, which needs no stack for it. */
const depthMax = 64;

/** A byte four times, as a word. */
const ones = 0x01010101;
const quotes = quote * ones;
const backslashes = backslash * ones;
const controls = 32 * ones;
const highBits = 0x80808080 | 0;

/** `true`, `null` and `alse`, as words in memory. */
const trueWord = Buffer.from('true').readInt32LE();
const nullWord = Buffer.from('null').readInt32LE();
const alseWord = Buffer.from('alse').readInt32LE();

/**
 * The first byte of a string from `from` on that ends it, begins an escape, or must not be there. A word with a zero byte, or with one
 * below n, shows it in the byte's highest bit (Anderson, Bit Twiddling Hacks; bits above the lowest that is set may be wrong).
 */
export function stringStop(view: DataView, from: number): number {
  for (let p = from; ; p += 8) {
    const first = stopsOf(view.getInt32(p, true));
    if (first !== 0) return p + ((31 - Math.clz32(first & -first)) >>> 3);
    const second = stopsOf(view.getInt32(p + 4, true));
    if (second !== 0) return p + 4 + ((31 - Math.clz32(second & -second)) >>> 3);
  }
}

function stopsOf(x: number): number {
  const q = x ^ quotes;
  const b = x ^ backslashes;
  return (((q - ones) & ~q) | ((b - ones) & ~b) | ((x - controls) & ~x)) & highBits;
}

/** Where a string ends, behind its quote; −1 where it is none. @param from behind the quote that begins it */
export function behindString(bytes: Buffer, view: DataView, from: number): number {
  for (let p = stringStop(view, from); ; p = stringStop(view, p)) {
    if (bytes[p] === quote) return p + 1;
    const length = bytes[p] === backslash ? escapeLength(bytes, p) : 0;
    if (length === 0) return -1;
    p += length;
  }
}

/** Where the value at `from` ends; −1 where there is none. What stands behind it is not looked at. */
export function behindValid(bytes: Buffer, view: DataView, from: number): number {
  return valueEnd(bytes, view, from, depthMax);
}

/** Values of any kind, as `JSON.parse` makes them. */
export class AnyValue {
  /** Where the last one ended; −1 where there was none. */
  end = 0;

  read(bytes: Buffer, view: DataView, from: number): unknown {
    const first = bytes[from] as number;
    if (first === quote) return this.#readString(bytes, view, from);
    if (first === openBrace || first === openBracket) {
      this.end = behindValue(bytes, from);
      return this.#parse(bytes, from);
    }
    this.end = behindValid(bytes, view, from);
    if (this.end < 0) return undefined;
    if (first === lowerN) return null;
    return first === lowerT || first === lowerF ? first === lowerT : numberAt(bytes, from, this.end);
  }

  #readString(bytes: Buffer, view: DataView, from: number): unknown {
    const stop = stringStop(view, from + 1);
    this.end = bytes[stop] === quote ? stop + 1 : behindString(bytes, view, stop);
    return bytes[stop] === quote ? bytes.utf8Slice(from + 1, stop) : this.#parse(bytes, from);
  }

  #parse(bytes: Buffer, from: number): unknown {
    const value = this.end < 0 ? notJson : jsonValue(bytes, from, this.end);
    if (value === notJson) this.end = -1;
    return value;
  }
}

/** The number that is written there. */
function numberAt(bytes: Buffer, start: number, end: number): number {
  let number = 0;
  for (let p = start; p < end; p++) {
    const digit = (bytes[p] as number) - zero;
    if (digit >>> 0 > 9 || end - start > intDigits) return Number(bytes.latin1Slice(start, end));
    number = number * 10 + digit;
  }
  return number;
}

function valueEnd(bytes: Buffer, view: DataView, from: number, depth: number): number {
  const first = bytes[from] as number;
  if (first === quote) return behindString(bytes, view, from + 1);
  if (first === minus || (first - zero) >>> 0 < 10) return numberEnd(bytes, from);
  if (first === openBrace || first === openBracket) {
    if (depth === 0) return deepEnd(bytes, from);
    return first === openBrace ? objectEnd(bytes, view, from + 1, depth - 1) : arrayEnd(bytes, view, from + 1, depth - 1);
  }
  return wordEnd(view, from);
}

/** Where `true`, `false` or `null` ends; −1 where none of them is. */
function wordEnd(view: DataView, from: number): number {
  const word = view.getInt32(from, true);
  if (word === trueWord || word === nullWord) return from + 4;
  return (word & 255) === lowerF && view.getInt32(from + 1, true) === alseWord ? from + 5 : -1;
}

function digitsEnd(bytes: Buffer, from: number): number {
  let p = from;
  while (((bytes[p] as number) - zero) >>> 0 < 10) p++;
  return p === from ? -1 : p;
}

/** RFC 8259, section 6. */
function numberEnd(bytes: Buffer, from: number): number {
  const start = bytes[from] === minus ? from + 1 : from;
  let p = bytes[start] === zero ? start + 1 : digitsEnd(bytes, start);
  if (p >= 0 && bytes[p] === point) p = digitsEnd(bytes, p + 1);
  if (p < 0 || ((bytes[p] as number) | 32) !== lowerE) return p;
  const sign = bytes[p + 1];
  return digitsEnd(bytes, sign === plus || sign === minus ? p + 2 : p + 1);
}

/** Behind white space, of which mostly there is none. */
function behindSpace(bytes: Buffer, from: number): number {
  let p = from;
  while ((bytes[p] as number) <= 32 && (bytes[p] === 32 || bytes[p] === 9 || bytes[p] === 13)) p++;
  return p;
}

/** @param from behind the bracket that begins it */
function arrayEnd(bytes: Buffer, view: DataView, from: number, depth: number): number {
  let p = behindSpace(bytes, from);
  if (bytes[p] === closeBracket) return p + 1;
  for (;;) {
    p = valueEnd(bytes, view, p, depth);
    if (p < 0) return -1;
    p = behindSpace(bytes, p);
    const separator = bytes[p++];
    if (separator === closeBracket) return p;
    if (separator !== comma) return -1;
    p = behindSpace(bytes, p);
  }
}

/** @param from behind the brace that begins it */
function objectEnd(bytes: Buffer, view: DataView, from: number, depth: number): number {
  let p = behindSpace(bytes, from);
  if (bytes[p] === closeBrace) return p + 1;
  for (;;) {
    if (bytes[p] !== quote) return -1;
    p = behindString(bytes, view, p + 1);
    if (p < 0) return -1;
    p = behindSpace(bytes, p);
    if (bytes[p] !== colon) return -1;
    p = valueEnd(bytes, view, behindSpace(bytes, p + 1), depth);
    if (p < 0) return -1;
    p = behindSpace(bytes, p);
    const separator = bytes[p++];
    if (separator === closeBrace) return p;
    if (separator !== comma) return -1;
    p = behindSpace(bytes, p);
  }
}

/** Where brackets that belong together have no valid text between them, there is no value either. */
function deepEnd(bytes: Buffer, from: number): number {
  const end = behindValue(bytes, from);
  return end < 0 || jsonValue(bytes, from, end) === notJson ? -1 : end;
}
