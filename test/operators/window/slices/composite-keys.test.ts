/** Windows of keys of several fields, with aggregators whose partial results are values, over columns and in front of the exchange. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { count, countDistinct, quantile, sum } from '../../../../src/operators/aggregators/index.ts';
import { TestEnvironment } from '../../../../src/testing/test-environment.ts';
import { watermarks } from '../../../../src/time/watermarks.ts';
import { eventTime } from '../../../../src/time/windows/assigners/event-time.ts';

interface Request {
  readonly url: string;
  readonly status: unknown;
  readonly at: number;
  readonly client: string | null;
  readonly bytes: number;
}

const requests = (statuses: fc.Arbitrary<unknown>) =>
  fc.array(
    fc.record({
      url: fc.constantFrom('/', '/a', '/ü', '/漢', '/a/rather/long/path/that/lies/in/an/arena'),
      status: statuses,
      at: fc.nat(100),
      client: fc.constantFrom('1.1.1.1', '1.1.1.2', '::1', '', null),
      bytes: fc.constantFrom(0, 100, 120.5, 2e9),
    }),
    { minLength: 1, maxLength: 150 },
  );

const setting = fc.record({
  parallelism: fc.constantFrom(1, 2, 3),
  localAggregation: fc.boolean(),
  chaining: fc.boolean(),
  limits: fc.record({
    batchRows: fc.constantFrom(1, 7, 1024),
    ringBytes: fc.constantFrom(256, 4096, 524_288),
    localAggregationKeys: fc.constantFrom(1, 7, 100_000),
    localSampleRows: fc.constantFrom(1, 8, 32_768),
  }),
});

function expected(records: readonly Request[], sizeMs: number): unknown[] {
  const groups = new Map<string, Request[]>();
  for (const record of records) {
    const group = JSON.stringify([record.url, record.status, Math.floor(record.at / sizeMs) * sizeMs]);
    groups.set(group, [...(groups.get(group) ?? []), record]);
  }
  return [...groups].map(([group, rows]) => {
    const [url, status, start] = JSON.parse(group) as [string, unknown, number];
    const clients = new Set(rows.flatMap(({ client }) => client ?? [])).size;
    const bytes = rows.map((row) => row.bytes);
    return {
      key: [url, status],
      start,
      end: start + sizeMs,
      hits: rows.length,
      clients,
      most: Math.max(...bytes),
      total: bytes.reduce((a, b) => a + b),
    };
  });
}

test.each([
  ['in columns', fc.constantFrom(200, 404)],
  ['of mixed types', fc.constantFrom<unknown>(200, '200', 1.5, null, true)],
])('keys of two fields %s', async (_, statuses) => {
  await fc.assert(
    fc.asyncProperty(requests(statuses), setting, fc.boolean(), async (records, config, byRow) => {
      const env = new TestEnvironment(config);
      const source = env.fromData(records).rebalance();
      const rows = (byRow ? source.filter(() => true) : source)
        .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(1000, { timestamp: 'at' }))
        .keyBy(['url', 'status'] as never)
        .window(eventTime.tumbling(20))
        .aggregate({ hits: count(), clients: countDistinct('client'), most: quantile('bytes', 1), total: sum('bytes') } as never);
      const told = (await env.collect(rows as never)) as { most: number }[];
      // A quantile is told with an accuracy of 1 %.
      const exact = [0, 100, 120.5, 2e9];
      const rounded = told.map((row) => ({ ...row, most: exact.find((value) => Math.abs(row.most - value) <= value * 0.0101) }));
      const texts = (all: readonly unknown[]): string[] => all.map((row) => JSON.stringify(row)).sort();
      expect(texts(rounded)).toEqual(texts(expected(records, 20)));
    }),
    { numRuns: 30 },
  );
});
