import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashBytes, hashLatin1, hashLatin1Words, hashNumber, hashString, hashUtf8, hashUtf16, mix } from '../../src/base/hash.ts';
import { anyText } from '../text.ts';

function utf16HashOf(text: string, before: number): number {
  const bytes = Buffer.concat([Buffer.alloc(before, 0xee), Buffer.from(text, 'utf16le'), Buffer.of(0xee)]);
  return hashUtf16(bytes, before, bytes.length - 1);
}

function latin1HashOf(text: string, before: number): number {
  const bytes = Buffer.concat([Buffer.alloc(before, 0xee), Buffer.from(text, 'latin1'), Buffer.of(0xee)]);
  return hashLatin1(bytes, before, bytes.length - 1);
}

function wordsHashOf(text: string, before: number): number {
  const bytes = Buffer.concat([Buffer.alloc(before, 0xee), Buffer.from(text, 'latin1'), Buffer.alloc(3, 0xee)]);
  return hashLatin1Words(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), before, bytes.length - 3);
}

function utf8HashOf(text: string, before: number): number {
  const bytes = Buffer.concat([Buffer.alloc(before, 0xee), Buffer.from(text), Buffer.of(0xee)]);
  return hashUtf8(bytes, before, bytes.length - 1);
}

const latin1Text = fc.array(fc.integer({ min: 0, max: 255 })).map((units) => String.fromCharCode(...units));

/** The most and the least that fell into one of `count` equal buckets, relative to an even spread. */
function spread(hashes: readonly number[], count: number, bucketOf: (hash: number) => number): { least: number; most: number } {
  const buckets = new Array<number>(count).fill(0);
  for (const hash of hashes) buckets[bucketOf(hash)] = (buckets[bucketOf(hash)] as number) + 1;
  const even = hashes.length / count;
  return { least: Math.min(...buckets) / even, most: Math.max(...buckets) / even };
}

describe('hashes of strings', () => {
  test('are the same for a string and its bytes', () => {
    fc.assert(
      fc.property(latin1Text, fc.nat(9), (text, before) => {
        expect(latin1HashOf(text, before)).toBe(hashString(text));
        expect(wordsHashOf(text, before)).toBe(hashString(text));
        expect(utf16HashOf(text, before)).toBe(hashString(text));
      }),
    );
    fc.assert(fc.property(anyText(20), fc.nat(9), (text, before) => utf16HashOf(text, before) === hashString(text)));
    const unicode = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(fc.property(unicode, fc.nat(9), (text, before) => utf8HashOf(text, before) === hashString(text)));
  });

  test('stay as they are: keys of old snapshots depend on them', () => {
    expect(['', 'a', 'hello', '€', '\ud800'].map(hashString)).toEqual([0, 0x3c2569b2, 0x248bfa47, 945070359, 976000795]);
  });

  test('differ from those of the bytes of other keys', () => {
    const bytes = Buffer.from('hello');
    expect(hashBytes(bytes, 0, 5)).not.toBe(hashLatin1(bytes, 0, 5));
    expect(hashBytes(bytes, 1, 3)).toBe(hashBytes(Buffer.from('el'), 0, 2));
  });
});

describe('hashes of numbers', () => {
  test('take −0 for 0 and one NaN for another', () => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0] as number;
    expect(hashNumber(-0)).toBe(hashNumber(0));
    expect(odd).toBeNaN();
    expect(hashNumber(odd)).toBe(hashNumber(Number.NaN));
  });

  test('are the same whether a number lies in an int32 or a float64', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(hashNumber(Float64Array.of(value)[0] as number)).toBe(hashNumber(Int32Array.of(value)[0] as number));
      }),
    );
  });

  test('stay as they are: keys of old snapshots depend on them', () => {
    const numbers = [0, 1, -1, 2 ** 31, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1.7e12];
    expect(numbers.map(hashNumber)).toEqual([0, 1364076727, -2114883783, -942848677, 113545287, 1463394195, -364780647, -1653146426]);
  });
});

test('mixing maps no two numbers to one, as far as can be seen', () => {
  const mixed = new Set(Array.from({ length: 100_000 }, (_, i) => mix(i * 65_537)));
  expect(mixed.size).toBe(100_000);
});

/** Key groups, and the places that tables take from the low or the high bits. */
const places: readonly (readonly [number, (hash: number) => number])[] = [
  [128, (hash) => (hash >>> 0) % 128],
  [100, (hash) => (hash >>> 0) % 100],
  [128, (hash) => hash & 127],
  [128, (hash) => hash >>> 25],
];

describe('hashes spread evenly over key groups and over tables', () => {
  const count = 64_000;
  const samples: Readonly<Record<string, (i: number) => number>> = {
    'small integers': (i) => hashNumber(i),
    'multiples of 1024': (i) => hashNumber(i * 1024),
    'times in milliseconds': (i) => hashNumber(1_700_000_000_000 + i * 60_000),
    fractions: (i) => hashNumber(i / 8),
    'numbered texts': (i) => hashString(`user-${i}`),
    'padded texts': (i) => hashString(String(i).padStart(12, '0')),
    'wide texts': (i) => hashString(String.fromCharCode(0x4e00 + (i % 256), 0x4e00 + (i >> 8))),
  };

  test.each(Object.entries(samples))('%s', (_, hashOf) => {
    const hashes = Array.from({ length: count }, (_, i) => hashOf(i));
    for (const [buckets, bucketOf] of places) {
      const { least, most } = spread(hashes, buckets, bucketOf);
      expect(least).toBeGreaterThan(0.75);
      expect(most).toBeLessThan(1.25);
    }
    const collisions = count - new Set(hashes).size;
    // Of this many even hashes about half of one collides with another: n² ÷ 2³³.
    expect(collisions).toBeLessThan(10);
  });
});
