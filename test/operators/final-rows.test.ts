/** The rows that are left at the end of a bounded input, of keys that are texts, are not, or are both. */

import { describe, expect, it } from 'vitest';
import { count, sum } from '../../src/index.ts';
import { TestEnvironment } from '../../src/testing/index.ts';

/** More than are copied at a time. */
const texts = Array.from({ length: 2500 }, (_, i) => `a key that is long enough to lie elsewhere ${i}`);
const short = Array.from({ length: 1500 }, (_, i) => `k${i}`);
const keys: Readonly<Record<string, readonly (string | number | null)[]>> = {
  'long texts': texts,
  'short and long texts': texts.flatMap((text, i) => [text, short[i % short.length] as string]),
  'texts beyond Latin-1': ['naïve', '€', ...texts, '😀'],
  'texts and other values': [...texts, 7, null, ...short],
  'other values and texts': [7, null, ...texts],
};

describe.each(Object.entries(keys))('%s', (_, all) => {
  it.each([1, 3])('come out with their results at parallelism %i', async (parallelism) => {
    const records = [...all, ...all].map((key, i) => ({ key, i }));
    const env = new TestEnvironment({ parallelism, runtimeMode: 'batch' });
    const totals = env
      .fromData(records)
      .rebalance()
      .keyBy('key')
      .aggregate({ hits: count(), total: sum('i') })
      .map(({ key, hits, total }) => ({ key, hits, total }));
    const rows = await env.collect(totals);
    const expected = new Map<string | number | null, { hits: number; total: number }>();
    for (const { key, i } of records) {
      const { hits, total } = expected.get(key) ?? { hits: 0, total: 0 };
      expected.set(key, { hits: hits + 1, total: total + i });
    }
    expect(new Map(rows.map(({ key, ...result }) => [key, result]))).toEqual(expected);
    expect(rows).toHaveLength(expected.size);
  });
});
