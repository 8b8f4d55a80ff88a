/** Readers of sources, seen as an input. */

import { describe, expect, test } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import type { AnyColumn } from '../../src/batch/any-column.ts';
import { FixedColumn } from '../../src/batch/column.ts';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import type { Polled, SourceReader, Split } from '../../src/graph/source.ts';
import { SourceInput } from '../../src/runtime/source-input.ts';
import { column, internType, scalarType } from '../../src/schema/type.ts';

/** A reader that says what it is told to, and remembers what it was told. */
class ToldReader implements SourceReader<unknown> {
  readonly log: string[] = [];
  next: Polled<unknown> = 'pending';
  failure: unknown;
  bytesRead = 0;

  addSplit({ id }: Split): void {
    this.#say(`add ${id}`);
  }

  noMoreSplits(): void {
    this.#say('no more');
  }

  poll(): Polled<unknown> {
    this.#say('poll');
    return this.next;
  }

  splits(): readonly Split[] {
    return [];
  }

  close(): void {
    this.#say('close');
  }

  #say(what: string): void {
    this.log.push(what);
    if (this.failure !== undefined) throw this.failure;
  }
}

function inputOf(reader: ToldReader) {
  const requests: number[] = [];
  const input = new SourceInput({ subtask: 0, createReader: () => reader, sourceName: 'told', requestSplit: () => void requests.push(1) });
  return { input, requests };
}

describe('an input from a source', () => {
  test('hands on records in a batch of values as they are', () => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    reader.next = [1, 'two', { three: 3 }];
    const batch = input.poll() as RecordBatch;
    expect(batch.rowCount).toBe(3);
    expect((batch.columns[0] as AnyColumn).load(3)).toEqual([1, 'two', { three: 3 }]);
    expect(input.ended).toBe(false);
  });

  test('hands on the batches of a reader untouched', () => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    const batch = new RecordBatch(internType(scalarType(column('int32'))), { capacity: 4, timestamps: false, hashes: false });
    reader.next = batch;
    expect(input.poll()).toBe(batch);
    expect(batch.columns[0]).toBeInstanceOf(FixedColumn);
  });

  test('asks once for a split, and again when that is read', () => {
    const reader = new ToldReader();
    const { input, requests } = inputOf(reader);
    reader.next = 'needs-split';
    for (let polls = 0; polls < 3; polls++) expect(input.poll()).toBeNull();
    expect(requests).toHaveLength(1);
    input.addSplit({ id: 'a' });
    expect(input.poll()).toBeNull();
    expect(requests).toHaveLength(2);
    input.noMoreSplits();
    reader.next = 'end';
    expect(input.poll()).toBeNull();
    expect(input.ended).toBe(true);
    expect(reader.log).toEqual(['poll', 'poll', 'poll', 'add a', 'poll', 'no more', 'poll']);
  });

  test('does not ask a reader that has ended', () => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    reader.next = 'end';
    for (let polls = 0; polls < 3; polls++) expect(input.poll()).toBeNull();
    expect(reader.log).toEqual(['poll']);
  });

  test('ends where it stands when it is stopped', () => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    reader.next = ['a'];
    expect(input.poll()).toMatchObject({ rowCount: 1 });
    input.stop();
    expect(input.ended).toBe(false);
    expect(input.poll()).toBeNull();
    expect(input.ended).toBe(true);
    input.close();
    expect(reader.log).toEqual(['poll', 'close']);
  });

  test('counts what the reader has read, and has nothing in front of it', () => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    expect(input.bytes).toBe(0);
    reader.bytesRead = 7;
    expect(input.bytes).toBe(7);
    expect(input.waiting).toBe(0);
  });
});

