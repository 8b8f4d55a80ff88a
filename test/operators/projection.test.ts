/** Projection: sources give the fields that a job reads, and the job's rows are the same as without. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  count,
  countDistinct,
  type DataStream,
  eventTime,
  evictors,
  files,
  formats,
  max,
  OutputTag,
  type Source,
  sum,
  t,
  triggers,
  watermarks,
} from '../../src/index.ts';
import { TestEnvironment } from '../../src/testing/index.ts';

const format = formats.json({ a: t.string, b: t.int32, c: t.float64, d: t.nullable(t.string), at: t.float64, unread: t.any });
type Row = { a: string; b: number; c: number; d: string | null; at: number; unread: unknown };

const directory = mkdtempSync(join(tmpdir(), 'millrace-'));
const path = join(directory, 'rows.ndjson');
afterAll(() => rmSync(directory, { recursive: true }));

const rows = Array.from(
  { length: 60 },
  (_, i): Row => ({
    a: `k${i % 5}`,
    b: (i * 7) % 11,
    c: i / 4,
    d: i % 3 === 0 ? null : `d${i % 2}`,
    at: i * 1000,
    unread: [i],
  }),
);
writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'));

/** Aggregate functions over two fields. */
const spread = {
  createAccumulator: () => ({ least: 0, most: 0 }),
  add: ({ b, c }: Row, { least, most }: { least: number; most: number }) => ({ least: Math.min(least, b), most: Math.max(most, c) }),
  merge: (x: { least: number; most: number }, y: { least: number; most: number }) => ({ least: x.least + y.least, most: x.most + y.most }),
  getResult: ({ least, most }: { least: number; most: number }) => most - least,
};

const byField = watermarks.boundedOutOfOrderness('1s', { timestamp: 'at' });

/** The fields that the source of a job is asked for. */
function asked(build: (env: TestEnvironment) => DataStream<unknown>): string {
  const env = new TestEnvironment();
  build(env).print();
  return /rows\.ndjson : \{ (.*?) \}/.exec(env.explain())?.[1]?.replace(/: [^,]*/g, '') ?? '';
}

const all = 'a, b, c, d, at, unread';

describe('the source is asked for what is read by', () => {
  const read = (env: TestEnvironment) => env.readFile(path, format);
  const windowed = (env: TestEnvironment) => env.readFile(path, format, { watermarks: byField }).keyBy('a');

  test.each<[string, string, (env: TestEnvironment) => DataStream<unknown>]>([
    ['a map', 'a, c', (env) => read(env).map((r) => r.a + r.c)],
    ['a map that takes the record apart', 'a, c', (env) => read(env).map(({ c, a }) => a + c)],
    [
      'a filter, a key and an aggregate',
      'a, b, c',
      (env) =>
        read(env)
          .filter((r) => r.b > 2)
          .keyBy('a')
          .aggregate({ n: count(), total: sum('c') }),
    ],
    ['a key of two fields', 'a, d', (env) => read(env).keyBy(['a', 'd']).aggregate({ n: count() })],
    [
      'a key by a function',
      'b, d',
      (env) =>
        read(env)
          .keyBy((r) => r.b % 2)
          .aggregate({ most: max('d') }),
    ],
    [
      'a count of all',
      'unread',
      (env) =>
        read(env)
          .keyBy(() => 'all')
          .aggregate({ n: count() }),
    ],
    [
      'a window',
      'a, b, at',
      (env) =>
        env
          .readFile(path, format, { watermarks: byField })
          .keyBy('a')
          .window(eventTime.tumbling('10s'))
          .aggregate({ total: sum('b') }),
    ],
    [
      'sessions',
      'a, b, at',
      (env) =>
        windowed(env)
          .window(eventTime.session({ gap: '10s' }))
          .aggregate({ n: count(), total: sum('b') }),
    ],
    [
      'sessions without an end of their own',
      all,
      (env) =>
        windowed(env)
          .window(eventTime.session({ gap: ({ b }) => b + 1 }))
          .aggregate({ n: count() }),
    ],
    ['a window with an aggregate function', 'a, b, c, at', (env) => windowed(env).window(eventTime.tumbling('10s')).aggregate(spread)],
    [
      'a trigger that looks at no record',
      'a, at',
      (env) =>
        windowed(env)
          .window(eventTime.tumbling('10s'))
          .trigger(triggers.purging(triggers.count(2)))
          .aggregate({ n: count() }),
    ],
    [
      'a trigger that looks at records',
      all,
      (env) =>
        windowed(env)
          .window(eventTime.tumbling('10s'))
          .trigger(triggers.purging(triggers.delta(2, (x, y) => y.c - x.c)))
          .aggregate({ n: count() }),
    ],
    ['an evictor', all, (env) => windowed(env).window(eventTime.tumbling('10s')).evictor(evictors.count(3)).aggregate({ n: count() })],
    [
      'a side output of late records',
      all,
      (env) =>
        windowed(env)
          .window(eventTime.session({ gap: '10s' }))
          .sideOutputLateData(new OutputTag<Row>('late'))
          .aggregate({ n: count() }),
    ],
    ['a window that combines records', all, (env) => windowed(env).window(eventTime.tumbling('10s')).maxBy('c')],
    [
      'watermarks by a function',
      'a, at',
      (env) =>
        env
          .readFile(path, format, { watermarks: watermarks.boundedOutOfOrderness('1s', { timestamp: (r: Row) => r.at }) })
          .keyBy('a')
          .window(eventTime.tumbling('10s'))
          .aggregate({ n: count() }),
    ],
    [
      'two consumers',
      'a, b, d',
      (env) => {
        const rows = read(env);
        return rows.map((r) => r.a).union(rows.filter((r) => r.b > 1).map((r) => String(r.d)));
      },
    ],
    [
      'a consumer behind a union',
      'a, c',
      (env) =>
        read(env)
          .union(env.fromData<Row>([]))
          .map((r) => `${r.a} ${r.c}`),
    ],
    [
      'a consumer behind a partitioning',
      'c',
      (env) =>
        read(env)
          .rebalance()
          .map((r) => r.c),
    ],
    ['nobody', all, (env) => read(env)],
    ['a function that passes the record on', all, (env) => read(env).map((r) => JSON.stringify(r))],
    ['a function that spreads it', all, (env) => read(env).map((r) => ({ ...r }))],
    ['a function that nobody can look into', all, (env) => read(env).map(Object.keys)],
    ['a computed name', all, (env) => read(env).map((r) => r[('a' + 'b')[0] as 'a'])],
    [
      'one consumer of all',
      all,
      (env) => {
        const rows = read(env);
        return rows.map((r) => r.a).union(rows.map((r) => String(Object.values(r).length)));
      },
    ],
  ])('%s', (_, fields, build) => {
    expect(asked(build)).toBe(fields);
  });

  test('a function with a side output', async () => {
    const odd = new OutputTag<string>('odd');
    const build = (env: TestEnvironment) => {
      const even = read(env).process({
        processElement(r, context, out: (value: string) => void) {
          if (r.b % 2 === 0) out(r.a);
          else context.output(odd, String(r.d));
        },
      });
      return even.union(even.getSideOutput(odd));
    };
    const env = new TestEnvironment();
    const expected = rows.map((r) => (r.b % 2 === 0 ? r.a : String(r.d)));
    expect((await env.collect(build(env))).sort()).toEqual(expected.sort());
  });
});

