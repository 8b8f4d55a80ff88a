import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import type { BroadcastProcessFunction, KeyedCoProcessFunction } from '../../src/operators/process/co-process.ts';
import type { SubtaskContext } from '../../src/operators/process/context.ts';
import { OutputTag } from '../../src/operators/process/context.ts';
import type { KeyedProcessFunction } from '../../src/operators/process/keyed-process.ts';
import type { ProcessFunction } from '../../src/operators/process/process.ts';
import { broadcastState, listState, mapState, valueState } from '../../src/state/descriptors.ts';
import type { HarnessSnapshot } from '../../src/testing/harness-state.ts';
import { operatorHarness } from '../../src/testing/operator-harness.ts';
import { watermarks } from '../../src/time/watermarks.ts';

interface Click {
  readonly user: string;
  readonly at: number;
}

/** What is in the snapshot of each operator. */
function bytesOf({ operators }: HarnessSnapshot): unknown {
  return operators.map(({ state: { keyed, parts } }) => ({
    keyed: Object.entries(keyed).map(([name, segments]) => [name, segments.map(({ bytes, stale }) => ({ bytes: [...bytes], stale }))]),
    parts,
  }));
}

const late = new OutputTag<Click>('late');

const sessionState = { times: listState<number>(), end: valueState<number>() };

/** Emits the times of a user's clicks once there were none for ten milliseconds. */
class Sessions implements KeyedProcessFunction<string, Click, string, typeof sessionState> {
  readonly state = sessionState;
  readonly opened: number[] = [];

  open({ subtask }: SubtaskContext): void {
    this.opened.push(subtask);
  }

  processElement(
    ...[click, ctx, out]: Parameters<KeyedProcessFunction<string, Click, string, typeof sessionState>['processElement']>
  ): void {
    if (click.at <= ctx.watermark) {
      ctx.output(late, click);
      return;
    }
    const { times, end } = ctx.state;
    if (times.length === 0) out(`${ctx.key} begins`);
    if (end.value !== undefined) ctx.timers.deleteEventTime(end.value);
    times.add(click.at);
    end.update(click.at + 10);
    ctx.timers.registerEventTime(click.at + 10);
  }

  onTimer(...[time, ctx, out]: Parameters<NonNullable<KeyedProcessFunction<string, Click, string, typeof sessionState>['onTimer']>>): void {
    out(`${ctx.key} ${ctx.state.times.get().join(',')} until ${time}`);
    ctx.state.times.clear();
    ctx.state.end.clear();
  }
}

const click = (user: string, at: number): Click => ({ user, at });