describe('what a reader throws', () => {
  const calls = {
    poll: (input: SourceInput) => input.poll(),
    addSplit: (input: SourceInput) => input.addSplit({ id: 'a' }),
    noMoreSplits: (input: SourceInput) => input.noMoreSplits(),
    close: (input: SourceInput) => input.close(),
  };

  test.each(Object.entries(calls))('%s: is a failure of the source, by its name', (_, call) => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    reader.failure = new Error('broken');
    expect(() => call(input)).toThrow(
      expect.objectContaining({ code: 'SOURCE_FAILED', message: "the source 'told' failed: broken", cause: reader.failure }),
    );
  });

  test.each(Object.entries(calls))('%s: stays what it is when it is a failure already', (_, call) => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    reader.failure = new MillraceError('INVALID_OPTION', 'no');
    expect(() => call(input)).toThrow(reader.failure as Error);
  });

  test('need be no error', () => {
    const reader = new ToldReader();
    const { input } = inputOf(reader);
    reader.failure = 'just text';
    expect(() => input.poll()).toThrow(expect.objectContaining({ code: 'SOURCE_FAILED', message: expect.stringContaining('just text') }));
  });

  test('while it is created is one, too', () => {
    const options = { sourceName: 'told', requestSplit: () => {} };
    const createReader = (): never => {
      throw new Error('no reader');
    };
    expect(() => new SourceInput({ subtask: 0, ...options, createReader })).toThrow("the source 'told' failed: no reader");
  });
});

describe('records for a side output', () => {
  const trigger = { checkpoint: 1, suspends: false } as const;

  /** Hands on records, and one for a side output with each. */
  class TwoWayReader extends ToldReader {
    takeSide() {
      return { side: 'bad', records: ['aside'] };
    }
  }

  test('follow their batch at once, in front of a barrier', () => {
    const reader = new TwoWayReader();
    const { input } = inputOf(reader);
    reader.next = [1];
    expect((input.poll() as RecordBatch).rowCount).toBe(1);
    input.trigger(trigger);
    const aside = input.poll() as { side: string; batch: RecordBatch };
    expect([aside.side, aside.batch.rowCount]).toEqual(['bad', 1]);
    expect(input.poll()).toEqual({ kind: 'barrier', checkpoint: 1 });
  });

  test('are taken along by an unaligned checkpoint, and replayed to the side output', () => {
    const reader = new TwoWayReader();
    const { input } = inputOf(reader);
    reader.next = [1, 2];
    const batch = input.poll() as RecordBatch;
    expect(input.rowsInFlight({ batch, next: 1 }).map(({ place, count }) => [place.side, count])).toEqual([
      [undefined, 1],
      ['bad', 1],
    ]);
    const aside = input.poll() as { side: string; batch: RecordBatch };
    expect(input.rowsInFlight({ batch: aside.batch, next: 0 }).map(({ place, count }) => [place.side, count])).toEqual([['bad', 1]]);
    const { input: restored } = inputOf(new ToldReader());
    restored.replay([{ place: { exchange: undefined, subtask: 0, side: 'bad' }, batch: aside.batch }]);
    expect(restored.poll()).toEqual({ side: 'bad', batch: aside.batch });
    expect(restored.poll()).toBe(null);
  });
});

test('a reader that finds splits by itself has watermarks for those that it says are open', () => {
  const log: string[] = [];
  const reader = Object.assign(new ToldReader(), { currentSplit: 'found', openSplits: new Set<string>() });
  const input = new SourceInput({
    subtask: 0,
    createReader: () => reader,
    sourceName: 'told',
    requestSplit: () => {},
    observeSplits: () => [
      {
        addSplit: (id) => void log.push(`add ${id}`),
        removeSplit: (id) => void log.push(`remove ${id}`),
        selectSplit: (id) => void log.push(`select ${id}`),
      },
    ],
  });
  input.addSplit({ id: 'all' });
  reader.next = [1];
  reader.openSplits.add('found');
  input.poll();
  reader.openSplits.delete('found');
  reader.next = 'pending';
  input.poll();
  expect(log).toEqual(['add all', 'remove all', 'add found', 'select found', 'remove found']);
});
