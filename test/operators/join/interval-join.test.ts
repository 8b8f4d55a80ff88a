/** Interval joins against nested loops. */

import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../../src/api/data-stream.ts';
import type { IntervalJoined } from '../../../src/api/interval-join.ts';
import { ByteSink } from '../../../src/batch/byte-sink.ts';
import { ByteSource } from '../../../src/batch/byte-source.ts';
import { decodeValue, encodeValue } from '../../../src/batch/value-codec.ts';
import { hashKey } from '../../../src/compiler/key-code.ts';
import type { OperatorContext } from '../../../src/compiler/operator.ts';
import { intervalJoinOperator } from '../../../src/operators/join/interval-join.ts';
import { readRecords } from '../../../src/operators/join/timed-rows.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import type { KeyedContents } from '../../../src/state/keyed-contents.ts';
import { StateLog } from '../../../src/state/state-log.ts';
import { operatorHarness } from '../../../src/testing/operator-harness.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { type HarnessStep, verifyOperator } from '../../../src/testing/verify-operator.ts';
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
  await expect(env.collect(rows)).rejects.toThrow(/failed with RangeError: no.*\[\s*\{ id: 'n0'.*\{ id: 'n0'/s);
});

type Shaped = Item & { readonly value: unknown };

const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 2 }),
  fc.constantFrom(null, true, 5n, undefined),
  fc.array(fc.nat(9)),
);
const shaped = fc.tuple(fc.record({ key: fc.nat(2), at: fc.integer({ min: -20, max: 60 }), value }), fc.boolean());

/** Records of one key and time may be of many shapes: with other kinds of values, or with their fields the other way round. */
function shapes(side: string): fc.Arbitrary<readonly Shaped[]> {
  const record = ({ key, at, value }: Omit<Shaped, 'id'>, id: string, isTurned: boolean): Shaped =>
    isTurned ? { value, at, key, id } : { id, key, at, value };
  return fc.array(shaped, { maxLength: 20 }).map((all) => all.map(([fields, isTurned], i) => record(fields, `${side}${i}`, isTurned)));
}

type Step = HarnessStep<Shaped, Shaped>;

/** The records of both sides, by turns as `order` says, and watermarks between them. */
const steps: fc.Arbitrary<readonly Step[]> = fc
  .tuple(shapes('l'), shapes('r'), fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { minLength: 20, maxLength: 20 }))
  .map(([lefts, rights, order]) => {
    const [left, right] = [lefts.values(), rights.values()];
    let watermark = -30;
    return order.flatMap(([isLeft, ahead]): Step[] => {
      const { value: element } = (isLeft ? left : right).next();
      const steps: Step[] = [];
      if (element !== undefined) steps.push({ element, timestamp: element.at, ...(isLeft ? { on: 'first' } : { on: 'second' }) });
      if (ahead <= 15) return steps;
      watermark += ahead;
      return [...steps, { watermark }];
    });
  });

type Join = (left: DataStream<Shaped>, right: DataStream<Shaped>) => DataStream<unknown>;

const byFields: Join = (left, right) =>
  left
    .keyBy('key')
    .intervalJoin(right.keyBy('key'))
    .between(-7, 12)
    .process((a, b, _ctx, out: (row: unknown) => void) => out([a.id, a.value, b.value, b.id]));

const byWhole: Join = (left, right) =>
  left
    .keyBy(({ key }) => key)
    .intervalJoin(right.keyBy(({ key }) => key))
    .between(-7, 12)
    .process((a, b, ctx, out: (row: unknown) => void) => out([{ ...a }, { ...b }, ctx.leftTimestamp, ctx.rightTimestamp]));

describe.each([
  ['reads some fields', byFields],
  ['takes them whole', byWhole],
] as const)('records of many shapes, with a function that %s', (_, build) => {
  test('join in whatever batches they come, over a snapshot at every boundary', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, (all) => verifyOperator(build, { steps: all })),
      { numRuns: 5 },
    );
  });

  test('come out as they were', async () => {
    await fc.assert(
      fc.asyncProperty(shapes('l'), shapes('r'), async (lefts, rights) => {
        const harness = operatorHarness(build);
        for (let i = 0; i < 20; i++) {
          for (const [input, records] of [
            [harness.first, lefts],
            [harness.second, rights],
          ] as const) {
            const record = records[i];
            if (record !== undefined) input.processElement(record, record.at);
          }
        }
        const rows = lefts.flatMap((a) =>
          rights
            .filter((b) => a.key === b.key && b.at - a.at >= -7 && b.at - a.at <= 12)
            .map((b) => (build === byFields ? [a.id, a.value, b.value, b.id] : [a, b, a.at, b.at])),
        );
        const inOrder = (each: readonly unknown[]): unknown[] => each.map((row) => inspect(row, { depth: 4 })).sort();
        expect(inOrder(harness.output)).toEqual(inOrder(rows));
        harness.close();
      }),
      { numRuns: 40 },
    );
  });
});

test('partners come in the order of their times, those of one time as they came', () => {
  const harness = operatorHarness(byFields);
  const at = (id: string, at: number): void => harness.first.processElement({ id, key: 1, at, value: id }, at);
  for (const [id, time] of [
    ['a', 5],
    ['b', 2],
    ['c', 5],
    ['d', 2],
    ['e', 9],
    ['f', 2],
  ] as const)
    at(id, time);
  harness.second.processElement({ id: 'r', key: 1, at: 6, value: 0 }, 6);
  expect(harness.output.map((row) => (row as unknown[])[0]).join('')).toBe('bdface');
  harness.close();
});

