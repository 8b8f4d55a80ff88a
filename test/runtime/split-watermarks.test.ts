/** Watermarks of a source whose reader goes through several splits by turns. */

import { describe, expect, test } from 'vitest';
import type { Polled, Source, SourceReader, Split } from '../../src/graph/source.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { watermarks } from '../../src/time/watermarks.ts';

interface Reading {
  readonly split: string;
  readonly at: number;
}

interface Part extends Split {
  readonly times: readonly number[];
}

/** Reads a record of each of its splits in turn; every reader takes all splits there are for it before it begins. */
class Interleaving implements SourceReader<Reading, Part> {
  readonly #parts: { readonly part: Part; next: number }[] = [];
  #turn = 0;
  #noMore = false;

  addSplit(part: Part): void {
    this.#parts.push({ part, next: 0 });
  }

  noMoreSplits(): void {
    this.#noMore = true;
  }

  poll(): Polled<Reading> {
    if (!this.#noMore) return 'needs-split';
    const open = this.#parts.filter(({ part, next }) => next < part.times.length);
    const read = open[this.#turn++ % Math.max(1, open.length)];
    if (read === undefined) return 'end';
    this.read(read.part.id);
    return [{ split: read.part.id, at: read.part.times[read.next++] as number }];
  }

  /** A record of a split is read. */
  read(_id: string): void {}

  splits(): readonly Part[] {
    return this.#parts.filter(({ part, next }) => next < part.times.length).map(({ part }) => part);
  }

  close(): void {}
}

class TellingSplits extends Interleaving {
  currentSplit: string | undefined = undefined;

  override read(id: string): void {
    this.currentSplit = id;
  }
}

function source(parts: readonly Part[], createReader: () => Interleaving): Source<Reading, Part> {
  return { name: 'parts', bounded: true, enumerate: () => parts, createReader };
}

interface Seen extends Reading {
  readonly watermark: number;
}

async function seen(
  read: Source<Reading, Part>,
  config: { parallelism?: number; interval?: number; generated?: boolean } = {},
): Promise<Seen[]> {
  const { parallelism = 1, interval = 0, generated = false } = config;
  const env = new TestEnvironment({ parallelism, autoWatermarkInterval: interval });
  const strategy = generated
    ? watermarks.generator<Reading>({
        timestamp: 'at',
        create: () => ({ onEvent: (_, at, output) => output.emitWatermark(at - 1), onPeriodicEmit() {} }),
      })
    : watermarks.monotonous<'at'>({ timestamp: 'at' });
  const rows = env.fromSource(read, { watermarks: strategy as never }).process({
    processElement: (reading: Reading, ctx, out: (row: Seen) => void) => out({ ...reading, watermark: ctx.watermark }),
  });
  return env.collect(rows);
}

const parts: readonly Part[] = [
  { id: 'ahead', times: [100, 200, 300] },
  { id: 'behind', times: [1, 2, 3, 4, 150, 400] },
];

describe.each([false, true])('a source that goes through its splits by turns, with a generator of its own: %s', (generated) => {
  test('has the least of their watermarks, until one is read to its end', async () => {
    const rows = await seen(
      source(parts, () => new TellingSplits()),
      { generated },
    );
    expect(rows.map(({ split, at, watermark }) => `${split} ${at} behind ${watermark}`)).toEqual([
      'ahead 100 behind -Infinity',
      'behind 1 behind -Infinity',
      'ahead 200 behind 0',
      'behind 2 behind 0',
      'ahead 300 behind 1',
      'behind 3 behind 1',
      // What is at its end counts no more with the periodic emission after it; until then 'behind' is behind anyway.
      'behind 4 behind 2',
      'behind 150 behind 3',
      'behind 400 behind 149',
    ]);
  });

  test('makes records late where it does not tell them apart', async () => {
    const rows = await seen(
      source(parts, () => new Interleaving()),
      { generated },
    );
    expect(rows.filter(({ at, watermark }) => at <= watermark).map(({ at }) => at)).toEqual([1, 2, 3, 4, 150]);
  });

  test.each([1, 2, 3])('at parallelism %i no record is late', async (parallelism) => {
    const many = Array.from(
      { length: 7 },
      (_, i): Part => ({ id: `split ${i}`, times: Array.from({ length: 20 }, (_, j) => i * 1000 + j * (i + 1)) }),
    );
    for (const interval of [0, 5]) {
      const rows = await seen(
        source(many, () => new TellingSplits()),
        { parallelism, interval, generated },
      );
      expect(rows).toHaveLength(140);
      expect(rows.filter(({ at, watermark }) => at <= watermark)).toEqual([]);
    }
  });
});

test('a split that nobody was given is a failure of the source', async () => {
  const wrong = (): Interleaving => Object.defineProperty(new TellingSplits(), 'currentSplit', { get: () => 'other', set: () => {} });
  await expect(seen(source(parts, wrong))).rejects.toThrow(
    "the source 'parts' failed: currentSplit is 'other', which is none of its splits: 'ahead', 'behind'",
  );
});
