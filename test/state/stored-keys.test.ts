import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { ByteSource } from '../../src/batch/byte-source.ts';
import { decodeValue } from '../../src/batch/value-codec.ts';
import { hashKey } from '../../src/compiler/key-code.ts';
import { readKey, writeKey } from '../../src/state/encode-state.ts';
import { KeyIndex } from '../../src/state/key-index.ts';

const anyKey = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.stringMatching(/^[\u00e0-\u00ff]{0,200}$/),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom<unknown>(null, -0, Number.NaN, '\ud800', 'a'.repeat(5000), 'ü'.repeat(63), 'ж'.repeat(300)),
  fc.date(),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
  fc.record({ a: fc.integer(), b: fc.string() }),
);

describe('keys in entries', () => {
  test('are values like any others, and find their slots again', () => {
    const property = fc.property(fc.array(anyKey, { maxLength: 20 }), (keys) => {
      const [from, to] = [new KeyIndex(), new KeyIndex()];
      const slots = keys.map((key) => from.ofValue(hashKey(key), key));
      const sink = new ByteSink();
      for (const slot of slots) writeKey(sink, from, slot);
      const [values, source] = [new ByteSource(), new ByteSource()];
      for (const each of [values, source]) each.reset(sink.bytes, 0, sink.length);
      for (const slot of slots) {
        const key = from.key(slot);
        expect(decodeValue(values)).toEqual(key);
        const read = readKey(source, to, from.hash(slot));
        expect(to.key(read)).toEqual(key);
        expect(to.ofValue(hashKey(key), key)).toBe(read);
      }
      expect(source.position).toBe(sink.length);
      expect(to.keyCount).toBe(from.keyCount);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
