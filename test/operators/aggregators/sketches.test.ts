/** Sketches of all slots: few numbers are told as a sketch of them tells them. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DDSketch, LogarithmicBuckets } from '../../../src/operators/aggregators/dd-sketch.ts';
import { Sketches } from '../../../src/operators/aggregators/sketches.ts';
import { transferred } from './harness.ts';

const buckets = new LogarithmicBuckets(0.01);

const numbers = fc.array(
  fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double(),
    fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
    fc.constantFrom(
      0,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.MIN_VALUE,
      Number.MAX_VALUE,
      1e-20,
      -1e20,
    ),
  ),
  { minLength: 1, maxLength: 12 },
);
const ranks = fc.oneof(fc.constantFrom(0, 0.25, 0.5, 0.99, 1), fc.double({ min: 0, max: 1, noNaN: true }));

function sketchOf(values: readonly number[]): DDSketch {
  const sketch = new DDSketch(buckets);
  for (const value of values) sketch.add(value);
  return sketch;
}

describe('the sketches of all slots', () => {
  test('tell of few numbers and of many what a sketch tells', () => {
    fc.assert(
      fc.property(numbers, ranks, (values, q) => {
        const sketches = new Sketches(buckets);
        for (const value of values) sketches.add(300, value);
        expect(sketches.quantile(300, q)).toBe(sketchOf(values).quantile(q));
      }),
      { numRuns: 500 },
    );
  });

  test('hold the same however the numbers were split', () => {
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 4 }), (parts) => {
        const sketches = new Sketches(buckets);
        const merged = new Sketches(buckets);
        for (const part of parts) {
          const own = new Sketches(buckets);
          for (const value of part) {
            sketches.add(0, value);
            own.add(1, value);
          }
          merged.merge(0, transferred(own.content(1)) as never);
        }
        for (const q of [0, 0.5, 1]) if (parts.length > 0) expect(merged.quantile(0, q)).toBe(sketches.quantile(0, q));
        expect(merged.content(0)).toEqual(sketches.content(0));
      }),
      { numRuns: 30 },
    );
  });

  test('take the content of a sketch of few numbers, as earlier versions have stored it', () => {
    const sketches = new Sketches(buckets);
    sketches.add(0, 5);
    sketches.merge(0, transferred(sketchOf([1, 2, -3, Number.NaN]).content()) as never);
    expect(sketches.content(0)).toEqual(sketchOf([5, 1, 2, -3, Number.NaN]).content());
    sketches.clear(0);
    expect(sketches.isEmpty(0)).toBe(true);
  });
});
