/** `explain()`: what it says of chains, exchanges, types and the fields that functions read. */

import { describe, expect, test } from 'vitest';
import { avg, callback, count, OutputTag, sum, t } from '../../src/index.ts';
import { TestEnvironment, type TestEnvironmentConfig } from '../../src/testing/index.ts';

interface Click {
  readonly url: string;
  readonly bytes: number;
}

const clickType = t.object({ url: t.string, bytes: t.int32 });

function environment(config: TestEnvironmentConfig = {}): TestEnvironment {
  return new TestEnvironment({ parallelism: 2, ...config });
}

/** The lines of the plan that hold something. */
function lines(env: TestEnvironment, ...parts: string[]): string[] {
  return env
    .explain()
    .split('\n')
    .filter((line) => parts.some((part) => line.includes(part)))
    .map((line) => line.trim());
}

test('a whole plan', () => {
  const env = environment();
  env
    .readTextFile('clicks.txt')
    .map((line) => JSON.parse(line) as Click)
    .returns(clickType)
    .filter(({ bytes }) => bytes > 0)
    .keyBy('url')
    .aggregate({ hits: count(), total: sum('bytes') })
    .map((row) => `${row.key}: ${row.hits}`)
    .print();
  expect(env.explain()).toBe(`mode: batch

stage 0 × 2
  clicks.txt : string
  map : { url: string, bytes: int32 }
      map reads the whole record
  filter : { url: string, bytes: int32 }
      filter reads bytes
  aggregate (local) (aggregate) : inferred at run time
      hits (count) reads nothing
      total (sum) reads bytes

stage 1 × 2
  aggregate : inferred at run time
  map : inferred at run time
      map reads key, hits
  print : string

exchanges:
  aggregate (local) → aggregate: hash(key) : inferred at run time
  print → standard output: rebalance : string
`);
});

describe('the type of records', () => {
  test('is that of the source, of returns, or what a filter lets pass', () => {
    const env = environment();
    env
      .readTextFile('access.log')
      .filter((line) => line !== '')
      .filter((line) => line.length > 3)
      .map((line) => line.length)
      .map((length) => length + 1)
      .returns(t.int32)
      .filter((length) => length > 7)
      .print();
    expect(lines(env, ' : ').slice(0, 6)).toEqual([
      'access.log : string',
      'filter : string',
      'filter : string',
      'map : inferred at run time',
      'map : int32',
      'filter : int32',
    ]);
  });

  test('of side outputs is not that of the main output', () => {
    const tag = new OutputTag<number>('odd');
    const env = environment();
    env
      .fromSequence(1, 9)
      .process({ processElement: (n: number, ctx, out: (n: number) => void) => (n % 2 === 0 ? out(n) : ctx.output(tag, n)) })
      .returns(t.float64)
      .getSideOutput(tag)
      .filter((n) => n > 3)
      .rebalance()
      .print();
    expect(lines(env, 'process', 'filter :', '→').slice(0, 4)).toEqual([
      'process : float64',
      'processElement reads the whole record',
      'filter : inferred at run time',
      'filter → print: rebalance : inferred at run time',
    ]);
  });

  test('is not said of sinks, which emit none', () => {
    const env = environment();
    env.fromSequence(1, 3).sinkTo(callback(function store() {}));
    expect(env.explain()).toContain('\n  store\n');
  });
});

describe('what functions read', () => {
  test('is said of those that see records, not of those that see accumulators', () => {
    const env = environment({ runtimeMode: 'streaming' });
    env
      .fromData<Click>([])
      .keyBy(({ url }) => url)
      .aggregate({
        createAccumulator: () => 0,
        add: (click: Click, sum: number) => sum + click.bytes,
        getResult: (sum: number) => ({ sum }),
        merge: (a: number, b: number) => a + b,
      })
      .print();
    expect(lines(env, ' reads ')).toEqual(['add reads bytes']);
  });

  test('is of both records that reduce combines', () => {
    const env = environment();
    env
      .fromData<Click>([])
      .keyBy('url')
      .reduce((a, b) => ({ url: a.url, bytes: a.bytes + b.bytes }))
      .print();
    expect(lines(env, ' reads ')).toEqual(['reduce reads url, bytes']);
  });

  test('is the field of sum, min, max and of aggregators, whose functions are analysed', () => {
    const env = environment({ localAggregation: false });
    const clicks = env.fromData<Click>([]).keyBy('url');
    clicks.sum('bytes').print();
    clicks.aggregate({ hits: count(), mean: avg('bytes'), size: sum((click: Click) => click.url.length) }).print();
    env
      .fromSequence(1, 9)
      .keyBy((n) => n % 2)
      .max()
      .print();
    expect(lines(env, ' reads ')).toEqual([
      'sum reads bytes',
      'size reads url',
      'hits (count) reads nothing',
      'mean (avg) reads bytes',
      'max reads the whole record',
    ]);
  });
});
