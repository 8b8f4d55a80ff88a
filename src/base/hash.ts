/**
 * Hashes of keys. One definition for every form that a key can have: a string hashes by its UTF-16 code units whether
 * it is a JavaScript string or bytes, a number by its value whether its column is int32 or float64.
 *
 * The mixer is the finaliser of MurmurHash3 (Austin Appleby, public domain); strings are folded unit by unit as FNV-1a
 * does (Fowler, Noll, Vo) before they are mixed.
 *
 * @hotpath
 */

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

/** What hashing a string begins with, and what it multiplies by: for loops that do something else with each unit as well. */
export const stringBasis = 0x811c9dc5 | 0;
export const stringPrime = 0x01000193;

export function hashString(value: string): number {
  let h = stringBasis;
  for (let i = 0; i < value.length; i++) h = Math.imul(h ^ value.charCodeAt(i), stringPrime);
  return mix(h);
}

/** Hash of the string that Latin-1 bytes spell. */
export function hashLatin1(bytes: Uint8Array, start: number, end: number): number {
  let h = stringBasis;
  for (let i = start; i < end; i++) h = Math.imul(h ^ (bytes[i] as number), stringPrime);
  return mix(h);
}

/** Hash of the string that UTF-16LE bytes spell. */
export function hashUtf16(bytes: Uint8Array, start: number, end: number): number {
  let h = stringBasis;
  for (let i = start; i < end; i += 2) h = Math.imul(h ^ ((bytes[i] as number) | ((bytes[i + 1] as number) << 8)), stringPrime);
  return mix(h);
}

/** Hash of the canonical bytes of a key that is neither a number nor a string; see `batch/key-codec.ts`. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  return mix(hashLatin1(bytes, start, end) ^ 0x5bd1e995);
}
