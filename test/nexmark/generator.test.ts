/** The events of Nexmark: what is in them, and that they are the same whoever makes them, however many at a time. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceEvents } from './reference-events.ts';
import type { NexmarkEvent, Workload } from './suite.ts';

/** Sources of the package that is built, and what the tests know of its batches. */
interface Batch {
  readonly type: { readonly names: readonly string[] };
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly timestamps: Float64Array;
}

type Column =
  | { readonly kind: 'string'; at(row: number, rows: number): string }
  | { readonly kind: 'fixed'; values(rows: number): ArrayLike<number> };

interface BlockSplit {
  readonly id: string;
  readonly parts: readonly { readonly next: number; readonly stride: number }[];
}

interface Reader {
  addSplit(split: BlockSplit): void;
  noMoreSplits(): void;
  poll(): Batch | 'end' | 'needs-split';
  splits(): readonly BlockSplit[];
}

interface NexmarkSource {
  enumerate(context: { parallelism: number }): BlockSplit[];
  divideAgain(splits: readonly BlockSplit[], parallelism: number): BlockSplit[];
  project(fields: readonly string[], keys: readonly string[]): NexmarkSource;
  createReader(context: { limits: { batchRows: number } }): Reader;
}

const module = new URL('../../benchmarks/nexmark/source.mjs', import.meta.url);
const { nexmark }: { nexmark: (options: Workload) => NexmarkSource } = await import(module.href);

const workload = { events: 4321, eventsPerSecond: 100_000, seed: 7, startTime: Date.UTC(2024, 0, 1) };
const eventAt = referenceEvents(workload);
const expected = Array.from({ length: workload.events }, (_, n) => eventAt(n));

function readerOf(source: NexmarkSource, split: BlockSplit | undefined, batchRows: number): Reader {
  const reader = source.createReader({ limits: { batchRows } });
  if (split !== undefined) reader.addSplit(split);
  reader.noMoreSplits();
  return reader;
}

function rowsOf({ type, columns, rowCount, timestamps }: Batch): NexmarkEvent[] {
  return Array.from({ length: rowCount }, (_, row) => {
    const values = columns.map((column) => (column.kind === 'string' ? column.at(row, rowCount) : column.values(rowCount)[row]));
    const event = Object.fromEntries(type.names.map((name, i) => [name, values[i]])) as NexmarkEvent;
    if (type.names.includes('dateTime') && timestamps[row] !== event.dateTime) throw new Error('the timestamp is not dateTime');
    return event;
  });
}

/** Up to so many batches; all when absent. */
function read(reader: Reader, batches = Number.POSITIVE_INFINITY): NexmarkEvent[] {
  const rows: NexmarkEvent[] = [];
  for (let i = 0; i < batches; i++) {
    const batch = reader.poll();
    if (typeof batch === 'string') break;
    rows.push(...rowsOf(batch));
  }
  return rows;
}

function all(options: Workload): NexmarkEvent[] {
  const source = nexmark(options);
  return source.enumerate({ parallelism: 1 }).flatMap((split) => read(readerOf(source, split, 1024)));
}

