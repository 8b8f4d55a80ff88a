/** All aggregators keep the contract of aggregators. */

import fc from 'fast-check';
import { expect } from 'vitest';
import {
  approxCountDistinct,
  avg,
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  maxBy,
  min,
  minBy,
  quantile,
  sum,
  topK,
  variance,
} from '../../../src/operators/aggregators/index.ts';
import { describeConformance } from './conformance.ts';

const nullish = [null, undefined];
const withoutField = [{ x: null }, { x: undefined }, {}, null];

const wholeNumbers = fc.integer({ min: -1000, max: 1000 });
/** Thousandths, and a large part in common that careless formulas drown in. */
const fractions = fc.integer({ min: -1e6, max: 1e6 }).map((value) => 1e4 + value / 1000);
const anyNumber = fc.oneof(wholeNumbers, fc.double(), fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY));
const texts = fc.oneof(fc.constantFrom('a', 'b', '', '\u0000', 'ä', '€'), fc.string());
const anyValue = fc.oneof(
  anyNumber,
  texts,
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(1, '1', 1n, true, 0, -0),
  fc.constantFrom(0, 1).map((time) => new Date(time)),
  fc.constantFrom([1], ['1'], [], { a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }),
);
/** With few different values, so that they meet again. */
const someValue = fc.constantFrom<unknown>('a', 'b', 'c', 1, '1', 1n, true, [1], [1], { a: 1 }, Number.NaN, 0);

const numbersOf = (records: readonly unknown[]) => records as number[];
const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function closely(actual: unknown, expected: unknown): void {
  if (typeof expected !== 'number' || typeof actual !== 'number') expect(actual).toEqual(expected);
  else expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(Math.abs(expected), 1e-3));
}

function varianceOf(values: readonly number[], correction: number): number | null {
  if (values.length <= correction) return null;
  const mean = total(values) / values.length;
  return total(values.map((value) => (value - mean) ** 2)) / (values.length - correction);
}

describeConformance('count()', {
  aggregator: count(),
  records: fc.oneof(anyValue, fc.constantFrom(...nullish)),
  expected: (records) => records.length,
  nothing: 0,
});

describeConformance('sum() of whole numbers', {
  aggregator: sum(),
  records: wholeNumbers,
  expected: (records) => total(numbersOf(records)),
  nothing: 0,
  skipped: nullish,
});

describeConformance('sum() of fractions', {
  aggregator: sum(),
  records: fractions,
  expected: (records) => total(numbersOf(records)),
  nothing: 0,
  skipped: nullish,
  compare: closely,
});

describeConformance("sum('x') of bigints", {
  aggregator: sum('x'),
  records: fc.bigInt().map((x) => ({ x })),
  expected: (records) => (records.length === 0 ? 0 : (records as { x: bigint }[]).reduce((a, { x }) => a + x, 0n)),
  nothing: 0,
  skipped: withoutField,
});

describeConformance('avg(fn)', {
  aggregator: avg((record: readonly [number | null]) => record[0]),
  records: wholeNumbers.map((value) => [value]),
  expected: (records) => (records.length === 0 ? null : total((records as [number][]).map(([value]) => value)) / records.length),
  nothing: null,
  skipped: [[null], [undefined], []],
});

describeConformance('avg() of fractions', {
  aggregator: avg(),
  records: fractions,
  expected: (records) => (records.length === 0 ? null : total(numbersOf(records)) / records.length),
  nothing: null,
  compare: closely,
});

describeConformance('variance()', {
  aggregator: variance(),
  records: fractions,
  expected: (records) => varianceOf(numbersOf(records), 1),
  nothing: null,
  skipped: nullish,
  compare: closely,
});

describeConformance('variance() of the population', {
  aggregator: variance('x', { population: true }),
  records: fractions.map((x) => ({ x })),
  expected: (records) =>
    varianceOf(
      (records as { x: number }[]).map(({ x }) => x),
      0,
    ),
  nothing: null,
  skipped: withoutField,
  compare: closely,
});

/** The first of the values that none is before. */
function firstBy<V>(values: readonly V[], isBefore: (a: V, b: V) => boolean): V | null {
  return values.find((value) => !values.some((other) => isBefore(other, value))) ?? null;
}

const numberBefore = (a: number, b: number) => a < b || (Number.isNaN(b) && !Number.isNaN(a));

const numberExtremes = { records: anyNumber, nothing: null, skipped: nullish };
describeConformance('min() of numbers', {
  aggregator: min(),
  ...numberExtremes,
  expected: (records) => firstBy(numbersOf(records), numberBefore),
});
describeConformance('max() of numbers', {
  aggregator: max(),
  ...numberExtremes,
  expected: (records) => firstBy(numbersOf(records), (a, b) => numberBefore(b, a)),
});

const kindsOfValues = {
  strings: texts,
  bigints: fc.bigInt(),
  booleans: fc.boolean(),
  dates: fc.integer({ min: 0, max: 5 }).map((time) => new Date(time)),
};
for (const [kind, values] of Object.entries(kindsOfValues)) {
  const records = values.map((x) => ({ x: x as string }));
  const xOf = (all: readonly unknown[]) => (all as { x: string }[]).map(({ x }) => x);
  const common = { records, nothing: null, skipped: withoutField };
  describeConformance(`min('x') of ${kind}`, {
    aggregator: min('x'),
    ...common,
    expected: (all) => firstBy(xOf(all), (a, b) => a < b),
  });
  describeConformance(`max('x') of ${kind}`, {
    aggregator: max('x'),
    ...common,
    expected: (all) => firstBy(xOf(all), (a, b) => a > b),
  });
}

