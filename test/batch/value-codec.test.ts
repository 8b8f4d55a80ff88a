import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import { nestingDepthMax } from '../../src/base/limits.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { ByteSource } from '../../src/batch/byte-source.ts';
import { UnsupportedValueError } from '../../src/batch/unsupported-value.ts';
import { decodeValue, encodeValue, tag, valueCodecVersion } from '../../src/batch/value-codec.ts';

describe('round trip', () => {
  test('of the values at the edges of each tag', () => {
    for (const value of samples()) expect(difference(value, roundTrip(value))).toBeUndefined();
  });

  test('of strings around every change of method and header size, in both flavours', () => {
    for (const units of [0, 1, 8, 9, 19, 20, 21, 31, 32, 63, 64, 127, 128, 8191, 8192, 100_000]) {
      for (const unit of ['a', '\u00ff', '\u0100', '\ud800']) {
        const text = unit.repeat(units);
        expect(roundTrip(text) === text).toBe(true);
        expect(difference({ [text]: 1 }, roundTrip({ [text]: 1 }))).toBeUndefined();
      }
    }
  });

  test('of objects around the largest count of one byte', () => {
    for (const count of [0, 1, 126, 127, 128, 129, 5000]) {
      const object = Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, { index }]));
      expect(difference(object, roundTrip(object))).toBeUndefined();
    }
  });

  test('of any value', () => {
    fc.assert(fc.property(anyValue, (value) => difference(value, roundTrip(value)) === undefined));
  });

  test('of any string', () => {
    fc.assert(fc.property(anyText, (text) => roundTrip(text) === text));
  });

  test('of any number and any big integer', () => {
    fc.assert(fc.property(fc.double(), (number) => Object.is(roundTrip(number), number)));
    fc.assert(fc.property(fc.bigInt(), (number) => roundTrip(number) === number));
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 600n), max: 2n ** 600n }), (number) => roundTrip(number) === number));
  });

  test('of nesting up to the limit', () => {
    for (const depth of [199, 200, 201, nestingDepthMax]) {
      expect(difference(nested(depth), roundTrip(nested(depth)))).toBeUndefined();
    }
  });

  test('of several values back to back in one sink that is used again', () => {
    const sink = new ByteSink(16);
    const source = new ByteSource();
    fc.assert(
      fc.property(fc.array(anyValue), (values) => {
        sink.reset();
        for (const value of values) encodeValue(sink, value);
        source.reset(sink.bytes, 0, sink.length);
        const isSame = values.every((value) => difference(value, decodeValue(source)) === undefined);
        return isSame && source.position === sink.length;
      }),
    );
  });

  test('through shared memory, of which nothing is kept', () => {
    const shared = Buffer.from(new SharedArrayBuffer(1 << 16));
    const source = new ByteSource();
    for (const value of samples()) {
      const bytes = encoded(value);
      shared.set(bytes, 7);
      source.reset(shared, 7, 7 + bytes.length);
      const decoded = decodeValue(source);
      shared.fill(0xee);
      expect(difference(value, decoded)).toBeUndefined();
    }
  });

  test('from a plain Uint8Array', () => {
    const source = new ByteSource();
    source.reset(new Uint8Array(encoded('ab€')));
    expect(decodeValue(source)).toBe('ab€');
  });

  test('of objects of another realm gives objects of this one', () => {
    const script = '({ a: [1, new Date(5)], m: new Map([[1, new Set([2])]]), u: new Uint8Array([3]), b: new ArrayBuffer(2) })';
    const expected = {
      a: [1, new Date(5)],
      m: new Map([[1, new Set([2])]]),
      u: Uint8Array.of(3),
      b: new ArrayBuffer(2),
    };
    expect(difference(expected, roundTrip(runInNewContext(script)))).toBeUndefined();
  });

  test('copies only the bytes that a view shows', () => {
    const memory = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const decoded = roundTrip(new Uint16Array(memory.buffer, 2, 2)) as Uint16Array;
    expect([...new Uint8Array(decoded.buffer)]).toEqual([3, 4, 5, 6]);
    expect((roundTrip(Buffer.from('abc').subarray(1)) as Buffer).buffer.byteLength).toBe(2);
  });

  test('makes a __proto__ key a property, not a prototype', () => {
    const decoded = roundTrip(JSON.parse('{"__proto__": {"admin": true}, "a": 1}')) as { admin?: boolean };
    expect(decoded.admin).toBeUndefined();
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.keys(decoded)).toEqual(['__proto__', 'a']);
  });

  test('leaves out inherited properties and those that are not enumerable', () => {
    const object = Object.defineProperty({ a: 1 }, 'hidden', { value: 2 });
    Object.defineProperty(Object.prototype, 'polluted', {
      value: 3,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(Object.keys(roundTrip(object) as object)).toEqual(['a']);
      expect(Object.getOwnPropertyNames(roundTrip(object))).toEqual(['a']);
    } finally {
      delete (Object.prototype as { polluted?: number }).polluted;
    }
  });

  test('takes accessors for what they read as', () => {
    let reads = 0;
    const object = Object.defineProperty({ a: 1, b: 2 }, 'b', { get: () => ++reads });
    expect(roundTrip(object)).toEqual({ a: 1, b: 1 });
    expect(reads).toBe(1);
    expect(roundTrip(Object.defineProperty({ a: 1 }, 'a', { set() {} }))).toEqual({ a: undefined });
    expect((roundTrip(wideWithGetter(() => 7)) as { last: number }).last).toBe(7);
    const array = Object.defineProperty(sparse(), 3, { get: () => 7, enumerable: true });
    expect((roundTrip(array) as unknown[])[3]).toBe(7);
  });

  test('gives a true account of values that their getters change, or refuses them', () => {
    const growing = <C extends object>(container: C, grow: (container: C, value: object) => void): C => {
      const value = {
        get a() {
          grow(container, value);
          return 1;
        },
      };
      grow(container, value);
      return container;
    };
    expect(roundTrip(growing<unknown[]>([], (array, value) => array.push(value)))).toEqual([{ a: 1 }]);
    const set = growing(new Set<object>(), (all, value) => all.add(all.size === 0 ? value : { value }));
    expect(() => encoded(set)).toThrow('value that changes when read');
    const map = growing(new Map<object, number>(), (all, value) => all.set(all.size === 0 ? value : { value }, 1));
    expect(() => encoded(map)).toThrow('value that changes when read');
  });

  test('spends neither bytes nor memory on holes', () => {
    const array: unknown[] = [];
    array[2 ** 32 - 2] = 'last';
    expect(encoded(array).length).toBeLessThan(24);
    expect(difference(array, roundTrip(array))).toBeUndefined();
    expect((roundTrip(new Array(2 ** 25)) as unknown[]).length).toBe(2 ** 25);
  });
});

