import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import type { Operator } from '../../src/compiler/operator.ts';
import { valueRow } from '../../src/compiler/row.ts';
import { count, countDistinct, last, quantile, sum, topK } from '../../src/operators/aggregators/index.ts';
import type { BroadcastProcessFunction, KeyedCoProcessFunction } from '../../src/operators/process/co-process.ts';
import { OutputTag } from '../../src/operators/process/context.ts';
import type { KeyedProcessFunction } from '../../src/operators/process/keyed-process.ts';
import { broadcastState, listState, mapState, reducingState, valueState } from '../../src/state/descriptors.ts';
import { type HarnessStep, verifyOperator } from '../../src/testing/verify-operator.ts';

interface Click {
  readonly user: string;
  readonly at: number;
}

const clicks: Click[] = [1, 3, 4, 8, 9, 15, 16, 30].map((at, i) => ({ user: 'abc'[i % 3] as string, at }));

/** A watermark behind every third click. */
const steps: HarnessStep<Click>[] = clicks.flatMap((element, i): HarnessStep<Click>[] => [
  { element, timestamp: element.at },
  ...(i % 3 === 2 ? [{ watermark: element.at }, { processingTime: element.at * 10 }] : []),
]);

/** What goes wrong. */
async function failureOf(verified: Promise<void>): Promise<string> {
  return verified.then(
    () => 'nothing',
    (error: Error) => error.message,
  );
}

const evens = new OutputTag<number>('evens');

/** Every kind of state, both kinds of timers, and a side output. */
function everything() {
  const state = {
    last: valueState<number>(),
    times: listState<number>(),
    minutes: mapState<number, number>({ ttl: '1h' }),
    total: reducingState<number>((a, b) => a + b),
  };
  const fn: KeyedProcessFunction<string, Click, object, typeof state> = {
    state,
    processElement({ at }, ctx, out) {
      const { last, times, minutes, total } = ctx.state;
      total.add(at);
      times.add(at);
      minutes.set(at % 2, (minutes.get(at % 2) ?? 0) + 1);
      out({ user: ctx.key, at, last: last.value, times: times.get(), minutes: [...minutes], total: total.get(), watermark: ctx.watermark });
      last.update(at);
      if (at % 2 === 0) ctx.output(evens, at);
      ctx.timers.registerEventTime(at + 5);
      ctx.timers.registerEventTime(20);
      ctx.timers.registerProcessingTime(ctx.processingTime + 50);
    },
    onTimer(time, ctx, out) {
      out({ user: ctx.key, time, domain: ctx.timeDomain, times: ctx.state.times.get(), now: ctx.processingTime });
      ctx.state.times.clear();
    },
  };
  return fn;
}

