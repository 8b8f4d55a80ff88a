/**
 * Finding the slot of a record's key: hash and probe of the engine's `KeyIndex`, against a `Map` from key to slot. Strings come
 * as they come from files and other threads, as bytes in a column, which a `Map` must first cut strings from; and once as
 * strings that exist already, whose hash V8 has kept.
 *
 *   node benchmarks/pieces/key-index.mjs [ms]
 */

import { hashNumber, hashString } from '../../dist/modules/base/hash.js';
import { StringColumn } from '../../dist/modules/batch/string-column.js';
import { KeyIndex } from '../../dist/modules/state/key-index.js';
import { report, time } from './timing.mjs';

const rows = 4096;

/** Each returns the sum of the slots that it found, so that finding them cannot be left out. */
const alternatives = {};
/** The sums of a first walk over all keys. */
const results = [];
for (const keys of [1000, 100_000]) {
  // A fixed walk over all keys in no particular order, some rows of it a call.
  const walk = Uint32Array.from({ length: Math.max(rows, keys) }, (_, i) => (Math.imul(i, 2654435761) % keys) >>> 0);
  numbers(keys, walk);
  strings(keys, walk);
}
const msOf = await time(alternatives);
const figures = ['1000', '100000'].flatMap((keys) =>
  ['numbers', 'strings in bytes', 'strings'].flatMap((kind) => figuresOf(`${keys} ${kind}`)),
);
report('key-index', { figures, results });

/**
 * @param {string} name
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function figuresOf(name) {
  const [index, map] = ['KeyIndex', 'Map'].map((kind) => msOf(`${name}: ${kind}`));
  return [
    { name: `${name}: KeyIndex`, value: (index * 1e6) / rows, unit: 'ns' },
    { name: `${name}: Map`, value: (map * 1e6) / rows, unit: 'ns' },
    { name: `${name}: KeyIndex, as a multiple of Map`, value: map / index, unit: '×' },
  ];
}

/**
 * @param {number} keys
 * @param {Uint32Array} walk
 */
function numbers(keys, walk) {
  const index = new KeyIndex();
  const map = new Map();
  const next = inPieces(walk.length);
  alternatives[`${keys} numbers: KeyIndex`] = () => {
    const from = next();
    let slots = 0;
    for (let i = from; i < from + rows; i++) slots += index.ofNumber(hashNumber(walk[i]), walk[i]);
    return slots;
  };
  alternatives[`${keys} numbers: Map`] = () => {
    const from = next();
    let slots = 0;
    for (let i = from; i < from + rows; i++) slots += slotOf(map, walk[i]);
    return slots;
  };
  requireSameSlots(`${keys} numbers`, next.pieces);
}

/**
 * @param {number} keys
 * @param {Uint32Array} walk
 */
function strings(keys, walk) {
  const texts = Array.from(walk, (key) => `/products/${key}`);
  const column = columnOf(texts);
  const ofBytes = new KeyIndex();
  const ofStrings = new KeyIndex();
  const maps = [new Map(), new Map()];
  const next = inPieces(walk.length);
  alternatives[`${keys} strings in bytes: KeyIndex`] = () => {
    const from = next();
    let slots = 0;
    for (let i = from; i < from + rows; i++) slots += ofBytes.ofColumn(column.hash(i), column, i, texts.length);
    return slots;
  };
  alternatives[`${keys} strings in bytes: Map`] = () => {
    const from = next();
    let slots = 0;
    for (let i = from; i < from + rows; i++) slots += slotOf(maps[0], column.detached(i, texts.length));
    return slots;
  };
  alternatives[`${keys} strings: KeyIndex`] = () => {
    const from = next();
    let slots = 0;
    for (let i = from; i < from + rows; i++) slots += ofStrings.ofString(hashString(texts[i]), texts[i]);
    return slots;
  };
  alternatives[`${keys} strings: Map`] = () => {
    const from = next();
    let slots = 0;
    for (let i = from; i < from + rows; i++) slots += slotOf(maps[1], texts[i]);
    return slots;
  };
  for (const kind of ['strings in bytes', 'strings']) requireSameSlots(`${keys} ${kind}`, next.pieces);
}

/**
 * Walks over all keys once: both give them slots in the order in which they come.
 *
 * @param {string} name
 * @param {number} pieces of the walk
 */
function requireSameSlots(name, pieces) {
  const [index, map] = ['KeyIndex', 'Map'].map((kind) => Array.from({ length: pieces }, alternatives[`${name}: ${kind}`]));
  for (const [piece, slots] of index.entries()) {
    if (slots !== map[piece]) throw new Error(`${name}: the slots of piece ${piece} come to ${slots}, and in a Map to ${map[piece]}`);
    results.push({ name, piece, slots });
  }
}

/**
 * @param {Map<unknown, number>} map
 * @param {unknown} key
 */
function slotOf(map, key) {
  const slot = map.get(key);
  if (slot !== undefined) return slot;
  map.set(key, map.size);
  return map.size - 1;
}

/** @param {readonly string[]} texts */
function columnOf(texts) {
  const bytes = Buffer.from(texts.join(''), 'latin1');
  const offsets = new Int32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) offsets[i + 1] = offsets[i] + text.length;
  const column = new StringColumn(0);
  column.setBytes({ offsets, base: 0, bytes, bytesBase: 0, wide: false, gap: 0, validity: null, validityBase: 0 });
  return column;
}

/**
 * Where each call begins: piece after piece, so that all keys have their turn.
 *
 * @param {number} length
 */
function inPieces(length) {
  const pieces = Math.floor(length / rows);
  let piece = 0;
  return Object.assign(() => (piece++ % pieces) * rows, { pieces });
}
