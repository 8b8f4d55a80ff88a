/** Sums, means, variances and extremes at the edges of numbers. */

import { describe, expect, test } from 'vitest';
import { avg, count, first, last, max, maxBy, min, minBy, sum, variance } from '../../../src/operators/aggregators/index.ts';
import { addAll, aggregated, merged } from './harness.ts';

const { NaN: notANumber, POSITIVE_INFINITY: infinity } = Number;

describe('sum and avg', () => {
  test('sums of bigints are exact beyond 2⁶⁴', () => {
    expect(aggregated(sum(), [2n ** 80n, 1n, null])).toBe(2n ** 80n + 1n);
    expect(merged(sum(), [[], [2n ** 80n], [], [1n]])).toBe(2n ** 80n + 1n);
  });

  test('the sum of negative zeros is zero', () => {
    expect(aggregated(sum(), [-0, -0])).toBe(0);
  });

  test('NaN and infinity stay', () => {
    expect(aggregated(sum(), [1, notANumber])).toBe(notANumber);
    expect(aggregated(avg(), [1, infinity])).toBe(infinity);
  });

  test('count counts what the others skip', () => {
    expect(aggregated(count(), [null, undefined, notANumber])).toBe(3);
    expect(aggregated(avg(), [null, 4, undefined, 2])).toBe(3);
  });
});

describe('variance', () => {
  test('one value has none as a sample, and none at all as a population', () => {
    expect(aggregated(variance(), [7])).toBeNull();
    expect(aggregated(variance({ population: true }), [7])).toBe(0);
    expect(aggregated(variance(), [7, 7])).toBe(0);
  });

  test('keeps its digits beside a large mean', () => {
    expect(aggregated(variance(), [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])).toBe(30);
    expect(merged(variance(), [[1e9 + 4], [1e9 + 7, 1e9 + 13], [1e9 + 16]])).toBeCloseTo(30, 9);
  });
});

describe('min and max', () => {
  test('NaN is the greatest number, an invalid date the last', () => {
    expect(aggregated(min(), [notANumber, infinity, 3])).toBe(3);
    expect(aggregated(min(), [notANumber])).toBe(notANumber);
    expect(aggregated(max(), [infinity, notANumber, 3])).toBe(notANumber);
    const [valid, invalid] = [new Date(1), new Date(notANumber)];
    expect(aggregated(min(), [invalid, valid])).toBe(valid);
    expect(aggregated(max(), [valid, invalid])).toBe(invalid);
  });

  test('zeros are equal, and the first of equals stays', () => {
    expect(aggregated(min(), [0, -0])).toBe(0);
    expect(aggregated(min(), [-0, 0])).toBe(-0);
    const [one, same] = [new Date(5), new Date(5)];
    expect(aggregated(max(), [one, same])).toBe(one);
  });

  test('minBy and maxBy give the very record', () => {
    const records = [
      { name: 'a', at: new Date(2) },
      { name: 'b', at: new Date(1) },
      { name: 'c', at: new Date(1) },
    ];
    expect(aggregated(minBy('at'), records)).toBe(records[1]);
    expect(aggregated(maxBy('at'), records)).toBe(records[0]);
    expect(aggregated(maxBy(), [3, 9, null, 1])).toBe(9);
  });
});

describe('first and last', () => {
  test('take null as a value', () => {
    expect(aggregated(first('x'), [{ x: null }, { x: 1 }])).toBeNull();
    expect(aggregated(first('x'), [{}, { x: 1 }])).toBeNull();
    expect(aggregated(last('x'), [{ x: 1 }, { x: null }])).toBeNull();
    expect(merged(first(), [[], [null], [1]])).toBeNull();
    expect(merged(last(), [[1], [null], []])).toBeNull();
  });
});

test('many slots in any order', () => {
  for (const aggregator of [count(), sum(), avg(), variance({ population: true }), min(), max(), first(), last()]) {
    const state = aggregator.createState();
    for (let slot = 3000; slot >= 0; slot -= 3) addAll(aggregator, state, slot, [slot]);
    const isVariance = aggregator.kind === 'variance';
    for (let slot = 0; slot <= 3000; slot += 3) {
      expect(state.result(slot)).toBe(aggregator.kind === 'count' ? 1 : isVariance ? 0 : slot);
    }
  }
});