/** Many records with equal fields, told apart by another one. */
const ranked = fc.record({ x: fc.constantFrom(1, 2, 3), other: fc.nat() });
const xOf = (record: unknown) => (record as { x: number }).x;
describeConformance("minBy('x')", {
  aggregator: minBy('x'),
  records: ranked,
  expected: (records) => firstBy(records, (a, b) => xOf(a) < xOf(b)),
  nothing: null,
  skipped: withoutField,
});
describeConformance('maxBy(fn)', {
  aggregator: maxBy((record: { x: number | null } | null) => (typeof record?.x === 'number' ? `${record.x}` : null)),
  records: ranked,
  expected: (records) => firstBy(records, (a, b) => xOf(a) > xOf(b)),
  nothing: null,
  skipped: withoutField,
});

const anyOrNullish = fc.oneof(anyValue, fc.constantFrom(...nullish));
describeConformance('first()', {
  aggregator: first(),
  records: anyOrNullish,
  expected: (records) => records[0] ?? null,
  nothing: null,
});
describeConformance("last('x')", {
  aggregator: last('x'),
  records: anyOrNullish.map((x) => ({ x })),
  expected: (records) => (records as { x: unknown }[]).at(-1)?.x ?? null,
  nothing: null,
});
describeConformance('collect(1)', {
  aggregator: collect(1),
  records: anyOrNullish.map((value) => [0, value]),
  expected: (records) => (records as unknown[][]).map((record) => record[1] ?? null),
  nothing: [],
});

/** Values that are equal keys have equal names; the reference that sketches are compared with. */
function nameOf(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(nameOf)}]`;
  if (typeof value === 'object' && value !== null) return JSON.stringify(Object.entries(value).sort());
  return typeof value === 'string' ? `'${value}'` : `${value}`;
}
const distinct = {
  records: anyValue,
  expected: (records: readonly unknown[]) => new Set(records.map(nameOf)).size,
  nothing: 0,
  skipped: nullish,
};
describeConformance('countDistinct()', { aggregator: countDistinct(), ...distinct });
describeConformance('approxCountDistinct()', { aggregator: approxCountDistinct(), ...distinct });
describeConformance('approxCountDistinct() that is soon dense', {
  aggregator: approxCountDistinct({ precision: 4 }),
  ...distinct,
  compare: (actual, expected, records) => {
    // Merging is compared exactly, an estimate with the truth only by its size: registers are few.
    if (expected !== distinct.expected(records)) expect(actual).toBe(expected);
    else expect(Math.abs((actual as number) - expected)).toBeLessThanOrEqual(2 + 4 * (1.04 / Math.sqrt(16)) * expected);
  },
});

const accuracy = 0.01;
function exactQuantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => (numberBefore(a, b) ? -1 : numberBefore(b, a) ? 1 : 0));
  return sorted[Math.floor(q * (sorted.length - 1))];
}
function withinAccuracy(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) for (const [i, each] of expected.entries()) withinAccuracy((actual as number[])[i], each);
  else if (typeof expected !== 'number' || !Number.isFinite(expected) || expected === 0)
    expect(actual === expected || Object.is(actual, expected)).toBe(true);
  else expect(Math.abs((actual as number) - expected)).toBeLessThanOrEqual(Math.abs(expected) * accuracy * (1 + 1e-9));
}
/** Nine orders of magnitude on both sides of zero, and what lies beyond. */
const measured = fc.oneof(
  wholeNumbers,
  fc.double({ min: 1e-3, max: 1e6 }),
  fc.double({ min: -1e6, max: -1e-3 }),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const quantiles = [0, 0.1, 0.5, 0.9, 1];
describeConformance('quantile([…])', {
  aggregator: quantile(quantiles, { accuracy }),
  records: measured.filter((value) => value === 0 || Math.abs(value) >= 1e-3 || Number.isNaN(value)),
  expected: (records) => (records.length === 0 ? null : quantiles.map((q) => exactQuantile(numbersOf(records), q))),
  nothing: null,
  skipped: nullish,
  compare: withinAccuracy,
});
describeConformance("quantile('x', 0.5) over all magnitudes, with buckets that collapse", {
  aggregator: quantile('x', 0.5),
  records: fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }).map((x) => ({ x })),
  // Beyond the range kept no accuracy is promised; only that merging changes nothing, which needs no reference.
  expected: (records) => {
    const state = quantile('x', 0.5).createState();
    for (const { x } of [...(records as { x: number }[])].reverse()) state.add(0, x);
    return state.result(0);
  },
  nothing: null,
  skipped: withoutField,
});

describeConformance('topK()', {
  aggregator: topK(3),
  records: someValue,
  expected: (records) => {
    const counts = new Map<string, { value: unknown; count: number; error: number }>();
    for (const value of records) {
      const known = counts.get(nameOf(value));
      if (known === undefined) counts.set(nameOf(value), { value, count: 1, error: 0 });
      else known.count++;
    }
    return [...counts.values()].sort((a, b) => b.count - a.count).slice(0, 3);
  },
  nothing: [],
  skipped: nullish,
});
