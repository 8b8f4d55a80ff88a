/** Distinct counts: which values are the same, and how far estimates are off. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HyperLogLog } from '../../../src/operators/aggregators/hyper-log-log.ts';
import { approxCountDistinct, countDistinct } from '../../../src/operators/aggregators/index.ts';
import { ValueHash } from '../../../src/operators/aggregators/value-hash.ts';
import { aggregated, merged, randomNumbers } from './harness.ts';

describe.each([['exact', countDistinct()] as const, ['approximate', approxCountDistinct()] as const])('%s', (_, aggregator) => {
  test.each<[number, unknown[]]>([
    [1, [0, -0]],
    [1, [Number.NaN, -Number.NaN]],
    [3, [1, 1n, '1']],
    [2, [true, 'true']],
    [1, [new Date(5), new Date(5)]],
    [2, [new Date(5), 5]],
    [
      1,
      [
        [1, { a: 'x', b: 2 }],
        [1, { b: 2, a: 'x' }],
      ],
    ],
    [
      2,
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [3, ['\u0000', '\u0000\u0000', '']],
    [2, ['\u0000\u0001', '\u0000\u0000\u0001']],
    [0, [null, undefined]],
  ])('%d of %o', (expected, values) => {
    expect(aggregated(aggregator, values)).toBe(expected);
  });
});

test('a string never stands in for an object', () => {
  const state = countDistinct().createState();
  state.add(0, [1]);
  const [standIn] = state.partial(0) as string[];
  state.add(0, standIn);
  expect(state.result(0)).toBe(2);
});

/** Values of several kinds that look alike, as keys of real data do. */
const families: [string, (index: number, seed: number) => unknown][] = [
  ['whole numbers in sequence', (index, seed) => seed * 1_000_000 + index],
  ['fractions', (index, seed) => (seed * 1_000_000 + index) / 7919],
  ['numbers a power of two apart', (index, seed) => (seed * 1_000_000 + index) * 2 ** 20],
  ['numbered strings', (index, seed) => `user-${seed}-${index}`],
  ['addresses', (index, seed) => `10.${seed & 255}.${index >> 8}.${index & 255}`],
  ['short strings', (index, seed) => String.fromCharCode(97 + (index % 26), 97 + ((index / 26) % 26), 0x100 + index, 0x20 + seed)],
  ['pairs', (index, seed) => [seed, index]],
];

describe('the error of estimates', () => {
  const seeds = 40;
  const sizes = { few: 300, some: 3000, many: 10_000 };

  test.each(families)('%s', (_, valueAt) => {
    const precision = 10;
    const standardError = 1.04 / Math.sqrt(2 ** precision);
    for (const size of Object.values(sizes)) {
      let squares = 0;
      let sum = 0;
      for (let seed = 1; seed <= seeds; seed++) {
        const estimate = estimateOf(precision, size, (index) => valueAt(index, seed));
        squares += (estimate / size - 1) ** 2;
        sum += estimate / size - 1;
      }
      // With 40 samples the root mean square is within 35 % of the standard error but for one time in a thousand.
      expect(Math.sqrt(squares / seeds)).toBeLessThan(1.35 * standardError);
      expect(Math.abs(sum / seeds)).toBeLessThan((3.5 * standardError) / Math.sqrt(seeds));
    }
  });

  test('by default it is below one percent, also for many', () => {
    const size = 200_000;
    expect(Math.abs(estimateOf(14, size, (index) => index) / size - 1)).toBeLessThan(3 * 0.0082);
  });

  test.each([7, 12, 18])('precision %d', (precision) => {
    const random = randomNumbers(precision);
    for (const size of [10, 1000, 30_000]) {
      const estimate = estimateOf(precision, size, random);
      expect(Math.abs(estimate / size - 1)).toBeLessThan(4 * (1.04 / Math.sqrt(2 ** precision)));
    }
  });

  test('precision 4, where single estimates scatter widely', () => {
    const random = randomNumbers(4);
    const errors = Array.from({ length: 200 }, () => estimateOf(4, 1000, random) / 1000 - 1);
    const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((a, b) => a + b * b, 0) / errors.length);
    expect(Math.abs(mean)).toBeLessThan(0.08);
    expect(deviation).toBeLessThan(1.5 * (1.04 / Math.sqrt(16)));
  });

  test('few values are counted exactly', () => {
    for (let size = 0; size <= 500; size += 25) expect(estimateOf(14, size, (index) => `key ${index}`)).toBe(size);
  });

  function estimateOf(precision: number, size: number, valueAt: (index: number) => unknown): number {
    const hash = new ValueHash('test');
    const sketch = new HyperLogLog(precision);
    for (let index = 0; index < size; index++) {
      hash.update(valueAt(index));
      sketch.add(hash.high, hash.low);
    }
    return sketch.estimate();
  }
});

