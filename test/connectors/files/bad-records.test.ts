/** Records that are not what their format says: they go to a side output, each once, and are counted by reason. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../src/api/formats.ts';
import { badRecordsLines } from '../../../src/cli/bad-records-text.ts';
import { callbackSink } from '../../../src/connectors/callback/callback-sink.ts';
import { fileSource } from '../../../src/connectors/files/file-source.ts';
import type { MalformedRecord } from '../../../src/metrics/bad-records.ts';
import { count } from '../../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { t } from '../../../src/schema/type.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { ReaderContext, sourceContext, temporaryDirectory } from '../support.ts';

/** Every third line is no line of LTSV. */
const lines = Array.from({ length: 300 }, (_, i) => (i % 3 === 2 ? `bad ${i}` : `number:${i}`));
const good = lines.flatMap((line, i) => (line.startsWith('bad') ? [] : [i]));
const bad = lines.filter((line) => line.startsWith('bad'));
const format = formats.ltsv({ number: t.float64 });

function fileOf(content: string): string {
  const path = join(temporaryDirectory(), 'input.ltsv');
  writeFileSync(path, content);
  return path;
}

describe.each([{ batchRows: 1 }, { batchRows: 7, readBytes: 64, splitBytes: 256 }, {}])('with %o', (limits) => {
  it.each([1, 2])('go to a side output, in %i subtasks', async (parallelism) => {
    const path = fileOf(lines.join('\n'));
    const env = new TestEnvironment({ parallelism, limits });
    const tag = new OutputTag<MalformedRecord>('bad');
    const numbers: number[] = [];
    const rejected: MalformedRecord[] = [];
    const stream = env.readFile(path, format, { onError: { sideOutput: tag } });
    stream.map(({ number }) => number).sinkTo(callbackSink((number) => void numbers.push(number as number)));
    stream
      .getSideOutput(tag)
      .rebalance()
      .sinkTo(callbackSink((record) => void rejected.push(record)));
    const { metrics } = await env.execute();
    expect(numbers.sort((a, b) => a - b)).toEqual(good);
    expect(rejected.map(({ text }) => text).sort()).toEqual([...bad].sort());
    for (const { file, offset, text } of rejected) {
      expect(file).toBe(path);
      expect(lines.join('\n').slice(offset, offset + text.length)).toBe(text);
    }
    expect(metrics.badRecords.length).toBe(1);
    expect(metrics.badRecords[0]).toMatchObject({ source: path, records: bad.length, reason: rejected[0]?.reason });
    const counted = metrics.stages.flatMap(({ subtasks }) => subtasks).reduce((sum, { badRecords }) => sum + badRecords, 0);
    expect(counted).toBe(bad.length);
    expect(env.warnings).toEqual([]);
  });
});

it('are told of once for each reason, and counted, where they are left out', async () => {
  const path = fileOf(lines.join('\n'));
  const env = new TestEnvironment();
  const rows = await env.collect(env.readFile(path, format, { onError: 'skip' }));
  expect(rows.length).toBe(good.length);
  expect(env.warnings).toEqual([
    expect.stringMatching(/left out records that are not ltsv: .*, the first at byte 18: bad 2; further ones are only counted/),
  ]);
});

it('may be all there is, of a file that is larger than any buffer', async () => {
  const path = fileOf('bad\n'.repeat(10_000));
  const env = new TestEnvironment({ limits: { readBytes: 512 } });
  const tag = new OutputTag<MalformedRecord>('bad');
  const stream = env.readFile(path, format, { onError: { sideOutput: tag } });
  const collected = await env.collect(stream.getSideOutput(tag).map(({ offset }) => offset));
  expect(collected).toEqual(Array.from({ length: 10_000 }, (_, i) => i * 4));
});

it('are with the position that is behind them', async () => {
  const path = fileOf(lines.join('\n'));
  const source = fileSource(path, { format, onError: { sideOutput: { id: 'bad' } } });
  const context = new ReaderContext(sourceContext({ batchRows: 4 }));
  const reader = source.createReader(context);
  for (const split of await source.enumerate(context)) reader.addSplit(split);
  reader.noMoreSplits();
  const rejected: unknown[] = [];
  while (typeof reader.poll() !== 'string') {
    rejected.push(...(reader.takeSide?.()?.records ?? []));
    const behind = reader.splits()[0]?.start ?? Number.POSITIVE_INFINITY;
    const before = context.badRecords.filter(({ offset }) => offset < behind);
    expect(rejected).toEqual(before);
  }
  reader.close();
  expect(rejected.length).toBe(bad.length);
});

it('are shown by the command line', () => {
  const sample = { file: '/a', offset: 3, text: 'x"', reason: 'no' };
  const count = (records: number, reason: string) => ({ source: 'logs', reason, records, sample: { ...sample, reason } });
  expect(badRecordsLines({ badRecords: [count(2, 'no'), count(1, 'nor this')] })).toEqual([
    `2 bad records of 'logs': no; the first in /a at byte 3: "x\\""`,
    `1 bad record of 'logs': nor this; the first in /a at byte 3: "x\\""`,
  ]);
  const many = Array.from({ length: 12 }, (_, i) => count(1, `reason ${i}`));
  expect(badRecordsLines({ badRecords: many }).at(-1)).toBe('and bad records for 2 more reasons');
});

it('are no records where these are only counted', async () => {
  const line = '10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 5 "-" "curl"';
  const path = fileOf([line, 'a b c', '10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET', line, line.slice(0, -8)].join('\n'));
  const env = new TestEnvironment();
  const rows = env
    .readFile(path, formats.combinedLog(), { onError: 'skip' })
    .keyBy(() => 'all')
    .aggregate({ lines: count() });
  expect(await env.collect(rows)).toEqual([{ key: 'all', lines: 2 }]);
});
