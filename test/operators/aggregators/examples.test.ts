/** The examples in the documentation of the aggregators say what they give. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as aggregators from '../../../src/operators/aggregators/index.ts';
import { type AnyAggregator, aggregated } from './harness.ts';

const folder = new URL('../../../src/operators/aggregators/', import.meta.url);

/** The records that the examples talk about. */
const records = [
  { url: '/a', bytes: 100, ip: '10.0.0.1' },
  { url: '/a', bytes: 300, ip: '10.0.0.1' },
  { url: '/a', bytes: 200, ip: '10.0.0.1' },
  { url: '/a', bytes: 400, ip: '10.0.0.2' },
];

const logs = {
  keyBy: (field: 'url') => ({
    aggregate: (row: Record<string, AnyAggregator>) => ({
      key: records[0][field],
      ...Object.fromEntries(Object.entries(row).map(([name, aggregator]) => [name, aggregated(aggregator, records)])),
    }),
  }),
};

const example = /^ \* (logs\.keyBy.*);\n \* \/\/ → (.*)$/gm;

function examplesOf(file: string): [code: string, result: string][] {
  const source = readFileSync(new URL(file, folder), 'utf8');
  return [...source.matchAll(example)].map(([, code, result]) => [code, result]);
}

function evaluate(code: string): unknown {
  const names = { ...aggregators, logs, about: (value: number) => expect.closeTo(value, -1) };
  return new Function(...Object.keys(names), `return (${code});`)(...Object.values(names));
}

describe('examples', () => {
  const examples = readdirSync(folder).flatMap(examplesOf);

  test.each(examples)('%s', (code, result) => {
    expect(evaluate(code)).toEqual(evaluate(result.replace(/≈ (\d+)/, 'about($1)')));
  });

  test('every factory has one', () => {
    const factories = Object.values(aggregators).filter((each) => typeof each === 'function');
    expect(examples.length).toBe(factories.length);
    for (const { name } of factories)
      expect(
        examples.some(([code]) => code.includes(`: ${name}(`)),
        name,
      ).toBe(true);
  });
});
