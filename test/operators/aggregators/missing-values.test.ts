import { describe, expect, test } from 'vitest';
import { avg, count, countDistinct, first, max, quantile, sum, topK } from '../../../src/index.ts';
import { TestEnvironment } from '../../../src/testing/index.ts';

const rows: { readonly k: string; readonly bytes: number; readonly rare?: number }[] = [
  { k: 'a', bytes: 1 },
  { k: 'b', bytes: 2, rare: 1 },
  { k: 'c', bytes: 3 },
  { k: 'a', bytes: 4 },
];

const warning = (call: string, field: string): string =>
  `'aggregate': no record had a value in the field '${field}', so ${call} had nothing to aggregate; is that its name?`;

// biome-ignore lint/suspicious/noExplicitAny: the mistake that is tested is one that the compiler would find.
type Mistyped = any;

describe.each(['batch', 'streaming'] as const)('an aggregator of a field that no record has, in %s mode,', (runtimeMode) => {
  describe.each([1, 2, 4])('in %i subtasks', (parallelism) => {
    test('is told of at the end; one that some have is not', async () => {
      const env = new TestEnvironment({ parallelism, runtimeMode });
      const aggregators = { hits: count(), a: sum('byte'), b: sum('bytes'), c: sum('rare') } as Mistyped;
      await env.collect(env.fromData(rows).rebalance().keyBy('k').aggregate(aggregators));
      expect(env.warnings).toEqual([warning("sum('byte')", 'byte')]);
    });

    test('also where records are known to no one', async () => {
      const env = new TestEnvironment({ parallelism, runtimeMode });
      const opaque = env.fromData(rows).map((row) => structuredClone(row));
      await env.collect(opaque.keyBy('k').aggregate({ a: avg('byte') } as Mistyped));
      expect(env.warnings).toEqual([warning("avg('byte')", 'byte')]);
    });

    test('is not told of without records', async () => {
      const env = new TestEnvironment({ parallelism, runtimeMode });
      await env.collect(
        env
          .fromData(rows)
          .filter(() => false)
          .keyBy('k')
          .aggregate({ a: sum('bytes') }),
      );
      expect(env.warnings).toEqual([]);
    });
  });
});

test('whatever the aggregator that skips what is missing', async () => {
  const env = new TestEnvironment();
  const x = 'x';
  const all = { max: max(x), distinct: countDistinct(x), quantile: quantile(x, 0.5), top: topK(x, 2) };
  await env.collect(
    env
      .fromData(rows)
      .keyBy('k')
      .aggregate(all as Mistyped),
  );
  expect(env.warnings).toHaveLength(4);
});

test('a value that is null is a value for those that take it', async () => {
  const env = new TestEnvironment();
  const nulls = [{ k: 'a', n: null }];
  await env.collect(
    env
      .fromData(nulls)
      .keyBy('k')
      .aggregate({ n: first('n') }),
  );
  expect(env.warnings).toEqual([]);
});
