/** Jobs for the simulator. What they give depends on their input alone, however their threads come to run. */

import {
  count,
  type DataStream,
  eventTime,
  listState,
  mapState,
  max,
  OutputTag,
  processingTime,
  type StreamEnvironment,
  sum,
  valueState,
  watermarks,
} from '../../src/index.ts';
import type { SimulatedJob } from '../../src/testing/index.ts';

interface Event {
  readonly key: string;
  readonly at: number;
  readonly n: number;
}

const records = 45;
const keys = 7;

/** Pseudo-random, the same for the same number. */
const mixed = (n: number): number => (Math.imul(n ^ (n >>> 15), 0x2c1b3c6d) >>> 8) % 65_536;

/** Times grow by 10, and are up to 40 too early. */
const eventOf = (n: number): Event => ({ key: `k${mixed(n) % keys}`, at: n * 10 - (mixed(n + 7) % 5) * 10, n });

/** A watermark behind each record: what comes in between does not depend on when threads run. */
function behindEach(outOfOrderness: number) {
  return watermarks.generator<Event>({
    timestamp: (event) => event.at,
    create: () => ({ onEvent: (_event, at, output) => output.emitWatermark(at - outOfOrderness - 1), onPeriodicEmit: () => {} }),
    idleness: false,
  });
}

/** One split, in order; nothing is late. */
function events(env: StreamEnvironment, salt = 0, count = records): DataStream<Event> {
  return env.generate({ count, create: (n) => eventOf(n + salt), parallelism: 1, watermarks: behindEach(50), uid: `events${salt}` });
}

/** Several splits: the order of a key's records is left to chance. */
function anyOrder(env: StreamEnvironment, count = records): DataStream<Event> {
  return env.generate({ count, create: eventOf, uid: 'events' });
}

/** Each record is counted in state of three kinds. */
const counting: SimulatedJob<{ key: string; n: number; listed: number; mapped: number }> = {
  build: (env, mayFail) =>
    anyOrder(env)
      .map((event) => mayFail(event))
      .keyBy('key')
      .process({
        state: { n: valueState({ default: 0 }), all: listState<number>(), map: mapState<string, number>() },
        processElement(event: Event, ctx, out: (row: { key: string; n: number; listed: number; mapped: number }) => void) {
          const { n, all, map } = ctx.state;
          n.update(n.value + 1);
          all.add(event.n);
          if (n.value % 5 === 0) all.update([...all.get()].slice(-2));
          const slot = String(n.value % 3);
          map.set(slot, (map.get(slot) ?? 0) + 1);
          if (n.value % 7 === 0) map.delete('1');
          out({ key: event.key, n: n.value, listed: [...all.get()].length, mapped: map.get(slot) ?? 0 });
        },
      })
      .uid('count'),
  keyOf: (row) => row.key,
};

/** Timers of event time, registered, put off and fired; state that is cleared. */
const timers: SimulatedJob<{ key: string; time: number; n: number }> = {
  followsWatermarks: true,
  build: (env, mayFail) =>
    events(env)
      .keyBy('key')
      .process({
        state: { n: valueState({ default: 0 }), due: valueState<number>() },
        processElement({ at }: Event, ctx) {
          mayFail(at);
          const { n, due } = ctx.state;
          n.update(n.value + 1);
          const time = at + 150 - (at % 50);
          if (due.value !== undefined && due.value >= time) return;
          if (due.value !== undefined && n.value % 3 === 0) ctx.timers.deleteEventTime(due.value);
          ctx.timers.registerEventTime(time);
          due.update(time);
        },
        onTimer(time, ctx, out: (row: { key: string; time: number; n: number }) => void) {
          out({ key: ctx.key as string, time, n: ctx.state.n.value });
          if (ctx.state.n.value > 4) ctx.state.n.clear();
        },
      })
      .uid('timers'),
  keyOf: (row) => row.key,
};

