/** Windows by slices against their definition, at all parallelisms and limits, with and without aggregating in front of the exchange. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../../../src/api/data-stream.ts';
import type { AllWindowedStream, WindowedStream } from '../../../../src/api/windowed-stream.ts';
import { avg, count, max, min, sum } from '../../../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../../../src/operators/process/context.ts';
import { TestEnvironment } from '../../../../src/testing/test-environment.ts';
import { type HarnessStep, verifyOperator } from '../../../../src/testing/verify-operator.ts';
import { watermarks } from '../../../../src/time/watermarks.ts';
import { eventTime } from '../../../../src/time/windows/assigners/event-time.ts';
import { processingTime } from '../../../../src/time/windows/assigners/processing-time.ts';
import type { TimeWindow } from '../../../../src/time/windows/window.ts';
import { byDefinition, type Fired, type Timed, type Windows } from './definition.ts';

const tiny = { ringBytes: 256, localQueueBatches: 1, passingSlots: 1 };
const limits = [
  { ...tiny, batchRows: 1, localAggregationKeys: 1 },
  { ...tiny, batchRows: 2, localAggregationKeys: 2, ringBytes: 1024 },
  { ...tiny, batchRows: 7, localAggregationKeys: 7, ringBytes: 4096, passingSlots: 7 },
  { ...tiny, batchRows: 7, localAggregationKeys: 3, ringBytes: 4096, localSampleRows: 5 },
  {},
] as const;

const said = watermarks.generator<Timed>({
  timestamp: 'at',
  create: () => ({ onEvent: ({ watermark }, _time, output) => output.emitWatermark(watermark), onPeriodicEmit() {} }),
});

const kindsOfKeys = [
  fc.nat(4),
  fc.integer({ min: 0, max: 2_000_000 }),
  fc.constantFrom('a', 'b', 'a longer key than eight bytes', 'ü', '漢字'),
  fc.constantFrom<unknown>(0, '0', true, null, 1.5, -0.25, ['x', 1], { y: 2 }, new Date(5)),
];

const streams = fc
  .record({
    keys: fc.constantFrom(...kindsOfKeys),
    first: fc.constantFrom(0, -1000, 1_700_000_000_000),
    delay: fc.constantFrom(0, 5, 30),
    step: fc.constantFrom(0, 1, 4),
  })
  .chain(({ keys, first, delay, step }) =>
    fc
      .array(
        fc.record({
          key: keys,
          forth: fc.integer({ min: 0, max: 2 * step }),
          back: fc.nat(40),
          value: fc.integer({ min: -9, max: 9 }),
          speaks: fc.nat(3),
        }),
        {
          minLength: 1,
          maxLength: 120,
        },
      )
      .map((rows) => {
        let now = first;
        let watermark = first - 1000;
        return rows.map(({ key, forth, back, value, speaks }): Timed => {
          now += forth;
          if (speaks === 0) watermark = Math.max(watermark, now - delay);
          return { key, at: now - (back > 20 ? 0 : back), value, watermark };
        });
      }),
  );

const shapes = fc
  .record({
    size: fc.integer({ min: 1, max: 24 }),
    slide: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined, freq: 3 }),
    offset: fc.nat(29),
    lateness: fc.constantFrom(0, 0, 3, 25),
  })
  .map(({ size, slide = size, offset, lateness }): Windows => ({ size, slide, offset: offset % slide, lateness }));

const settings = fc.record({
  parallelism: fc.constantFrom(1, 2, 4),
  limits: fc.constantFrom(...limits),
  localAggregation: fc.boolean(),
  chaining: fc.boolean(),
  runtimeMode: fc.constantFrom('streaming' as const, 'batch' as const),
});

interface Row {
  readonly start: number;
  readonly end: number;
  readonly n: number;
  readonly s: number;
  readonly lo: number;
  readonly hi: number;
  readonly mean: number;
}

const aggregators = { n: count(), s: sum('value'), lo: min('value'), hi: max('value'), mean: avg('value') };

function expected({ fired }: { fired: readonly Fired[] }, { size }: Windows, keyed: boolean): unknown[] {
  return fired.map(({ key, start, values }) => {
    const s = values.reduce((a, b) => a + b, 0);
    const row = {
      start,
      end: start + size,
      n: values.length,
      s,
      lo: Math.min(...values),
      hi: Math.max(...values),
      mean: s / values.length,
    };
    return keyed ? { key, ...row } : row;
  });
}

function assigner({ size, slide, offset }: Windows) {
  return size === slide ? eventTime.tumbling(size, { offset }) : eventTime.sliding(size, slide, { offset });
}

const texts = (rows: readonly unknown[]): string[] =>
  rows.map((row) => JSON.stringify(row, (_, value) => (Object.is(value, -0) ? 0 : value))).sort();

/** Keeps one array, and changes it. */
const valuesOf = {
  createAccumulator: (): number[] => [],
  add: ({ value }: Timed, values: number[]) => {
    values.push(value);
    return values;
  },
  merge: (some: number[], others: number[]) => {
    some.push(...others);
    return some;
  },
  getResult: (values: number[]) => values.toSorted((a, b) => a - b),
};

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Ways to make one value of the records of a window. */
const ways: readonly {
  rows(windowed: AllWindowedStream<Timed, TimeWindow>): DataStream<unknown>;
  expected(values: readonly number[]): unknown;
  /** Whether records are combined with others only one by one: so a function of `reduce` may rely on it. */
  readonly oneByOne?: true;
}[] = [
  { rows: (windowed) => windowed.aggregate(valuesOf), expected: (values) => values.toSorted((a, b) => a - b) },
  {
    rows: (windowed) => windowed.reduce((a, b) => ({ ...b, value: a.value + b.value })).map(({ value }) => value),
    expected: total,
    oneByOne: true,
  },
  { rows: (windowed) => windowed.sum('value').map(({ value }) => value), expected: total },
  { rows: (windowed) => windowed.min('value').map(({ value }) => value), expected: (values) => Math.min(...values) },
  { rows: (windowed) => windowed.maxBy('value').map(({ value }) => value), expected: (values) => Math.max(...values) },
];

