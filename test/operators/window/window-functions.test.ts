import { describe, expect, test } from 'vitest';
import { count, max, sum } from '../../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { valueState } from '../../../src/state/descriptors.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { processingTime } from '../../../src/time/windows/assigners/processing-time.ts';
import { evictors } from '../../../src/time/windows/evictors/evictors.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';
import { endOfTime, type Window } from '../../../src/time/windows/window.ts';
import type { WindowAssigner } from '../../../src/time/windows/window-assigner.ts';
import { followed, type Reading } from './brute-force.ts';

function reading(key: string, value: number, at: number): Reading {
  return { key, value, at };
}

const readings = [reading('a', 5, 1), reading('b', 1, 2), reading('a', 2, 4), reading('a', 7, 12), reading('b', 3, 15)];

function keyedReadings(env: TestEnvironment, all = readings) {
  return env.fromData(all, { watermarks: followed(0) }).keyBy('key');
}

describe('functions of windows', () => {
  test.each([
    ['sum', [reading('a', 7, 1), reading('b', 1, 2), reading('a', 7, 12), reading('b', 3, 15)]],
    ['min', [reading('a', 2, 1), reading('b', 1, 2), reading('a', 7, 12), reading('b', 3, 15)]],
    ['max', [reading('a', 5, 1), reading('b', 1, 2), reading('a', 7, 12), reading('b', 3, 15)]],
    ['minBy', [reading('a', 2, 4), reading('b', 1, 2), reading('a', 7, 12), reading('b', 3, 15)]],
    ['maxBy', [reading('a', 5, 1), reading('b', 1, 2), reading('a', 7, 12), reading('b', 3, 15)]],
  ] as const)('%s gives whole records', async (method, expected) => {
    const env = new TestEnvironment();
    expect(await env.collect(keyedReadings(env).window(eventTime.tumbling(10))[method]('value'))).toEqual(expected);
    const evicting = new TestEnvironment();
    const rows = keyedReadings(evicting).window(eventTime.tumbling(10)).evictor(evictors.count(100))[method]('value');
    expect(await evicting.collect(rows)).toEqual(expected);
  });

  test('of plain values, sum needs no field', async () => {
    const env = new TestEnvironment();
    const sums = env
      .fromData([1, 2, 3, 4, 5])
      .keyBy((n) => n % 2)
      .countWindow(2)
      .sum();
    expect((await env.collect(sums)).sort()).toEqual([4, 6]);
  });

  test('a record without the field is an error that says so', async () => {
    const env = new TestEnvironment();
    const rows = keyedReadings(env)
      .window(eventTime.tumbling(10))
      .sum('weight' as never);
    await expect(env.collect(rows)).rejects.toThrow(/sum\("weight"\): the record has no field 'weight'/);
  });

  test('results have the last millisecond of their window as their time', async () => {
    const env = new TestEnvironment();
    const timed = keyedReadings(env)
      .window(eventTime.tumbling(10))
      .sum('value')
      .process({ processElement: ({ key, value }, ctx, out: (row: unknown) => void) => out([key, value, ctx.timestamp]) });
    expect(await env.collect(timed)).toEqual([
      ['a', 7, 9],
      ['b', 1, 9],
      ['a', 7, 19],
      ['b', 3, 19],
    ]);
  });

  test('windows behind windows put results together', async () => {
    const env = new TestEnvironment({ parallelism: 2 });
    const totals = keyedReadings(env)
      .window(eventTime.tumbling(10))
      .aggregate({ sum: sum('value') })
      .windowAll(eventTime.tumbling(10))
      .aggregate({ keys: count(), most: max('sum') });
    expect(await env.collect(totals)).toEqual([
      { start: 0, end: 10, keys: 2, most: 7 },
      { start: 10, end: 20, keys: 2, most: 7 },
    ]);
  });

  test('behind reduce and aggregate, a function of the window gets the one result', async () => {
    const env = new TestEnvironment();
    const windowed = keyedReadings(env).window(eventTime.tumbling(10));
    const reduced = windowed.reduce((a, b) => (a.value > b.value ? a : b), {
      process: (ctx, elements, out: (row: string) => void) =>
        out(`${ctx.key} ${ctx.window.start}: ${[...elements].map(({ value }) => value)}`),
    });
    windowed
      .aggregate({ n: count() }, { process: ({ key }, rows, out: (row: unknown) => void) => out([key, ...rows]) })
      .toHost('aggregated');
    windowed.aggregate({ n: count() }, ({ key, start, n }, ctx) => `${key} ${start} ${n} ${ctx.window.end}`).toHost('rows');
    expect(await env.collect(reduced)).toEqual(['a 0: 5', 'b 0: 1', 'a 10: 7', 'b 10: 3']);
    expect(env.outputs.aggregated?.[0]).toEqual(['a', { key: 'a', start: 0, end: 10, n: 2 }]);
    expect(env.outputs.rows?.[0]).toBe('a 0 2 10');
  });

  test('have states of their window and of their key, and are told when a window ends', async () => {
    const env = new TestEnvironment({ parallelism: 2 });
    const ended: string[] = [];
    const rows = keyedReadings(env, [reading('a', 1, 1), reading('a', 2, 11), reading('a', 3, 2), reading('a', 4, 30), reading('a', 5, 45)])
      .window(eventTime.tumbling(10))
      .allowedLateness(15)
      .process({
        windowState: { firings: valueState({ default: 0 }) },
        globalState: { total: valueState({ default: 0 }) },
        process(ctx, elements, out: (row: unknown) => void) {
          ctx.windowState.firings.update(ctx.windowState.firings.value + 1);
          ctx.globalState.total.update(ctx.globalState.total.value + 1);
          out([ctx.window.start, [...elements].length, ctx.windowState.firings.value, ctx.globalState.total.value]);
        },
        clear: (ctx) =>
          void ended.push(`${ctx.key} ${ctx.window.start}: ${ctx.windowState.firings.value} of ${ctx.globalState.total.value}`),
      });
    expect(await env.collect(rows)).toEqual([
      [0, 1, 1, 1],
      [0, 2, 2, 2],
      [10, 1, 1, 3],
      [30, 1, 1, 4],
      [40, 1, 1, 5],
    ]);
    expect(ended).toEqual(['a 0: 2 of 3', 'a 10: 1 of 3', 'a 30: 1 of 5', 'a 40: 1 of 5']);
  });

  test('send records to side outputs', async () => {
    const env = new TestEnvironment({ parallelism: 2, limits: { batchRows: 2 } });
    const large = new OutputTag<string>('large');
    const unread = new OutputTag<number>('unread');
    const rows = keyedReadings(env)
      .window(eventTime.tumbling(10))
      .process({
        process(ctx, elements, out: (n: number) => void) {
          for (const { value } of elements) {
            ctx.output(unread, value);
            if (value > 4) ctx.output(large, `${ctx.key} ${value}`);
            else out(value);
          }
        },
      });
    rows.getSideOutput(large).toHost('large');
    expect((await env.collect(rows)).sort()).toEqual([1, 2, 3]);
    expect(env.outputs.large?.sort()).toEqual(['a 5', 'a 7']);
  });

  test('that throw say so, with key and window', async () => {
    const env = new TestEnvironment();
    const rows = keyedReadings(env)
      .window(eventTime.tumbling(10))
      .apply(() => {
        throw new Error('no way');
      });
    await expect(env.collect(rows)).rejects.toThrow(/'apply' failed with Error: no way\n.*key: 'a', window: \{ start: 0, end: 10 \}/);
    const asynchronous = new TestEnvironment();
    const promised = keyedReadings(asynchronous)
      .window(eventTime.tumbling(10))
      .apply(() => Promise.resolve() as never);
    await expect(asynchronous.collect(promised)).rejects.toThrow(/apply must not be async/);
  });

  test('cannot hand on records once they have returned', async () => {
    const env = new TestEnvironment();
    const outs: ((row: string) => void)[] = [];
    const rows = keyedReadings(env)
      .window(eventTime.tumbling(10))
      .apply((_key, _window, _elements, out: (row: string) => void) => void outs.push(out));
    await env.collect(rows);
    expect(() => outs[0]?.('afterwards')).toThrow(/out was called after the function had returned/);
  });
});

