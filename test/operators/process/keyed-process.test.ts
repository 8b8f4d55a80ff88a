import { describe, expect, test } from 'vitest';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { listState, mapState, valueState } from '../../../src/state/descriptors.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { watermarks } from '../../../src/time/watermarks.ts';

interface Click {
  readonly user: string;
  readonly at: number;
}

const clicks: Click[] = [
  { user: 'a', at: 1000 },
  { user: 'b', at: 1500 },
  { user: 'a', at: 2000 },
  { user: 'b', at: 9000 },
  { user: 'a', at: 9500 },
];

const everyRecord = watermarks.generator<Click>({
  timestamp: 'at',
  create: () => ({ onEvent: (_click, timestamp, output) => output.emitWatermark(timestamp - 1), onPeriodicEmit() {} }),
});

const tiny = [{ batchRows: 1, ringBytes: 256, localQueueBatches: 1 }, { batchRows: 2, ringBytes: 512, localQueueBatches: 1 }, {}];

describe.each(tiny)('a keyed process function with limits %o', (limits) => {
  test.each([1, 2, 4])('has state of each key and timers of event time, at parallelism %i', async (parallelism) => {
    const env = new TestEnvironment({ limits, parallelism });
    const sessions = env
      .fromData(clicks, { watermarks: everyRecord })
      .keyBy('user')
      .process({
        state: { times: listState<number>(), end: valueState<number>() },
        processElement(click: Click, ctx, out: (row: string) => void) {
          const { end, times } = ctx.state;
          if (end.value !== undefined) ctx.timers.deleteEventTime(end.value);
          times.add(click.at);
          end.update(click.at + 2000);
          ctx.timers.registerEventTime(click.at + 2000);
          if (ctx.timestamp !== click.at || ctx.key !== click.user) out('wrong');
        },
        onTimer(time, ctx, out) {
          out(`${ctx.key} ${ctx.state.times.get().join(',')} until ${time} (${ctx.timeDomain}, ${ctx.watermark >= time})`);
          ctx.state.times.clear();
          ctx.state.end.clear();
        },
      });
    expect((await env.collect(sessions)).sort()).toEqual([
      'a 1000,2000 until 4000 (event, true)',
      'a 9500 until 11500 (event, true)',
      // The watermark is at 1999 when 'b' comes at 9000.
      'b 1500,9000 until 11000 (event, true)',
    ]);
  });

  test('fires timers in the order of their times, also those that timers register', async () => {
    const env = new TestEnvironment({ limits });
    const fired = env
      .fromData([5, 3, 9], { watermarks: watermarks.monotonous({ timestamp: (n) => n }) })
      .keyBy((n) => n % 2)
      .process({
        processElement(n: number, ctx) {
          for (const by of [30, 10, 20]) ctx.timers.registerEventTime(n + by);
        },
        onTimer(time, ctx, out: (time: number) => void) {
          out(time);
          if (time < 30) ctx.timers.registerEventTime(time + 15);
        },
      });
    const rows = await env.collect(fired);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(new Set(rows)).toEqual(new Set([13, 15, 19, 23, 25, 28, 29, 30, 33, 34, 35, 38, 39, 40, 43, 44]));
  });

  test('fires timers of processing time as the clock goes on, and the rest at the end of the input', async () => {
    const env = new TestEnvironment({ limits });
    const fired = env
      .generate({ count: 5, ratePerSecond: 1, create: (i) => i })
      .keyBy(() => 'all')
      .process({
        state: { seen: valueState({ default: 0 }) },
        processElement(_n: number, ctx) {
          ctx.state.seen.update(ctx.state.seen.value + 1);
          if (ctx.state.seen.value === 1) ctx.timers.registerProcessingTime(2500);
          ctx.timers.registerProcessingTime(100_000);
        },
        onTimer(time, ctx, out: (row: string) => void) {
          out(`${time}: ${ctx.state.seen.value} ${ctx.timeDomain} ${ctx.timestamp}`);
        },
      });
    expect(await env.collect(fired)).toEqual([
      expect.stringMatching(/^2500: [23] processing undefined$/),
      '100000: 5 processing undefined',
    ]);
  });
});

