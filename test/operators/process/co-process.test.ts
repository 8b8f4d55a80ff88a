/** Two streams that one operator takes: connected, keyed alike, or one of them broadcast. */

import { describe, expect, test } from 'vitest';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { broadcastState, listState, operatorListState, valueState } from '../../../src/state/descriptors.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { watermarks } from '../../../src/time/watermarks.ts';

const sizes = [
  { batchRows: 1, ringBytes: 256, localQueueBatches: 1 },
  { batchRows: 2, ringBytes: 512, localQueueBatches: 1 },
  { batchRows: 7, ringBytes: 1024, localQueueBatches: 2 },
  {},
];
const cases = sizes.flatMap((limits) => [1, 2, 4].map((parallelism) => ({ limits, parallelism })));

const numbers = Array.from({ length: 50 }, (_, i) => i);
const words = numbers.map((n) => `w${n % 10}`);

interface Order {
  readonly user: string;
  readonly at: number;
}
interface Visit {
  readonly name: string;
  readonly at: number;
}
const orders: Order[] = numbers.map((n) => ({ user: `u${n % 5}`, at: n * 10 }));
const visits: Visit[] = numbers.map((n) => ({ name: `u${n % 7}`, at: n * 10 + 5 }));
const inOrder = watermarks.monotonous<{ readonly at: number }>({ timestamp: ({ at }) => at });

describe.each(cases)('connected streams, $limits at parallelism $parallelism', (config) => {
  test('are mapped, each by its own function', async () => {
    const env = new TestEnvironment(config);
    const rows = env
      .fromData(numbers)
      .connect(env.fromData(words))
      .map(
        (n) => `n${n}`,
        (word) => word.toUpperCase(),
      );
    expect((await env.collect(rows)).sort()).toEqual([...numbers.map((n) => `n${n}`), ...words.map((word) => word.toUpperCase())].sort());
  });

  test('are mapped flat, chained to what follows', async () => {
    const env = new TestEnvironment(config);
    const rows = env
      .fromData(numbers)
      .connect(env.fromData(words).union(env.fromData(['x'])))
      .flatMap<string | number>(
        (n) => (n % 2 === 0 ? [n, n] : []),
        (word, emit) => emit(word),
      )
      .filter((row) => row !== 0);
    const evens = numbers.filter((n) => n % 2 === 0 && n !== 0);
    expect((await env.collect(rows)).map(String).sort()).toEqual([...evens, ...evens, ...words, 'x'].map(String).sort());
  });

  test('are processed, with side outputs and state of the subtask', async () => {
    const tag = new OutputTag<string>('words');
    const env = new TestEnvironment(config);
    const life: string[] = [];
    const main = env
      .fromData(numbers)
      .connect(env.fromData(words))
      .process({
        state: { seen: operatorListState<number>() },
        open: ({ subtask }) => void life.push(`open ${subtask}`),
        processElement1(n: number, ctx, out: (row: number) => void) {
          ctx.state.seen.add(n);
          out(ctx.state.seen.length);
        },
        processElement2: (word: string, ctx) => ctx.output(tag, word),
        close: () => void life.push('close'),
      });
    main.getSideOutput(tag).toHost('words');
    const counts = await env.collect(main);
    // Each subtask counts what it has seen.
    expect(counts).toHaveLength(numbers.length);
    expect(counts.filter((count) => count === 1).length).toBeLessThanOrEqual(config.parallelism);
    expect(env.outputs.words?.sort()).toEqual([...words].sort());
    expect(life).toHaveLength(2 * config.parallelism);
  });

  test('share state and timers of a key', async () => {
    const env = new TestEnvironment(config);
    const rows = env
      .fromData(orders, { watermarks: inOrder })
      .connect(env.fromData(visits, { watermarks: inOrder }))
      .keyBy('user', 'name')
      .process({
        state: { orders: valueState({ default: 0 }), visits: valueState({ default: 0 }) },
        processElement1(order: Order, ctx, _out: (row: string) => void) {
          if (ctx.key !== order.user) throw new Error('not its key');
          ctx.state.orders.update(ctx.state.orders.value + 1);
          ctx.timers.registerEventTime(5000);
        },
        processElement2(visit: Visit, ctx) {
          if (ctx.key !== visit.name || ctx.timestamp !== visit.at) throw new Error('not its key');
          ctx.state.visits.update(ctx.state.visits.value + 1);
          ctx.timers.registerEventTime(5000);
        },
        onTimer(time, ctx, out) {
          out(`${ctx.key} ${ctx.state.orders.value} ${ctx.state.visits.value} ${time}`);
          ctx.state.orders.clear();
          ctx.state.visits.clear();
        },
      });
    const count = (all: readonly string[], key: string): number => all.filter((each) => each === key).length;
    const expected = ['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6'].map(
      (key) =>
        `${key} ${count(
          orders.map((order) => order.user),
          key,
        )} ${count(
          visits.map((visit) => visit.name),
          key,
        )} 5000`,
    );
    expect((await env.collect(rows)).sort()).toEqual(expected);
  });

  test('are keyed by functions and by several fields, too', async () => {
    const env = new TestEnvironment(config);
    const process = {
      state: { log: listState<number>() },
      processElement1: (n: number, ctx: { state: { log: { add(n: number): void } } }) => ctx.state.log.add(n),
      processElement2: (n: number, ctx: { state: { log: { add(n: number): void } } }) => ctx.state.log.add(-n),
    };
    const left = env.fromData(numbers).keyBy((n) => [n % 3, 'x']);
    const right = env.fromData(numbers).keyBy((n) => [n % 3, 'x']);
    const rows = left.connect(right).process({
      ...process,
      onTimer() {},
      processElement1(n: number, ctx, out: (row: string) => void) {
        ctx.state.log.add(n);
        if (ctx.state.log.length === 2 * numbers.filter((each) => each % 3 === n % 3).length) out(`${ctx.key}`);
      },
      processElement2(n: number, ctx, out) {
        ctx.state.log.add(-n);
        if (ctx.state.log.length === 2 * numbers.filter((each) => each % 3 === n % 3).length) out(`${ctx.key}`);
      },
    });
    expect((await env.collect(rows)).sort()).toEqual(['0,x', '1,x', '2,x']);
  });
});

