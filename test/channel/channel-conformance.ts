/** What every channel must do, whatever lies between its ends. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashString } from '../../src/base/hash.ts';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';
import type { BatchOptions, ChannelReader, ChannelWriter } from '../../src/channel/channel.ts';
import { endOfInput, type Mark, type StreamElement } from '../../src/channel/element.ts';
import { type ColumnKind, type ColumnType, column, internType, type RecordType, scalarType } from '../../src/schema/type.ts';
import { anyText } from '../text.ts';
import {
  batchOf,
  materialise,
  nullableString,
  type Offered,
  type PlainBatch,
  type PlainElement,
  plainOf,
  type StringLayout,
  stringColumn,
  stringColumnsOf,
  tupleType,
} from './plain-elements.ts';

/** Two ends of one channel on one thread. */
export interface ChannelEnds {
  readonly writer: ChannelWriter;
  readonly reader: ChannelReader;
}

const marks: readonly Mark[] = [
  { kind: 'watermark', time: 1_700_000_000_123.5 },
  { kind: 'idle' },
  { kind: 'active' },
  { kind: 'barrier', checkpoint: 2 ** 40 },
  { kind: 'watermark', time: Number.NEGATIVE_INFINITY },
  { kind: 'watermark', time: Number.POSITIVE_INFINITY },
  endOfInput,
];

/** Values of each kind that a careless copy would change. */
const valuesByKind: Readonly<Record<Exclude<ColumnKind, 'null'>, readonly unknown[]>> = {
  float64: [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE, 2 ** 53],
  int32: [0, -1, 2 ** 31 - 1, -(2 ** 31)],
  bigint64: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  bool: [true, false, true, true],
  timestamp: [new Date(0), new Date(-1), new Date(8.64e15)],
  string: ['', 'a', 'naïve', 'x'.repeat(300), '\0', 'zwei\nZeilen'],
  any: [undefined, null, 0, 'a', [1, [2]], { a: { b: new Date(1) } }, new Map([[1, 'x']]), 5n, Uint8Array.of(1, 2)],
};

const wideStrings = ['Ā', '€', 'a', '\ud800', '\udc00x', '😀 and more', ''];
const layouts: readonly StringLayout[] = ['references', 'latin1', 'utf16', 'lines', 'dictionary'];

/** Offers elements one after the other and reads whenever one is refused; what came through, in order. */
export function transfer({ writer, reader }: ChannelEnds, elements: readonly Offered[]): PlainElement[] {
  const received: PlainElement[] = [];
  for (const offered of elements) {
    const element = materialise(writer, offered);
    while (!writer.offer(element)) {
      if (!receive(reader, received)) throw new Error('the channel is empty and has no room');
    }
  }
  while (receive(reader, received));
  return received;
}

/** Reads at most one element. A refused large one may have left a part of itself, which makes room as it is read. */
function receive(reader: ChannelReader, received: PlainElement[]): boolean {
  const before = reader.bytes;
  const element = reader.poll();
  if (element === null) return reader.bytes > before;
  received.push(plainOf(element));
  reader.release();
  return true;
}

