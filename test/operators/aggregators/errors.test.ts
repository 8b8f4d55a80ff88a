/** What aggregators refuse: values while the job runs, and arguments while it is built. */

import { describe, expect, test } from 'vitest';
import { MillraceError } from '../../../src/base/errors.ts';
import * as aggregators from '../../../src/operators/aggregators/index.ts';
import { type AnyAggregator, aggregated } from './harness.ts';

const { approxCountDistinct, avg, countDistinct, max, min, minBy, quantile, sum, topK, variance } = aggregators;

describe('a TypeError names the aggregator, its input and the type of the value', () => {
  test.each<[AnyAggregator, readonly unknown[], RegExp]>([
    [sum('bytes'), [{ bytes: '12' }], /^sum\('bytes'\) takes numbers or bigints, not a string;/],
    [sum(1), [['a', true]], /^sum\(1\) takes numbers or bigints, not a boolean;/],
    [sum(), [[]], /^sum\(\) takes numbers or bigints, not an array;/],
    [sum('bytes'), [{ bytes: 1 }, { bytes: 1n }], /^sum\('bytes'\) was given a bigint after numbers;/],
    [sum('bytes'), [{ bytes: 1n }, { bytes: 0 }], /^sum\('bytes'\) was given a number after bigints;/],
    [avg(), [1n], /^avg\(\) takes numbers, not a bigint;/],
    [avg((record: { at: number }) => record.at), [{ at: new Date(0) }], /^avg\(…\) takes numbers, not a value of class Date;/],
    [variance(), [{}], /^variance\(\) takes numbers, not an object;/],
    [quantile(0.5), [new Map()], /^quantile\(\) takes numbers, not a value of class Map;/],
    [min('x'), [{ x: {} }], /^min\('x'\) takes numbers, strings, bigints, booleans or dates, not an object;/],
    [min('x'), [{ x: 1 }, { x: 'a' }], /^min\('x'\) was given a string after numbers;/],
    [max(), [new Date(0), 1], /^max\(\) was given a number after dates;/],
    [minBy('x'), [{ x: 'a' }, { x: 1n }], /^minBy\('x'\) was given a bigint after strings;/],
    [countDistinct(), [new Set()], /^countDistinct\(\) takes values that can be keys, not Set;/],
    [approxCountDistinct('x'), [{ x: [new Map()] }], /^approxCountDistinct\('x'\) takes values that can be keys, not Map at \[0\];/],
    [topK(3), [Symbol('s')], /^topK\(\) takes values that can be keys, not symbol;/],
  ])('%#', (aggregator, records, message) => {
    expect(() => aggregated(aggregator, records)).toThrow(TypeError);
    expect(() => aggregated(aggregator, records)).toThrow(message);
  });

  test('and leaves the slot as it was', () => {
    const state = sum().createState();
    state.add(0, 5);
    expect(() => state.add(0, 1n)).toThrow(TypeError);
    expect(state.result(0)).toBe(5);
  });
});

describe('a wrong argument is an error that names the option and its value', () => {
  /** Arguments that the types would refuse. */
  const untyped = aggregators as unknown as Record<string, (...args: unknown[]) => unknown>;
  test.each<[string, unknown[], string]>([
    ['sum', [-1], 'sum: the input must be a field name, a tuple index or a function, not -1'],
    ['sum', [0.5], 'sum: the input must be a field name, a tuple index or a function, not 0.5'],
    ['minBy', [null], 'minBy: the input must be a field name, a tuple index or a function, not null'],
    ['collect', [['a']], 'collect: the input must be a field name, a tuple index or a function, not an array'],
    ['quantile', [1.5], 'quantile: q must be a number from 0 to 1, not 1.5'],
    ['quantile', ['x', Number.NaN], 'quantile: q must be a number from 0 to 1, not NaN'],
    ['quantile', ['x'], "quantile: q must be a number from 0 to 1, not 'x'"],
    ['quantile', ['x', [0.5, -1]], 'quantile: q must be a number from 0 to 1, not -1'],
    ['quantile', ['x', 0.5, { accuracy: 0 }], 'quantile: accuracy must be a number from 0.0001 to 0.5, not 0'],
    ['approxCountDistinct', ['x', { precision: 3 }], 'approxCountDistinct: precision must be a whole number from 4 to 18, not 3'],
    ['approxCountDistinct', [{ precision: 12.5 }], 'approxCountDistinct: precision must be a whole number from 4 to 18, not 12.5'],
    ['topK', ['x', 0], 'topK: k must be a whole number from 1 to 1000000, not 0'],
    ['topK', [], 'topK: k must be a whole number from 1 to 1000000, not undefined'],
    ['topK', ['x', 3, { capacity: 2 }], 'topK: capacity must be a whole number from 3 to 1000000, not 2'],
  ])('%s(…) %#', (name, args, message) => {
    expect(() => untyped[name](...args)).toThrow(new MillraceError('INVALID_OPTION', message));
  });

  test('async functions are refused', () => {
    expect(() => untyped.sum(async () => 1)).toThrow(MillraceError);
  });
});

describe('a description', () => {
  test('tells what makes it another aggregator', () => {
    expect(variance('x', { population: true }).details).toEqual({ population: true });
    expect(quantile(1, [0.5, 0.9])).toMatchObject({
      input: { kind: 'field', name: '1' },
      details: { q: [0.5, 0.9], accuracy: 0.01 },
    });
    expect(topK(7, 2)).toMatchObject({ input: { kind: 'field', name: '7' }, details: { k: 2, capacity: 100 } });
    expect(topK(20)).toMatchObject({ input: { kind: 'record' }, details: { k: 20, capacity: 200 } });
    expect(topK(5, { capacity: 5 })).toMatchObject({ input: { kind: 'record' }, details: { k: 5, capacity: 5 } });
    expect(approxCountDistinct({ precision: 10 })).toMatchObject({
      input: { kind: 'record' },
      details: { precision: 10 },
    });
    expect(minBy('x')).toMatchObject({ input: { kind: 'record' }, details: { by: 'x' } });
    expect(minBy((record: { y: number }) => record.y).details).toEqual({ by: '(record) => record.y' });
  });

  test('makes states that know nothing of each other', () => {
    const aggregator = sum();
    const [one, other] = [aggregator.createState(), aggregator.createState()];
    one.add(0, 1);
    expect(other.result(0)).toBe(0);
  });
});