describe('the state of an interval join', () => {
  const build = (left: DataStream<Item>, right: DataStream<Item>): DataStream<string> =>
    pairs(left.keyBy('key').intervalJoin(right.keyBy('key')).between(-20, 10));

  test('is bounded while records come, and gone at the end', () => {
    const harness = operatorHarness(build);
    let [states, timers] = [0, 0];
    for (let at = 0; at < 3_000; at++) {
      // Each key has records for ten milliseconds, then never again.
      const key = Math.floor(at / 10);
      for (const input of [harness.first, harness.second]) input.processElement({ id: `${at}`, key, at }, at);
      // Some are late, also of keys that nobody knows.
      if (at > 100) harness.first.processElement({ id: 'late', key: -at, at: at - 100 }, at - 100);
      harness.processWatermark(at - 5);
      states = Math.max(states, harness.numKeyedStateEntries());
      timers = Math.max(timers, harness.numEventTimeTimers());
    }
    expect(states).toBeLessThan(20);
    expect(timers).toBeLessThan(12);
    harness.processWatermark(10_000);
    expect([harness.numKeyedStateEntries(), harness.numEventTimeTimers()]).toEqual([0, 0]);
    harness.close();
  });

  test.each([
    { lefts: [1e9], rights: [] },
    { lefts: [], rights: [1e9] },
  ])('does not wait for a record that is far ahead of its time, $lefts $rights', (ahead) => {
    const { instance, restore, kept } = created();
    const times = Array.from({ length: 100 }, (_, i) => i);
    const both = restore({ key: 'both', lefts: [...times, ...ahead.lefts], rights: [...times, ...ahead.rights] });
    const others = ahead.lefts.length > 0 ? { lefts: ahead.lefts, rights: times } : { lefts: times, rights: ahead.rights };
    const apart = restore({ key: 'apart', ...others });
    for (let now = 0; now < 200; now++) instance.advanceEventTime?.(now);
    expect([kept(both), kept(apart)]).toEqual([
      { key: 'both', ...ahead },
      { key: 'apart', ...ahead },
    ]);
    instance.advanceEventTime?.(Number.POSITIVE_INFINITY);
    expect(instance.holdings).toEqual({ states: 0, eventTimers: 0, processingTimers: 0 });
  });

  test('is restored key by key, and taken again where it has changed', () => {
    const { instance, restore, kept, log } = created();
    const [a, b] = [restore({ key: 1, lefts: [50, 52], rights: [51] }), restore({ key: ['b', null], lefts: [], rights: [1, 2, 40] })];
    expect([kept(a), kept(b)]).toEqual([
      { key: 1, lefts: [50, 52], rights: [51] },
      { key: ['b', null], lefts: [], rights: [1, 2, 40] },
    ]);
    const taken = (): number => {
      const snapshot = log().begin(false);
      expect(snapshot.encode(new ByteSink(), 10)).toBe(true);
      snapshot.stored('s');
      return snapshot.entries;
    };
    expect(taken()).toBe(2);
    expect(taken()).toBe(0);
    instance.advanceEventTime?.(22);
    expect(kept(b)).toEqual({ key: ['b', null], lefts: [], rights: [2, 40] });
    expect(taken()).toBe(1);
    instance.advanceEventTime?.(1000);
    expect(log().begin(true).entries).toBe(0);
  });
});

/** Records of a key, each of its time only. */
interface Entry {
  readonly key: unknown;
  readonly lefts: readonly number[];
  readonly rights: readonly number[];
}

/** An instance between −20 and 10 outside of any stage, which is restored entry by entry. */
function created() {
  let contents: KeyedContents | undefined;
  let log: StateLog | undefined;
  const context = {
    operator: { id: 0 },
    keyedState(_name: string, of: KeyedContents): StateLog {
      contents = of;
      log = new StateLog(of, { tracks: true, segmentsMax: 3 });
      return log;
    },
  } as unknown as OperatorContext;
  const instance = intervalJoinOperator({ join: () => {}, lowerMs: -20, upperMs: 10, lateTags: [undefined, undefined] }).create(context);
  const source = new ByteSource();
  return {
    instance,
    log: () => log as StateLog,
    restore({ key, lefts, rights }: Entry): number {
      const sink = new ByteSink();
      encodeValue(sink, key);
      for (const times of [lefts, rights]) {
        sink.varint(times.length);
        for (const at of times) {
          sink.f64(at);
          encodeValue(sink, { at });
        }
      }
      source.reset(sink.bytes, 0, sink.length);
      const unit = (contents as KeyedContents).reader((contents as KeyedContents).schema)(source, hashKey(key));
      // As a log does that reads it from a segment which does not go on to count.
      log?.touch(unit);
      return unit;
    },
    kept(unit: number): Entry {
      const sink = new ByteSink();
      (contents as KeyedContents).write(unit, sink);
      source.reset(sink.bytes, 0, sink.length);
      const key = decodeValue(source);
      const [lefts, rights] = [0, 1].map(() => {
        const times: number[] = [];
        readRecords(source, (time, record) => {
          expect(record).toEqual({ at: time });
          times.push(time);
        });
        return times;
      }) as [number[], number[]];
      return { key, lefts, rights };
    },
  };
}
