/**
 * Hashes of keys. One definition for every form that a key can have: a string hashes by its UTF-16 code units whether
 * it is a JavaScript string or bytes, a number by its value whether its column is int32 or float64.
 *
 * Strings and bytes are hashed as MurmurHash3 does (Austin Appleby, public domain; the variant for 32 bits, seed 0), four UTF-16 code
 * units a word, each shifted by eight bits more than the one before: of Latin-1 bytes, a word is what lies in memory.
 *
 * @hotpath
 */

import { unitsOfUtf8 } from './utf8.ts';

/** Spreads the entropy of an int32 over all of its bits. */
export function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** Hash of a number: −0 as 0, every NaN the same. */
export function hashNumber(value: number): number {
  const integer = value | 0;
  if (integer === value) return mix(integer);
  // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is faster than a call.
  float[0] = value === value ? value : Number.NaN;
  return mix((words[0] as number) ^ Math.imul(words[1] as number, 0x9e3779b1));
}

/** What a word does to a hash. */
export function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

/** Takes four units into a hash that began with 0. */
export function fold(h: number, word: number): number {
  h ^= scramble(word);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** By how many bytes are left, what of a word belongs to them. */
export const tailMasks = Int32Array.of(0, 0xff, 0xffff, 0xffffff);

export function hashString(value: string): number {
  const { length } = value;
  let h = 0;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const low = value.charCodeAt(i) ^ (value.charCodeAt(i + 1) << 8);
    h = fold(h, low ^ (value.charCodeAt(i + 2) << 16) ^ (value.charCodeAt(i + 3) << 24));
  }
  let rest = 0;
  for (let shift = 0; i < length; i++, shift += 8) rest ^= value.charCodeAt(i) << shift;
  return mix(h ^ scramble(rest) ^ length);
}

/** Hash of the string that Latin-1 bytes spell. */
export function hashLatin1(bytes: Uint8Array, start: number, end: number): number {
  let h = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const low = (bytes[i] as number) | ((bytes[i + 1] as number) << 8);
    h = fold(h, low | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24));
  }
  let rest = 0;
  for (let shift = 0; i < end; i++, shift += 8) rest |= (bytes[i] as number) << shift;
  return mix(h ^ scramble(rest) ^ (end - start));
}

/** The same, of bytes behind which there are three more to be read: whole words cost a quarter. */
export function hashLatin1Words(view: DataView, start: number, end: number): number {
  let h = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) h = fold(h, view.getInt32(i, true));
  if (i < end) h ^= scramble(view.getInt32(i, true) & (tailMasks[end - i] as number));
  return mix(h ^ (end - start));
}

/** Hash of the string that UTF-16LE bytes spell. */
export function hashUtf16(bytes: Uint8Array, start: number, end: number): number {
  const unit = (at: number): number => (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  let h = 0;
  let i = start;
  for (; i + 8 <= end; i += 8) h = fold(h, unit(i) ^ (unit(i + 2) << 8) ^ (unit(i + 4) << 16) ^ (unit(i + 6) << 24));
  let rest = 0;
  for (let shift = 0; i < end; i += 2, shift += 8) rest ^= unit(i) << shift;
  return mix(h ^ scramble(rest) ^ ((end - start) >> 1));
}

/** So that the bytes of a key hash otherwise than a text of the same bytes. */
const canonicalMark = 0x5bd1e995;

/** Memory for the units of one text after the other. */
let scratch = new Uint16Array(64);

/** Hash of the string that valid UTF-8 bytes spell. */
export function hashUtf8(bytes: Uint8Array, start: number, end: number): number {
  if (scratch.length < end - start) scratch = new Uint16Array((end - start) * 2);
  const count = unitsOfUtf8(bytes, start, end, scratch);
  let h = 0;
  let word = 0;
  for (let i = 0; i < count; i++) {
    word ^= (scratch[i] as number) << ((i & 3) * 8);
    if ((i & 3) !== 3) continue;
    h = fold(h, word);
    word = 0;
  }
  return mix(h ^ scramble(word) ^ count);
}

/** Hash of the canonical bytes of a key that is neither a number nor a string; see `batch/key-codec.ts`. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  return mix(hashLatin1(bytes, start, end) ^ canonicalMark);
}

/** The same, of bytes behind which there are three more to be read. */
export function hashBytesWords(view: DataView, start: number, end: number): number {
  return mix(hashLatin1Words(view, start, end) ^ canonicalMark);
}