test('the layout of version 1 stays as it is', () => {
  expect(valueCodecVersion).toBe(1);
  expect(Math.max(...Object.values(tag)) + 1).toBe(Object.keys(tag).length);
  const golden: [unknown, string][] = [
    [undefined, '00'],
    [null, '01'],
    [false, '02'],
    [true, '03'],
    [-65, '048101'],
    [1.5, '05000000000000f83f'],
    [-0, '06'],
    [Number.NaN, '07'],
    [-2n, '08feffffffffffffff'],
    [-(2n ** 64n), '090109010000000000000000'],
    ['aé', '0a0461e9'],
    ['a€', '0a056100ac20'],
    [new Date(1.5e12), '0b00008079efd37542'],
    [new Date(Number.NaN), '0c'],
    [[1, 'x'], '0d0204020a0278'],
    [sparse(), '0e0502010402030404'],
    [{ a: null }, '0f01026101'],
    [Object.create(null), '1000'],
    [new Map([[1, 2]]), '110104020404'],
    [new Set([true]), '120103'],
    [Uint16Array.of(1, 2), '13070401000200'],
    [Buffer.of(9), '13020109'],
  ];
  for (const [value, hex] of golden) expect(encoded(value).toString('hex')).toBe(hex);
});

describe('unsupported values', () => {
  class Foo {}
  class OwnMap extends Map {}
  const cyclic: Record<string, unknown> = { list: [1] };
  (cyclic.list as unknown[]).push({ back: cyclic });
  const cases: [path: string, type: string, value: unknown][] = [
    ['', 'function', () => 1],
    ['', 'symbol', Symbol('s')],
    ['.items[3].callback', 'function', { items: [0, 1, 2, { callback() {} }] }],
    ['.map.get("x")', 'symbol', { map: new Map([['x', Symbol('s')]]) }],
    ['.get(1n)', 'function', new Map([[1n, Foo]])],
    ['.get({…})', 'function', new Map<unknown, unknown>([[{}, Foo]])],
    [
      '.keys()[1]',
      'class Foo instance',
      new Map([
        [1, 2],
        [new Foo(), 3],
      ] as [unknown, number][]),
    ],
    ['["a b"].values()[1]', 'class Foo instance', { 'a b': new Set([1, new Foo()]) }],
    ['', 'symbol key Symbol(s)', { [Symbol('s')]: 1 }],
    ['[0].a', 'symbol key Symbol(s)', [{ a: Object.assign([1], { [Symbol('s')]: 1 }) }]],
    ['', 'class Foo instance', new Foo()],
    ['.a', 'class OwnMap instance', { a: new OwnMap() }],
    ['', 'class (anonymous) instance', new (class extends Array {})(1)],
    ['', 'class Sub instance', new (class Sub extends Uint8Array {})(1)],
    ['[0]', 'Socket', [new Socket()]],
    ['.emitter', 'EventEmitter', { emitter: new EventEmitter() }],
    ['', 'WeakMap', new WeakMap()],
    ['[0]', 'Promise', [Promise.resolve()]],
    ['', 'RegExp', /a/],
    ['', 'TypeError', new TypeError('no')],
    ['', 'SharedArrayBuffer', new SharedArrayBuffer(1)],
    ['', 'resizable ArrayBuffer', Reflect.construct(ArrayBuffer, [1, { maxByteLength: 2 }])],
    ['', 'Number object', Object(1)],
    ['[0]', 'String object', [Object('a')]],
    [
      '.a.b',
      'getter that throws Error: no',
      {
        a: {
          get b() {
            return fail();
          },
        },
      },
    ],
    ['.last', 'getter that throws Error: no', wideWithGetter(fail)],
    ['[3]', 'getter that throws Error: no', Object.defineProperty(sparse(), 3, { get: fail, enumerable: true })],
    ['', 'Buffer', Object.create(Buffer.prototype)],
    ['.found', 'array with the extra property "index"', { found: /b/.exec('abc') }],
    ['', 'Map with the extra property "x"', Object.assign(new Map(), { x: 1 })],
    ['', 'Date with the extra property "x"', Object.assign(new Date(), { x: 1 })],
    ['', 'object with a prototype of its own', Object.create({})],
    ['', 'object with a prototype of its own', Object.create(Object.create(null))],
    ['', 'Map', Object.create(Map.prototype)],
    ['', 'class Bar instance', runInNewContext('new (class Bar {})')],
    ['.list[1].back', 'cyclic value', cyclic],
  ];

  test.each(cases)('%#: at "%s": %s', (path, type, value) => {
    const error = failure(value);
    expect({ path: error.path, type: error.type }).toEqual({ path, type });
    expect(error.message).toBe(`cannot encode ${path === '' ? 'the value itself' : path}: ${type}`);
  });

  test('are values nested too deep', () => {
    const { path, type } = failure(nested(nestingDepthMax + 1));
    expect(path).toBe('.v'.repeat(nestingDepthMax));
    expect(type).toBe(`value nested deeper than ${nestingDepthMax} levels`);
  });

  test('leave the sink as it was, and the codec fit for the next value', () => {
    const sink = new ByteSink();
    encodeValue(sink, 'first');
    const before = sink.length;
    for (const [, , value] of cases) expect(() => encodeValue(sink, [1, value])).toThrow(UnsupportedValueError);
    expect(sink.length).toBe(before);
    expect(difference(nested(300), roundTrip(nested(300)))).toBeUndefined();
  });

  test('are found in the same place whatever holds them', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const error = failure({ before: value, list: [value, { callback: failure }], after: value });
        return error.path === '.list[1].callback' && error.type === 'function';
      }),
    );
  });

  test('do not hide errors of the value itself', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(() => encoded(proxy)).toThrow(TypeError);
  });
});