export function testChannel(name: string, create: () => ChannelEnds): void {
  const through = (...elements: readonly Offered[]): PlainElement[] => transfer(create(), elements);
  const expectThrough = (...elements: readonly Offered[]): void =>
    expect(through(...elements)).toEqual(elements.map(({ element }) => element));

  describe(name, () => {
    test('is empty at first', () => {
      const { reader } = create();
      expect(reader.isEmpty()).toBe(true);
      expect(reader.poll()).toBeNull();
      expect(() => reader.release()).toThrow('only a polled element is released');
    });

    test('keeps marks between batches in order', () => {
      const numbers = batchOf(column('float64'), [1, 2, 3]);
      expectThrough(...marks.flatMap((mark) => [{ element: numbers }, { element: mark }]));
    });

    test('shows an element until it is released', () => {
      const ends = create();
      const batch = batchOf(column('float64'), [1]);
      const offered = materialise(ends.writer, { element: batch });
      while (!ends.writer.offer(offered)) expect(ends.reader.poll()).toBeNull();
      const first = ends.reader.poll() as StreamElement;
      expect(ends.reader.poll()).toBe(first);
      expect(ends.reader.isEmpty()).toBe(false);
      expect(plainOf(first)).toEqual(batch);
      ends.reader.release();
      expect(ends.reader.isEmpty()).toBe(true);
    });

    test('refuses when it is full, and takes the same element later', () => testFull(create()));

    for (const [kind, values] of Object.entries(valuesByKind)) {
      test(`carries ${kind} values`, () => {
        const type = column(kind as ColumnKind);
        expectThrough({ element: batchOf(type, values) }, { element: batchOf(scalarType(type), values.slice(1)) });
      });
    }

    test('carries nulls', () => {
      for (const [kind, values] of Object.entries(valuesByKind)) {
        if (kind === 'any') continue;
        const type = column(kind as ColumnKind, true);
        const mixed = values.flatMap((value) => [value, null]);
        expectThrough({ element: batchOf(type, mixed) }, { element: batchOf(type, [null, null]) }, { element: batchOf(type, values) });
      }
      expectThrough({ element: batchOf(column('null'), [null, null, null]) });
    });

    for (const layout of layouts) {
      test(`carries strings that lie as ${layout}`, () => {
        const narrow = batchOf(nullableString, [null, ...valuesByKind.string, null, 'end']);
        const wide = batchOf(nullableString, [...wideStrings, null]);
        const dictionaries: StringDictionary[] = [];
        expectThrough(...[narrow, wide, narrow].map((element) => ({ element, layout, dictionaries })));
      });
    }

    test('knows nulls and hashes of strings in every layout', () => {
      for (const layout of layouts) {
        const values = layout === 'utf16' || layout === 'references' ? [null, ...wideStrings] : [null, 'naïve', '', null];
        const ends = create();
        testStringColumn(ends, { element: batchOf(nullableString, values), layout }, values);
      }
    });

    test('carries wide strings after narrow ones and back', () => {
      const narrow = batchOf(stringColumn, ['a', 'b', 'ÿ']);
      const wide = batchOf(stringColumn, ['Ā', '']);
      expectThrough(...[narrow, wide, wide, narrow, narrow, wide, narrow].map((element) => ({ element })));
    });

    test('carries two columns of strings that take turns at being wide', () => {
      const type = tupleType(stringColumn, stringColumn);
      const rows = [
        ['€', 'a'],
        ['b', '€'],
        ['€', '€'],
        ['c', 'd'],
      ];
      expectThrough(...rows.map((row) => ({ element: { ...batchOf(type, []), rows: [row] } })));
    });

    test('carries a dictionary that grows, and one that is replaced', () => testDictionaries(create()));

    test('carries batches of every size', () => {
      const sizes = [0, 1, 2, 3, 7, 8, 9, 47, 48, 49, 50, 200, 1024, 3000];
      const type = tupleType(column('float64'), column('int32', true), column('bool'), stringColumn);
      const element = (size: number): PlainBatch => ({
        ...batchOf(type, []),
        rows: Array.from({ length: size }, (_, i) => [i / 2, i % 3 === 0 ? null : i, i % 2 === 0, `row ${i}`]),
      });
      expectThrough(...[...sizes, ...sizes.toReversed()].map((size) => ({ element: element(size) })));
    });

    test('carries a string larger than a ring among small ones', () => {
      const large = ['x'.repeat(100_000), '€'.repeat(50_000)];
      for (const layout of layouts) {
        const values = layout === 'latin1' || layout === 'lines' ? large.slice(0, 1) : large;
        expectThrough(
          { element: marks[0] as Mark },
          { element: batchOf(stringColumn, ['a', ...values, 'b']), layout },
          { element: endOfInput },
        );
      }
    });

    test('carries timestamps and hashes', () => {
      const plain = batchOf(column('float64'), [1, 2, 3]);
      const timestamps = [5, Number.NaN, 1.7e12];
      const hashes = [1, -1, 2 ** 31 - 1];
      const elements = [plain, { ...plain, timestamps }, { ...plain, hashes }, { ...plain, timestamps, hashes }, plain];
      expectThrough(...elements.map((element) => ({ element })));
    });

    test('carries many schemas, each time it changes', () => {
      const elements = Array.from({ length: 120 }, (_, i) => objectBatch(`field${i % 60}`, i));
      expectThrough(...elements.map((element) => ({ element })));
    });

    test('carries the column of a computed key', () => {
      const type = internType({ form: 'object', names: ['a'], columns: [column('float64')], key: stringColumn });
      expectThrough({
        element: {
          ...batchOf(type, []),
          rows: [
            [1, 'one'],
            [2, 'two'],
          ],
        },
      });
    });

    test('gives batches to fill that are empty and as asked for', () => testAcquire(create()));

    test('does what a queue does, whatever the order of calls', () => {
      fc.assert(
        fc.property(fc.array(offeredElement, { maxLength: 16 }), fc.array(step, { maxLength: 120 }), (elements, steps) =>
          runAgainstQueue(create(), elements, steps),
        ),
        { numRuns: 80 },
      );
    });
  });
}

