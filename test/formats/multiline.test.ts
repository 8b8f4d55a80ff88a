/** Records of several lines: the same ones wherever the input is cut, divided, or gone on with. */

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileSource } from '../../src/connectors/files/file-source.ts';
import { text as textFormat } from '../../src/formats/format.ts';
import type { MultilineOptions } from '../../src/formats/multiline-parser.ts';
import { ranges, readerLimits } from '../connectors/arbitraries.ts';
import { Follower } from '../connectors/files/follow/follower.ts';
import { drain, linesOf, nextBatch, ReaderContext, readSplits, sourceContext, temporaryDirectory } from '../connectors/support.ts';

/** In the obvious way. */
function recordsOf(content: string, continues: (line: string) => boolean, linesMax = Number.POSITIVE_INFINITY): string[] {
  const records: string[][] = [];
  for (const line of linesOf(content)) {
    const last = records.at(-1);
    if (last !== undefined && continues(line) && last.length < linesMax) last.push(line);
    else records.push([line]);
  }
  return records.map((lines) => lines.join('\n'));
}

interface Case {
  readonly title: string;
  readonly multiline: MultilineOptions;
  readonly continues: (line: string) => boolean;
  readonly linesMax?: number;
}

const isIndented = (line: string): boolean => line.startsWith(' ') || line.startsWith('\t');

const cases: readonly Case[] = [
  { title: 'lines that begin with white space', multiline: {}, continues: isIndented },
  {
    title: 'lines that match',
    multiline: { continuation: /^\s|^Caused by/g },
    continues: (line) => isIndented(line) || line.startsWith('Caused by'),
  },
  { title: 'lines that match at their end', multiline: { continuation: /é$/ }, continues: (line) => line.endsWith('é') },
  { title: 'lines that begin none', multiline: { start: /^[a-z]/y }, continues: (line) => !/^[a-z]/.test(line) },
  { title: 'a number of lines at most', multiline: { maxLines: 3 }, continues: isIndented, linesMax: 3 },
];

const line = fc.oneof(
  fc.constantFrom('', 'message', ' at one', '\tat two', 'Caused by: x', 'é', ' é', 'a é', 'x'.repeat(40), ` ${'y'.repeat(40)}`),
  fc.string({ maxLength: 6 }).map((text) => text.replace(/[\r\n]/g, '')),
);
const content = fc
  .tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n'))), line)
  .map(([lines, last]) => lines.map(([text, end]) => text + end).join('') + last);

function file(): { path: string; write: (content: string | Uint8Array) => void } {
  const path = join(temporaryDirectory(), 'input.log');
  return { path, write: (bytes) => writeFileSync(path, bytes) };
}

describe.each(cases)('$title', ({ multiline, continues, linesMax }) => {
  const options = { format: textFormat({ multiline }) };

  it('make the same records in any division, with any reads', async () => {
    const { path, write } = file();
    const divided = content.chain((whole) => ranges(Buffer.byteLength(whole)).map((parts) => ({ whole, parts })));
    await fc.assert(
      fc.asyncProperty(divided, readerLimits, async ({ whole, parts }, limits) => {
        write(whole);
        const source = fileSource(path, options);
        const context = sourceContext(limits);
        const splits = await source.enumerate(context);
        const cut = linesMax === undefined ? parts.flatMap((part) => splits.map((split) => ({ ...split, ...part }))) : splits;
        expect((await readSplits(source, cut, context)).lines).toEqual(recordsOf(whole.replace(/^\ufeff/, ''), continues, linesMax));
      }),
      { numRuns: 60 },
    );
  });

  it('go on where they were, plain and compressed', async () => {
    const { path, write } = file();
    await fc.assert(
      fc.asyncProperty(content, readerLimits, fc.nat(10), fc.boolean(), async (whole, limits, batches, compressed) => {
        write(compressed ? gzipSync(whole) : whole);
        const source = fileSource(path, options);
        const context = sourceContext({ ...limits, splitBytes: 30 });
        const readerContext = new ReaderContext(context);
        const reader = source.createReader(readerContext);
        for (const split of await source.enumerate(context)) reader.addSplit(split);
        const read: string[] = [];
        for (let i = 0; i < batches; i++) read.push(...((await nextBatch(reader, readerContext)) ?? []));
        const splits = structuredClone(reader.splits());
        reader.close();
        const rest = source.createReader(readerContext);
        for (const split of splits) rest.addSplit(split);
        rest.noMoreSplits();
        read.push(...(await drain(rest, readerContext)));
        rest.close();
        expect(read).toEqual(recordsOf(whole.replace(/^\ufeff/, ''), continues, linesMax));
      }),
      { numRuns: 40 },
    );
  });
});

describe('in a file that is followed', () => {
  const format = textFormat({ multiline: { maxWait: 30 } });

  it('the last one waits for more lines, as long as it was told', async () => {
    const { path, write } = file();
    write('one\n at a\n');
    const follower = await Follower.start(path, { format });
    expect(await follower.rest(3)).toEqual([]);
    appendFileSync(path, ' at b\ntwo\n');
    expect(await follower.rest(3)).toEqual(['one\n at a\n at b']);
    await follower.until(() => follower.lines.length === 2);
    appendFileSync(path, 'three\n unfin');
    await follower.until(() => follower.lines.length === 3);
    appendFileSync(path, 'ished\nfour\n');
    await follower.until(() => follower.lines.length === 5);
    expect(follower.lines.slice(1)).toEqual(['two', 'three', ' unfinished', 'four']);
  });

  it('a record is whole across a restart', async () => {
    const { path, write } = file();
    write('one\n at a\n');
    const first = await Follower.start(path, { format: textFormat({ multiline: { maxWait: '1h' } }) });
    await first.rest();
    const splits = first.kill();
    appendFileSync(path, ' at b\ntwo\n');
    const second = await Follower.start(path, { format, splits });
    await second.until(() => second.lines.length === 2);
    expect([...first.lines, ...second.lines]).toEqual(['one\n at a\n at b', 'two']);
  });
});

describe('what is refused', () => {
  it.each([
    [{ continuation: /a/, start: /b/ }, /give continuation or start, not both/],
    [{ continuation: 'a' }, /continuation must be a regular expression/],
    [{ maxLines: 0 }, /maxLines must be/],
    [{ maxWait: 'soon' }, /maxWait: 'soon' is not a duration/],
  ])('%o', (multiline, message) => {
    expect(() => textFormat({ multiline: multiline as MultilineOptions })).toThrow(message);
  });
});