describe('windows of other kinds', () => {
  const limits = [{ batchRows: 1, ringBytes: 256, localQueueBatches: 1 }, { batchRows: 7 }, {}];

  test.each(limits)('count windows fire at so many records, with limits %o', async (limit) => {
    for (const parallelism of [1, 2, 4]) {
      const env = new TestEnvironment({ limits: limit, parallelism });
      const numbers = env.fromSequence(1, 10, { parallelism: 1 });
      numbers
        .keyBy((n) => n % 2)
        .countWindow(2)
        .apply((key, _window, all, out: (row: string) => void) => out(`${key}: ${[...all]}`))
        .toHost('two');
      numbers
        .keyBy((n) => n % 2)
        .countWindow(3, 2)
        .apply((key, _window, all, out: (row: string) => void) => out(`${key}: ${[...all]}`))
        .toHost('slide');
      numbers
        .countWindowAll(4)
        .reduce((a, b) => a + b)
        .toHost('four');
      numbers.countWindowAll(4, 5).aggregate({ sum: sum() }).toHost('rows');
      await env.execute();
      expect(env.outputs.two?.sort()).toEqual(['0: 2,4', '0: 6,8', '1: 1,3', '1: 5,7']);
      expect(env.outputs.slide?.sort()).toEqual(['0: 2,4', '0: 4,6,8', '1: 1,3', '1: 3,5,7']);
      expect(env.outputs.four).toEqual([10, 26]);
      // Nothing says of a window without end where it starts.
      expect(env.outputs.rows).toEqual([{ sum: 14 }, { sum: 34 }]);
    }
  });

  test('windows over all records have no key, and one subtask', async () => {
    const env = new TestEnvironment({ parallelism: 4 });
    const all = env.fromData(readings, { watermarks: followed(0) }).windowAll(eventTime.session({ gap: 5 }));
    const applied = all.apply(({ start, end }, elements, out: (row: unknown) => void) => out([start, end, [...elements].length]));
    all.process({ process: (ctx, _all, out: (row: unknown) => void) => out([ctx.key, ctx.parallelism]) }).toHost('processed');
    all.aggregate({ n: count() }).toHost('rows');
    expect(await env.collect(applied)).toEqual([
      [1, 9, 3],
      [12, 20, 2],
    ]);
    expect(env.outputs.processed).toEqual([
      [undefined, 1],
      [undefined, 1],
    ]);
    expect(env.outputs.rows).toEqual([
      { start: 1, end: 9, n: 3 },
      { start: 12, end: 20, n: 2 },
    ]);
    expect(() => applied.setParallelism(2)).toThrow(/'apply' cannot be divided among 2 subtasks; at most 1/);
  });

  test('own assigners, triggers and evictors work', async () => {
    const env = new TestEnvironment({ parallelism: 2 });
    const byWeight: WindowAssigner<Reading, Window> = {
      isEventTime: false,
      assignWindows: ({ value }) => [{ maxTimestamp: endOfTime, id: value > 4 ? 'heavy' : 'light' }],
      defaultTrigger: () => triggers.never(),
    };
    const rows = keyedReadings(env)
      .window(byWeight)
      .trigger({ onElement: ({ at }) => (at > 3 ? 'fire' : 'continue'), onEventTime: () => 'continue', onProcessingTime: () => 'continue' })
      .evictor({ evictAfter: (elements) => void elements.splice(0) })
      .apply((key, { id }, elements, out: (row: string) => void) => out(`${key} ${id} ${[...elements].map(({ value }) => value)}`));
    expect((await env.collect(rows)).sort()).toEqual(['a heavy 5,7', 'a light 2', 'b light 1,3']);
  });

  test('a window that an evictor has emptied hands out no reduced record', async () => {
    const env = new TestEnvironment();
    const empty = keyedReadings(env)
      .window(eventTime.tumbling(10))
      .evictor({ evictBefore: (elements) => void elements.splice(0) });
    empty.aggregate({ n: count() }).toHost('counts');
    expect(await env.collect(empty.sum('value'))).toEqual([]);
    expect(env.outputs.counts?.[0]).toEqual({ key: 'a', start: 0, end: 10, n: 0 });
  });
});