function objectBatch(name: string, value: number): PlainBatch {
  const type: RecordType = internType({ form: 'object', names: [name], columns: [column('float64')], key: undefined });
  return batchOf(type, [value]);
}

function testFull({ writer, reader }: ChannelEnds): void {
  let accepted = 0;
  let refused: StreamElement | null = null;
  while (refused === null) {
    const element = materialise(writer, { element: batchOf(column('float64'), [accepted]) });
    if (writer.offer(element)) accepted++;
    else refused = element;
  }
  expect(writer.offer(refused)).toBe(false);
  const received: PlainElement[] = [];
  while (receive(reader, received)) if (refused !== null && writer.offer(refused)) refused = null;
  expect(refused).toBeNull();
  expect(received).toEqual(Array.from({ length: accepted + 1 }, (_, i) => batchOf(column('float64'), [i])));
}

function testStringColumn(ends: ChannelEnds, offered: Offered, values: readonly (string | null)[]): void {
  const element = materialise(ends.writer, offered);
  while (!ends.writer.offer(element)) expect(ends.reader.poll()).toBeNull();
  const batch = ends.reader.poll() as RecordBatch;
  for (const strings of stringColumnsOf(batch)) {
    expect(values.map((_, row) => strings.detached(row, values.length))).toEqual(values);
    expect(values.map((_, row) => strings.isNull(row))).toEqual(values.map((value) => value === null));
    values.forEach((value, row) => {
      if (value !== null) expect(strings.hash(row)).toBe(hashString(value));
    });
  }
}

function testDictionaries(ends: ChannelEnds): void {
  const first = [new StringDictionary()];
  const second = [new StringDictionary()];
  const empty = [new StringDictionary()];
  const batch = (dictionaries: StringDictionary[], ...values: (string | null)[]): Offered => ({
    element: batchOf(nullableString, values),
    layout: 'dictionary',
    dictionaries,
  });
  const elements = [
    batch(empty, null),
    batch(first, 'a', 'b', null, 'a'),
    batch(first, 'b', '\ud800', '\udc00', '€'),
    batch(second, 'x', 'a'),
    { element: batchOf(nullableString, ['in between', null]) },
    batch(second, 'x', 'y'),
    batch(first, 'a', 'new', ...Array.from({ length: 500 }, (_, i) => `entry ${i}`)),
    batch(empty, 'no longer'),
    batch(first, 'a', 'new'),
  ];
  expect(transfer(ends, elements)).toEqual(elements.map(({ element }) => element));
}

function testAcquire({ writer, reader }: ChannelEnds): void {
  const types = [tupleType(column('float64')), tupleType(column('int32')), tupleType(stringColumn)];
  for (let round = 0; round < 60; round++) {
    // Twice the same, so that the second may be one that came back.
    const wish = round >> 1;
    const options = { capacity: 1 + (wish % 2), timestamps: wish % 3 === 0, hashes: wish % 5 === 0 };
    const batch = writer.acquire(types[wish % 3] as RecordType, options);
    checkEmpty(batch, types[wish % 3] as RecordType, options);
    batch.rowCount = options.capacity;
    for (const strings of stringColumnsOf(batch)) for (let row = 0; row < options.capacity; row++) strings.set(row, 'text');
    while (!writer.offer(batch)) expect(reader.poll()).toBeNull();
    expect(reader.poll()).not.toBeNull();
    reader.release();
  }
}

