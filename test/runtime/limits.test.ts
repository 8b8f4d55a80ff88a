/** Jobs with every limit at 1, 2 and 7: the same results, only slower. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultLimits, type Limits } from '../../src/base/limits.ts';
import { collect, count, max, sum } from '../../src/index.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../connectors/support.ts';

const words = Array.from({ length: 120 }, (_, i) => `w${(i * 7) % 23}`);

/** A ring is a power of two from 256; a line of the input has three characters, and a byte is no line. */
const least: Partial<Record<keyof Limits, number>> = { ringBytes: 256, lineBytes: 7 };

/** Sources of every kind, an exchange by key, local aggregation, rows on the host. */
async function results(limits: Partial<Limits>, parallelism: number): Promise<unknown[]> {
  const file = join(temporaryDirectory(), 'words.txt');
  writeFileSync(file, `${words.join('\n')}\n`);
  const env = new TestEnvironment({ parallelism, limits, runtimeMode: 'batch', inputs: { more: words } });
  const fromFile = env.readTextFile(file);
  const fromHost = env.fromHost<string>('more');
  const fromData = env.fromData(words);
  const rows = fromFile
    .union(fromHost, fromData)
    .map((word) => ({ word, n: Number(word.slice(1)) }))
    .keyBy('word')
    .aggregate({ hits: count(), total: sum('n'), most: max('n'), some: collect('n') });
  const collected = await env.collect(rows);
  return collected.sort((a, b) => (a.key < b.key ? -1 : 1));
}

describe.each([1, 2])('a job with parallelism %i has the same rows', (parallelism) => {
  test.each([1, 2, 7])('with every limit at %i', async (value) => {
    const all = Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, Math.max(value, least[name as keyof Limits] ?? 1)]));
    expect(await results(all, parallelism)).toEqual(await results({}, parallelism));
  });

  test.each(Object.keys(defaultLimits) as (keyof Limits)[])('with %s at 1', async (name) => {
    expect(await results({ [name]: least[name] ?? 1 }, parallelism)).toEqual(await results({}, parallelism));
  });
});
