/** Jobs whose flat map is recognised as a split, beside the same jobs with a function that is not: nobody can tell. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import { count, sum } from '../../src/operators/aggregators/index.ts';
import { TestEnvironment, type TestEnvironmentConfig } from '../../src/testing/test-environment.ts';
import { runsOf } from '../property-runs.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-split-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Split = (line: string) => string[];
type Words = DataStream<string>;
// biome-ignore lint/suspicious/noExplicitAny: jobs of rows of any type stand side by side.
type Rows = DataStream<any>;

/** A function with the same result that the analysis does not know. */
function opaque(split: Split): Split {
  return (line) => [...split(line)];
}

const jobs: Readonly<Record<string, (words: Words) => Rows>> = {
  words: (words) => words,
  'a filter and a map': (words) => words.filter((word) => word.length > 1).map((word) => word.toUpperCase()),
  'a split of the pieces': (words) => words.flatMap((word) => word.split('a')),
  'an exchange': (words) => words.rebalance().map((word) => `<${word}>`),
  'a count': (words) => words.keyBy((word) => word).aggregate({ times: count() }),
  'a count with functions': (words) =>
    words
      .keyBy((word) => word)
      .aggregate({ times: count(), letters: sum((word: string) => word.length), last: sum((word: string) => word.charCodeAt(0) || 0) }),
  'a sum of ones': (words) =>
    words
      .map((word): [string, number] => [word, 1])
      .keyBy((pair) => pair[0])
      .sum(1),
  'a sum of ones by field': (words) =>
    words
      .map((word): [string, number] => [word, 1])
      .keyBy((pair) => pair[0])
      .aggregate({ times: sum(1), all: count() }),
  'two branches': (words) => words.union(words.map((word) => word)),
  'a reduction': (words) => words.keyBy((word) => word).reduce((a, b) => (b < a ? b : `${a}`)),
};

const configs: readonly TestEnvironmentConfig[] = [
  { parallelism: 1 },
  { parallelism: 2, limits: { batchRows: 2 } },
  { parallelism: 2, limits: { localAggregationKeys: 2 } },
  { parallelism: 2, localAggregation: false },
  { parallelism: 2, runtimeMode: 'streaming' },
];

async function run(
  content: string,
  split: Split,
  options: { job: (words: Words) => Rows; config: TestEnvironmentConfig },
): Promise<unknown[]> {
  const file = join(folder, 'text');
  await writeFile(file, content);
  const env = new TestEnvironment(options.config);
  const rows = await env.collect(options.job(env.readTextFile(file).flatMap(split)));
  return rows.map((row) => JSON.stringify(row)).sort();
}

const splits: readonly Split[] = [
  (line) => line.split(' '),
  (line) => line.split(''),
  (line) => line.split(', '),
  (line) => line.split('€'),
  (line) => line.split(/\s+/),
  (line) => line.split(/[ ,]/u),
];

const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  'ba ',
  ' ',
  ',',
  ', ',
  '\t',
  'a long word beyond the shortest slice',
  'é',
  '€',
  '\u{1f600}',
  '\n',
  '\r\n',
);
const content = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

describe('a flat map that splits', () => {
  test.each(Object.entries(jobs))('in front of %s', async (_, job) => {
    await fc.assert(
      fc.asyncProperty(content, fc.constantFrom(...splits), fc.constantFrom(...configs), async (text, split, config) => {
        expect(await run(text, split, { job, config })).toEqual(await run(text, opaque(split), { job, config }));
      }),
      { numRuns: runsOf(40) },
    );
  });

  test('is the same on a large text', async () => {
    const text = Array.from({ length: 4500 }, (_, i) => `w${i % 700} ${'x'.repeat(i % 20)} é`.slice(0, i % 3 === 0 ? -2 : undefined)).join(
      '\n',
    );
    for (const job of Object.values(jobs)) {
      const config: TestEnvironmentConfig = { parallelism: 2, limits: { localAggregationKeys: 100 } };
      const split: Split = (line) => line.split(' ');
      expect(await run(text, split, { job, config })).toEqual(await run(text, opaque(split), { job, config }));
    }
  });

  test('keeps the order of what follows', async () => {
    await writeFile(join(folder, 'text'), 'a b\nc\n\nd e');
    const env = new TestEnvironment({ parallelism: 1 });
    const seen: string[] = [];
    const words = env
      .readTextFile(join(folder, 'text'))
      .flatMap((line) => line.split(' '))
      .map((word) => {
        seen.push(word);
        return word;
      });
    await env.collect(words);
    expect(seen).toEqual(['a', 'b', 'c', '', 'd', 'e']);
  });

  test('fails at a null as the function does', async () => {
    const env = new TestEnvironment();
    const words = (env.fromData(['a b', null]) as DataStream<string>).flatMap((line) => line.split(' '));
    await expect(env.collect(words)).rejects.toThrow(/null \(reading 'split'\)/);
  });
});

describe('a flat map that splits, when natives were replaced', () => {
  const { split } = String.prototype;
  const exec = RegExp.prototype.exec;
  afterEach(() => {
    Object.assign(String.prototype, { split });
    Object.assign(RegExp.prototype, { exec });
    delete (String.prototype as { [Symbol.split]?: unknown })[Symbol.split];
  });

  async function lines(fn: Split): Promise<unknown[]> {
    await writeFile(join(folder, 'text'), 'a b');
    const env = new TestEnvironment();
    return env.collect(env.readTextFile(join(folder, 'text')).flatMap(fn));
  }

  test('calls the replacement of split', async () => {
    Object.assign(String.prototype, { split: () => ['patched'] });
    const rows = await lines((line) => line.split(' '));
    Object.assign(String.prototype, { split });
    expect(rows).toEqual(['patched']);
  });

  test('calls what separators do', async () => {
    Object.assign(String.prototype, { [Symbol.split]: () => [1] });
    const rows = await lines((line) => line.split(' '));
    delete (String.prototype as { [Symbol.split]?: unknown })[Symbol.split];
    expect(rows).toEqual([1]);
  });

  test('calls the replacement of exec', async () => {
    let calls = 0;
    Object.assign(RegExp.prototype, {
      exec(this: RegExp, text: string) {
        calls++;
        return exec.call(this, text);
      },
    });
    const rows = await lines((line) => line.split(/\s+/));
    Object.assign(RegExp.prototype, { exec });
    expect(rows).toEqual(['a', 'b']);
    expect(calls).toBeGreaterThan(0);
  });
});