describe('timers that register timers, at the end of the input', () => {
  const ticking = (env: TestEnvironment, register: 'registerEventTime' | 'registerProcessingTime') =>
    env
      .fromData(clicks, { watermarks: watermarks.monotonous({ timestamp: 'at' }) })
      .keyBy(() => 'all')
      .process({
        processElement: (_click: Click, ctx) => ctx.timers[register](20_000),
        onTimer(time, ctx, out: (time: number) => void) {
          out(time);
          ctx.timers[register](time + 1);
        },
      });

  test('end after some rounds of event time, with a warning', async () => {
    const env = new TestEnvironment();
    const rows = await env.collect(ticking(env, 'registerEventTime'));
    expect(rows.slice(0, 3)).toEqual([20_000, 20_001, 20_002]);
    expect(rows.length).toBeGreaterThanOrEqual(100);
    expect(env.warnings).toEqual([expect.stringMatching(/after 100 rounds 1 were left, and did not fire/)]);
  });

  test('end at once in processing time', async () => {
    const env = new TestEnvironment();
    expect(await env.collect(ticking(env, 'registerProcessingTime'))).toEqual([20_000]);
  });
});

describe('process on a keyed stream', () => {
  test('fires a timer for an event time that has passed with the next watermark', async () => {
    const env = new TestEnvironment();
    const fired = env
      .fromData(clicks, { watermarks: everyRecord })
      .keyBy(() => 'all')
      .process({
        processElement(click: Click, ctx, out: (row: string) => void) {
          out(`record ${click.at}`);
          if (click.at === 1500) ctx.timers.registerEventTime(1);
        },
        onTimer: (time, ctx, out) => out(`timer ${time} at ${ctx.watermark}`),
      });
    expect(await env.collect(fired)).toEqual([
      'record 1000',
      'record 1500',
      'timer 1 at 1499',
      'record 2000',
      'record 9000',
      'record 9500',
    ]);
  });

  test('has side outputs, also from timers', async () => {
    const late = new OutputTag<string>('late');
    const env = new TestEnvironment();
    const main = env
      .fromData(clicks, { watermarks: everyRecord })
      .keyBy('user')
      .process({
        processElement(click: Click, ctx, out: (row: number) => void) {
          out(click.at);
          ctx.timers.registerEventTime(click.at + 1);
        },
        onTimer: (time, ctx) => ctx.output(late, `${ctx.key}@${time}`),
      });
    main.getSideOutput(late).toHost('late');
    await env.collect(main);
    expect(env.outputs.late).toEqual(['a@1001', 'b@1501', 'a@2001', 'b@9001', 'a@9501']);
  });

  test('tells the key and the time when a timer throws', async () => {
    const env = new TestEnvironment();
    const rows = env
      .fromData(clicks, { watermarks: everyRecord })
      .keyBy('user')
      .process({
        processElement: (click: Click, ctx) => ctx.timers.registerEventTime(click.at),
        onTimer() {
          throw new RangeError('no');
        },
      })
      .name('sessions');
    await expect(env.collect(rows)).rejects.toThrow(/'sessions' failed with RangeError: no\n {2}at the record \{ timer: 1000, key: 'a' \}/);
  });

  test('says what to do when a timer is registered without a timestamp', async () => {
    const env = new TestEnvironment();
    const rows = env
      .fromData(clicks)
      .keyBy('user')
      .process({ processElement: (_click: Click, ctx) => ctx.timers.registerEventTime((ctx.timestamp as number) + 5) });
    await expect(env.collect(rows)).rejects.toThrow(/is ctx\.timestamp undefined because no timestamps were assigned\?/);
  });

  test('keeps maps of each key', async () => {
    const env = new TestEnvironment({ parallelism: 2 });
    const rows = env
      .fromData([1, 2, 3, 4, 5, 6, 7, 8])
      .keyBy((n) => n % 2)
      .process({
        state: { counts: mapState<number, number>() },
        processElement(n: number, ctx, out: (row: string) => void) {
          const { counts } = ctx.state;
          counts.set(n % 3, (counts.get(n % 3) ?? 0) + 1);
          if (n > 6) out(`${ctx.key}: ${[...counts].map(([k, v]) => `${k}=${v}`).join(' ')}`);
        },
      });
    expect((await env.collect(rows)).sort()).toEqual(['0: 2=2 1=1 0=1', '1: 1=2 0=1 2=1']);
  });
});
