/** What the engine says about functions that throw, declarations that are wrong, and values that cannot cross threads. */

import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import { MillraceError } from '../../src/base/errors.ts';
import { callbackSink } from '../../src/connectors/callback/callback-sink.ts';
import { avg, collect, count, maxBy, sum } from '../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../src/operators/process/context.ts';
import { t } from '../../src/schema/type.ts';
import { TestEnvironment, type TestEnvironmentConfig } from '../../src/testing/test-environment.ts';

interface Order {
  readonly id: string;
  readonly n: number;
}

/** A stream of whatever records. */
type AnyStream = Pick<DataStream<unknown>, 'environment' | 'edges'>;

const orders: readonly Order[] = Array.from({ length: 9 }, (_, n) => ({ id: `order-${n % 3}`, n }));

/** Plans that differ in everything that a failure could get lost in. */
const configs: readonly TestEnvironmentConfig[] = [
  { parallelism: 1, runtimeMode: 'streaming' },
  { parallelism: 2, runtimeMode: 'streaming', limits: { batchRows: 1 } },
  { parallelism: 2, runtimeMode: 'batch' },
  { parallelism: 2, runtimeMode: 'batch', localAggregation: false, limits: { batchRows: 2, ringBytes: 256 } },
  { parallelism: 3, runtimeMode: 'batch', chaining: false, limits: { localAggregationKeys: 1 } },
];

/** Ends in the stream that the job returns, or in the job's own sinks. */
async function failureOf(job: (env: TestEnvironment) => AnyStream | undefined, config: TestEnvironmentConfig): Promise<MillraceError> {
  const env = new TestEnvironment(config);
  try {
    const stream = job(env);
    if (stream === undefined) await env.execute();
    else await env.collect(stream as DataStream<unknown>);
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
    return error as MillraceError;
  }
  throw new Error('the job did not fail');
}

class Point {
  x = 1;
}

class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Thrown by every function below, at the order with n = 4. */
function refuse(): never {
  throw new Refusal('not this one');
}

function refuseFour<R>({ n }: Order, result: R): R {
  return n === 4 ? refuse() : result;
}

interface Case {
  readonly title: string;
  /** The operator that must be named; 'the operator' when absent. */
  readonly operator?: RegExp;
  /** What must be shown of the record; the order when absent. */
  readonly record?: RegExp;
  readonly job: (stream: DataStream<Order>) => AnyStream | undefined;
}

const tag = new OutputTag<Order>('side');