const tumbling: SimulatedJob = {
  build: (env, mayFail) =>
    events(env)
      .map((event) => mayFail(event))
      .setParallelism(1)
      .keyBy('key')
      .window(eventTime.tumbling(100))
      .aggregate({ n: count(), total: sum('n'), most: max('n') })
      .uid('tumbling'),
};

const sliding: SimulatedJob = {
  build: (env, mayFail) =>
    events(env)
      .keyBy((event) => event.key)
      .window(eventTime.sliding(120, 40))
      .reduce((a, b) => mayFail({ key: a.key, at: Math.max(a.at, b.at), n: a.n + b.n }))
      .uid('sliding'),
};

const sessions: SimulatedJob = {
  build: (env, mayFail) =>
    events(env)
      .keyBy('key')
      .window(eventTime.session({ gap: 60 }))
      .apply((key, window, all: Iterable<Event>, out: (row: { key: unknown; start: number; end: number; ns: number[] }) => void) => {
        const ns = [...all].map(({ n }) => n);
        out({ key, start: window.start, end: window.end, ns: mayFail(ns) });
      })
      .uid('sessions'),
};

const late = new OutputTag<Event>('late');

/** Watermarks behind each record, and records that are late: what is late does not depend on when threads run. */
const lateness: SimulatedJob = {
  followsWatermarks: true,
  build: (env, mayFail) => {
    const input = env.generate({
      count: records,
      create: (n) => ({ ...eventOf(n), at: n * 10 - (mixed(n) % 9 === 0 ? 300 : 0) }),
      parallelism: 1,
      watermarks: behindEach(20),
      uid: 'events',
    });
    const windows = input
      .map((event) => mayFail(event))
      .setParallelism(1)
      .keyBy('key')
      .window(eventTime.tumbling(100))
      .sideOutputLateData(late)
      .aggregate({ n: count(), total: sum('n') })
      .uid('lateness');
    return windows.map((row) => JSON.stringify(row)).union(windows.getSideOutput(late).map((row) => JSON.stringify(row)));
  },
};

const aggregates: SimulatedJob<{ key: string; n: number; total: number }> = {
  build: (env, mayFail) =>
    env
      .generate({ count: records, create: eventOf, parallelism: 1, uid: 'events' })
      .map((event) => mayFail(event))
      .setParallelism(1)
      .keyBy('key')
      .aggregate({ n: count(), total: sum('n'), most: max('at') })
      .uid('aggregate') as never,
  keyOf: (row) => row.key,
};

const joined: SimulatedJob = {
  build: (env, mayFail) =>
    events(env, 0, 30)
      .keyBy('key')
      .intervalJoin(
        events(env, 1003, 30)
          .map((event) => ({ ...event, at: event.at - 10_030 }))
          .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness<Event>(50, { timestamp: (event) => event.at, idleness: false }))
          .keyBy('key'),
      )
      .between(-200, 200)
      .process((left, right, _ctx, out: (row: { left: number; right: number }) => void) => out(mayFail({ left: left.n, right: right.n })))
      .uid('join'),
};

const connected: SimulatedJob = {
  build: (env, mayFail) => {
    const left = anyOrder(env, 30);
    const right = env.generate({ count: 30, create: (n) => eventOf(n + 500), uid: 'others' });
    return left
      .union(env.generate({ count: 20, create: eventOf, parallelism: 1, uid: 'third' }))
      .keyBy('key')
      .connect(right.keyBy('key'))
      .process({
        state: { left: valueState({ default: 0 }), right: valueState({ default: 0 }) },
        processElement1(event: Event, ctx, out: (row: { key: string; left?: number; right?: number }) => void) {
          ctx.state.left.update(ctx.state.left.value + 1);
          out({ key: event.key, left: ctx.state.left.value });
        },
        processElement2(event: Event, ctx, out) {
          ctx.state.right.update(mayFail(ctx.state.right.value + 1));
          out({ key: event.key, right: ctx.state.right.value });
        },
      })
      .uid('connected');
  },
};

const lines = Array.from({ length: 50 }, (_, n) => `${eventOf(n).key},${n}`);