/** Each event has its own number: ids, and the order of bids, do not matter for that. */
function inOrder(rows: readonly NexmarkEvent[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

describe('events', () => {
  test.each([1, 50, 999, 1024])('are those of the reference in batches of %d', (batchRows) => {
    const source = nexmark(workload);
    expect(source.enumerate({ parallelism: 1 }).flatMap((split) => read(readerOf(source, split, batchRows)))).toEqual(expected);
  });

  test.each([2, 3, 4, 9])('are the same by %d readers, which take blocks of them in turn', (parallelism) => {
    const source = nexmark(workload);
    const splits = source.enumerate({ parallelism });
    expect(splits).toHaveLength(Math.min(parallelism, 5));
    for (const [i, split] of splits.entries()) {
      const own = expected.filter((_, n) => Math.floor(n / 1000) % splits.length === i);
      expect(read(readerOf(source, split, 1024))).toEqual(own);
    }
  });

  test('are others by another seed', () => {
    const other = { ...workload, events: 200, seed: 8 };
    const events = all(other);
    const otherAt = referenceEvents(other);
    expect(events).toEqual(Array.from({ length: 200 }, (_, n) => otherAt(n)));
    expect(events.filter((event, n) => event.kind === 2 && event.price === expected[n]?.price)).toEqual([]);
  });

  test('are none, or as many as are asked for', () => {
    expect(all({ ...workload, events: 0 })).toEqual([]);
    expect(all({ ...workload, events: 1000 })).toHaveLength(1000);
    expect(() => nexmark({ ...workload, events: 2 ** 31 })).toThrow(
      'nexmark: events must be a whole number up to 2147473648, not 2147483648',
    );
  });

  test('hold the same values in any of their fields alone', () => {
    const names = Object.keys(expected[0] as NexmarkEvent);
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), fc.subarray(names, { minLength: 1 }), (first, second) => {
        const fields = first.filter((name) => second.includes(name));
        const source =
          fields.length === 0 ? nexmark(workload).project(first, []) : nexmark(workload).project(first, []).project(fields, []);
        const kept = names.filter((name) => (fields.length === 0 ? first : fields).includes(name));
        const rows = read(readerOf(source, source.enumerate({ parallelism: 1 })[0], 333), 3);
        expect(rows).toEqual(expected.slice(0, rows.length).map((event) => Object.fromEntries(kept.map((name) => [name, event[name]]))));
      }),
      { numRuns: 40 },
    );
  });
});

describe('a job that goes on from a checkpoint', () => {
  test('gets every event exactly once, whatever the parallelisms are', () => {
    const counts = fc.integer({ min: 1, max: 6 });
    const lives = fc.array(fc.record({ parallelism: counts, batches: fc.array(fc.nat(4), { minLength: 6, maxLength: 6 }) }), {
      maxLength: 4,
    });
    const fields = ['kind', 'id', 'auction', 'bidder', 'price', 'dateTime'];
    const texts = inOrder(expected.map((event) => Object.fromEntries(fields.map((name) => [name, event[name] as number]))));
    fc.assert(
      fc.property(counts, lives, (first, following) => {
        const source = nexmark(workload).project(fields, []);
        let splits = source.enumerate({ parallelism: first });
        const rows: NexmarkEvent[] = [];
        for (const { parallelism, batches } of following) {
          const readers = splits.map((split) => readerOf(source, split, 400));
          for (const [i, reader] of readers.entries()) rows.push(...read(reader, batches[i]));
          splits = source.divideAgain(structuredClone(readers.flatMap((reader) => [...reader.splits()])), parallelism);
          expect(splits.length).toBeLessThanOrEqual(parallelism);
          expect(new Set(splits.map(({ id }) => id)).size).toBe(splits.length);
        }
        for (const split of splits) rows.push(...read(readerOf(source, split, 400)));
        expect(inOrder(rows)).toEqual(texts);
      }),
      { numRuns: 25 },
    );
  });

  test('reads what several readers had side by side, so that event time keeps in step', () => {
    const source = nexmark(workload);
    const [split] = source.divideAgain(source.enumerate({ parallelism: 4 }), 1);
    expect(read(readerOf(source, split, 500))).toEqual(expected);
  });

  test('uses more readers than there were', () => {
    const source = nexmark({ ...workload, events: 20_000 }).project(['kind'], []);
    const splits = source.divideAgain(source.enumerate({ parallelism: 2 }), 4);
    expect(splits.map((each) => read(readerOf(source, each, 1024)).length)).toEqual([5000, 5000, 5000, 5000]);
  });
});

