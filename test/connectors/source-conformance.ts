/** What every source must do. Each one runs this suite, and has tests of its own beside. */

import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { defaultLimits, type Limits } from '../../src/base/limits.ts';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import type { Source, SourceReader, Split } from '../../src/graph/source.ts';
import { ReaderContext, sourceContext } from './support.ts';

export interface SourceSubject {
  /** A source that holds records now, made anew for each test. */
  readonly open: () => Promise<OpenSource> | OpenSource;
  /** Whether a split can be read again, and from where a reader's `splits` say. */
  readonly repeatable: boolean;
}

export interface OpenSource {
  readonly source: Source<unknown, Split>;
  /** All of its records; in order within a split. */
  readonly records: readonly unknown[];
}

type Reader = SourceReader<unknown, Split>;

/** One record at a time, some, and what is usual. */
const sizes: readonly Partial<Limits>[] = [
  ...[1, 2, 7].map((size) => ({ batchRows: size, batchBytes: size, readBytes: size, splitBytes: 4 * size, splitBytesMin: size })),
  {},
];

export function describeSourceConformance(name: string, subject: SourceSubject): void {
  describe(`source ${name}`, () => {
    test.each(sizes)('gives each record once, in order, in batches that are not too large: %o', async (limits) => {
      const { source, records } = await subject.open();
      const context = new ReaderContext(sourceContext(limits));
      const reader = openReader(source, context, await source.enumerate(context));
      reader.noMoreSplits();
      const read: unknown[] = [];
      for (let batch = await next(reader, context); typeof batch !== 'string'; batch = await next(reader, context)) {
        expect(batch.length).toBeLessThanOrEqual(limits.batchRows ?? defaultLimits.batchRows);
        read.push(...batch);
      }
      expect(read).toEqual(records);
    });

    test('divides itself among readers, each record for one of them', async () => {
      const { source, records } = await subject.open();
      const parallelism = Math.min(3, source.parallelismMax ?? 3);
      const limits = { splitBytes: 16, splitBytesMin: 4 };
      const splits = await source.enumerate(sourceContext(limits, parallelism));
      expect(new Set(splits.map(({ id }) => id)).size).toBe(splits.length);
      expect(structuredClone(splits)).toEqual(splits);
      const read: unknown[] = [];
      for (let subtask = 0; subtask < parallelism; subtask++) {
        const own = splits.filter((_, i) => i % parallelism === subtask);
        const context = new ReaderContext(sourceContext(limits, parallelism));
        for (const split of own) read.push(...(await readAll(openReader(source, context, [split]), context)));
      }
      expect(texts(read)).toEqual(texts(records));
    });

    test('finds the same splits again', async () => {
      const { source } = await subject.open();
      const context = sourceContext({}, Math.min(2, source.parallelismMax ?? 2));
      expect(await source.enumerate(context)).toEqual(await source.enumerate(context));
    });

    test('wants a split, then another one, and is at its end when there is none', async () => {
      const { source } = await subject.open();
      const context = new ReaderContext();
      const reader = openReader(source, context, []);
      expect(reader.poll()).toBe('needs-split');
      expect(reader.splits()).toEqual([]);
      for (const split of await source.enumerate(context)) {
        reader.addSplit(split);
        expect(reader.splits()).not.toEqual([]);
        while (typeof (await next(reader, context)) !== 'string');
        expect(reader.poll()).toBe('needs-split');
        expect(reader.splits()).toEqual([]);
      }
      reader.noMoreSplits();
      for (let polls = 0; polls < 3; polls++) expect(reader.poll()).toBe('end');
    });

    test('is at its end at once without any split', async () => {
      const { source } = await subject.open();
      const reader = openReader(source, new ReaderContext(), []);
      reader.noMoreSplits();
      expect(reader.poll()).toBe('end');
    });

    test.runIf(subject.repeatable).each(sizes)('goes on where its splits say, whenever it is asked: %o', async (limits) => {
      const { source, records } = await subject.open();
      const context = new ReaderContext(sourceContext(limits));
      const splits = await source.enumerate(context);
      for (let batches = 0; ; batches++) {
        const reader = openReader(source, context, splits);
        reader.noMoreSplits();
        const read: unknown[] = [];
        let batch: readonly unknown[] | string = [];
        for (let i = 0; i < batches && typeof batch !== 'string'; i++) {
          batch = await next(reader, context);
          if (typeof batch !== 'string') read.push(...batch);
        }
        const position = structuredClone(reader.splits());
        reader.close();
        const rest = openReader(source, context, position);
        rest.noMoreSplits();
        expect([...read, ...(await readAll(rest, context))]).toEqual(records);
        if (typeof batch === 'string') break;
      }
    });

    test('counts the bytes that it reads up to those that it has', async () => {
      const { source } = await subject.open();
      const context = new ReaderContext(sourceContext({ readBytes: 7, batchRows: 2 }));
      const splits = await source.enumerate(context);
      const reader = openReader(source, context, splits);
      reader.noMoreSplits();
      let before = reader.bytesRead ?? 0;
      expect(before).toBe(0);
      while (typeof (await next(reader, context)) !== 'string') {
        expect(reader.bytesRead ?? 0).toBeGreaterThanOrEqual(before);
        before = reader.bytesRead ?? 0;
      }
      const total = source.totalBytes?.(splits);
      if (total !== undefined) expect(reader.bytesRead).toBe(total);
    });

    test('lets go at any time, and wakes nobody afterwards', async () => {
      for (const polls of [0, 1, 2, 5]) {
        const { source } = await subject.open();
        const context = new ReaderContext(sourceContext({ batchRows: 1 }));
        const reader = source.createReader(context) as Reader;
        for (const split of polls === 0 ? [] : await source.enumerate(context)) reader.addSplit(split);
        for (let i = 0; i < polls; i++) await next(reader, context);
        reader.close();
        let woken = false;
        context.wake = () => {
          woken = true;
        };
        for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
        expect(woken).toBe(false);
      }
    });
  });
}

function openReader(source: Source<unknown, Split>, context: ReaderContext, splits: readonly Split[]): Reader {
  const reader = source.createReader(context);
  onTestFinished(() => reader.close());
  for (const split of splits) reader.addSplit(split);
  return reader;
}

/** The next records, waited for, or why there are none. A poll that has nothing is followed by a wake. */
async function next(reader: Reader, context: ReaderContext): Promise<readonly unknown[] | 'needs-split' | 'end'> {
  for (;;) {
    const polled = reader.poll();
    if (polled instanceof RecordBatch) return rowsOf(polled);
    if (polled !== 'pending') return polled;
    await context.awake();
  }
}

function rowsOf(batch: RecordBatch): unknown[] {
  const read = recordReader(batch.type);
  return Array.from({ length: batch.rowCount }, (_, row) => read(batch, row));
}

async function readAll(reader: Reader, context: ReaderContext): Promise<unknown[]> {
  const read: unknown[] = [];
  for (let batch = await next(reader, context); typeof batch !== 'string'; batch = await next(reader, context)) read.push(...batch);
  return read;
}

function texts(records: readonly unknown[]): string[] {
  return records.map((record) => inspect(record)).sort();
}
