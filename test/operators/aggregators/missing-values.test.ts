import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../../src/api/data-stream.ts';
import {
  avg,
  count,
  countDistinct,
  eventTime,
  evictors,
  first,
  globalWindow,
  max,
  quantile,
  sum,
  topK,
  triggers,
  watermarks,
} from '../../../src/index.ts';
import { TestEnvironment } from '../../../src/testing/index.ts';

const rows: { readonly k: string; readonly bytes: number; readonly rare?: number }[] = [
  { k: 'a', bytes: 1 },
  { k: 'b', bytes: 2, rare: 1 },
  { k: 'c', bytes: 3 },
  { k: 'a', bytes: 4 },
];

type Timed = (typeof rows)[number] & { readonly at: number };

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

/** Windows that are made of slices, and others. */
const windowings: readonly [title: string, (rows: DataStream<Timed>, aggregators: Mistyped) => DataStream<unknown>][] = [
  ['tumbling windows', (rows, all) => rows.keyBy('k').window(eventTime.tumbling(2)).aggregate(all)],
  ['sliding windows', (rows, all) => rows.keyBy('k').window(eventTime.sliding(4, 2)).aggregate(all)],
  ['windows of all', (rows, all) => rows.windowAll(eventTime.tumbling(2)).aggregate(all)],
  [
    'sessions',
    (rows, all) =>
      rows
        .keyBy('k')
        .window(eventTime.session({ gap: 2 }))
        .aggregate(all),
  ],
  ['windows with an evictor', (rows, all) => rows.keyBy('k').window(eventTime.tumbling(2)).evictor(evictors.count(1)).aggregate(all)],
  ['a window that does not end', (rows, all) => rows.keyBy('k').window(globalWindow()).trigger(triggers.count(1)).aggregate(all)],
];

describe.each(windowings)('in %s, an aggregator of a field that no record has', (_, make) => {
  const timed = Array.from({ length: 40 }, (_, at): Timed => ({ ...(rows[at % rows.length] as Timed), at }));

  test.each([1, 2, 4])('is told of at the end, in %i subtasks; one that some have is not', async (parallelism) => {
    const env = new TestEnvironment({ parallelism, runtimeMode: 'streaming' });
    const stream = env.fromData(timed, { watermarks: watermarks.monotonous({ timestamp: 'at' }) }).rebalance();
    const aggregators = { hits: count(), a: sum('byte'), b: sum('bytes'), c: max('rare'), d: quantile('late', 0.5) };
    await env.collect(make(stream, aggregators));
    expect([...env.warnings].sort()).toEqual([warning("sum('byte')", 'byte'), warning("quantile('late')", 'late')]);
  });

  test('is not told of without records', async () => {
    const env = new TestEnvironment({ parallelism: 2 });
    const stream = env.fromData(timed, { watermarks: watermarks.monotonous({ timestamp: 'at' }) }).filter(() => false);
    await env.collect(make(stream, { a: sum('byte') }));
    expect(env.warnings).toEqual([]);
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