describe('verifyOperator', () => {
  test('is content with functions that keep what they know in state', async () => {
    await verifyOperator(everything, { keyBy: 'user', steps, sideOutputs: [evens] });
  });

  test('tells rows that are not expected', async () => {
    const build = (stream: DataStream<Click>) =>
      stream.keyBy('user').process({
        state: { seen: valueState({ default: 0 }) },
        processElement(_: Click, ctx, out: (seen: number) => void) {
          ctx.state.seen.update(ctx.state.seen.value + 1);
          out(ctx.state.seen.value);
        },
      });
    await verifyOperator(build, { steps, expected: [1, 1, 1, 2, 2, 2, 3, 3] });
    expect(await failureOf(verifyOperator(build, { steps, expected: [1, 1, 1, 2, 2, 2, 3, 4] }))).toBe(
      'verifyOperator: the output is not what is expected\n  at 7, expected: 4\n  at 7, actual:   3',
    );
  });

  test('catches state in a field', async () => {
    class Counter implements KeyedProcessFunction<string, Click, number> {
      readonly counts = new Map<string, number>();

      processElement(...[, ctx, out]: Parameters<KeyedProcessFunction<string, Click, number>['processElement']>): void {
        const seen = (this.counts.get(ctx.key) ?? 0) + 1;
        this.counts.set(ctx.key, seen);
        out(seen);
      }
    }
    expect(await failureOf(verifyOperator(() => new Counter(), { keyBy: 'user', steps }))).toBe(
      'verifyOperator: one by one, a snapshot restored into a fresh instance at every boundary: ' +
        'the output differs from that of one by one\n' +
        '  at 4, expected: { value: 2, timestamp: 8 }\n  at 4, actual:   { value: 1, timestamp: 8 }',
    );
    // One object for all runs: what it remembers of the first shows in the second.
    expect(await failureOf(verifyOperator(new Counter(), { keyBy: 'user', steps }))).toContain(
      'at 0, actual:   { value: 4, timestamp: 1 }',
    );
  });

  test('catches state that is changed in place, and state that is no plain data', async () => {
    const inPlace = (): KeyedProcessFunction<string, Click, number, { seen: ReturnType<typeof valueState<number[]>> }> => {
      let shared: number[] | undefined;
      return {
        state: { seen: valueState<number[]>() },
        processElement({ at }, ctx, out) {
          shared ??= ctx.state.seen.value ?? [];
          shared.push(at);
          ctx.state.seen.update(shared);
          out(shared.length);
        },
      };
    };
    expect(await failureOf(verifyOperator(inPlace, { keyBy: 'user', steps }))).toContain('a snapshot restored into a fresh instance');
    const unplain = (): KeyedProcessFunction<string, Click, number, { seen: ReturnType<typeof valueState<() => number>> }> => ({
      state: { seen: valueState<() => number>() },
      processElement: ({ at }, ctx) => ctx.state.seen.update(() => at),
    });
    expect(await failureOf(verifyOperator(unplain, { keyBy: 'user', steps }))).toContain("state.seen of the key 'a' holds a function");
  });

  test('catches what depends on batches', async () => {
    const batchCounter: Operator = {
      kind: 'map',
      title: 'batches',
      functions: {},
      retains: false,
      create: () => {
        const batches = { count: 0 };
        return {
          beginBatch: () => void batches.count++,
          generate: (code, row, emit) => emit(valueRow(`${code.names.constant('batches', batches)}.count`, row.timestamp)),
        };
      },
    };
    expect(await failureOf(verifyOperator((stream: DataStream<Click>) => stream.transform<number>(batchCounter), { steps }))).toMatch(
      /^verifyOperator: (one by one, a snapshot|in batches of 2: the output differs)/,
    );
  });

  test('catches what an output without room loses', async () => {
    const forgetful: Operator = {
      kind: 'map',
      title: 'forgetful',
      functions: {},
      retains: false,
      create: () => {
        let stalled = false;
        return {
          setStalled: (stalls) => {
            stalled ||= stalls;
          },
          generate: (code, row, emit) => {
            const write = code.names.constant('stalled', () => stalled);
            code.body.block(`if (!${write}())`, () => emit(row));
          },
        };
      },
    };
    expect(await failureOf(verifyOperator((stream: DataStream<Click>) => stream.transform<Click>(forgetful), { steps }))).toMatch(
      /^verifyOperator: .*an output that is full every other call: the output differs/,
    );
  });

  test('says in which way an operator failed', async () => {
    const failing = (stream: DataStream<Click>) =>
      stream.map((): number => {
        throw new RangeError('too large');
      });
    expect(await failureOf(verifyOperator(failing, { steps }))).toMatch(/^verifyOperator: one by one: MillraceError: 'map' failed/);
    const unknown = [{ elements: [] }] as unknown as HarnessStep<Click>[];
    expect(await failureOf(verifyOperator(failing, { steps: unknown }))).toContain('a step: expected { element }');
  });
});

