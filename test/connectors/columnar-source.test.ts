/** A source as users write one that hands on columns: all kinds of columns, strings in every form, in jobs and by the contract of sources. */

import { describe, expect, test } from 'vitest';
import {
  ColumnBatch,
  count,
  eventTime,
  type Polled,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type Split,
  StringDictionary,
  sum,
  type Type,
  type TypeOf,
  t,
  watermarks,
} from '../../src/index.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { describeSourceConformance } from './source-conformance.ts';

const type = t.object({
  id: t.int32,
  half: t.float64,
  big: t.bigint64,
  even: t.bool,
  at: t.timestamp,
  label: t.string,
  city: t.string,
  note: t.string,
  value: t.any,
  price: t.nullable(t.float64),
  remark: t.nullable(t.string),
  colour: t.nullable(t.string),
});
type Reading = TypeOf<typeof type>;

const cities = ['Bergen', 'Łódź', '東京'];
const start = Date.UTC(2024, 0, 1);

/** What the columns must come to. */
function reading(i: number): Reading {
  return {
    id: i,
    half: i / 2,
    big: BigInt(i) * 10n ** 12n,
    even: i % 2 === 0,
    at: new Date(start + i * 1000),
    label: '-'.repeat(i % 20),
    city: cities[i % 3] as string,
    note: i % 2 === 0 ? `naïve ${i}` : `新しい ${i}`,
    value: [i],
    price: i % 3 === 0 ? null : i / 4,
    remark: i % 4 === 0 ? null : `é${i}`,
    colour: i % 5 === 0 ? null : 'red',
  };
}

interface Range extends Split {
  readonly next: number;
  readonly end: number;
}

type Fill = (row: number, i: number) => void;

class ReadingReader implements SourceReader<unknown, Range> {
  readonly #batch: ColumnBatch;
  readonly #fills: readonly Fill[];
  #ranges: Range[] = [];
  #complete = false;