const tumbling = shapes.map((shape): Windows => ({ ...shape, slide: shape.size, offset: shape.offset % shape.size }));

interface Keyed {
  readonly key: string;
  readonly at: number;
  readonly value: number;
}

describe('windows by slices', () => {
  test('are what they are by definition, and every late record goes to the side output', async () => {
    await fc.assert(
      fc.asyncProperty(streams, shapes, settings, async (records, windows, setting) => {
        const env = new TestEnvironment(setting);
        const tag = new OutputTag<Timed>('late');
        const rows = env
          .fromData(records, { watermarks: said })
          .setParallelism(1)
          .keyBy('key')
          .window(assigner(windows))
          .allowedLateness(windows.lateness)
          .sideOutputLateData(tag)
          .aggregate(aggregators);
        rows.getSideOutput(tag).toHost('late');
        const results = await env.collect(rows as never);
        const right = byDefinition(records, windows);
        expect(texts(results)).toEqual(texts(expected(right, windows, true)));
        expect(texts(env.outputs.late ?? [])).toEqual(texts(right.late));
      }),
      { numRuns: 150 },
    );
  });

  test('aggregate in front of the exchange without a trace, and count late records', async () => {
    await fc.assert(
      fc.asyncProperty(streams, shapes, settings, async (records, windows, setting) => {
        const env = new TestEnvironment(setting);
        env
          .fromData(records, { watermarks: said })
          .setParallelism(1)
          .keyBy('key')
          .window(assigner(windows))
          .allowedLateness(windows.lateness)
          .aggregate(aggregators)
          .toHost('rows');
        const { metrics } = await env.execute();
        const right = byDefinition(records, windows);
        expect(texts(env.outputs.rows ?? [])).toEqual(texts(expected(right, windows, true)));
        const late = metrics.stages.flatMap(({ subtasks }) => subtasks.map(({ lateRecords }) => lateRecords));
        expect(late.reduce((a, b) => a + b, 0)).toBe(right.late.length);
      }),
      { numRuns: 100 },
    );
  });

  test('need no keys', async () => {
    await fc.assert(
      fc.asyncProperty(streams, shapes, settings, async (records, windows, setting) => {
        const env = new TestEnvironment(setting);
        const rows = env
          .fromData(records, { watermarks: said })
          .setParallelism(1)
          .windowAll(assigner(windows))
          .allowedLateness(windows.lateness)
          .aggregate(aggregators);
        const alike = records.map((record) => ({ ...record, key: 0 }));
        expect(texts(await env.collect(rows as never))).toEqual(texts(expected(byDefinition(alike, windows), windows, false)));
      }),
      { numRuns: 60 },
    );
  });

  test('fold by functions of an author, with keys and without', async () => {
    const reads = fc.record({ keyed: fc.boolean(), sideOutput: fc.boolean(), reduces: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(streams, tumbling, settings, reads, async (records, windows, setting, { keyed, sideOutput, reduces }) => {
        const env = new TestEnvironment(setting);
        const source = env.fromData(records, { watermarks: said }).setParallelism(1);
        const tag = new OutputTag<Timed>('late');
        const all = keyed ? source.keyBy('key').window(assigner(windows)) : source.windowAll(assigner(windows));
        // Both have the methods that are called here; of a union none could be.
        const one = all as WindowedStream<Timed, unknown, TimeWindow>;
        const late = one.allowedLateness(windows.lateness);
        const windowed = sideOutput ? late.sideOutputLateData(tag) : late;
        const bounds = (context: unknown) => {
          const { key, window } = context as { key: unknown; window: { start: number; end: number } };
          return { ...(keyed ? { key } : {}), start: window.start, end: window.end };
        };
        const rows = reduces
          ? windowed.reduce(
              (a, b) => ({ ...b, value: a.value + b.value }),
              ({ value }, context) => ({ ...bounds(context), value }),
            )
          : windowed.aggregate(valuesOf, (values, context) => ({ ...bounds(context), values }));
        if (sideOutput) rows.getSideOutput(tag).toHost('late');
        const results = await env.collect(rows as never);
        const right = byDefinition(keyed ? records : records.map((record) => ({ ...record, key: 0 })), windows);
        const fired = right.fired.map(({ key, start, values }) => ({
          ...(keyed ? { key } : {}),
          start,
          end: start + windows.size,
          ...(reduces ? { value: values.reduce((a, b) => a + b, 0) } : { values: values.toSorted((a, b) => a - b) }),
        }));
        expect(texts(results)).toEqual(texts(fired));
        // By definition those without keys have the key 0.
        const refused = (env.outputs.late ?? []) as Timed[];
        const known = keyed ? refused : refused.map((record) => ({ ...record, key: 0 }));
        if (sideOutput) expect(texts(known)).toEqual(texts(right.late));
      }),
      { numRuns: 150 },
    );
  });

  test('fold over all records, in front of the exchange as well', async () => {
    await fc.assert(
      fc.asyncProperty(streams, tumbling, settings, fc.constantFrom(...ways), async (records, windows, setting, way) => {
        const env = new TestEnvironment({ ...setting, autoWatermarkInterval: 0 });
        const inTime = records.map((record) => ({ ...record, key: 0, watermark: Number.NEGATIVE_INFINITY }));
        const windowed = env
          .fromData(inTime)
          .rebalance()
          .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(1000, { timestamp: 'at' }))
          .windowAll(assigner(windows));
        way.rows(windowed).toHost('rows');
        expect(env.explain().includes('(local)')).toBe(setting.localAggregation && setting.parallelism > 1 && way.oneByOne !== true);
        await env.execute();
        const right = byDefinition(inTime, windows).fired.map(({ values }) => way.expected(values));
        expect(texts(env.outputs.rows ?? [])).toEqual(texts(right));
      }),
      { numRuns: 80 },
    );
  });

  test('let all keys go that there is no more room for, where new ones come again and again', async () => {
    const records = Array.from({ length: 4000 }, (_, i): Keyed => ({ key: `k${Math.floor(i / 40)}`, at: i, value: 1 }));
    const setting = {
      runtimeMode: 'streaming',
      parallelism: 2,
      limits: { localAggregationKeys: 8, localSampleRows: 500, batchRows: 16 },
    } as const;
    const env = new TestEnvironment(setting);
    env
      .fromData(records, { watermarks: watermarks.boundedOutOfOrderness(10, { timestamp: 'at' }) })
      .setParallelism(1)
      .keyBy('key')
      .window(eventTime.tumbling(5000))
      .aggregate({ s: sum('value') })
      .toHost('rows');
    const { metrics } = await env.execute();
    expect(texts(env.outputs.rows ?? [])).toEqual(
      texts(Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, start: 0, end: 5000, s: 40 }))),
    );
    const sent = metrics.stages[0]?.subtasks.reduce((all, { recordsOut }) => all + recordsOut, 0);
    // A thousand or so until it is known that the first keys do not come again, then about one for each key.
    expect(sent).toBeLessThan(1500);
  });

  test('hold with several sources, whose records are never late', async () => {
    await fc.assert(
      fc.asyncProperty(streams, shapes, settings, fc.boolean(), async (records, windows, setting, byRow) => {
        const env = new TestEnvironment({ ...setting, autoWatermarkInterval: 0 });
        const inTime = records.map((record) => ({ ...record, watermark: Number.NEGATIVE_INFINITY }));
        const source = env.fromData(inTime).rebalance();
        const rows = (byRow ? source.filter(() => true) : source)
          .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(1000, { timestamp: 'at' }))
          .keyBy('key')
          .window(assigner(windows))
          .aggregate(aggregators, (row, { window }) => ({ ...row, checked: window.end - window.start }));
        const right = expected(byDefinition(inTime, windows), windows, true) as Row[];
        expect(texts(await env.collect(rows as never))).toEqual(texts(right.map((row) => ({ ...row, checked: windows.size }))));
      }),
      { numRuns: 100 },
    );
  });

  test('tell of every record of a partial result that is too late, as of a source that was idle', async () => {
    const run = async (localAggregation: boolean) => {
      const env = new TestEnvironment({ runtimeMode: 'streaming', localAggregation, autoWatermarkInterval: 0, parallelism: 2 });
      const idle = watermarks.generator<Keyed>({
        timestamp: 'at',
        create: () => ({ onEvent: (_record, _time, output) => output.markIdle(), onPeriodicEmit() {} }),
      });
      const ahead = env.fromData<Keyed>([{ key: 'a', at: 1000, value: 1 }], { watermarks: watermarks.monotonous({ timestamp: 'at' }) });
      const behind = env.generate<Keyed>({
        count: 20,
        ratePerSecond: 1,
        parallelism: 1,
        create: () => ({ key: 'b', at: 5, value: 1 }),
        watermarks: idle,
      });
      ahead
        .union(behind)
        .keyBy('key')
        .window(eventTime.tumbling(10))
        .aggregate({ s: sum('value') })
        .toHost('rows');
      const { metrics } = await env.execute();
      const late = metrics.stages.flatMap(({ subtasks }) => subtasks.map((subtask) => subtask.lateRecords));
      return late.reduce((a, b) => a + b, 0);
    };
    const direct = await run(false);
    expect(direct).toBeGreaterThanOrEqual(19);
    expect(await run(true)).toBe(direct);
  });

  test('send one record for each key and slice through the exchange, and late ones at once', async () => {
    const late: Timed[] = [
      { key: 'a', at: 1, value: 1, watermark: 1 },
      { key: 'b', at: 2, value: 2, watermark: 2 },
      { key: 'a', at: 3, value: 4, watermark: 12 },
      // Its window has fired, and fires again; the next one is too late for that.
      { key: 'a', at: 4, value: 8, watermark: 25 },
      { key: 'b', at: 5, value: 16, watermark: 25 },
      { key: 'b', at: 27, value: 32, watermark: 27 },
    ];
    const run = async (localAggregation: boolean) => {
      const env = new TestEnvironment({ runtimeMode: 'streaming', localAggregation, parallelism: 2 });
      env
        .fromData(late, { watermarks: said })
        .setParallelism(1)
        .keyBy('key')
        .window(eventTime.tumbling(10))
        .allowedLateness(10)
        .aggregate({ n: count(), s: sum('value') })
        .toHost('rows');
      const { metrics } = await env.execute();
      const lateRecords = metrics.stages.flatMap(({ subtasks }) => subtasks.map((subtask) => subtask.lateRecords));
      return { rows: texts(env.outputs.rows ?? []), late: lateRecords.reduce((a, b) => a + b, 0), warnings: env.warnings.length };
    };
    const local = await run(true);
    expect(local).toEqual(await run(false));
    expect(local).toEqual({
      late: 1,
      warnings: 1,
      rows: texts([
        { key: 'a', start: 0, end: 10, n: 2, s: 5 },
        { key: 'a', start: 0, end: 10, n: 3, s: 13 },
        { key: 'b', start: 0, end: 10, n: 1, s: 2 },
        { key: 'b', start: 20, end: 30, n: 1, s: 32 },
      ]),
    });
  });

  test('go by the time of day as well, without anything in front of the exchange', async () => {
    for (const batchRows of [1, 7, 1024]) {
      const env = new TestEnvironment({ runtimeMode: 'streaming', limits: { batchRows }, parallelism: 2 });
      env
        .fromData(Array.from({ length: 90 }, (_, i) => ({ key: i % 3, value: i })))
        .setParallelism(1)
        .map((record) => {
          if (record.value === 45) env.clock.advance(7);
          return record;
        })
        .keyBy('key')
        .window(processingTime.sliding(10, 5))
        .aggregate({ n: count(), s: sum('value') })
        .toHost('rows');
      expect(env.explain()).not.toContain('(local)');
      await env.execute();
      const rows = env.outputs.rows as { key: number; start: number; end: number; n: number; s: number }[];
      // Every record is in two windows, whenever it came.
      expect(rows.reduce((all, { n }) => all + n, 0)).toBe(180);
      expect(rows.reduce((all, { s }) => all + s, 0)).toBe(90 * 89);
      expect(rows.every(({ start, end }) => end - start === 10 && start % 5 === 0)).toBe(true);
      expect(new Set(rows.map(({ key, start }) => `${key} ${start}`)).size).toBe(rows.length);
    }
  });
});