test('the sparse form and the registers agree: content depends on the set of values only', () => {
  const hashes = fc.array(fc.tuple(fc.integer(), fc.integer()), { maxLength: 400 });
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 12 }), hashes, hashes, (precision, some, others) => {
      const forwards = sketchOf(precision, [...some, ...others]);
      const backwards = sketchOf(precision, [...others, ...some, ...others].reverse());
      const merging = sketchOf(precision, some);
      merging.merge(sketchOf(precision, others).content());
      expect(backwards.content()).toEqual(forwards.content());
      expect(merging.content()).toEqual(forwards.content());
      expect(merging.estimate()).toBe(forwards.estimate());
    }),
  );
});

test('registers hold what the definition says', () => {
  const precision = 6;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer(), fc.integer()), { minLength: 200, maxLength: 300 }), (hashes) => {
      const registers = new Uint8Array(2 ** precision);
      for (const [high, low] of hashes) {
        const bits = [high, low].map((lane) => (lane >>> 0).toString(2).padStart(32, '0')).join('');
        const index = Number.parseInt(bits.slice(0, precision), 2);
        const rank = `${bits.slice(precision)}1`.indexOf('1') + 1;
        registers[index] = Math.max(registers[index], rank);
      }
      expect(sketchOf(precision, hashes).content()).toEqual(registers);
    }),
  );
});

function sketchOf(precision: number, hashes: readonly (readonly [number, number])[]): HyperLogLog {
  const sketch = new HyperLogLog(precision);
  for (const [high, low] of hashes) sketch.add(high, low);
  return sketch;
}

test('hashes do not change: they are in partial results', () => {
  const hash = new ValueHash('test');
  const shown = [0, -0, 1, 0.5, Number.NaN, '', 'a', 'Größe €', 1n, true, new Date(0), [1, 'a']].map((value) => {
    hash.update(value);
    return [hash.high, hash.low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  });
  expect(shown).toMatchInlineSnapshot(`
    [
      "2d5005e367433850",
      "2d5005e367433850",
      "4846ab9cf0312903",
      "2a6114f1c5e705c9",
      "b20b0df86a4c2957",
      "24b11e378f66eebd",
      "673aa611bc3a8b97",
      "e837ef212555db07",
      "5134ea483acf59da",
      "5c9c6a9134d75f04",
      "6828fa1f0cf660dc",
      "6bd09e7cedad5829",
    ]
  `);
});

test('sparse parts merge into dense ones and the other way round', () => {
  const many = Array.from({ length: 5000 }, (_, index) => index);
  const few = [-1, -2, -3];
  const aggregator = approxCountDistinct({ precision: 8 });
  const expected = aggregated(aggregator, [...many, ...few]);
  expect(merged(aggregator, [many, few])).toBe(expected);
  expect(merged(aggregator, [few, many])).toBe(expected);
});

test('a hundred thousand keys with three values each stay small', () => {
  const state = approxCountDistinct().createState();
  const keys = 100_000;
  const before = process.memoryUsage().heapUsed;
  for (let value = 0; value < 3; value++) for (let slot = 0; slot < keys; slot++) state.add(slot, value * 1_000_000 + slot);
  // Nothing but garbage comes on top of what is kept, and registers would take 16 KiB for each key.
  expect((process.memoryUsage().heapUsed - before) / keys).toBeLessThan(1000);
  expect(state.result(77)).toBe(3);
});
