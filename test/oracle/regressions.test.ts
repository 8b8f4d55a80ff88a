/** What random jobs found, made small. Each compares plans that differ in what must not matter. */

import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import { callbackSink } from '../../src/connectors/callback/callback-sink.ts';
import { count, sum } from '../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../src/operators/process/context.ts';
import { TestEnvironment, type TestEnvironmentConfig } from '../../src/testing/test-environment.ts';
import { objectOf } from './arbitraries.ts';
import { canonical } from './canonical.ts';

/** Where the rows of a job come from, as an operator sees them: whole values, or columns. */
const ways: readonly ((stream: DataStream<never>) => DataStream<never>)[] = [
  (stream) => stream,
  (stream) => stream.rebalance().filter(() => true),
];

const configs: readonly TestEnvironmentConfig[] = [
  { parallelism: 1 },
  { parallelism: 2 },
  { parallelism: 2, limits: { batchRows: 1 } },
  { parallelism: 2, localAggregation: false },
];

/** The rows of a job on these records, as texts in order; all plans must agree. */
async function rowsOf(records: readonly unknown[], job: (stream: DataStream<never>) => DataStream<never>): Promise<string[]> {
  const results: string[][] = [];
  for (const config of configs) {
    for (const way of ways) {
      const env = new TestEnvironment(config);
      const rows = await env.collect(job(way(env.fromData(records) as unknown as DataStream<never>)));
      results.push(rows.map((row) => canonical(row)).sort());
    }
  }
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0] as string[];
}

describe('records stay as they are', () => {
  test('with a byte order mark or lone surrogates in their keys', async () => {
    const records = [
      { '\ufeffid': 1, a: 2 },
      { '\ud800': 1, '\udc00': 2 },
    ];
    expect(await rowsOf(records, (stream) => stream.rebalance())).toEqual(records.map(canonical).sort());
  });

  test('without a prototype, where a field is replaced', async () => {
    const record = objectOf(
      [
        ['k', 1],
        ['n', 2],
        ['__proto__', 'x'],
      ],
      null,
    );
    expect(await rowsOf([record], (stream) => stream.keyBy('k' as never).sum('n' as never))).toEqual([canonical(record)]);
  });
});

describe('a field is the same whatever is known of the record', () => {
  test('in an aggregator, when records are null or have it by nature only', async () => {
    const rows = (records: readonly unknown[], field: string) =>
      rowsOf(
        records,
        (stream) => stream.keyBy(() => 1).aggregate({ total: sum(field as never), hits: count() }) as unknown as DataStream<never>,
      );
    expect(await rows([null, { x: 1 }, null], 'x')).toEqual(['{"key": 1, "total": 1, "hits": 3}']);
    expect(await rows([true, false], 'x')).toEqual(['{"key": 1, "total": 0, "hits": 2}']);
    expect(await rows([null, undefined, 7, true], 'x')).toEqual(['{"key": 1, "total": 0, "hits": 4}']);
    expect(await rows([[1], [2, 3], [4, 5]], 'length')).toEqual(['{"key": 1, "total": 5, "hits": 3}']);
    expect(await rows(['a', 'bcd'], 'length')).toEqual(['{"key": 1, "total": 4, "hits": 2}']);
  });

  test('as a key', async () => {
    const rows = (records: readonly unknown[]) =>
      rowsOf(records, (stream) => stream.keyBy('length' as never).aggregate({ hits: count() }) as unknown as DataStream<never>);
    expect(await rows(['a', 'bc', 'de'])).toEqual(['{"key": 1, "hits": 1}', '{"key": 2, "hits": 2}']);
    expect(await rows([[1], [2, 3], [4, 5]])).toEqual(['{"key": 1, "hits": 1}', '{"key": 2, "hits": 2}']);
  });

  test('when it is undefined, which is a key that a function may return', async () => {
    expect(
      await rowsOf([1, 2], (stream) => stream.keyBy(() => undefined).aggregate({ total: sum() }) as unknown as DataStream<never>),
    ).toEqual(['{"key": undefined, "total": 3}']);
  });
});

describe('side outputs', () => {
  test('may be called anything, and nobody need read them', async () => {
    for (const id of ['__proto__', 'toString', 'constructor', "it's"]) {
      const tag = new OutputTag<number>(id);
      const unread = new OutputTag<number>('__defineGetter__');
      for (const parallelism of [1, 2]) {
        const env = new TestEnvironment({ parallelism });
        const main = env.fromData([1, 2]).process<number>({
          processElement(n, ctx) {
            ctx.output(tag, n);
            ctx.output(unread, n);
            ctx.output(new OutputTag<number>('__proto__x'), n);
          },
        });
        expect((await env.collect(main.getSideOutput(tag))).sort()).toEqual([1, 2]);
      }
      const env = new TestEnvironment();
      const main = env.fromData([1]).process<number>({
        processElement(n, ctx, out) {
          ctx.output(tag, n);
          out(n);
        },
      });
      expect(await env.collect(main)).toEqual([1]);
    }
  });
});

describe('a flatMap', () => {
  test('emits from its generator', async () => {
    const env = new TestEnvironment();
    const stream = env.fromData([1, 2]).flatMap(function* (n, emit: (record: number | string) => void) {
      emit(n);
      yield 'between';
      emit(-n);
    });
    expect(await env.collect(stream)).toEqual([1, 'between', -1, 2, 'between', -2]);
  });

  test('cannot keep the job from failing by catching what it emits into', async () => {
    const swallowing = (env: TestEnvironment) =>
      env
        .fromData([1, 2, 3])
        .flatMap<number>((n, emit) => {
          try {
            emit(n);
          } catch {
            // It must come to light all the same.
          }
          return [];
        })
        .map((n) => {
          if (n === 2) throw new Error('two');
          return n;
        });
    const env = new TestEnvironment();
    await expect(env.collect(swallowing(env))).rejects.toMatchObject({ code: 'USER_FUNCTION' });
  });

  test('nor can a process function', async () => {
    const tag = new OutputTag<number>('side');
    const env = new TestEnvironment();
    const main = env.fromData([1, 2]).process<number>({
      processElement(n, ctx) {
        try {
          ctx.output(tag, n);
        } catch {
          // As above.
        }
      },
    });
    const failing = main.getSideOutput(tag).map(() => {
      throw new Error('no');
    });
    await expect(env.collect(failing)).rejects.toMatchObject({ code: 'USER_FUNCTION' });
  });
});

describe('the host', () => {
  test('gets the last rows of several producers although it takes one at a time', async () => {
    const env = new TestEnvironment({ limits: { batchBytes: 1, ringBytes: 512, hostRows: 1 } });
    const rows = env
      .fromData(
        Array.from({ length: 7 }, () => 'b'),
        { parallelism: 3 },
      )
      .keyBy((text) => text);
    expect(await env.collect(rows)).toHaveLength(7);
  });

  test('gets nothing that a sink beside it takes', async () => {
    const taken: number[] = [];
    const env = new TestEnvironment({ parallelism: 2 });
    const stream = env.fromData([1, 2, 3]);
    stream.sinkTo(callbackSink((n) => void taken.push(n)));
    expect([...(await env.collect(stream))].sort()).toEqual([1, 2, 3]);
    expect(taken.sort()).toEqual([1, 2, 3]);
  });
});
