/** The types that calls of `aggregate` infer. The compiler checks them; running them shows only that they run. */

import { describe, expectTypeOf, test } from 'vitest';
import type { Aggregator } from '../../../src/operators/aggregators/aggregator.ts';
import {
  type AggregateResult,
  approxCountDistinct,
  avg,
  collect,
  count,
  countDistinct,
  filtered,
  first,
  last,
  max,
  maxBy,
  min,
  minBy,
  quantile,
  sum,
  type TopValue,
  topK,
  variance,
} from '../../../src/operators/aggregators/index.ts';

/** As keyed streams declare it. */
class Keyed<T, K> {
  aggregate<A extends Record<string, Aggregator<T, unknown>>>(_aggregators: A): { key: K } & AggregateResult<A> {
    return undefined as never;
  }
}

interface Log {
  readonly url: string;
  readonly bytes: number;
  readonly total: bigint;
  readonly status?: number;
  readonly user: string | null;
  readonly time: Date;
}

type Flat<T> = { [K in keyof T]: T[K] };
function flat<T>(row: T): Flat<T> {
  return row;
}

const logs = new Keyed<Log, string>();
const isFailed = ({ status = 200 }: Pick<Log, 'status'>): boolean => status >= 500;
const pairs = new Keyed<[string, number], string>();
const plain = new Keyed<number, string>();

describe('rows of aggregates', () => {
  test('of fields', () => {
    const row = flat(logs.aggregate({ hits: count(), bytes: sum('bytes') }));
    expectTypeOf(row).toEqualTypeOf<{ key: string; hits: number; bytes: number }>();
  });

  test('the result is null where all values may be missing', () => {
    const row = flat(
      logs.aggregate({
        mean: avg('bytes'),
        meanStatus: avg('status'),
        least: min('url'),
        leastUser: min('user'),
        latest: max('time'),
        spread: variance('bytes'),
        p99: quantile('bytes', 0.99),
        several: quantile('status', [0.5, 0.99]),
        total: sum('total'),
        statuses: sum('status'),
      }),
    );
    expectTypeOf(row).toEqualTypeOf<{
      key: string;
      mean: number;
      meanStatus: number | null;
      least: string;
      leastUser: string | null;
      latest: Date;
      spread: number | null;
      p99: number;
      several: number[] | null;
      total: bigint;
      statuses: number;
    }>();
  });

  test('of values of any type', () => {
    const row = flat(
      logs.aggregate({
        url: first('url'),
        status: last('status'),
        record: first(),
        times: collect('time'),
        statuses: collect('status'),
        records: collect(),
        users: countDistinct('user'),
        guests: approxCountDistinct('user', { precision: 12 }),
        top: topK('user', 3),
        largest: maxBy('bytes'),
        oldest: minBy('status'),
      }),
    );
    expectTypeOf(row).toEqualTypeOf<{
      key: string;
      url: string;
      status: number | null;
      record: Log;
      times: Date[];
      statuses: (number | null)[];
      records: Log[];
      users: number;
      guests: number;
      top: TopValue<string>[];
      largest: Log;
      oldest: Log | null;
    }>();
  });

  test('of functions, whose parameter is the record', () => {
    const row = flat(
      logs.aggregate({
        bits: sum((log) => log.bytes * 8),
        total: sum((log) => log.total),
        mean: avg((log) => log.status),
        host: first((log) => log.url.split('/')),
        longest: maxBy((log) => log.url.length),
        latest: max((log) => log.time),
        urls: collect((log) => log.url),
        top: topK((log) => log.url, 3),
        median: quantile((log) => log.bytes, 0.5),
        spread: variance((log) => log.bytes, { population: true }),
        users: countDistinct((log) => log.user),
      }),
    );
    expectTypeOf(row).toEqualTypeOf<{
      key: string;
      bits: number;
      total: bigint;
      mean: number | null;
      host: string[];
      longest: Log;
      latest: Date;
      urls: string[];
      top: TopValue<string>[];
      median: number;
      spread: number | null;
      users: number;
    }>();
  });

  test('of some of the records, which are those of the stream', () => {
    const row = flat(
      logs.aggregate({
        hits: filtered(count(), (log) => log.bytes > 250),
        bytes: filtered(sum('bytes'), ({ url }) => url.startsWith('/api')),
        users: filtered(countDistinct('user'), (log) => log.status === 200),
        latest: filtered(max('time'), isFailed),
      }),
    );
    expectTypeOf(row).toEqualTypeOf<{ key: string; hits: number; bytes: number; users: number; latest: Date }>();
  });

  test('of elements of tuples', () => {
    const row = flat(pairs.aggregate({ sum: sum(1), word: first(0), most: maxBy(1), median: quantile(1, 0.5), top: topK(0, 2) }));
    expectTypeOf(row).toEqualTypeOf<{
      key: string;
      sum: number;
      word: string;
      most: [string, number];
      median: number;
      top: TopValue<string>[];
    }>();
  });

  test('of plain values', () => {
    const row = flat(
      plain.aggregate({
        sum: sum(),
        mean: avg(),
        least: min(),
        first: first(),
        all: collect(),
        median: quantile(0.5),
        several: quantile([0.1, 0.9], { accuracy: 0.1 }),
        spread: variance({ population: true }),
        users: approxCountDistinct({ precision: 10 }),
        top: topK(3, { capacity: 10 }),
      }),
    );
    expectTypeOf(row).toEqualTypeOf<{
      key: string;
      sum: number;
      mean: number;
      least: number;
      first: number;
      all: number[];
      median: number;
      several: number[];
      spread: number | null;
      users: number;
      top: TopValue<number>[];
    }>();
  });

  test('of aggregators that were made elsewhere', () => {
    const shared = {
      hits: count(),
      bytes: sum('bytes'),
      url: first('url'),
      longest: max((log: Log) => log.url.length),
      failures: filtered(count(), isFailed),
    };
    expectTypeOf(flat(logs.aggregate(shared))).toEqualTypeOf<{
      key: string;
      hits: number;
      bytes: number;
      url: unknown;
      longest: number;
      failures: number;
    }>();
  });
});

test('what does not fit the records does not compile', () => {
  // @ts-expect-error: a string is not a number.
  logs.aggregate({ bytes: sum('url') });
  // @ts-expect-error: there is no such field.
  logs.aggregate({ bytes: sum('byte') });
  // @ts-expect-error: there is no such field.
  logs.aggregate({ url: first('uri') });
  // @ts-expect-error: there is no such field.
  logs.aggregate({ hits: filtered(count(), ({ size }) => size > 250) });
  // @ts-expect-error: there is no such field.
  logs.aggregate({ bytes: filtered(sum('byte'), isFailed) });
  // @ts-expect-error: records are not numbers.
  logs.aggregate({ bytes: sum() });
  // @ts-expect-error: bigints have no mean here.
  logs.aggregate({ mean: avg('total') });
  // @ts-expect-error: the first element is a string.
  pairs.aggregate({ sum: sum(0) });
  // @ts-expect-error: there is no third element.
  pairs.aggregate({ third: first(2) });
  // @ts-expect-error: objects have no order.
  logs.aggregate({ most: max((log) => ({ log })) });
});