describe('the distribution', () => {
  const events = all({ ...workload, events: 50_000 });
  const bids = events.filter(({ kind }) => kind === 2);
  const share = (rows: readonly NexmarkEvent[], is: (event: NexmarkEvent) => boolean): number => rows.filter(is).length / rows.length;

  test('is one person, three auctions and 46 bids of fifty', () => {
    expect([0, 1, 2].map((kind) => share(events, (event) => event.kind === kind))).toEqual([0.02, 0.06, 0.92]);
  });

  test('gives persons and auctions ids in order', () => {
    const ids = (kind: number): unknown[] => events.filter((event) => event.kind === kind).map(({ id }) => id);
    expect(ids(0)).toEqual(Array.from({ length: 1000 }, (_, i) => 1001 + i));
    expect(ids(1)).toEqual(Array.from({ length: 3000 }, (_, i) => 1001 + i));
  });

  test('has bids on the last hundred auctions, and half of them on the hot one', () => {
    let [last, hot] = [1000, 0];
    const beyond: unknown[] = [];
    for (const event of events) {
      if (event.kind === 1) last = event.id as number;
      if (event.kind !== 2) continue;
      const hottest = 1000 + Math.floor((last - 1000) / 100) * 100;
      const auction = event.auction as number;
      if (auction === hottest) hot++;
      if (auction < Math.min(hottest, Math.max(last - 100, 1000)) || auction > last + 10) beyond.push(event);
    }
    expect(beyond).toEqual([]);
    expect(hot / bids.length).toBeCloseTo(0.5 + 0.5 / 111, 1);
  });

  test('has three of four bids by the hot bidder, and three of four auctions by the hot seller', () => {
    const hot = (event: NexmarkEvent, n: number): number =>
      Math.floor(Math.floor((n + 2) / 50) / 100) * 100 + (event.kind === 2 ? 2001 : 1000);
    const hits = (kind: number, field: string): number =>
      events.filter((event, n) => event.kind === kind && event[field] === hot(event, n)).length /
      events.filter((event) => event.kind === kind).length;
    expect(hits(2, 'bidder')).toBeCloseTo(0.75, 1);
    expect(hits(1, 'seller')).toBeCloseTo(0.75, 1);
  });

  test('has as many small prices as large ones, and half of the bids by four channels', () => {
    for (let digits = 2; digits < 8; digits++)
      expect(share(bids, ({ price }) => (price as number) >= 10 ** digits && (price as number) < 10 ** (digits + 1))).toBeCloseTo(1 / 6, 1);
    for (const channel of ['Google', 'Facebook', 'Baidu', 'Apple'])
      expect(share(bids, (bid) => bid.channel === channel)).toBeCloseTo(1 / 8, 1);
    const others = bids.filter(({ channel }) => (channel as string).startsWith('channel-'));
    expect(share(others, ({ url }) => (url as string).includes('&channel_id='))).toBeCloseTo(0.9, 1);
    expect(new Set(others.map(({ channel }) => channel)).size).toBeGreaterThan(8500);
    const pattern = /^https:\/\/www\.nexmark\.com(\/[a-z_]{3,4}){3}\/item\.htm\?query=1(&channel_id=-?\d+)?$/;
    expect(bids.filter(({ url }) => !pattern.test(url as string))).toEqual([]);
    expect(new Set(bids.map(({ channel, url }) => `${channel} ${url}`)).size).toBe(new Set(bids.map(({ channel }) => channel)).size);
  });

  test.each([
    [0, 200],
    [1, 500],
  ])('pads events of kind %d to their average size', (kind, size) => {
    const fields = ['name', 'emailAddress', 'creditCard', 'city', 'state', 'itemName', 'description', 'extra'];
    const sizes = events.filter((event) => event.kind === kind).map((event) => fields.map((field) => event[field]).join('').length);
    expect(sizes.reduce((sum, each) => sum + each, 0) / sizes.length).toBeCloseTo(size - (kind === 0 ? 8 : 48), -1);
  });

  test('has auctions last as long as a hundred others take, on average', () => {
    const auctions = events.filter(({ kind }) => kind === 1) as unknown as Record<'expires' | 'dateTime', number>[];
    const lasting = auctions.reduce((sum, { expires, dateTime }) => sum + expires - dateTime, 0) / auctions.length;
    expect(Math.abs(lasting - 16.7)).toBeLessThan(1);
  });
});

describe('event time', () => {
  test.each([
    [100_000, [0, 0, 1, 10]],
    [10_000_000, [0, 0, 0, 0]],
  ])('goes by %d events a second, whatever the reader', (eventsPerSecond, at) => {
    const startTime = 1_000_000;
    const source = nexmark({ events: 30_000, eventsPerSecond, seed: 1, startTime });
    const times = source
      .enumerate({ parallelism: 3 })
      .flatMap((split) => read(readerOf(source.project(['dateTime'], []), split, 1000)))
      .map(({ dateTime }) => (dateTime as number) - startTime)
      .sort((a, b) => a - b);
    expect([0, 98, 99, 999].map((n) => times[n])).toEqual(at);
    expect(times.at(-1)).toBe((30_000 * 1000) / eventsPerSecond);
  });
});