describe('damaged bytes', () => {
  test('cut anywhere throw, with and without other bytes behind the end', () => {
    for (const value of samples()) expect(decodablePrefix(encoded(value))).toBeUndefined();
    fc.assert(fc.property(anyValue, (value) => decodablePrefix(encoded(value)) === undefined));
  });

  test('name the position', () => {
    const source = new ByteSource();
    source.reset(encoded(['a', 1.5]), 0, 10);
    expect(() => decodeValue(source)).toThrow('8 bytes at position 6 reach beyond the end at 10');
  });

  test('of any kind throw or give a value, and end', () => {
    const source = new ByteSource();
    const bytes = fc.array(fc.oneof(fc.nat(19), fc.nat(255)), { maxLength: 40 });
    const decodesOrThrows = (numbers: number[]): void => {
      source.reset(Uint8Array.from(numbers));
      try {
        decodeValue(source);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    };
    fc.assert(fc.property(bytes, decodesOrThrows), { numRuns: 2000 });
    expect(() => decodeValue(sourceOf(Buffer.alloc(10_000, Uint8Array.of(tag.array, 1))))).toThrow('nested too deep');
    expect(() => decodeValue(sourceOf(Buffer.of(255)))).toThrow('tag 255');
  });
});

test('sinks and sources agree on every primitive', () => {
  const sink = new ByteSink(1);
  const numbers = [0, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER];
  for (const number of numbers) sink.varint(number);
  sink.u32(0xfedc_ba98);
  sink.i64(-5n);
  sink.f64(-0.1);
  const source = sourceOf(sink.bytes.subarray(0, sink.length));
  for (const number of numbers) expect(source.varint()).toBe(number);
  expect([source.u32(), source.i64(), source.f64()]).toEqual([0xfedc_ba98, -5n, -0.1]);
  expect(() => source.u8()).toThrow('beyond the end');
  expect(() => sourceOf(Buffer.alloc(9, 0xff)).varint()).toThrow('does not end');
  expect(() => source.reset(Buffer.alloc(3), 2, 4)).toThrow('lies within the bytes');
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.nat(0xffff), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  fc.array(fc.nat(0xff), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
);

const anyValue = fc.anything({
  key: fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor', 'toString', '0', '10', 'length', 'a')),
  values: [fc.boolean(), fc.maxSafeInteger(), fc.double(), anyText, fc.constantFrom(null, undefined, Number.NaN, -0)],
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
});

function samples(): unknown[] {
  const ints = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, -(2 ** 31) - 1];
  const floats = [-0, 0.1, 2 ** 53, 5e-324, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const bigints = [0n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n, -(10n ** 100n)];
  const texts = ['', 'a', 'ÿ', 'Ā', '\ud800', 'a\udc00b', '日本語', '😀', `${'x'.repeat(50)}\ud83d`];
  const dates = [new Date(0), new Date(-1), new Date(8.64e15), new Date(Number.NaN)];
  const memory = new Uint8Array(32).map((_, index) => index * 7);
  const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
    (View) => new View(memory.buffer, 8, 2),
  );
  const wideViews = [Float32Array, Float64Array, BigInt64Array, BigUint64Array].map((View) => new View(memory.buffer, 8, 2));
  const buffers = [memory.buffer, new DataView(memory.buffer, 3, 5), Buffer.from('abc'), Buffer.alloc(0), new ArrayBuffer(0)];
  const inShared = new Uint8Array(new SharedArrayBuffer(4), 1, 2).fill(5);
  const nullObject = Object.assign(Object.create(null), { b: 1, a: { c: Object.create(null) }, __proto__: 2 });
  const arrays = [[], [undefined], [[]], sparse(), new Array(3), new Array(5000)];
  const objects = [{}, { z: 1, a: 2, 10: 3, 9: 4 }, nullObject, JSON.parse('{"__proto__": {"__proto__": 1}}'), { '': 1 }];
  const maps = [
    new Map(),
    new Map<unknown, unknown>([
      [{ a: 1 }, [1]],
      [Number.NaN, new Map()],
    ]),
    new Set(),
    new Set([[1], 'a']),
  ];
  return [
    ...[undefined, null, true, false, ...ints, ...floats, ...bigints, ...texts, ...dates, ...views, ...wideViews],
    ...[...buffers, inShared, ...arrays, ...objects, ...maps, [{ everything: { tags: ['x', 'y'], at: new Date(1) } }, 'end']],
  ];
}

function sparse(): unknown[] {
  const array: unknown[] = [];
  array[1] = 1;
  array[3] = 2;
  array.length = 5;
  return array;
}

/** An object in `depth − 1` others. */
function nested(depth: number): object {
  let value = {};
  for (let level = 1; level < depth; level++) value = { v: value };
  return value;
}

function fail(): never {
  throw new Error('no');
}

function wideWithGetter(get: () => unknown): object {
  const object = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${index}`, index]));
  return Object.defineProperty(object, 'last', { get, enumerable: true });
}

function encoded(value: unknown): Buffer {
  const sink = new ByteSink(16);
  encodeValue(sink, value);
  return Buffer.from(sink.bytes.subarray(0, sink.length));
}

function sourceOf(bytes: Uint8Array): ByteSource {
  const source = new ByteSource();
  source.reset(bytes);
  return source;
}

/** Fails also when decoding leaves bytes behind. */
function roundTrip(value: unknown): unknown {
  const source = sourceOf(encoded(value));
  const decoded = decodeValue(source);
  expect(source.position).toBe(source.end);
  return decoded;
}

function failure(value: unknown): UnsupportedValueError {
  try {
    encoded(value);
  } catch (error) {
    if (error instanceof UnsupportedValueError) return error;
    throw error;
  }
  throw new Error('the value was encoded');
}

/** The end of a prefix that decodes, which none may; with the other bytes behind its end, and without. */
function decodablePrefix(bytes: Buffer): number | undefined {
  for (let end = 0; end < bytes.length; end++) {
    if (!isCut(bytes, end) || !isCut(Buffer.from(bytes.subarray(0, end)), end)) return end;
  }
  return undefined;
}

function isCut(bytes: Buffer, end: number): boolean {
  const source = new ByteSource();
  source.reset(bytes, 0, end);
  try {
    decodeValue(source);
    return false;
  } catch (error) {
    return error instanceof AssertionError && error.message.includes('beyond the end');
  }
}

/** Where two values differ, strictly: leaves by `Object.is`, and holes, orders, prototypes and classes too. */
function difference(a: unknown, b: unknown, path = 'value'): string | undefined {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b) ? undefined : path;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}: prototype`;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime()) ? undefined : path;
  if (ArrayBuffer.isView(a) || a instanceof ArrayBuffer) return bytesOf(a).equals(bytesOf(b)) ? undefined : `${path}: bytes`;
  if (a instanceof Map || a instanceof Set) return difference([...a], [...(b as Set<unknown>)], `${path}.items`);
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return `${path}.length`;
  const keys = Object.keys(a);
  if (keys.join('\0') !== Object.keys(b).join('\0')) return `${path}: keys`;
  for (const key of keys) {
    const found = difference((a as never)[key], (b as never)[key], `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function bytesOf(value: object): Buffer {
  if (!ArrayBuffer.isView(value)) return Buffer.from(value as ArrayBuffer);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
