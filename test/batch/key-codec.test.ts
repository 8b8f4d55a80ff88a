import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { ByteSource } from '../../src/batch/byte-source.ts';
import { encodeKey } from '../../src/batch/key-codec.ts';
import { UnsupportedValueError } from '../../src/batch/unsupported-value.ts';
import { decodeValue } from '../../src/batch/value-codec.ts';

/** Each row is one key, written in several ways; keys of different rows differ. */
const table: unknown[][] = [
  [undefined],
  [null],
  [false],
  [true],
  [0, -0],
  [1, 1.0],
  [1n, BigInt(1)],
  ['1', ['1'].join('')],
  [-1],
  [2 ** 31],
  [2n ** 31n],
  [0.5],
  [Number.NaN, -Number.NaN, Number('x'), nanWithPayload()],
  [Number.POSITIVE_INFINITY],
  [2n ** 64n],
  [-(2n ** 64n)],
  [''],
  ['a', '€a'.slice(1)],
  ['long enough to be written by the engine', '€long enough to be written by the engine'.slice(1)],
  ['a€'],
  ['\ud800'],
  [new Date(0), new Date('1970-01-01')],
  [new Date(1)],
  [new Date(Number.NaN), new Date('never')],
  [[]],
  [[undefined]],
  [new Array(1)],
  [[1], [1]],
  [['1']],
  [[[1]]],
  [
    [0, 'a'],
    [-0, 'a'],
  ],
  [{}, Object.create(null)],
  [{ a: undefined }],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, Object.assign(Object.create(null), { b: 2, a: 1 })],
  [{ a: 2, b: 1 }],
  [
    { 9: 1, 10: 2, z: { y: -0, x: 0 } },
    { z: { x: 0, y: 0 }, 10: 2, 9: 1 },
  ],
  [JSON.parse('{"__proto__": 1}')],
  [Uint8Array.of(1, 2), new Uint8Array([0, 1, 2]).subarray(1)],
  [Int8Array.of(1, 2)],
  [Uint8Array.of(2, 1)],
  [Buffer.of(1, 2)],
  [Uint16Array.of(0x0201)],
  [Uint8Array.of(1, 2).buffer],
  [new DataView(Uint8Array.of(1, 2).buffer)],
];

describe('canonical bytes', () => {
  test('are equal within a row of the table and differ between rows', () => {
    const rows = table.map((keys) => [...new Set(keys.map(hexOf))]);
    for (const row of rows) expect(row).toHaveLength(1);
    expect(new Set(rows.flat()).size).toBe(table.length);
  });

  test('are equal exactly if the keys are the same', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => (hexOf(a) === hexOf(b)) === isSameKey(a, b)),
      { numRuns: 3000 },
    );
    fc.assert(fc.property(anyKey, (key) => hexOf(key) === hexOf(rewritten(key)) && isSameKey(key, rewritten(key))));
  });

  test('are equal exactly if the strings are', () => {
    const text = fc.array(fc.constantFrom('a', 'é', '€', '\udc00'), { maxLength: 3 }).map((units) => units.join(''));
    fc.assert(fc.property(text, text, (a, b) => (hexOf(a) === hexOf(b)) === (a === b)));
  });

  test('sort properties by UTF-16 units, not as the engine lists them', () => {
    const decoded = hexOf({ 9: 0, 10: 0, b: 0, B: 0, '\uffff': 0, '😀': 0 });
    const names = ['10', '9', 'B', 'b', '😀', '\uffff'];
    const positions = names.map((name) => decoded.indexOf(hexOf(name).slice(2)));
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(positions).not.toContain(-1);
  });

  test('decode to the same key, which has the same bytes', () => {
    for (const key of table.flat()) expectCanonical(key);
    fc.assert(fc.property(anyKey, expectCanonical));
  });
});

describe('unsupported keys', () => {
  class Foo {}
  const cyclic: unknown[] = [];
  cyclic.push({ self: cyclic });
  const cases: [path: string, type: string, key: unknown][] = [
    ['', 'Map', new Map()],
    ['[1].seen', 'Set', [1, { seen: new Set() }]],
    ['', 'function', () => 1],
    ['[0]', 'symbol', [Symbol('s')]],
    ['.foo', 'class Foo instance', { foo: new Foo() }],
    ['', 'symbol key Symbol(s)', { [Symbol('s')]: 1 }],
    [
      '.a',
      'getter that throws Error: no',
      {
        get a() {
          throw new Error('no');
        },
      },
    ],
    ['', 'array with the extra property "index"', /a/.exec('a')],
    ['', 'WeakMap', new WeakMap()],
    ['[0].self', 'cyclic value', cyclic],
  ];

  test.each(cases)('%#: at "%s": %s', (path, type, key) => {
    const sink = new ByteSink();
    sink.u8(1);
    expect(() => encodeKey(sink, key)).toThrow(new UnsupportedValueError(path, type));
    expect(sink.length).toBe(1);
  });
});

/** From a small domain, so that two are often the same. */
const anyKey: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  key: fc.oneof({ withCrossShrink: true }, tie('leaf'), tie('array'), tie('object')),
  leaf: fc.constantFrom(...[0, -0, 1, 1n, '1', Number.NaN, null, undefined, true, 2 ** 40, new Date(0), Buffer.of(1)]),
  array: fc.oneof(fc.array(tie('key'), { maxLength: 2 }), fc.sparseArray(tie('leaf'), { maxLength: 3 })),
  object: fc.dictionary(fc.constantFrom('a', 'b', '9', '10', '__proto__'), tie('key'), { maxKeys: 2 }),
})).key;

function hexOf(key: unknown): string {
  const sink = new ByteSink(16);
  encodeKey(sink, key);
  return sink.bytes.toString('hex', 0, sink.length);
}

function expectCanonical(key: unknown): void {
  const source = new ByteSource();
  source.reset(Buffer.from(hexOf(key), 'hex'));
  const canonical = decodeValue(source);
  expect(source.position).toBe(source.end);
  expect(isSameKey(key, canonical)).toBe(true);
  expect(hexOf(canonical)).toBe(hexOf(key));
}

/** The oracle: slow and obvious. */
function isSameKey(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return [a].includes(b);
  if (classOf(a) !== classOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof ArrayBuffer) return Buffer.from(a).equals(Buffer.from(b as ArrayBuffer));
  if (ArrayBuffer.isView(a)) return bytesOf(a).equals(bytesOf(b as ArrayBufferView));
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && isSameKey((a as never)[name], (b as never)[name]));
}

function classOf(value: object): unknown {
  return (Object.getPrototypeOf(value) ?? Object.prototype).constructor;
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

/** The same key in other words: properties backwards, zeros negated, a null prototype. */
function rewritten(key: unknown): unknown {
  if (key === 0) return -(key as number);
  if (Array.isArray(key)) return key.map(rewritten);
  if (typeof key !== 'object' || key === null || key instanceof Date || ArrayBuffer.isView(key)) return key;
  const object = Object.create(null);
  for (const name of Object.keys(key).reverse()) object[name] = rewritten((key as never)[name]);
  return object;
}

function nanWithPayload(): number {
  return new Float64Array(Uint8Array.of(1, 2, 3, 4, 5, 6, 0xf8, 0xff).buffer)[0];
}
