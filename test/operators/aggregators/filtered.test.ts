/** Aggregators of some of the records, wherever a job aggregates: each says what the plain one says of these records alone. */

import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../../src/api/data-stream.ts';
import {
  avg,
  collect,
  count,
  countDistinct,
  eventTime,
  evictors,
  filtered,
  first,
  last,
  max,
  maxBy,
  min,
  quantile,
  sum,
  topK,
  watermarks,
} from '../../../src/index.ts';
import { TestEnvironment } from '../../../src/testing/index.ts';
import { type AnyAggregator, aggregated, randomNumbers } from './harness.ts';

interface Bid {
  readonly user: string;
  readonly at: number;
  readonly price: number | null;
  readonly item: string;
}

const random = randomNumbers(7);
const below = (limit: number): number => Math.floor(random() * limit);
const bids: Bid[] = Array.from({ length: 200 }, (_, at) => ({
  user: `user ${below(9)}`,
  at,
  price: below(10) === 0 ? null : below(100),
  item: `item ${below(20)}`,
}));

const isLow = ({ price }: Bid): boolean => price !== null && price < 50;
const isHigh = ({ price }: Bid): boolean => (price ?? 0) >= 90;
/** Reads what only some records have. */
const twice = ({ price }: Bid): number => {
  if (price === null || price >= 50) throw new Error('a record that is none of its own');
  return price * 2;
};

const plain = {
  bids: count(),
  price: sum('price'),
  twice: sum(twice),
  mean: avg('price'),
  least: min('price'),
  item: max('item'),
  dearest: maxBy('price'),
  first: first('item'),
  last: last('price'),
  all: collect('price'),
  items: countDistinct('item'),
  prices: countDistinct('price'),
  median: quantile('price', 0.5),
  top: topK('item', 2),
} as const;

// The same function for all of them: rows are told apart once.
const low = Object.fromEntries(Object.entries(plain).map(([name, aggregator]) => [name, filtered(aggregator as never, isLow)]));
const { twice: _, ...others } = plain;
const high = Object.fromEntries(
  Object.entries(others).map(([name, aggregator]) => [`high ${name}`, filtered(aggregator as never, isHigh)]),
);
const aggregators = { hits: count(), ...low, ...high } as unknown as Record<string, typeof plain.bids>;

function answer(records: readonly Bid[]): Record<string, unknown> {
  const of = (all: Readonly<Record<string, unknown>>, where: (bid: Bid) => boolean): [string, unknown][] =>
    Object.entries(all).map(([name, aggregator]) => [name, aggregated(aggregator as AnyAggregator, records.filter(where))]);
  return {
    hits: records.length,
    ...Object.fromEntries(of(plain, isLow)),
    ...Object.fromEntries(of(others, isHigh).map(([name, value]) => [`high ${name}`, value])),
  };
}

const users = [...new Set(bids.map(({ user }) => user))].sort();
const byUser = Object.fromEntries(users.map((user) => [user, answer(bids.filter((bid) => bid.user === user))]));

/** The last row of each user. */
async function lastRows(env: TestEnvironment, rows: DataStream<{ key: string }>): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { key, ...row } of await env.collect(rows)) {
    const { start: _start, end: _end, ...results } = row as Record<string, unknown>;
    found[key] = results;
  }
  return found;
}

/** In one subtask: some aggregators go by the order of arrival. */
const inOrder = { parallelism: 1 };
const inTime = { ...inOrder, watermarks: watermarks.monotonous({ timestamp: ({ at }: Bid) => at }) };
const tiny = { batchRows: 2, localAggregationKeys: 2, ringBytes: 4096, localQueueBatches: 1, passingSlots: 2 };

describe.each([1, 2])('filtered aggregators in %i subtasks', (parallelism) => {
  describe.each([{}, tiny])('with limits %o', (limits) => {
    test.each(['streaming', 'batch'] as const)('of a keyed stream, in %s mode', async (runtimeMode) => {
      const env = new TestEnvironment({ parallelism, runtimeMode, limits });
      expect(await lastRows(env, env.fromData(bids, inOrder).keyBy('user').aggregate(aggregators))).toEqual(byUser);
      expect(env.warnings).toEqual([]);
    });

    test.each([
      ['tumbling', eventTime.tumbling(1000), true],
      ['tumbling, without local aggregation', eventTime.tumbling(1000), false],
      ['session', eventTime.session({ gap: 1000 }), true],
    ] as const)('of windows: %s', async (_name, assigner, localAggregation) => {
      const env = new TestEnvironment({ parallelism, runtimeMode: 'streaming', limits, localAggregation });
      const timed = env.fromData(bids, inTime);
      expect(await lastRows(env, timed.keyBy('user').window(assigner).aggregate(aggregators))).toEqual(byUser);
    });
  });
});

test('with an evictor, records are told apart again', async () => {
  const env = new TestEnvironment({ parallelism: 1, runtimeMode: 'streaming' });
  const timed = env.fromData(bids, inTime);
  const rows = timed.keyBy('user').window(eventTime.tumbling(1000)).evictor(evictors.count(10)).aggregate(aggregators);
  const expected = users.map((user) => [user, answer(bids.filter((bid) => bid.user === user).slice(-10))]);
  expect(await lastRows(env, rows)).toEqual(Object.fromEntries(expected));
});

test('a function that several share is called once for a record', async () => {
  let calls = 0;
  const isCheap = ({ price }: Bid): boolean => {
    calls++;
    return price === 1;
  };
  const env = new TestEnvironment({ parallelism: 1, runtimeMode: 'streaming' });
  await env.collect(
    env
      .fromData(bids, inOrder)
      .keyBy('user')
      .aggregate({ a: filtered(count(), isCheap), b: filtered(sum('price'), isCheap) }),
  );
  expect(calls).toBe(bids.length);
});

test('conditions can be put on one another', async () => {
  const env = new TestEnvironment({ parallelism: 1, runtimeMode: 'batch' });
  const nested = filtered(
    filtered(count(), ({ price }: Bid) => price !== null),
    isLow,
  );
  const rows = await env.collect(env.fromData(bids, inOrder).keyBy('user').aggregate({ bids: nested }));
  expect(Object.fromEntries(rows.map(({ key, bids: found }) => [key, found]))).toEqual(
    Object.fromEntries(users.map((user) => [user, byUser[user]?.bids])),
  );
});

test('what a condition throws is the failure of the operator, at the record', async () => {
  const env = new TestEnvironment({ parallelism: 1 });
  const fails = (bid: Bid): boolean => {
    throw new Error(`cannot say of ${bid.item}`);
  };
  const rows = env
    .fromData(bids.slice(0, 1))
    .keyBy('user')
    .aggregate({ bids: filtered(count(), fails) });
  await expect(env.collect(rows)).rejects.toThrow(/'aggregate'.*cannot say of item \d+/s);
});

test('what is no aggregator, or no function, is refused', () => {
  expect(() => filtered(5 as never, () => true)).toThrow('filtered: expected an aggregator, such as count(), not 5');
  expect(() => filtered(count(), 'price' as never)).toThrow("filtered: expected a function, not 'price'");
  expect(() => filtered(count(), (async () => true) as never)).toThrow('filtered: the function must not be async');
});