  constructor(fields: Type<unknown>, { limits }: SourceReaderContext) {
    this.#batch = new ColumnBatch(fields, { rows: limits.batchRows, timestamps: true });
    const fills = fillsOf(this.#batch);
    this.#fills = fields.record.names.map((name) => (fills[name as keyof Reading] as () => Fill)());
  }

  addSplit(range: Range): void {
    this.#ranges.push(range);
  }

  noMoreSplits(): void {
    this.#complete = true;
  }

  poll(): Polled<unknown> {
    const range = this.#ranges.shift();
    if (range === undefined) return this.#complete ? 'end' : 'needs-split';
    const rows = Math.min(range.end - range.next, this.#batch.rows);
    for (let row = 0; row < rows; row++) {
      for (const fill of this.#fills) fill(row, range.next + row);
      this.#batch.timestamps[row] = start + (range.next + row) * 1000;
    }
    if (range.next + rows < range.end) this.#ranges.unshift({ ...range, next: range.next + rows });
    return this.#batch.finish(rows);
  }

  splits(): readonly Range[] {
    return [...this.#ranges];
  }

  close(): void {}
}

/** How each column is filled, asked for once where it is wanted. */
function fillsOf(batch: ColumnBatch): { readonly [Name in keyof Reading]: () => Fill } {
  const into =
    <V>(values: { [row: number]: V }, value: (i: number) => V): Fill =>
    (row, i) => {
      values[row] = value(i);
    };
  const text =
    (name: 'label' | 'remark'): (() => Fill) =>
    () => {
      const strings = batch.latin1(name);
      return (row, i) => {
        const value = reading(i)[name] ?? '';
        const at = strings.offsets[row] as number;
        strings.reserve(at + value.length).latin1Write(value, at);
        strings.offsets[row + 1] = at + value.length;
        if (strings.validity !== null) strings.validity[row] = reading(i)[name] === null ? 0 : 1;
      };
    };
  return {
    id: () => into(batch.int32('id'), (i) => i),
    half: () => into(batch.float64('half'), (i) => i / 2),
    big: () => into(batch.bigint64('big'), (i) => BigInt(i) * 10n ** 12n),
    even: () => into(batch.bool('even'), (i) => (i % 2 === 0 ? 1 : 0)),
    at: () => into(batch.timestamp('at'), (i) => start + i * 1000),
    label: text('label'),
    city: () => {
      const dictionary = new StringDictionary();
      const ids = cities.map((city) => dictionary.add(city));
      return into(batch.ids('city', dictionary), (i) => ids[i % 3] as number);
    },
    note: () => into(batch.strings('note'), (i) => reading(i).note),
    value: () => into(batch.any('value'), (i) => [i]),
    price: () => {
      const [values, validity] = [batch.float64('price'), batch.validity('price')];
      return (row, i) => {
        values[row] = i / 4;
        validity[row] = i % 3 === 0 ? 0 : 1;
      };
    },
    remark: text('remark'),
    colour: () => {
      const dictionary = new StringDictionary();
      const red = dictionary.add('red');
      return into(batch.ids('colour', dictionary), (i) => (i % 5 === 0 ? -1 : red));
    },
  };
}

function readings(rows: number, fields: Type<unknown> = type): Source<Reading, Range> {
  return {
    name: 'readings',
    bounded: true,
    type: fields.record,
    enumerate: ({ parallelism }) =>
      Array.from({ length: parallelism }, (_, i) => ({
        id: `range-${i}`,
        next: Math.floor((rows * i) / parallelism),
        end: Math.floor((rows * (i + 1)) / parallelism),
      })),
    project: (names) => readings(rows, t.pick(type, names as (keyof Reading)[])),
    createReader: (context) => new ReadingReader(fields, context) as SourceReader<Reading, Range>,
  };
}

describeSourceConformance('of columns', {
  repeatable: true,
  open: () => ({
    source: readings(60) as unknown as Source<unknown, Split>,
    records: Array.from({ length: 60 }, (_, i) => reading(i)),
  }),
});

describe('a source of columns in a job', () => {
  test('gives every record as it is, across threads too', async () => {
    for (const parallelism of [1, 3]) {
      const env = new TestEnvironment({ parallelism });
      const rows = await env.collect(env.fromSource(readings(3000)).rebalance());
      expect(rows.sort((a, b) => a.id - b.id)).toEqual(Array.from({ length: 3000 }, (_, i) => reading(i)));
    }
  });

  test('is asked for the fields that are read, and for no others', async () => {
    const env = new TestEnvironment();
    const stream = env.fromSource(readings(30)).map(({ city, remark, id }) => `${id} ${city} ${remark}`);
    const expected = Array.from({ length: 30 }, (_, i) => `${i} ${cities[i % 3]} ${reading(i).remark}`);
    expect(await env.collect(stream)).toEqual(expected);
    const explained = new TestEnvironment();
    explained
      .fromSource(readings(30))
      .map(({ city, remark, id }) => `${id} ${city} ${remark}`)
      .print();
    expect(explained.explain()).toContain('{ id: int32, city: string, remark: string? }');
  });

  test.each(['city', 'label', 'note', 'remark', 'colour', 'half', 'even'] as const)('is grouped by %s', async (field) => {
    const env = new TestEnvironment({ parallelism: 2, runtimeMode: 'batch' });
    const groups = new Map<unknown, number>();
    for (let i = 0; i < 500; i++) groups.set(reading(i)[field], (groups.get(reading(i)[field]) ?? 0) + i);
    const rows = await env.collect(
      env
        .fromSource(readings(500))
        .keyBy(field)
        .aggregate({ n: count(), total: sum('id') }),
    );
    expect(rows.map(({ key, total }) => [key, total]).sort()).toEqual([...groups].sort());
  });

  test('has the event time that its timestamps say', async () => {
    const env = new TestEnvironment();
    const stream = env.fromSource(readings(25), { watermarks: watermarks.monotonous() });
    const windows = stream
      .keyBy('even')
      .window(eventTime.tumbling('10s'))
      .aggregate({ n: count() }, ({ start: begin, n }) => `${n} from ${(begin - start) / 1000} s`);
    expect(await env.collect(windows)).toEqual(['5 from 0 s', '5 from 0 s', '5 from 10 s', '5 from 10 s', '3 from 20 s', '2 from 20 s']);
  });
});