function checkEmpty(batch: RecordBatch, type: RecordType, { capacity, timestamps, hashes }: BatchOptions): void {
  expect([batch.type, batch.capacity, batch.rowCount]).toEqual([type, capacity, 0]);
  expect([batch.timestamps?.length, batch.hashes?.length]).toEqual([timestamps ? capacity : undefined, hashes ? capacity : undefined]);
  for (const strings of stringColumnsOf(batch)) expect(strings.rowBytes).toBe(0);
}

type Step = 'offer' | 'poll' | 'release';
const step = fc.constantFrom<Step>('offer', 'offer', 'poll', 'poll', 'release');

/** Ends with everything delivered, so that nothing can be lost. */
function runAgainstQueue({ writer, reader }: ChannelEnds, elements: readonly Planned[], steps: readonly Step[]): void {
  const dictionarySets: readonly [StringDictionary[], StringDictionary[]] = [[], []];
  const queue: PlainElement[] = [];
  let next = 0;
  let pending: StreamElement | null = null;
  let polled = false;
  const offer = (): void => {
    const offered = elements[next];
    if (offered === undefined) return;
    pending ??= materialise(writer, { ...offered, dictionaries: dictionarySets[offered.dictionarySet] });
    if (!writer.offer(pending)) return;
    queue.push(offered.element);
    next++;
    pending = null;
  };
  const poll = (): void => {
    const empty = reader.isEmpty();
    const element = reader.poll();
    expect(empty).toBe(element === null);
    expect(element === null ? undefined : plainOf(element)).toEqual(queue[0]);
    polled = element !== null;
  };
  const release = (): void => {
    if (!polled) return;
    reader.release();
    queue.shift();
    polled = false;
  };
  const run: Readonly<Record<Step, () => void>> = { offer, poll, release };
  for (const each of steps) run[each]();
  for (let rounds = 0; next < elements.length || queue.length > 0; rounds++) {
    expect(rounds).toBeLessThan(100_000);
    offer();
    poll();
    release();
  }
}

const text = fc.oneof(fc.string({ maxLength: 8 }), anyText(8), fc.constantFrom('ÿ', '€', '\udc00', 'x'.repeat(70), '€'.repeat(150)));

const valueArbitraries: Readonly<Record<ColumnKind, fc.Arbitrary<unknown>>> = {
  float64: fc.double(),
  int32: fc.integer(),
  bigint64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  bool: fc.boolean(),
  timestamp: fc.date({ noInvalidDate: true }),
  string: text,
  any: fc.oneof(fc.integer(), text, fc.array(fc.integer(), { maxLength: 3 }), fc.constant(undefined)),
  null: fc.constant(null),
};

function arbitraryOf(type: ColumnType): fc.Arbitrary<unknown> {
  const value = valueArbitraries[type.kind];
  return type.nullable ? fc.option(value) : value;
}

const types: readonly RecordType[] = [
  tupleType(column('float64')),
  tupleType(stringColumn),
  tupleType(nullableString, column('bool')),
  tupleType(column('int32', true), stringColumn, column('any')),
  tupleType(column('bigint64'), column('timestamp', true), column('null'), nullableString, column('bool', true)),
  internType({ form: 'object', names: ['a', 'b'], columns: [column('float64', true), stringColumn], key: column('any') }),
];

const batchElement: fc.Arbitrary<PlainBatch> = fc
  .record({ type: fc.constantFrom(...types), timestamps: fc.boolean(), hashes: fc.boolean(), most: fc.constantFrom(3, 3, 60) })
  .chain(({ type, timestamps, hashes, most }) => {
    const columns = type.key === undefined ? type.columns : [...type.columns, type.key];
    return fc.array(fc.tuple(...columns.map(arbitraryOf)), { maxLength: most }).map((rows) => ({
      kind: 'batch',
      type,
      rows,
      timestamps: timestamps ? rows.map((_, i) => i * 1.5) : null,
      hashes: hashes ? rows.map((_, i) => i - 2) : null,
    }));
  });

/** An element whose dictionaries are of the first or the second set: they grow, and take turns. */
interface Planned extends Offered {
  readonly dictionarySet: 0 | 1;
}

const offeredElement: fc.Arbitrary<Planned> = fc.record({
  element: fc.oneof({ arbitrary: batchElement, weight: 3 }, { arbitrary: fc.constantFrom(...marks), weight: 1 }),
  layout: fc.constantFrom(...layouts),
  dictionarySet: fc.constantFrom(0, 1),
});