/** Files of lines, divided and read by all. */
const files: SimulatedJob<string> = {
  files: { '/in/a.txt': `${lines.slice(0, 30).join('\n')}\n`, '/in/b.txt': lines.slice(30).join('\n') },
  build: (env, mayFail) =>
    env
      .readTextFile(['/in/a.txt', '/in/b.txt'], { uid: 'lines' })
      .map((line) => ({ key: line.split(',')[0] as string, n: Number(line.split(',')[1]) }))
      .keyBy('key')
      .aggregate({ n: count() })
      .uid('count')
      .map((row) => mayFail(`${row.key}: ${row.n}`)),
  keyOf: (row) => row.split(':')[0] as string,
};

/** The program around the job writes the records. */
const hosted: SimulatedJob<{ key: string; n: number; total: number }> = {
  inputs: { orders: Array.from({ length: records }, (_, n) => eventOf(n)) },
  build: (env, mayFail) =>
    env
      .fromHost<Event>('orders', { uid: 'orders', parallelism: 1 })
      .keyBy('key')
      .process({
        state: { n: valueState({ default: 0 }), total: valueState({ default: 0 }) },
        processElement(event: Event, ctx, out: (row: { key: string; n: number; total: number }) => void) {
          ctx.state.n.update(ctx.state.n.value + 1);
          ctx.state.total.update(ctx.state.total.value + mayFail(event.n));
          out({ key: event.key, n: ctx.state.n.value, total: ctx.state.total.value });
        },
      })
      .uid('orders-by-key'),
  keyOf: (row) => row.key,
};

/** Calls on their way, in order and as they come. */
const asynchronous: SimulatedJob<{ key: string; n: number }> = {
  build: (env, mayFail, later) => {
    const input = env.generate({ count: records, create: eventOf, parallelism: 1, uid: 'events' });
    const ordered = input
      .asyncMap((event) => later(mayFail(event)), { capacity: 4 })
      .setParallelism(1)
      .uid('ordered')
      .keyBy('key')
      .aggregate({ n: count(), total: sum('n') })
      .uid('in-order');
    return input
      .asyncMap((event) => later(event), { capacity: 3, ordered: false, retry: { attempts: 2, delay: 1 } })
      .uid('unordered')
      .keyBy('key')
      .aggregate({ n: count() })
      .uid('as-they-come')
      .map(({ key, n }) => ({ key: `any ${key}`, n }))
      .union(ordered.map(({ key, n, total }) => ({ key: key as string, n, total })));
  },
  keyOf: (row) => row.key,
};

/** What waits for the clock: each record comes out once, by a timer and from a window, whenever that is. */
const clocked: SimulatedJob<{ key: string; n: number }> = {
  build: (env, mayFail) => {
    const input = env.generate({ count: records, create: eventOf, parallelism: 1, uid: 'events' }).keyBy('key');
    return input
      .process({
        state: { waiting: listState<number>() },
        processElement(event: Event, ctx) {
          ctx.state.waiting.add(event.n);
          ctx.timers.registerProcessingTime(ctx.processingTime + 3 + (event.n % 20));
        },
        onTimer(_time, ctx, out: (row: { key: string; n: number }) => void) {
          for (const n of ctx.state.waiting.get()) out({ key: ctx.key as string, n: mayFail(n) });
          ctx.state.waiting.clear();
        },
      })
      .uid('timers')
      .union(
        input
          .window(processingTime.tumbling(15))
          .apply((key, _window, all: Iterable<Event>, out: (row: { key: string; n: number }) => void) => {
            for (const { n } of all) out({ key: `window ${key}`, n });
          })
          .uid('windows'),
      );
  },
  keyOf: (row) => row.key,
};

export const jobs = {
  counting,
  timers,
  tumbling,
  sliding,
  sessions,
  lateness,
  aggregates,
  joined,
  connected,
  files,
  hosted,
  asynchronous,
  clocked,
} as const;
export type JobName = keyof typeof jobs;
export const jobNames = Object.keys(jobs) as JobName[];