describe('the time of day', () => {
  const paced = (env: TestEnvironment) => env.generate({ count: 25, ratePerSecond: 10, create: (i) => i, parallelism: 1 });

  test.each([1, 2, 4])('windows end by the clock, at parallelism %i', async (parallelism) => {
    const env = new TestEnvironment({ parallelism });
    const rows = paced(env)
      .keyBy(() => 'all')
      .window(processingTime.tumbling('1s'))
      .apply((_key, { start, end }, all, out: (row: unknown) => void) => out([start, end, [...all].length]));
    const windows = (await env.collect(rows)) as [number, number, number][];
    expect(windows.map(([start, end]) => [start, end])).toEqual([
      [0, 1000],
      [1000, 2000],
      [2000, 3000],
    ]);
    expect(windows.reduce((all, [, , n]) => all + n, 0)).toBe(25);
  });

  test('what is left fires at the end of the input, once', async () => {
    const env = new TestEnvironment();
    const all = env.fromData([1, 2, 3]).keyBy(() => 'all');
    all.window(processingTime.tumbling('1h')).sum().toHost('tumbling');
    all
      .window(processingTime.session({ gap: '1h' }))
      .sum()
      .toHost('session');
    all
      .window(globalWindow({ endOfStream: true }))
      .sum()
      .toHost('global');
    all.window(globalWindow()).trigger(triggers.continuousProcessingTime('1s')).sum().toHost('continuous');
    all
      .window(globalWindow())
      .trigger(triggers.timeout(triggers.count(100), '1s'))
      .sum()
      .toHost('timeout');
    all
      .window(eventTimeless)
      .trigger({
        onElement(_record, _timestamp, _window, ctx) {
          ctx.registerProcessingTime(ctx.processingTime + 10);
          return 'continue';
        },
        onEventTime: () => 'continue',
        // For ever, but for the end of the input.
        onProcessingTime(time, _window, ctx) {
          ctx.registerProcessingTime(time + 10);
          return 'fire';
        },
      })
      .sum()
      .toHost('own');
    await env.execute();
    expect(env.outputs).toEqual({ tumbling: [6], session: [6], global: [6], continuous: [6], timeout: [6], own: [6] });
  });

  const eventTimeless = globalWindow();
});
