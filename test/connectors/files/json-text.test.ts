/** Values as JSON: like JSON.stringify where that keeps everything, lossless or an error where it does not. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../src/connectors/files/json-text.ts';

class Point {
  readonly x = 1;
}

function nested(depth: number): unknown[] {
  let value: unknown[] = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe('jsonText', () => {
  it('is JSON.stringify for what JSON knows', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonText(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    ['all digits of a bigint', { id: 12345678901234567890n }, '{"id":12345678901234567890}'],
    ['dates in UTC', [new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
    [
      'maps as objects',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map()],
        [3n, null],
      ]),
      '{"a":1,"2":{},"3":null}',
    ],
    ['sets as arrays', new Set([1, 'a']), '[1,"a"]'],
    ['typed arrays as arrays', { bytes: Uint8Array.of(1, 2), big: BigInt64Array.of(-1n) }, '{"bytes":[1,2],"big":[-1]}'],
    ['no field that is undefined', { a: undefined, b: 1n, c: undefined }, '{"b":1}'],
    ['no field that is undefined in a simple object', { a: undefined, b: 1, c: undefined }, '{"b":1}'],
    ['objects without a prototype', Object.assign(Object.create(null), { a: 1n }), '{"a":1}'],
    ['line feeds in strings', 'a\nb', '"a\\nb"'],
  ])('writes %s', (_, value, json) => {
    expect(jsonText(value)).toBe(json);
  });

  it.each([
    [{ a: { b: [1, Number.NaN] } }, "the field 'a.b.1' is the number NaN, which JSON cannot hold; leave it out, or write null"],
    [{ price: Number.POSITIVE_INFINITY }, "the field 'price' is the number Infinity"],
    [Number.NaN, 'the record is the number NaN'],
    [undefined, 'the record is undefined'],
    [[1, undefined], "the field '1' is undefined"],
    [{ at: new Date(Number.NaN) }, "the field 'at' is an invalid date"],
    [{ a: () => 1 }, "the field 'a' is a function"],
    [{ a: Symbol('s') }, "the field 'a' is a symbol"],
    [{ where: new Point() }, "the field 'where' is an instance of Point"],
    [/x/, 'the record is an instance of RegExp'],
    [{ m: new Map([[{}, 1]]) }, "the field 'm' is a Map with a key that is neither a string nor a number"],
    [
      new Map<unknown, number>([
        [1, 1],
        ['1', 2],
      ]),
      "the record is a Map with two keys that read '1'",
    ],
    [nested(600), 'nested too deep'],
  ])('refuses %o', (value, message) => {
    expect(() => jsonText(value)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VALUE', message: expect.stringContaining(message) }),
    );
  });
});
