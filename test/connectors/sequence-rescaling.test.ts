import { expect, test } from 'vitest';
import { limitsWith } from '../../src/base/limits.ts';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import { type SequenceOptions, type SequenceSplit, sequenceSource } from '../../src/connectors/data/sequence-source.ts';
import type { SourceReader } from '../../src/graph/source.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

function readersOf(options: SequenceOptions, splits: readonly SequenceSplit[], parallelism: number): SourceReader<number, SequenceSplit>[] {
  const clock = new ManualClock(0, (callback) => setImmediate(callback));
  const system = { ...nodeSystem(), clock, timers: clock };
  const source = sequenceSource(options);
  const left = [...splits];
  return Array.from({ length: parallelism }, (_, subtask) => {
    const context = {
      system,
      limits: limitsWith({ batchRows: 3 }),
      parallelism,
      subtask,
      wake: () => {},
      fail: () => {},
      warn: () => {},
      countBad: () => {},
    };
    const reader = source.createReader(context);
    const split = left.shift();
    if (split !== undefined) reader.addSplit(split);
    return reader;
  });
}

function read(reader: SourceReader<number, SequenceSplit>, polls: number): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < polls; i++) {
    const polled = reader.poll();
    if (typeof polled === 'string') continue;
    const batch = polled as RecordBatch;
    const values = (batch.columns[0] as { values(capacity: number): ArrayLike<number> }).values(batch.capacity);
    for (let row = 0; row < batch.rowCount; row++) numbers.push(values[row] as number);
  }
  return numbers;
}

test('an endless sequence is read in turn by fewer readers, nothing twice and nothing left out', () => {
  const options = { from: 0, to: undefined };
  const source = sequenceSource(options);
  const context = { system: nodeSystem(), limits: limitsWith(), parallelism: 4 };
  const before = readersOf(options, source.enumerate(context) as readonly SequenceSplit[], 4);
  const seen = before.flatMap((reader, i) => read(reader, i + 1));
  const left = before.flatMap((reader) => [...reader.splits()]);
  for (const parallelism of [1, 2, 3]) {
    const after = readersOf(options, source.divideAgain?.(left, parallelism) ?? [], parallelism);
    const all = [...seen, ...after.flatMap((reader) => read(reader, 40))].sort((a, b) => a - b);
    expect(new Set(all).size).toBe(all.length);
    // Every fourth number at least is as far as all readers have come.
    const complete = all.findIndex((value, i) => value !== i);
    expect(complete === -1 ? all.length : complete).toBeGreaterThan(60);
    expect(after.flatMap((reader) => [...reader.splits()])).toHaveLength(4);
  }
});

test('what no reader has begun since a restart is divided again with all that goes with it', () => {
  const source = sequenceSource({ from: 0, to: 29 });
  const splits = source.enumerate({ system: nodeSystem(), limits: limitsWith(), parallelism: 3 }) as readonly SequenceSplit[];
  for (const parallelisms of [
    [2, 1],
    [1, 2],
    [1, 3],
    [2, 1, 2],
  ]) {
    const left = parallelisms.reduce((each, parallelism) => source.divideAgain?.(each, parallelism) ?? [], splits);
    const readers = readersOf({ from: 0, to: 29 }, left, parallelisms.at(-1) as number);
    const numbers = readers.flatMap((reader) => read(reader, 40)).sort((a, b) => a - b);
    expect(numbers, parallelisms.join()).toEqual(Array.from({ length: 30 }, (_, n) => n));
  }
});
