/** Interval joins against nested loops. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../../src/api/data-stream.ts';
import type { IntervalJoined } from '../../../src/api/interval-join.ts';
import { hashNumber } from '../../../src/base/hash.ts';
import type { OperatorContext } from '../../../src/compiler/operator.ts';
import { IntervalJoin as IntervalJoinInstance } from '../../../src/operators/join/interval-join.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { watermarks } from '../../../src/time/watermarks.ts';
import { bounded, disorder, type Item, items, sizes } from './streams.ts';

interface Bounds {
  readonly lower: number;
  readonly upper: number;
  readonly lowerExclusive: boolean;
  readonly upperExclusive: boolean;
}

const bounds: fc.Arbitrary<Bounds> = fc
  .record({
    lower: fc.integer({ min: -40, max: 40 }),
    span: fc.integer({ min: 0, max: 40 }),
    lowerExclusive: fc.boolean(),
    upperExclusive: fc.boolean(),
  })
  .map(({ span, ...rest }) => ({ ...rest, upper: rest.lower + span }));

function pairOf(left: Item, right: Item): string {
  return `${left.id} ${right.id} at ${Math.max(left.at, right.at)}`;
}

const inOrder = { watermarks: watermarks.monotonous<Item>({ timestamp: ({ at }) => at }) };

function nestedLoops(lefts: readonly Item[], rights: readonly Item[], { lower, upper, lowerExclusive, upperExclusive }: Bounds): string[] {
  const pairs: string[] = [];
  for (const left of lefts) {
    for (const right of rights) {
      const after = right.at - left.at;
      const reaches = lowerExclusive ? after > lower : after >= lower;
      const ends = upperExclusive ? after < upper : after <= upper;
      if (left.key === right.key && reaches && ends) pairs.push(pairOf(left, right));
    }
  }
  return pairs.sort();
}

function within(lefts: DataStream<Item>, rights: DataStream<Item>, { lower, upper, lowerExclusive, upperExclusive }: Bounds) {
  let joined: IntervalJoined<Item, Item> = lefts.keyBy('key').intervalJoin(rights.keyBy('key')).between(lower, upper);
  if (lowerExclusive) joined = joined.lowerBoundExclusive();
  if (upperExclusive) joined = joined.upperBoundExclusive();
  return joined;
}

function pairs(joined: IntervalJoined<Item, Item>): DataStream<string> {
  return joined.process((left, right, ctx, out: (row: string) => void) => {
    if (ctx.leftTimestamp !== left.at || ctx.rightTimestamp !== right.at) throw new Error('not the times of the pair');
    out(`${left.id} ${right.id} at ${ctx.timestamp}`);
  });
}

describe.each(sizes)('an interval join with limits %o', (limits) => {
  test.each([1, 2, 4])('finds what nested loops find, at parallelism %i', { timeout: 60_000 }, async (parallelism) => {
    await fc.assert(
      fc.asyncProperty(items('l'), items('r'), bounds, async (lefts, rights, between) => {
        const env = new TestEnvironment({ limits, parallelism });
        const left = env.fromData(lefts, { watermarks: bounded(disorder(lefts)) });
        const right = env.fromData(rights, { watermarks: bounded(disorder(rights)) });
        expect((await env.collect(pairs(within(left, right, between)))).sort()).toEqual(nestedLoops(lefts, rights, between));
        expect(env.warnings).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  test('sends late records to the side outputs; the others are joined', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(items('l'), items('r'), bounds, fc.nat(30), async (lefts, rights, between, boundMs) => {
        const env = new TestEnvironment({ limits, parallelism: 2 });
        const [leftLate, rightLate] = [new OutputTag<Item>('left'), new OutputTag<Item>('right')];
        const joined = within(
          env.fromData(lefts, { watermarks: bounded(boundMs) }),
          env.fromData(rights, { watermarks: bounded(boundMs) }),
          between,
        );
        const rows = pairs(joined.sideOutputLeftLateData(leftLate).sideOutputRightLateData(rightLate));
        rows.getSideOutput(leftLate).toHost('left');
        rows.getSideOutput(rightLate).toHost('right');
        const found = (await env.collect(rows)).sort();
        const { left = [], right = [] } = env.outputs as { left?: Item[]; right?: Item[] };
        const timely = (all: readonly Item[], late: readonly Item[]) => all.filter(({ id }) => !late.some((each) => each.id === id));
        expect(found).toEqual(nestedLoops(timely(lefts, left), timely(rights, right), between));
        expect(left.every(({ id }) => id.startsWith('l')) && right.every(({ id }) => id.startsWith('r'))).toBe(true);
        expect(env.warnings).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});

const onTime = Array.from({ length: 10 }, (_, i): Item => ({ id: `n${i}`, key: 1, at: 1000 + i }));
const withLate: Item[] = [...onTime, { id: 'late', key: 1, at: 10 }, { id: 'later', key: 2, at: 20 }];

test('late records that no side output takes are counted, and told of once', async () => {
  const env = new TestEnvironment();
  const records = env.fromData(withLate, { watermarks: bounded(0) });
  const joined = records.keyBy('key').intervalJoin(records.keyBy('key')).between(0, 0);
  await env.collect(pairs(joined).name('matches'));
  expect(env.warnings).toHaveLength(1);
  expect(env.warnings[0]).toMatch(/4 records came too late and went nowhere, by up to 998 ms of event time; for example \{ id: 'late'/);
  expect(env.warnings[0]).toMatch(/sideOutputLeftLateData\(tag\) and sideOutputRightLateData\(tag\) hand/);
});

test('late records are counted in the metrics, also those whose side output nobody reads', async () => {
  const env = new TestEnvironment();
  const records = env.fromData(withLate, { watermarks: bounded(0) });
  pairs(records.keyBy('key').intervalJoin(records.keyBy('key')).between(0, 0).sideOutputLeftLateData(new OutputTag('left'))).toHost('rows');
  const { metrics } = await env.execute();
  const late = metrics.stages.flatMap(({ subtasks }) => subtasks.map(({ lateRecords }) => lateRecords));
  expect(late.reduce((a, b) => a + b)).toBe(4);
});

test('rows are not late for what follows: the watermark waits for them', async () => {
  const env = new TestEnvironment();
  const records = (n: number): Item[] => Array.from({ length: 50 }, (_, i) => ({ id: `${n}-${i}`, key: i % 3, at: i * 10 }));
  const [left, right] = [1, 2].map((n) => env.fromData(records(n), { watermarks: bounded(0) })) as [DataStream<Item>, DataStream<Item>];
  const rows = left
    .keyBy('key')
    .intervalJoin(right.keyBy('key'))
    .between('-30ms', 30)
    .process((_left, _right, _ctx, out: (row: number) => void) => out(1))
    .process({
      processElement(_n: number, ctx, out: (row: boolean) => void) {
        out((ctx.timestamp as number) > ctx.watermark);
      },
    });
  const inTime = await env.collect(rows);
  expect(inTime.length).toBeGreaterThan(50);
  expect(new Set(inTime)).toEqual(new Set([true]));
});

test('bounds that are said to be exclusive twice are so once', async () => {
  const env = new TestEnvironment();
  const [left, right] = [env.fromData([{ id: 'a', key: 1, at: 10 }], inOrder), env.fromData([{ id: 'b', key: 1, at: 6 }], inOrder)];
  const joined = left.keyBy('key').intervalJoin(right.keyBy('key')).between(-5, 5);
  const rows = pairs(joined.lowerBoundExclusive().lowerBoundExclusive().upperBoundExclusive().upperBoundExclusive());
  expect(await env.collect(rows)).toEqual(['a b at 10']);
});

test('an interval that holds no time pairs nothing, and makes nothing late', async () => {
  const env = new TestEnvironment();
  const late = new OutputTag<Item>('late');
  const [left, right] = [1, 2].map((n) => env.fromData([{ id: `${n}`, key: 1, at: 10 }], inOrder)) as [DataStream<Item>, DataStream<Item>];
  const joined = left.keyBy('key').intervalJoin(right.keyBy('key')).between(0, 0).lowerBoundExclusive().upperBoundExclusive();
  const rows = pairs(joined.sideOutputLeftLateData(late).sideOutputRightLateData(late));
  expect(await env.collect(rows.union(rows.getSideOutput(late).map(({ id }) => `late ${id}`)))).toEqual([]);
});

test('asks for timestamps where there are none', async () => {
  const env = new TestEnvironment();
  const records = env.fromData(onTime);
  await expect(env.collect(pairs(records.keyBy('key').intervalJoin(records.keyBy('key')).between(0, 1)))).rejects.toThrow(
    /intervalJoin: the record has no timestamp; assign timestamps and watermarks in front of it/,
  );
});

test('tells of both records when the function throws', async () => {
  const env = new TestEnvironment();
  const records = env.fromData(onTime, { watermarks: watermarks.monotonous({ timestamp: ({ at }) => at }) });
  const rows = records
    .keyBy('key')
    .intervalJoin(records.keyBy('key'))
    .between(0, 1)
    .process(() => {
      throw new RangeError('no');
    });
  await expect(env.collect(rows)).rejects.toThrow(/failed with RangeError: no/);
});

describe('the state of an interval join', () => {
  const context = {
    operator: { id: 0 },
    jobName: 'job',
    subtask: 0,
    parallelism: 1,
    limits: { shownCharacters: 100 },
    system: { clock: { now: () => 0 }, timers: { after: () => ({ cancel() {} }) } },
    countLate() {},
    warn() {},
  } as unknown as OperatorContext;

  test('is bounded while records come, and gone at the end', () => {
    const join = new IntervalJoinInstance({ join: () => {}, lowerMs: -20, upperMs: 10, lateTags: [undefined, undefined] }, context);
    const { index } = join;
    let most = 0;
    for (let at = 0; at < 10_000; at++) {
      // Each key has records for ten milliseconds, then never again.
      const key = Math.floor(at / 10);
      for (const side of [0, 1]) join.accept(side, index.ofNumber(hashNumber(key), key), at, { at });
      // Some are late, also of keys that nobody knows.
      if (at > 100) join.accept(0, index.ofNumber(hashNumber(-at), -at), at - 100, { at });
      join.advanceEventTime(at - 5);
      most = Math.max(most, join.keyCount);
    }
    expect(most).toBeLessThan(12);
    join.advanceEventTime(Number.POSITIVE_INFINITY);
    expect(join.keyCount).toBe(0);
  });
});