describe('objects of any fields are asked for what is read by', () => {
  const any = formats.json<Row & { user: { id: number; name: { first: string } }; toString: unknown }>();
  const read = (env: TestEnvironment) => env.readFile(path, any);

  test.each<[string, string, (env: TestEnvironment) => DataStream<unknown>]>([
    ['a map', 'a, c', (env) => read(env).map((r) => r.a + r.c)],
    [
      'a filter, a key and an aggregate',
      'b, c, a',
      (env) =>
        read(env)
          .filter(({ b }) => b > 2)
          .keyBy('a')
          .aggregate({ n: count(), total: sum('c') }),
    ],
    ['functions that look into a field', 'user, a', (env) => read(env).map((r) => r.user?.id + r.user.name.first + r.a.length)],
    ['nobody', '', (env) => read(env)],
    ['a function that spreads it', '', (env) => read(env).map((r) => ({ ...r }))],
    ['a function that asks for what all objects have', '', (env) => read(env).map((r) => [r.a, r.toString])],
    [
      'a type that was declared',
      '',
      (env) =>
        read(env)
          .returns(t.any as never)
          .map((r: Row) => r.a),
    ],
  ])('%s', (_, fields, build) => {
    expect(asked(build)).toBe(fields);
  });

  test('nobody of any field, where they are only counted', async () => {
    const env = new TestEnvironment();
    const counted = read(env)
      .keyBy(() => 'all')
      .aggregate({ n: count() });
    expect(await env.collect(counted)).toEqual([{ key: 'all', n: rows.length }]);
  });

  test('and may lack it', async () => {
    for (const call of ['keyBy(aa)', 'sum("cc")']) {
      const env = new TestEnvironment();
      const totals =
        call === 'keyBy(aa)'
          ? read(env)
              .keyBy('aa' as 'a')
              .sum('c')
          : read(env)
              .keyBy('a')
              .sum('cc' as 'c');
      await expect(env.collect(totals)).rejects.toThrow(`${call}: the record has no field`);
    }
  });
});

type Step = (stream: DataStream<Row>) => DataStream<Row>;

/** What leaves records as they are. */
const steps: Readonly<Record<string, Step>> = {
  filterB: (stream) => stream.filter((r) => r.b > 3),
  filterD: (stream) => stream.filter(({ d }) => d !== null),
  filterWhole: (stream) => stream.filter((r) => Object.keys(r).length > 0),
  rebalance: (stream) => stream.rebalance(),
  union: (stream) => stream.union(stream.filter((r) => r.c < 2)),
};

