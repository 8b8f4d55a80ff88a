/**
 * Values to bytes and back, with the engine's codec and with V8's own, which `postMessage` uses.
 *
 *   node benchmarks/pieces/value-codec.mjs [ms]
 */
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { ByteSink } from '../../dist/modules/batch/byte-sink.js';
import { ByteSource } from '../../dist/modules/batch/byte-source.js';
import { decodeValue, encodeValue } from '../../dist/modules/batch/value-codec.js';
import { report, time } from './timing.mjs';

const values = {
  'a small record': { id: 81_204, url: '/products/2638', bytes: 5120, cached: false, at: 1_741_000_000.25 },
  'an array of numbers': Array.from({ length: 100 }, (_, i) => i * 1.5),
  'a nested record': { user: { name: 'anna', roles: ['editor', 'admin'] }, tags: new Map([['a', 1]]), at: new Date(0), none: null },
  'a text of 1000 characters': 'abcdefghij'.repeat(100),
};
/** Values a call: long enough for the clock. */
const count = 200;

const sink = new ByteSink();
const source = new ByteSource();
const alternatives = {};
/** The bytes, which come to the same value again. */
const results = [];
for (const [name, value] of Object.entries(values)) {
  const encoded = encode(value);
  if (!isDeepStrictEqual(decode(encoded), value)) throw new Error(`${name} does not come back`);
  results.push({ name, bytes: encoded.toString('base64') });
  const serialized = serialize(value);
  alternatives[`${name}: encode`] = repeated(() => encodeInto(value));
  alternatives[`${name}: serialize`] = repeated(() => serialize(value));
  alternatives[`${name}: decode`] = repeated(() => decode(encoded));
  alternatives[`${name}: deserialize`] = repeated(() => deserialize(serialized));
}
const msOf = await time(alternatives);
report('value-codec', { figures: Object.keys(values).flatMap(figuresOf), results });

/**
 * @param {string} name
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function figuresOf(name) {
  return [
    { name: `${name}: encoded`, value: (count * 1000) / msOf(`${name}: encode`), unit: 'values/s' },
    { name: `${name}: encoded, as a multiple of v8.serialize`, value: msOf(`${name}: serialize`) / msOf(`${name}: encode`), unit: '×' },
    { name: `${name}: decoded`, value: (count * 1000) / msOf(`${name}: decode`), unit: 'values/s' },
    { name: `${name}: decoded, as a multiple of v8.deserialize`, value: msOf(`${name}: deserialize`) / msOf(`${name}: decode`), unit: '×' },
  ];
}

/** @param {unknown} value */
function encodeInto(value) {
  sink.reset();
  encodeValue(sink, value);
}

/** @param {unknown} value */
function encode(value) {
  encodeInto(value);
  return Buffer.from(sink.bytes.subarray(0, sink.length));
}

/** @param {Buffer} bytes */
function decode(bytes) {
  source.reset(bytes, 0, bytes.length);
  return decodeValue(source);
}

/** @param {() => unknown} call */
function repeated(call) {
  return () => {
    for (let i = 0; i < count; i++) call();
  };
}
