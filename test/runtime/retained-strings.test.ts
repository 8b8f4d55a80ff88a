/**
 * Strings that a job keeps do not keep the batch that they were cut from. All batches of a file are one text each in V8's memory,
 * and a part of it would hold all of it.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { collect, type DataStream, first, last, type Sink } from '../../src/index.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../connectors/support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of one batch, nearly all of them in lines that nobody keeps. */
const batchBytes = 512 * 1024;
const batches = 48;
const kept = 'kept: a line long enough to be a slice';

/** A file in whose batches one short line is worth keeping. */
function writeInput(): string {
  const file = join(temporaryDirectory(), 'large.txt');
  const filler = `${'x'.repeat(8191)}\n`.repeat(batchBytes / 8192 - 1);
  let text = '';
  for (let i = 0; i < batches; i++) text += `${kept} ${String(i).padStart(4)}\n${filler}`;
  writeFileSync(file, text);
  return file;
}

function memory(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A stream of whatever. */
interface Sinkable {
  sinkTo(sink: Sink<unknown>): unknown;
}

/** What a job holds at its end more than at its beginning, seen from within the last call of one of its functions. */
async function grown(build: (lines: DataStream<string>) => Sinkable): Promise<number> {
  const limits = { readBytes: batchBytes, batchBytes: 4 * batchBytes, splitBytes: 2 ** 30, ringBytes: 2 ** 21 };
  const env = new TestEnvironment({ parallelism: 1, runtimeMode: 'batch', limits });
  const file = writeInput();
  const before = memory();
  let after = 0;
  const rows: unknown[] = [];
  build(env.readTextFile(file)).sinkTo({
    name: 'measuring',
    createWriter: () => ({
      write: (row) => void rows.push(row),
      finish: () => {
        after = memory();
      },
    }),
  });
  await env.execute();
  expect(rows).toHaveLength(batches);
  return after - before;
}

/** Less than a quarter of what the batches take together. */
const bound = (batches * batchBytes) / 4;

const isKept = (line: string): boolean => line.startsWith('kept');

describe('at parallelism 1, what is kept of large batches holds none of them', () => {
  test.each<[string, (lines: DataStream<string>) => Sinkable]>([
    [
      'as keys',
      (lines) =>
        lines
          .filter(isKept)
          .keyBy((line) => line)
          .aggregate({ n: first() }),
    ],
    [
      'as values of an aggregator',
      (lines) =>
        lines
          .filter(isKept)
          .keyBy((line) => line.length + Number(line.slice(-4)))
          .aggregate({ first: first(), last: last() }),
    ],
    [
      'collected',
      (lines) =>
        lines
          .filter(isKept)
          .map((line) => ({ at: line.slice(-4), line }))
          .keyBy('at')
          .aggregate({ all: collect('line') }),
    ],
    [
      'by reduce',
      (lines) =>
        lines
          .filter(isKept)
          .keyBy((line) => line.slice(-4))
          .reduce((a) => a),
    ],
    [
      'as slices of the line',
      (lines) =>
        lines
          .filter(isKept)
          .map((line) => [line.slice(-20), line.slice(0, 30)])
          .keyBy(0)
          .reduce((a) => a),
    ],
    ['by the sink', (lines) => lines.filter(isKept)],
    [
      'by the sink, behind an operator that keeps',
      (lines) => lines.process({ processElement: (line: string, _, out: (line: string) => void) => void (isKept(line) && out(line)) }),
    ],
  ])('%s', async (_, build) => {
    expect(await grown(build)).toBeLessThan(bound);
  });
});
