/** Watermark alignment of two sources, on the clock of a test. */

import { expect, test } from 'vitest';
import type { Polled, Source, SourceReader, SourceReaderContext, Split } from '../../src/graph/source.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { type AlignmentOptions, watermarks } from '../../src/time/watermarks.ts';

interface Row {
  readonly of: string;
  readonly at: number;
}

interface Pace {
  readonly name: string;
  /** Event time between two records, and the time of day. */
  readonly step: number;
  readonly gapMs: number;
  readonly records: number;
}

/** Reads one record after another, with time between them. */
class PacedReader implements SourceReader<Row> {
  readonly #pace: Pace;
  readonly #context: SourceReaderContext;
  #waits = false;
  #next = 0;
  #split: Split | undefined;

  constructor(pace: Pace, context: SourceReaderContext) {
    this.#pace = pace;
    this.#context = context;
  }

  addSplit(split: Split): void {
    this.#split = split;
  }

  noMoreSplits(): void {}

  poll(): Polled<Row> {
    const { name, step, gapMs, records } = this.#pace;
    if (this.#split === undefined) return 'needs-split';
    if (this.#next === records) return 'end';
    if (this.#waits) return 'pending';
    this.#waits = true;
    this.#context.system.timers.after(gapMs, () => {
      this.#waits = false;
      this.#context.wake();
    });
    return [{ of: name, at: step * this.#next++ }];
  }

  splits(): readonly Split[] {
    return [];
  }

  close(): void {}
}

function paced(pace: Pace): Source<Row> {
  return {
    name: pace.name,
    bounded: true,
    parallelismMax: 1,
    enumerate: () => [{ id: pace.name }],
    createReader: (context) => new PacedReader(pace, context),
  };
}

const fast: Pace = { name: 'fast', step: 1000, gapMs: 10, records: 50 };
const slow: Pace = { name: 'slow', step: 100, gapMs: 10, records: 200 };

async function leads(
  alignment?: AlignmentOptions,
  idleness: '1s' | false = false,
): Promise<{ largest: number; rows: Row[]; runtimeMs: number }> {
  const env = new TestEnvironment({ autoWatermarkInterval: 10, bufferTimeout: 0 });
  const strategy = watermarks.monotonous({ timestamp: 'at', idleness, ...(alignment === undefined ? {} : { alignment }) });
  const [first, second] = [fast, slow].map((pace) => env.fromSource(paced(pace), { watermarks: strategy }));
  const rows = await env.collect((first as NonNullable<typeof first>).union(second as NonNullable<typeof second>));
  let slowest = 0;
  let largest = 0;
  for (const { of, at } of rows) {
    if (of === 'slow') slowest = at;
    // When the slow one is at its end, nobody is waited for.
    else if (slowest < (slow.records - 1) * slow.step) largest = Math.max(largest, at - slowest);
  }
  return { largest, rows, runtimeMs: env.clock.monotonic() };
}

test('sources that are not aligned drift apart as far as they are unlike in speed', async () => {
  const { largest } = await leads();
  expect(largest).toBeGreaterThan(40_000);
});

test.each([2000, 5000])('aligned ones stay within %i ms, and what is read until they hear of each other', async (maxDrift) => {
  const { largest, rows } = await leads({ group: 'both', maxDrift, updateInterval: 20 });
  expect(rows).toHaveLength(fast.records + slow.records);
  expect(largest).toBeGreaterThanOrEqual(maxDrift);
  // Watermarks are made every 10 ms and told every 20 ms; in 30 ms the fast one reads three records.
  expect(largest).toBeLessThanOrEqual(maxDrift + 4 * fast.step);
});

test('a source that is held is not idle, and goes on when the other is at its end', async () => {
  const { rows, runtimeMs } = await leads({ group: 'both', maxDrift: 500, updateInterval: 20 }, '1s');
  expect(rows.filter(({ of }) => of === 'fast')).toHaveLength(fast.records);
  // The slow one takes 2 s to come to 20,000; the other 30 records of the fast one follow at its own pace.
  expect(runtimeMs).toBeGreaterThanOrEqual(2000 + 25 * fast.gapMs);
  expect(runtimeMs).toBeLessThan(3500);
});

test('groups do not wait for each other', async () => {
  const env = new TestEnvironment({ autoWatermarkInterval: 10, bufferTimeout: 0 });
  const [first, second] = [fast, slow].map((pace) =>
    env.fromSource(paced(pace), {
      watermarks: watermarks.monotonous({ timestamp: 'at', alignment: { group: pace.name, maxDrift: 0, updateInterval: 20 } }),
    }),
  );
  const rows = await env.collect((first as NonNullable<typeof first>).union(second as NonNullable<typeof second>));
  const end = rows.findIndex(({ of, at }) => of === 'fast' && at === 49_000);
  expect(rows[end + 1]?.at ?? 0).toBeLessThan(6000);
});