describe('operators of the engine', () => {
  test.each<[string, (stream: DataStream<Click>) => DataStream<unknown>]>([
    ['map', (stream) => stream.map(({ user, at }) => ({ user, next: at + 1 }))],
    ['filter', (stream) => stream.filter(({ at }) => at % 2 === 1)],
    ['flatMap', (stream) => stream.flatMap(({ at }) => Array.from({ length: at }, (_, i) => i))],
    [
      'map, filter and flatMap in a chain',
      (stream) =>
        stream
          .map(({ at }) => at)
          .filter((at) => at > 3)
          .flatMap((at) => [at, String(at)]),
    ],
    [
      'process',
      (stream) =>
        stream.process({ processElement: ({ at }, ctx, out: (row: string) => void) => out(`${at} ${ctx.timestamp} ${ctx.watermark}`) }),
    ],
    ['asyncMap', (stream) => stream.asyncMap(({ at }) => Promise.resolve(at))],
    [
      'asyncMap that times out',
      (stream) => stream.asyncMap(({ at }) => (at === 4 ? new Promise<number>(() => {}) : at), { timeout: 20, onTimeout: ({ at }) => -at }),
    ],
    ['keyed process', (stream) => stream.keyBy('user').process(everything())],
  ])('%s', async (_, build) => {
    await verifyOperator(build, { steps });
  });

  test.each<[string, (stream: DataStream<Click>) => DataStream<unknown>]>([
    ['reduce', (stream) => stream.keyBy('user').reduce((a, b) => ({ user: a.user, at: a.at + b.at }))],
    ['sum', (stream) => stream.keyBy('user').sum('at')],
    [
      'sum of numbers',
      (stream) =>
        stream
          .map(({ at }) => at)
          .keyBy((at) => at % 2)
          .sum(),
    ],
    [
      'sum of records unlike each other',
      (stream) =>
        stream
          .map(({ user, at }) => (at % 2 === 0 ? { user, at } : { at, user, odd: true }))
          .keyBy('user')
          .sum('at'),
    ],
    ['maxBy', (stream) => stream.keyBy('user').maxBy('at')],
    [
      'aggregate',
      (stream) =>
        stream.keyBy('user').aggregate({
          clicks: count(),
          total: sum('at'),
          last: last('at'),
          p50: quantile('at', 0.5),
          top: topK('at', 2),
          users: countDistinct('at'),
        }),
    ],
    [
      'aggregate with a function',
      (stream) =>
        stream.keyBy('user').aggregate({
          createAccumulator: () => [0],
          add: ({ at }, times) => {
            times.push(at);
            return times;
          },
          getResult: (times) => times.length,
          merge: (a, b) => [...a, ...b],
        }),
    ],
  ])('%s, rolling and in batch mode', async (_, build) => {
    for (const runtimeMode of ['streaming', 'batch'] as const) await verifyOperator(build, { steps, runtimeMode });
  });

  test('asyncMap, unordered', async () => {
    const build = (stream: DataStream<Click>) =>
      stream.asyncMap(
        async ({ at }) => {
          for (let turns = at % 3; turns > 0; turns--) await null;
          return at;
        },
        { ordered: false, capacity: 2 },
      );
    await verifyOperator(build, { steps, anyOrder: true, expected: clicks.map(({ at }) => at).reverse() });
  });

  const both: HarnessStep<Click, Click>[] = clicks.flatMap((element, i): HarnessStep<Click, Click>[] => {
    const timestamp = element.at;
    const step: HarnessStep<Click, Click> = i % 2 === 0 ? { element, timestamp } : { element, timestamp, on: 'second' };
    return i % 3 === 2 ? [step, { watermark: timestamp, on: i % 2 === 0 ? 'first' : 'second' }] : [step];
  });

  test('co-process on keyed streams', async () => {
    const state = { log: listState<string>() };
    const make = (): KeyedCoProcessFunction<string, Click, Click, string, typeof state> => ({
      state,
      processElement1(value, ctx) {
        ctx.state.log.add(`first ${value.at}`);
        ctx.timers.registerEventTime(value.at + 2);
      },
      processElement2(value, ctx, out) {
        ctx.state.log.add(`second ${value.at}`);
        out(ctx.state.log.get().join());
      },
      onTimer: (time, ctx, out) => out(`${ctx.key} ${time} ${ctx.state.log.length}`),
    });
    await verifyOperator(make, { keyBy: ['user', 'user'], steps: both });
    await verifyOperator(make, {
      keyBy: ['user', 'user'],
      steps: [{ idle: true, on: 'second' }, ...both, { idle: false }, { watermark: 40 }],
    });
  });

  test('broadcast state', async () => {
    const state = { rules: broadcastState<string, number>() };
    const make = (): BroadcastProcessFunction<Click, Click, string, typeof state> => ({
      state,
      processElement: (value, ctx, out) => out(`${value.at} ${[...ctx.state.rules]}`),
      processBroadcastElement: (value, ctx, out) => {
        ctx.state.rules.set(value.user, value.at);
        out(`${[...ctx.state.rules.keys()]}`);
      },
    });
    await verifyOperator(make, { steps: both });
  });

  test('interval join', async () => {
    const build = (first: DataStream<Click>, second: DataStream<Click>) =>
      first
        .keyBy(() => 0)
        .intervalJoin(second.keyBy(() => 0))
        .between(-5, 5)
        .process((a, b) => [a.at, b.at]);
    await verifyOperator(build, { steps: both });
  });
});
