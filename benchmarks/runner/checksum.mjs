/**
 * The hash of a result: it counts rows and adds up a hash of each, over all fields of a row and all characters of its strings, whatever
 * the order of rows. It shows that the rows are right, and that none of them was left unmade.
 *
 * Each row has a hash of 32 bits, which is mixed in two ways and added up in two halves. Fields go by their names, so their order does not
 * matter either. Pure.
 */

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

/** Characters from which on a text is hashed by its bytes. */
const longText = 24;
const encoder = new TextEncoder();
let words = new Int32Array(1024);
let bytes = new Uint8Array(words.buffer);

/** @param {number} characters of at most three bytes each */
function makeRoom(characters) {
  words = new Int32Array(characters);
  bytes = new Uint8Array(words.buffer);
}

/** @param {readonly ArrayLike<number>[]} sums of all subtasks */
export function totalOf(sums) {
  let rows = 0;
  let low = 0;
  let high = 0;
  for (const sum of sums) {
    rows += sum[0];
    low = (low + sum[1]) | 0;
    high = (high + sum[2]) | 0;
  }
  return { rows, hash: hexadecimal(high) + hexadecimal(low) };
}

/** @param {number} word */
function hexadecimal(word) {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/**
 * @param {Iterable<unknown>} rows that have the same fields
 * @returns {string}
 */
export function hashOfRows(rows) {
  const sum = new Checksum();
  for (const row of rows) sum.add(row);
  return totalOf([sum.parts]).hash;
}

export class Checksum {
  rows = 0;
  low = 0;
  high = 0;
  /** Made for the fields of the first row; all rows have the same. */
  #hash = /** @type {((row: any) => number) | undefined} */ (undefined);

  /** @param {any} row an object, or a value by itself */
  add(row) {
    this.#hash ??= isObject(row) ? hashOfFields(Object.keys(row)) : hashOfValue;
    this.#addHash(this.#hash(row), 1);
  }

  /**
   * So that it comes to the same whether a count comes at once or in parts.
   *
   * @param {number | string} value
   * @param {number} times a whole number
   */
  addTimes(value, times) {
    this.#addHash(hashOfValue(value), times);
  }

  /**
   * @param {number} hash
   * @param {number} times
   */
  #addHash(hash, times) {
    this.rows++;
    this.low = (this.low + Math.imul(mixed(hash), times)) | 0;
    this.high = (this.high + Math.imul(mixed(hash ^ 0x5bd1e995), times)) | 0;
  }

  /** For `totalOf`, of one part of all rows. @returns {[rows: number, low: number, high: number]} */
  get parts() {
    return [this.rows, this.low, this.high];
  }
}

/** @param {unknown} row */
function isObject(row) {
  return typeof row === 'object' && row !== null;
}

/**
 * A function with a member access for each field, which V8 turns into the loads that a loop over names would not become.
 *
 * @param {readonly string[]} names
 * @returns {(row: any) => number}
 */
function hashOfFields(names) {
  const terms = [...names]
    .sort()
    .map((name, i) => `hash = Math.imul(hash ^ hashOf(row[${JSON.stringify(name)}]), ${(0x9e3779b1 + 2 * i) | 0});`);
  return new Function('hashOf', `return (row) => { let hash = ${names.length}; ${terms.join(' ')} return hash; };`)(hashOfValue);
}

/** @param {unknown} value */
function hashOfValue(value) {
  if (typeof value === 'number') return hashOfNumber(value);
  if (typeof value === 'string') return hashOfText(value);
  return hashOfText(String(JSON.stringify(value)));
}

/** @param {number} value */
function hashOfNumber(value) {
  if ((value | 0) === value) return Math.imul(value, 0x85ebca6b) ^ 1;
  double[0] = value;
  return Math.imul(halves[0], 0xc2b2ae35) ^ Math.imul(halves[1], 0x27d4eb2f);
}

/** @param {string} text */
function hashOfText(text) {
  return text.length < longText ? hashOfCharacters(text) : hashOfBytes(text);
}

/** @param {string} text */
function hashOfCharacters(text) {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/**
 * As UTF-8, four bytes at a time: to have them all at once costs less than to ask for so many characters.
 *
 * @param {string} text
 */
function hashOfBytes(text) {
  if (words.length < text.length) makeRoom(text.length * 2);
  const { written } = encoder.encodeInto(text, bytes);
  const count = (written + 3) >> 2;
  for (let i = written; i < count * 4; i++) bytes[i] = 0;
  let hash = written;
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ words[i], 0x01000193) ^ (hash >>> 15);
  return hash;
}

/**
 * The finalizer of MurmurHash3.
 *
 * @param {number} hash
 */
function mixed(hash) {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
