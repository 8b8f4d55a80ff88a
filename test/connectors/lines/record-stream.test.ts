/** Lines of a stream: any chunks, bounded waiting, and the end told apart from a failure. */

import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitsWith } from '../../../src/base/limits.ts';
import { RecordBatch } from '../../../src/batch/record-batch.ts';
import { RecordBuffer } from '../../../src/connectors/lines/record-buffer.ts';
import { RecordStream, type RecordStreamOptions } from '../../../src/connectors/lines/record-stream.ts';
import { lineType, TextParser } from '../../../src/formats/text-parser.ts';
import { ranges, readerLimits, text } from '../arbitraries.ts';
import { stringsOf } from '../strings-of.ts';
import { linesOf, ReaderContext } from '../support.ts';

function createLines(input: Readable, context: ReaderContext, changes: Partial<RecordStreamOptions> = {}): RecordStream {
  const parser = new TextParser({ encoding: 'utf8', onInvalid: () => {} });
  const buffer = new RecordBuffer({ parser, origin: 0, bufferBytes: 1, place: 'test', lineBytesMax: 2 ** 28 });
  return new RecordStream(input, { buffer, waitingBytesMax: 1, wake: () => context.wake(), byteOrderMark: true, ...changes });
}

function createLineBatch({ batchRows }: { readonly batchRows: number }): RecordBatch {
  return new RecordBatch(lineType, { capacity: batchRows, timestamps: false, hashes: false });
}

async function readLines(lines: RecordStream, context: ReaderContext, batchRows = 1024): Promise<string[]> {
  const batch = createLineBatch(limitsWith({ batchRows }));
  const all: string[] = [];
  for (let taken = lines.take(batch); taken !== 'ended'; taken = lines.take(batch)) {
    if (taken === 'batch') all.push(...stringsOf(batch));
    else await context.awake();
  }
  return all;
}

const chunks = text
  .map((content) => Buffer.from(content))
  .chain((whole) => ranges(whole.length).map((parts) => parts.map(({ start, end }) => whole.subarray(start, end))));

describe('RecordStream', () => {
  it('gives the lines of a stream, whatever its chunks, without a byte order mark', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, readerLimits, fc.boolean(), async (parts, { readBytes, batchRows }, byteOrderMark) => {
        const context = new ReaderContext();
        const lines = createLines(Readable.from(parts, { objectMode: false }), context, { waitingBytesMax: readBytes, byteOrderMark });
        const content = Buffer.concat(parts).toString();
        expect(await readLines(lines, context, batchRows)).toEqual(linesOf(byteOrderMark ? content.replace(/^\ufeff/, '') : content));
      }),
    );
  });

  it('skips what was read before', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat({ max: 50 }), async (parts, skip) => {
        const context = new ReaderContext();
        const lines = createLines(Readable.from(parts, { objectMode: false }), context, { skip, byteOrderMark: false });
        const whole = Buffer.concat(parts).subarray(skip).toString('latin1');
        const expected = linesOf(whole).map((line) => Buffer.from(line, 'latin1').toString());
        expect(await readLines(lines, context)).toEqual(expected);
      }),
    );
  });

  it('pauses the stream while enough waits', async () => {
    const context = new ReaderContext();
    const input = new PassThrough();
    const lines = createLines(input, context, { waitingBytesMax: 4 });
    const batch = createLineBatch(limitsWith());
    input.write('abc\ndef\n');
    await context.awake();
    expect(input.isPaused()).toBe(true);
    expect(lines.take(batch)).toBe('batch');
    expect(input.isPaused()).toBe(false);
  });

  it('gives a line as soon as it is there, even a short one that a byte order mark would be longer than', async () => {
    const context = new ReaderContext();
    const input = new PassThrough();
    const lines = createLines(input, context);
    const batch = createLineBatch(limitsWith());
    input.write('\n');
    await context.awake();
    expect(lines.take(batch)).toBe('batch');
    expect(stringsOf(batch)).toEqual(['']);
    expect(lines.take(batch)).toBe('pending');
  });

  it('leaves a batch alone until the next call, whatever arrives', async () => {
    const context = new ReaderContext();
    const input = new PassThrough();
    const lines = createLines(input, context, { waitingBytesMax: 1000 });
    const batch = createLineBatch(limitsWith());
    input.write('one\ntwo\nthr');
    await context.awake();
    lines.take(batch);
    input.write('ee\nfour\n');
    await context.awake();
    expect(stringsOf(batch)).toEqual(['one', 'two']);
    lines.take(batch);
    expect(stringsOf(batch)).toEqual(['three', 'four']);
  });

  it('fails with the stream, behind the lines that came before', async () => {
    const context = new ReaderContext();
    const input = new Readable({ read() {} });
    const lines = createLines(input, context, { waitingBytesMax: 1000 });
    const batch = createLineBatch(limitsWith());
    input.push('whole\nhalf');
    await context.awake();
    input.destroy(new Error('broken'));
    await context.awake();
    expect(lines.take(batch)).toBe('batch');
    expect(stringsOf(batch)).toEqual(['whole']);
    expect(() => lines.take(batch)).toThrow('broken');
  });
});