const cases: readonly Case[] = [
  { title: 'map', job: (stream) => stream.map((order) => refuseFour(order, order)).name('the operator') },
  { title: 'map that reads one field', job: (stream) => stream.map(({ n }) => (n === 4 ? refuse() : n)).name('the operator') },
  {
    title: 'map behind a literal',
    job: (stream) =>
      stream
        .map(({ n, id }) => ({ id, n }))
        .map((order) => refuseFour(order, 1))
        .name('the operator'),
  },
  { title: 'filter', job: (stream) => stream.filter((order) => refuseFour(order, true)).name('the operator') },
  { title: 'flatMap, in its body', job: (stream) => stream.flatMap((order) => refuseFour(order, [order])).name('the operator') },
  {
    title: 'flatMap, in its generator',
    job: (stream) =>
      stream
        .flatMap(function* (order) {
          yield order.id;
          yield refuseFour(order, order.id);
        })
        .name('the operator'),
  },
  {
    title: 'flatMap, in the iterable that it returns',
    job: (stream) => stream.flatMap((order) => ({ [Symbol.iterator]: () => refuseFour(order, [order].values()) })).name('the operator'),
  },
  {
    title: 'what is behind an emit',
    job: (stream) =>
      stream
        .flatMap<Order>((order, emit) => emit(order))
        .name('another')
        .map((order) => refuseFour(order, order))
        .name('the operator'),
  },
  {
    title: 'what is behind a generator',
    job: (stream) =>
      stream
        .flatMap(function* (order) {
          yield order;
        })
        .name('another')
        .filter((order) => refuseFour(order, true))
        .name('the operator'),
  },
  {
    title: 'process',
    job: (stream) => stream.process({ processElement: (order, _ctx, out) => out(refuseFour(order, order)) }).name('the operator'),
  },
  {
    title: 'what is behind a side output',
    job: (stream) =>
      stream
        .process<Order>({ processElement: (order, ctx) => ctx.output(tag, order) })
        .name('another')
        .getSideOutput(tag)
        .map((order) => refuseFour(order, order))
        .name('the operator'),
  },
  {
    title: 'keyBy',
    operator: /^keyBy\(.*\) in front of 'the operator' /,
    job: (stream) =>
      stream
        .keyBy((order) => refuseFour(order, order.id))
        .aggregate({ hits: count() })
        .name('the operator'),
  },
  {
    title: 'keyBy in front of reduce',
    operator: /^keyBy\(.*\) in front of 'the operator' /,
    job: (stream) =>
      stream
        .keyBy((order) => refuseFour(order, order.id))
        .reduce((a) => a)
        .name('the operator'),
  },
  {
    title: 'keyBy in front of an operator without a key, behind a union',
    operator: /^keyBy\(.*\) in front of 'the operator' /,
    job: (stream) =>
      stream
        .union(stream.filter(({ n }) => n > 3))
        .keyBy((order) => refuseFour(order, order.id))
        .map((order) => order)
        .name('the operator'),
  },
  {
    title: 'reduce',
    job: (stream) =>
      stream
        .keyBy('id')
        .reduce((_a, b) => refuseFour(b, b))
        .name('the operator'),
  },
  {
    title: 'the function of an aggregator',
    operator: /^'the operator' /,
    job: (stream) =>
      stream
        .keyBy('id')
        .aggregate({ total: sum((order) => refuseFour(order, order.n)) })
        .name('the operator'),
  },
  {
    title: 'the function of maxBy',
    operator: /^'the operator' /,
    job: (stream) =>
      stream
        .keyBy('id')
        .aggregate({ total: avg('n'), most: maxBy((order) => refuseFour(order, order.n)) })
        .name('the operator'),
  },
  {
    title: 'add of an aggregate function',
    job: (stream) =>
      stream
        .keyBy('id')
        .aggregate({
          createAccumulator: () => 0,
          add: (order: Order, sum: number) => sum + refuseFour(order, order.n),
          getResult: (sum) => sum,
          merge: (a, b) => a + b,
        })
        .name('the operator'),
  },
  {
    title: 'createAccumulator of an aggregate function',
    record: /id: 'order-\d'/,
    job: (stream) =>
      stream
        .keyBy('id')
        .aggregate({
          createAccumulator: refuse as () => number,
          add: (_order: Order, sum: number) => sum,
          getResult: (sum) => sum,
          merge: (a, b) => a + b,
        })
        .name('the operator'),
  },
  {
    title: 'getResult of an aggregate function',
    record: /at the record \[ 'order-\d'/,
    job: (stream) =>
      stream
        .keyBy('id')
        .aggregate({
          createAccumulator: () => [] as string[],
          add: (order: Order, ids: string[]) => [...ids, order.id],
          getResult: refuse as (ids: string[]) => number,
          merge: (a, b) => [...a, ...b],
        })
        .name('the operator'),
  },
  {
    title: 'toRow',
    record: /key: 'order-1', (hits|ids): /,
    job: (stream) =>
      stream
        .keyBy('id')
        .aggregate({ ids: collect('id') }, (row) => (row.key === 'order-1' ? refuse() : row))
        .name('the operator'),
  },
  {
    title: 'toRow of an aggregate function',
    record: /at the record \d/,
    job: (stream) =>
      stream
        .keyBy('id')
        .aggregate(
          {
            createAccumulator: () => 0,
            add: (order: Order, sum: number) => sum + order.n,
            getResult: (sum) => sum,
            merge: (a, b) => a + b,
          },
          (sum, { key }) => (key === 'order-1' ? refuse() : sum),
        )
        .name('the operator'),
  },
  {
    title: 'the selector of partitionCustom',
    operator: /^partitionCustom\(…, .*\) behind 'numbers' /,
    job: (stream) =>
      stream
        .partitionCustom(
          (n: number) => n % 2,
          (order) => refuseFour(order, 0),
        )
        .map((order) => order),
  },
  {
    title: 'partitionCustom',
    operator: /^partitionCustom\(.*\) behind 'numbers' /,
    job: (stream) =>
      stream
        .partitionCustom((n, subtasks) => (n === 4 ? refuse() : n % subtasks), 'n')
        .map((order) => order)
        .setParallelism(2),
  },
  {
    title: 'a sink',
    job: (stream) => {
      stream.sinkTo(callbackSink((order) => refuseFour(order, undefined))).name('the operator');
      return undefined;
    },
  },
  {
    title: 'a sink that returns a promise',
    job: (stream) => {
      stream.sinkTo(callbackSink(async (order) => refuseFour(order, undefined))).name('the operator');
      return undefined;
    },
  },
];

describe('a function that throws ends the job with its operator, the record and the cause', () => {
  test.each(cases)('$title', async ({ operator = /^'the operator' /, record = /n: 4/, job }) => {
    for (const config of configs) {
      const failure = await failureOf(
        (env) =>
          job(
            env
              .fromData(orders)
              .name('source')
              .rebalance()
              .map((order) => order)
              .name('numbers'),
          ),
        config,
      );
      expect(failure.code).toBe('USER_FUNCTION');
      expect(failure.message).toMatch(operator);
      expect(failure.message).toContain('Refusal: not this one');
      expect(failure.message).toMatch(record);
      expect(failure.cause).toBeInstanceOf(Refusal);
      expect((failure.cause as Error).stack).toContain('failures.test.ts');
    }
  });

  test('whatever is thrown', async () => {
    for (const thrown of [undefined, null, 'text', 7]) {
      const job = (env: TestEnvironment) =>
        env.fromData([1]).map(() => {
          throw thrown;
        });
      const failure = await failureOf(job, { parallelism: 2 });
      expect(failure.code).toBe('USER_FUNCTION');
      expect(failure.message).toContain(String(thrown));
      expect(failure.cause).toBe(thrown);
    }
  });

  test('open and close of a process function, at no record', async () => {
    const opening = await failureOf(
      (env) =>
        env
          .fromData([1])
          .process({ open: refuse, processElement: () => {} })
          .name('the operator'),
      { parallelism: 2 },
    );
    expect(opening).toMatchObject({ code: 'USER_FUNCTION', message: "'the operator' failed with Refusal: not this one" });
    expect(opening.cause).toBeInstanceOf(Refusal);
  });
});

describe('a wrong declaration ends the job with TYPE_MISMATCH', () => {
  const wrong = [
    { title: 'a fraction for an int32', type: t.object({ id: t.string, n: t.int32 }), record: { id: 'a', n: 1.5 } },
    { title: 'a null', type: t.object({ id: t.string, n: t.int32 }), record: { id: null, n: 1 } },
    { title: '−0 for an int32', type: t.int32, record: -0 },
    { title: 'a bigint that is too large', type: t.bigint64, record: 2n ** 63n },
    { title: 'a key too many', type: t.object({ id: t.string }), record: { id: 'a', n: 1 } },
    { title: 'a key too few', type: t.object({ id: t.string, n: t.any }), record: { id: 'a' } },
    { title: 'keys in another order', type: t.object({ id: t.string, n: t.any }), record: { n: 1, id: 'a' } },
    { title: 'an array for an object', type: t.object({ id: t.string }), record: ['a'] },
    { title: 'a longer array', type: t.tuple(t.string), record: ['a', 'b'] },
    { title: 'a hole', type: t.tuple(t.string, t.any), record: Object.assign(new Array<unknown>(2), ['a']) },
    { title: 'a class instance for an object', type: t.object({ x: t.float64 }), record: new Point() },
    { title: 'an object without a prototype', type: t.object({ x: t.float64 }), record: Object.assign(Object.create(null), { x: 1 }) },
    { title: 'a text for a date', type: t.timestamp, record: '2024-01-01' },
    { title: 'undefined for null', type: t.nullable(t.string), record: undefined },
  ];

  test.each(wrong)('$title', async ({ type, record }) => {
    for (const behind of ['a chain', 'an exchange', 'a key']) {
      const job = (env: TestEnvironment) => {
        const declared = env
          .fromData([0])
          .map((): unknown => record)
          .name('the operator')
          .returns(type as never) as DataStream<unknown>;
        const next = behind === 'a key' ? declared.keyBy(() => 'key') : behind === 'an exchange' ? declared.rebalance() : declared;
        return next.map((each) => each);
      };
      const failure = await failureOf(job, { parallelism: 2 });
      expect(failure.code).toBe('TYPE_MISMATCH');
      expect(failure.message).toMatch(/^'the operator' was declared to return /);
    }
  });

  test('shows the record', async () => {
    const declared = t.object({ id: t.string, n: t.int32 });
    const failure = await failureOf(
      (env) =>
        env
          .fromData(orders)
          .map((order) => ({ ...order, n: order.n / 2 }))
          .name('halves')
          .returns(declared),
      { parallelism: 2 },
    );
    expect(failure.message).toBe(
      "'halves' was declared to return { id: string, n: int32 }, but a record is { id: string, n: float64 }: { id: 'order-1', n: 0.5 }",
    );
  });
});

describe('a value that cannot cross threads ends the job with UNSUPPORTED_VALUE', () => {
  const unsupported = [
    { title: 'a function in a field', record: { id: 1, act: () => 1 }, says: /field \.act is a function/ },
    { title: 'a class instance in a field', record: { id: 1, at: new Point() }, says: /field \.at is a class Point instance/ },
    { title: 'a symbol in a field', record: { id: 1, mark: Symbol('x') }, says: /field \.mark is a symbol/ },
    { title: 'a function deep inside', record: { id: 1, list: [{ act() {} }] }, says: /field \.list\[0\]\.act is a function/ },
    { title: 'a function in a tuple', record: [1, () => 1], says: /field \[1\] is a function/ },
    { title: 'a function as a record', record: () => 1, says: /: it is a function/ },
    { title: 'a class instance as a record', record: new Point(), says: /: it is a class Point instance/ },
    { title: 'a symbol as a record', record: Symbol('x'), says: /: it is a symbol/ },
    { title: 'a function in a map', record: { id: 1, all: new Map([['x', () => 1]]) }, says: /field \.all\.get\("x"\) is a function/ },
    { title: 'a symbol key', record: { id: 1, [Symbol('x')]: 1 }, says: /symbol key/ },
    {
      title: 'a getter that throws',
      record: Object.defineProperty({ id: 1 }, 'n', { get: refuse, enumerable: true }),
      says: /field \.n is a getter that throws /,
    },
    { title: 'an array with properties', record: Object.assign([1], { input: 'x' }), says: /extra property "input"/ },
  ];

  test.each(unsupported)('$title', async ({ record, says }) => {
    // Alone; behind a record of another shape, and in front of one, which seals the batch.
    for (const rows of [[record], [[1, 2], record], [record, { id: 1, other: 1 }], [record, 'text']]) {
      for (const limits of [{}, { batchRows: 1, ringBytes: 256 }]) {
        const job = (env: TestEnvironment) =>
          env
            .fromData(rows as unknown[])
            .map((each) => each)
            .name('the operator')
            .setParallelism(1)
            .broadcast()
            .map((each) => each);
        const failure = await failureOf(job, { parallelism: 2, limits });
        expect(failure.code).toBe('UNSUPPORTED_VALUE');
        expect(failure.message).toMatch(/^'the operator' emitted a record that cannot cross threads/);
        expect(failure.message).toMatch(says);
      }
    }
  });

  test.each([
    { title: 'a function', key: () => 1, says: /a key cannot hold a function/ },
    { title: 'a class instance', key: new Point(), says: /a key cannot hold a class Point instance/ },
    { title: 'a symbol', key: Symbol('x'), says: /a key cannot hold a symbol/ },
    { title: 'a map', key: [new Map()], says: /a key cannot hold a Map \(at \[0\]\)/ },
  ])('$title as a key', async ({ key, says }) => {
    for (const parallelism of [1, 2]) {
      const failure = await failureOf(
        (env) =>
          env
            .fromData([1])
            .name('the operator')
            .keyBy((): unknown => key)
            .aggregate({ hits: count() }),
        { parallelism },
      );
      expect(failure.code).toBe('UNSUPPORTED_VALUE');
      expect(failure.message).toMatch(says);
    }
  });
});