describe.each(cases)('a broadcast stream, $limits at parallelism $parallelism', (config) => {
  test('reaches every subtask, whose other records are processed with it', async () => {
    const env = new TestEnvironment(config);
    const rules = env.fromData(['a', 'b', 'c']).broadcast();
    const rows = env
      .generate({ count: 40, ratePerSecond: 200, create: (i) => i })
      .rebalance()
      .connect(rules)
      .process({
        state: { rules: broadcastState<string, number>() },
        processElement(n: number, ctx, out: (row: string) => void) {
          if (n > 20) out(`${ctx.subtask} ${[...ctx.state.rules.keys()].sort()}`);
        },
        processBroadcastElement(rule: string, ctx) {
          ctx.state.rules.set(rule, rule.length);
        },
      });
    const subtasks = Array.from({ length: config.parallelism }, (_, i) => `${i} a,b,c`);
    expect([...new Set(await env.collect(rows))].sort()).toEqual(subtasks);
  });

  test('goes with a keyed one, whose keys it can go through', async () => {
    const env = new TestEnvironment(config);
    const rows = env
      .fromData(numbers)
      .keyBy((n) => n % 5)
      .connect(env.generate({ count: 3, ratePerSecond: 10, create: (i) => (i === 2 ? 'report' : `rule ${i}`), parallelism: 1 }).broadcast())
      .process({
        state: { count: valueState({ default: 0 }), rules: broadcastState<string, true>() },
        processElement(_n: number, ctx, _out: (row: string) => void) {
          ctx.state.count.update(ctx.state.count.value + 1);
        },
        processBroadcastElement(rule: string, ctx, out) {
          if (rule !== 'report') {
            ctx.state.rules.set(rule, true);
            return;
          }
          ctx.applyToKeyedState((key, state) => {
            out(`${key} ${state.count.value} ${[...ctx.state.rules.keys()]}`);
            state.count.clear();
          });
          ctx.applyToKeyedState((key) => out(`${key} is still there`));
        },
      });
    expect((await env.collect(rows)).sort()).toEqual([0, 1, 2, 3, 4].map((key) => `${key} 10 rule 0,rule 1`));
  });
});