/** What makes rows of them, in whatever order the records of a union come. */
const ends: Readonly<Record<string, (stream: DataStream<Row>) => DataStream<unknown>>> = {
  map: (stream) => stream.map((r) => `${r.a} ${r.c}`),
  whole: (stream) => stream.map((r) => JSON.stringify([r.unread, r.at, r.a])),
  keyed: (stream) => stream.keyBy('a').aggregate({ n: count(), total: sum('c'), kinds: countDistinct('d') }),
  composite: (stream) => stream.keyBy(['d', 'b']).aggregate({ n: count(), latest: max('at') }),
  selected: (stream) => stream.keyBy((r) => r.a + r.d).aggregate({ total: sum('b') }),
  window: (stream) =>
    stream
      .keyBy('a')
      .window(eventTime.tumbling('7s'))
      .aggregate({ n: count(), total: sum('b') }),
  sessions: (stream) =>
    stream
      .keyBy('d')
      .window(eventTime.session({ gap: '3s' }))
      .aggregate({ n: count(), total: sum('c') }),
  folded: (stream) => stream.windowAll(eventTime.tumbling('7s')).aggregate(spread),
  counted: (stream) =>
    stream
      .keyBy('a')
      .countWindow(1)
      .aggregate({ n: count(), total: sum('b') }),
  evicted: (stream) =>
    stream
      .keyBy('a')
      .window(eventTime.tumbling('7s'))
      .evictor(evictors.count(1000))
      .aggregate({ total: sum('b') }),
  custom: (stream) => stream.partitionCustom((key, n) => key % n, 'b').map((r) => r.at),
  records: (stream) => stream,
};

/** The same rows, where now and then a field is missing or has a value of another kind. */
const unlike = rows.map(({ d, unread, ...row }, i) => ({
  ...row,
  ...(i > 20 && i % 7 === 0 ? { a: i } : {}),
  ...(i % 9 === 8 ? {} : { d: i % 5 === 0 ? [d] : d }),
  unread: i > 40 ? { x: { y: `\ud83d${i}`, z: unread } } : i % 2 === 0 ? { x: null } : i,
}));
const unlikePath = join(directory, 'unlike.ndjson');
writeFileSync(unlikePath, unlike.map((row) => JSON.stringify(row)).join('\n'));

type Unlike = { unread: { x?: { y: string; z: number[] } | null } };

/** What reads members of members, and what may fail. */
const unlikeEnds: typeof ends = {
  ...ends,
  inner: (stream) => (stream as unknown as DataStream<Unlike>).map(({ unread }) => unread.x?.y ?? 'none'),
  pattern: (stream) => (stream as unknown as DataStream<Unlike>).filter((r) => r.unread.x != null).map(({ unread: { x } }) => x),
  innerKey: (stream) =>
    (stream as unknown as DataStream<Unlike>)
      .keyBy((r) => r.unread.x?.z?.length ?? 'none')
      .aggregate({ n: count(), kinds: countDistinct('at' as never) }),
  failing: (stream) => (stream as unknown as DataStream<Unlike>).map((r) => (r.unread.x as { y: string }).y),
};

test.each([
  ['declared fields', format, path, ends],
  ['any fields', formats.json<Row>(), unlikePath, unlikeEnds],
] as const)('any job gives the same rows as without, of %s', async (_, format, path, ends) => {
  const job = fc.record({
    steps: fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 3 }),
    ends: fc.uniqueArray(fc.constantFrom(...Object.keys(ends)), { minLength: 1, maxLength: 2 }),
    parallelism: fc.constantFrom(1, 2),
  });
  const run = async (
    { steps: of, ends: to, parallelism }: { steps: string[]; ends: string[]; parallelism: number },
    isProjected: boolean,
  ) => {
    const env = new TestEnvironment({ parallelism });
    const { project, ...whole } = files.source(path, { format }) as Source<Row>;
    const source = isProjected ? { ...whole, ...(project === undefined ? {} : { project }) } : whole;
    const stream = of.reduce(
      (made, name) => (steps[name] as Step)(made),
      env.fromSource(source as Source<Row>, { watermarks: byField }) as DataStream<Row>,
    );
    const made = to.map((name) => ends[name]?.(stream).map((row) => JSON.stringify(row)) as DataStream<string>);
    const [first, ...others] = made as [DataStream<string>, ...DataStream<string>[]];
    // Errors show as much of a record as there is.
    return env.collect(first.union(...others)).then(
      (collected) => collected.sort(),
      (error: Error) => error.message.split('\n')[0],
    );
  };
  await fc.assert(
    fc.asyncProperty(job, async (given) => {
      expect(await run(given, true)).toEqual(await run(given, false));
    }),
    { numRuns: 25 },
  );
});