interface Valued {
  readonly key: string;
  readonly at: number;
  readonly value: number;
}

const steps: HarnessStep<Valued>[] = [
  ...[1, 2].map((value) => ({ element: { key: 'a', at: value, value }, timestamp: value })),
  { watermark: 20 },
  { element: { key: 'a', at: 25, value: 5 }, timestamp: 25 },
  { watermark: 40 },
  { watermark: 60 },
];

describe.each([true, false])('functions that change what they are given, with keys: %s', (keyed) => {
  test.each([0, 100])('and stay for %i ms, in checkpoints', async (lateness) => {
    const largest = {
      createAccumulator: (): number[] => [],
      add: ({ value }: Valued, values: number[]) => {
        values.push(value);
        return values;
      },
      merge: (some: number[], others: number[]) => some.concat(others),
      // Takes it away.
      getResult: (values: number[]) => values.sort((a, b) => a - b).pop(),
    };
    const build = (records: DataStream<Valued>) => {
      const windows = eventTime.tumbling(10);
      const windowed = keyed ? records.keyBy('key').window(windows) : records.windowAll(windows);
      return windowed.allowedLateness(lateness).aggregate(largest);
    };
    await verifyOperator(build, { steps, expected: [2, 5] });
  });
});

test('instances of classes are accumulated where the records come together', async () => {
  class Total {
    sum = 0;
  }
  const env = new TestEnvironment({ parallelism: 2, autoWatermarkInterval: 0 });
  const rows = env
    .fromData([1, 2, 3, 4].map((at): Valued => ({ key: 'a', at, value: at })))
    .rebalance()
    .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(10, { timestamp: 'at' }))
    .windowAll(eventTime.tumbling(10))
    .aggregate({
      createAccumulator: () => new Total(),
      add: ({ value }, total) => {
        total.sum += value;
        return total;
      },
      merge: (some, others) => {
        some.sum += others.sum;
        return some;
      },
      getResult: ({ sum }) => sum,
    });
  expect(await env.collect(rows)).toEqual([10]);
});