describe('broadcast state', () => {
  test.each([true, false])('cannot be written where records are not broadcast, keyed: %s', async (keyed) => {
    const env = new TestEnvironment();
    const numbersIn = env.fromData([1]);
    const rules = env.fromData(['a']).broadcast();
    const fn = {
      state: { rules: broadcastState<string, number>() },
      processElement(_n: number, ctx: { state: object }) {
        (ctx.state as { rules: Map<string, number> }).rules.set('x', 1);
      },
      processBroadcastElement() {},
    };
    const rows = keyed
      ? numbersIn
          .keyBy((n) => n)
          .connect(rules)
          .process(fn)
      : numbersIn.connect(rules).process(fn);
    await expect(env.collect(rows as never)).rejects.toThrow(/failed with/);
  });

  test('keyed state is out of reach where records are broadcast', async () => {
    const env = new TestEnvironment();
    const rows = env
      .fromData([1])
      .keyBy((n) => n)
      .connect(env.fromData(['a']).broadcast())
      .process({
        state: { count: valueState({ default: 0 }) },
        processElement() {},
        processBroadcastElement(_rule: string, ctx, out: (row: unknown) => void) {
          out(Object.keys(ctx.state));
          out('key' in ctx || 'timers' in ctx);
        },
      });
    expect(await env.collect(rows)).toEqual([[], false]);
  });

  test('applyToKeyedState is told when it is used too late, and says where a function fails', async () => {
    const env = new TestEnvironment();
    let kept: (() => void) | undefined;
    const rows = env
      .fromData([1])
      .keyBy((n) => n)
      .connect(env.generate({ count: 2, ratePerSecond: 1, create: String }).broadcast())
      .process({
        processElement() {},
        processBroadcastElement(_rule: string, ctx) {
          kept?.();
          kept = () => ctx.applyToKeyedState('no' as never);
        },
      });
    await expect(env.collect(rows)).rejects.toThrow(/ctx\.applyToKeyedState must be a function, not 'no'/);
    expect(kept).toThrow(/not 'no'/);
  });
});

test('process on a stream without keys has lists of the subtask', async () => {
  const env = new TestEnvironment({ parallelism: 2 });
  const pairs = env.fromSequence(1, 20).process({
    state: { waiting: operatorListState<number>() },
    processElement(n: number, ctx, out: (row: number) => void) {
      ctx.state.waiting.add(n);
      if (ctx.state.waiting.length < 2) return;
      out(ctx.state.waiting.get().reduce((a, b) => a + b));
      ctx.state.waiting.clear();
    },
  });
  const rows = await env.collect(pairs);
  expect(rows).toHaveLength(10);
  expect(rows.reduce((a, b) => a + b)).toBe(210);
});

test('a keyed process function may have lists of the subtask, too', async () => {
  const env = new TestEnvironment();
  const rows = env
    .fromData(['a', 'b', 'a'])
    .keyBy((word) => word)
    .process({
      state: { all: operatorListState<string>(), mine: listState<string>() },
      processElement(word: string, ctx, out: (row: string) => void) {
        ctx.state.all.add(word);
        ctx.state.mine.add(word);
        out(`${ctx.state.all.get().join('')} ${ctx.state.mine.get().join('')}`);
      },
    });
  expect(await env.collect(rows)).toEqual(['a a', 'ab b', 'aba aa']);
});