describe('a harness', () => {
  test('drives what a builder makes of a stream: rows, timestamps, and watermarks between them', async () => {
    const harness = operatorHarness((numbers: DataStream<number>) => numbers.map((n) => n * 2).filter((n) => n > 2));
    harness.processElement(1, 3);
    harness.processElement(2, 5);
    harness.processWatermark(7);
    harness.processElements([{ value: 3 }, { value: 4, timestamp: 9 }]);
    expect(harness.elements).toEqual([
      { value: 4, timestamp: 5 },
      { watermark: 7 },
      { value: 6, timestamp: undefined },
      { value: 8, timestamp: 9 },
    ]);
    expect(harness.takeOutput()).toEqual([4, 6, 8]);
    expect(harness.takeOutput()).toEqual([]);
    expect(harness.watermarks).toEqual([7]);
    await harness.end();
    expect(() => harness.processElement(1)).toThrow('the input of the harness has ended');
  });

  test('drives a keyed process function: state, timers of event time, side outputs, counts', () => {
    const sessions = new Sessions();
    const harness = operatorHarness(sessions, { keyBy: 'user', sideOutputs: [late] });
    expect(sessions.opened).toEqual([0]);
    harness.processElement(click('a', 1), 1);
    harness.processElement(click('b', 4), 4);
    harness.processElement(click('a', 8), 8);
    expect(harness.takeOutput()).toEqual(['a begins', 'b begins']);
    expect([harness.numKeyedStateEntries(), harness.numEventTimeTimers(), harness.numProcessingTimeTimers()]).toEqual([4, 2, 0]);
    harness.processWatermark(14);
    expect(harness.records.at(-1)).toEqual({ value: 'b 4 until 14', timestamp: 14 });
    expect([harness.numKeyedStateEntries(), harness.numEventTimeTimers()]).toEqual([2, 1]);
    harness.processElement(click('c', 14), 14);
    expect(harness.sideOutput(late)).toEqual([click('c', 14)]);
    expect(harness.sideRecords(late)).toEqual([{ value: click('c', 14), timestamp: 14 }]);
    expect(() => harness.sideOutput(new OutputTag('early'))).toThrow('name it in the option sideOutputs');
  });

  test('lets the time of day pass, and timers fire at their times on its way', () => {
    const harness = operatorHarness(
      {
        processElement(n: number, ctx, out: (row: string) => void) {
          ctx.timers.registerProcessingTime(ctx.processingTime + n);
          out(`${n} at ${ctx.processingTime}`);
        },
        onTimer(time, ctx, out) {
          out(`${time} at ${ctx.processingTime}`);
          if (time < 1020) ctx.timers.registerProcessingTime(time + 5);
        },
      },
      { keyBy: (n: number) => n, now: 1000 },
    );
    harness.processElement(10);
    harness.advanceProcessingTime(2);
    harness.processElement(20);
    expect(harness.numProcessingTimeTimers()).toBe(2);
    harness.setProcessingTime(1021);
    expect(harness.output).toEqual(['10 at 1000', '20 at 1002', '1010 at 1010', '1015 at 1015', '1020 at 1020']);
    expect(() => harness.setProcessingTime(1020)).toThrow('setProcessingTime: expected a time from 1021 on, not 1020');
  });

  test('restores a snapshot, which is plain data, into a fresh instance', async () => {
    const harness = operatorHarness(() => new Sessions(), { keyBy: 'user' });
    harness.processElement(click('a', 1), 1);
    harness.processElement(click('b', 4), 4);
    const snapshot = harness.snapshot();
    harness.processElement(click('a', 8), 8);
    const restored = operatorHarness(() => new Sessions(), { keyBy: 'user', restore: structuredClone(snapshot) });
    expect(bytesOf(restored.snapshot())).toEqual(bytesOf(snapshot));
    restored.processElement(click('a', 3), 3);
    expect([restored.numKeyedStateEntries(), restored.numEventTimeTimers()]).toEqual([4, 2]);
    await restored.end();
    expect(restored.output).toEqual(['a 1,3 until 13', 'b 4 until 14']);
  });

  test('says what cannot be snapshotted, and what does not fit', () => {
    const snapshot = operatorHarness(() => new Sessions(), { keyBy: 'user' }).snapshot();
    expect(() => operatorHarness((stream: DataStream<number>) => stream.map((n) => n), { restore: snapshot })).toThrow(
      'restore: expected a snapshot of map, not one of keyed-process',
    );
    const functions = operatorHarness(
      {
        state: { fn: valueState<() => void>() },
        processElement(_: number, ctx) {
          ctx.state.fn.update(() => {});
        },
      },
      { keyBy: (n: number) => n },
    );
    functions.processElement(1);
    expect(() => functions.snapshot()).toThrow("'process': state.fn of the key 1 holds a function, which no checkpoint can hold");
  });

  test('drives functions on two inputs, each with its own watermarks', () => {
    const matches: KeyedCoProcessFunction<string, Click, Click, string, { first: ReturnType<typeof valueState<number>> }> = {
      state: { first: valueState<number>() },
      processElement1(value, ctx) {
        ctx.state.first.update(value.at);
      },
      processElement2(value, ctx, out) {
        out(`${ctx.key} ${ctx.state.first.value} ${value.at} at ${ctx.watermark}`);
      },
    };
    const harness = operatorHarness(matches, { keyBy: ['user', 'user'] });
    harness.processElement(click('a', 1), 1);
    harness.second.processElement(click('a', 2), 2);
    harness.first.processWatermark(5);
    harness.second.processElement(click('b', 3), 3);
    harness.second.processWatermark(4);
    harness.second.processElement(click('a', 9), 9);
    harness.second.setIdle(true);
    harness.second.processElement(click('a', 10), 10);
    expect(harness.output).toEqual(['a 1 2 at -Infinity', 'b undefined 3 at -Infinity', 'a 1 9 at 4', 'a 1 10 at 5']);
    expect(harness.watermarks).toEqual([4, 5]);
    expect(() => operatorHarness((stream: DataStream<number>) => stream).second).toThrow('has one input');
  });

  test('drives functions with broadcast state', () => {
    const rules: BroadcastProcessFunction<number, number, string, { limits: ReturnType<typeof broadcastState<string, number>> }> = {
      state: { limits: broadcastState<string, number>() },
      processElement: (value, ctx, out) => out(`${value} of ${ctx.state.limits.get('max')}`),
      processBroadcastElement: (limit, ctx) => void ctx.state.limits.set('max', limit),
    };
    const harness = operatorHarness(rules);
    harness.processElement(1);
    harness.second.processElement(10);
    harness.processElement(2);
    const restored = operatorHarness(rules, { restore: harness.snapshot() });
    restored.processElement(3);
    expect([...harness.output, ...restored.output]).toEqual(['1 of undefined', '2 of 10', '3 of 10']);
  });

  test('waits for asynchronous functions', async () => {
    const harness = operatorHarness((ids: DataStream<number>) =>
      ids.asyncMap(async (id) => {
        for (let turns = id; turns > 0; turns--) await null;
        return `row ${id}`;
      }),
    );
    harness.processElement(3, 1);
    harness.processElement(1, 2);
    harness.processWatermark(2);
    expect(harness.output).toEqual([]);
    expect(harness.outstanding).toBe(true);
    await harness.settle();
    expect(harness.elements).toEqual([{ value: 'row 3', timestamp: 1 }, { value: 'row 1', timestamp: 2 }, { watermark: 2 }]);
    harness.processElement(2);
    await harness.end();
    expect(harness.output).toEqual(['row 3', 'row 1', 'row 2']);
  });

  test('lets time pass at the end, where a retry waits for it', async () => {
    let attempts = 0;
    const harness = operatorHarness((ids: DataStream<number>) =>
      ids.asyncMap(
        async (id) => {
          if (++attempts < 3) throw new Error('not yet');
          return id;
        },
        { timeout: '1h', retry: { attempts: 5, delay: '1m' } },
      ),
    );
    harness.processElement(7);
    await harness.settle();
    expect([attempts, harness.output]).toEqual([1, []]);
    await harness.end();
    expect([attempts, harness.output]).toEqual([3, [7]]);
  });

  test('drives aggregations, in batch mode to the end', async () => {
    const mean = {
      createAccumulator: () => ({ sum: 0, count: 0 }),
      add: (value: Click, { sum, count }: { sum: number; count: number }) => ({ sum: sum + value.at, count: count + 1 }),
      getResult: ({ sum, count }: { sum: number; count: number }) => sum / count,
      merge: (a: { sum: number; count: number }, b: { sum: number; count: number }) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
    };
    const rolling = operatorHarness(mean, { keyBy: 'user' });
    const final = operatorHarness(mean, { keyBy: 'user', runtimeMode: 'batch' });
    for (const harness of [rolling, final]) for (const at of [1, 3, 5]) harness.processElement(click('a', at));
    expect([rolling.output, final.output]).toEqual([[1, 2, 3], []]);
    await final.end();
    expect(final.output).toEqual([3]);
  });

  test('has the watermarks of an assigner in the operator', () => {
    const harness = operatorHarness((clicks: DataStream<Click>) =>
      clicks
        .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(5, { timestamp: 'at', idleness: '1s' }))
        .map(({ user }) => user),
    );
    harness.processElement(click('a', 100));
    harness.processElement(click('b', 90));
    harness.advanceProcessingTime(200);
    expect(harness.elements).toEqual([{ value: 'a', timestamp: 100 }, { value: 'b', timestamp: 90 }, { watermark: 94 }]);
    harness.advanceProcessingTime(2000);
    expect(harness.idle).toBe(true);
  });

  test('throws what the operator fails with, and closes it', () => {
    const closed: string[] = [];
    const failing: ProcessFunction<number, number> = {
      processElement() {
        throw new RangeError('too large');
      },
      close: () => void closed.push('closed'),
    };
    const harness = operatorHarness(failing);
    expect(() => harness.processElement(1)).toThrow("'process' failed");
    harness.close();
    harness.close();
    expect(closed).toEqual(['closed']);
  });

  test('says what it cannot drive', () => {
    const driven = operatorHarness as (subject: unknown, options?: object) => unknown;
    expect(() => driven({})).toThrow('operatorHarness: expected a function from stream to stream, or an object with processElement');
    expect(() => driven((stream: unknown) => [stream])).toThrow("operatorHarness: the builder's result: expected a stream");
    expect(() => driven(new Sessions(), { keyedBy: 'user' })).toThrow("operatorHarness: unknown option 'keyedBy'");
    const harness = operatorHarness(() => new Sessions(), { keyBy: 'user' });
    expect(() => harness.processElement(click('a', 1), Number.NaN)).toThrow('processElement: the timestamp');
    harness.processWatermark(5);
    expect(() => harness.processWatermark(4)).toThrow('processWatermark: expected a time from 5 on');
  });

  test('keeps time to live through a snapshot', () => {
    const make = () => ({
      state: { seen: mapState<string, number>({ ttl: 100 }) },
      processElement(value: Click, ctx: { state: { seen: Map<string, number> } }, out: (seen: number) => void) {
        out(ctx.state.seen.size);
        ctx.state.seen.set(value.user, value.at);
      },
    });
    const build = (clicks: DataStream<Click>) => clicks.keyBy(() => 0).process(make() as never) as DataStream<number>;
    const harness = operatorHarness(build);
    harness.processElement(click('a', 1));
    harness.advanceProcessingTime(60);
    harness.processElement(click('b', 1));
    const restored = operatorHarness(build, { restore: harness.snapshot(), now: 60 });
    restored.processElement(click('c', 1));
    restored.setProcessingTime(110);
    restored.processElement(click('d', 1));
    expect([...harness.output, ...restored.output]).toEqual([0, 1, 2, 2]);
  });
});
