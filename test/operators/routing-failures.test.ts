/** What the functions of `keyBy` and `partitionCustom` throw is theirs: no operator beside them is blamed. */

import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import { count } from '../../src/operators/aggregators/index.ts';
import { TestEnvironment } from '../../src/testing/test-environment.ts';
import { watermarks } from '../../src/time/watermarks.ts';
import { eventTime } from '../../src/time/windows/assigners/event-time.ts';

const no = (n: number): number => {
  throw new RangeError(`no ${n}`);
};

type Case = readonly [title: string, make: (numbers: DataStream<number>) => DataStream<unknown>, message: string];

const cases: readonly Case[] = [
  [
    'keyBy',
    (numbers) => numbers.keyBy((n) => no(n)).reduce((a) => a),
    "keyBy((n) => no(n)) in front of 'behind' failed with RangeError: no 7",
  ],
  [
    'keyBy in front of an aggregation',
    (numbers) => numbers.keyBy((n) => no(n)).aggregate({ hits: count() }),
    "keyBy((n) => no(n)) in front of 'behind' failed with RangeError: no 7",
  ],
  [
    'keyBy in front of windows by slices',
    (numbers) =>
      numbers
        .assignTimestampsAndWatermarks(watermarks.monotonous({ timestamp: (n) => n }))
        .keyBy((n) => no(n))
        .window(eventTime.tumbling(10))
        .aggregate({ hits: count() }),
    "keyBy((n) => no(n)) in front of 'behind' failed with RangeError: no 7",
  ],
  [
    'a long function',
    (numbers) =>
      numbers
        .keyBy((n) => {
          const aNumberWithQuiteALongName = no(n);
          return aNumberWithQuiteALongName;
        })
        .reduce((a) => a),
    "keyBy((n) => { const aNumberWithQuiteALongName = no(n); return aNu…) in front of 'behind' failed with RangeError: no 7",
  ],
  [
    'partitionCustom',
    (numbers) =>
      numbers
        .partitionCustom(
          (key: number) => no(key),
          (n) => n,
        )
        .map((n) => n),
    "partitionCustom((key) => no(key)) behind 'before' failed with RangeError: no 7",
  ],
  [
    'the key of partitionCustom',
    (numbers) =>
      numbers
        .partitionCustom(
          (key: number) => key,
          (n) => no(n),
        )
        .map((n) => n),
    "partitionCustom(…, (n) => no(n)) behind 'before' failed with RangeError: no 7",
  ],
  [
    'a partition that there is not',
    (numbers) =>
      numbers
        .partitionCustom(
          (key: number) => key,
          (n) => n,
        )
        .map((n) => n)
        .setParallelism(2),
    "partitionCustom((key) => key) behind 'before' failed with RangeError: it returned 7; it must return a whole number from 0 to 1",
  ],
];

describe.each([1, 2])('in %i subtasks', (parallelism) => {
  test.each(cases)('%s', async (_, make, message) => {
    const env = new TestEnvironment({ parallelism });
    const numbers = env
      .fromData([7])
      .map((n) => n)
      .name('before');
    await expect(env.collect(make(numbers).name('behind'))).rejects.toMatchObject({
      code: 'USER_FUNCTION',
      message: `${message}\n  at the record 7`,
      cause: expect.any(RangeError),
    });
  });
});

test('a field that partitionCustom goes by is not blamed on keyBy', async () => {
  const env = new TestEnvironment({ parallelism: 2 });
  const rows = env
    .fromData([{ shop: 1 }])
    .map((row) => structuredClone(row))
    .partitionCustom((n: never) => n, 'shp' as never)
    .map((row) => row);
  await expect(env.collect(rows)).rejects.toThrow("'map': partitionCustom(…, shp): the record has no field 'shp'; did you mean 'shop'?");
});
