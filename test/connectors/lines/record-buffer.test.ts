/** Bytes to lines: wherever the bytes are cut, the lines are the same, and bytes are handed out where they lie if they can be. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitsWith } from '../../../src/base/limits.ts';
import { RecordBatch } from '../../../src/batch/record-batch.ts';
import { RecordBuffer } from '../../../src/connectors/lines/record-buffer.ts';
import type { TextEncoding } from '../../../src/formats/parser.ts';
import { lineType, TextParser } from '../../../src/formats/text-parser.ts';
import { bytes, ranges, text } from '../arbitraries.ts';
import { lineColumn, stringsOf } from '../strings-of.ts';
import { linesOf } from '../support.ts';

interface Changes {
  readonly encoding?: TextEncoding;
  readonly delimiter?: string;
  readonly bufferBytes?: number;
  readonly origin?: number;
  readonly lineBytesMax?: number;
  readonly place?: string;
}

function createBuffer(changes: Changes = {}): { buffer: RecordBuffer; invalid: number[] } {
  const invalid: number[] = [];
  const { encoding = 'utf8', delimiter = '\n', ...others } = changes;
  const parser = new TextParser({ encoding, delimiter, onInvalid: (offset) => invalid.push(offset) });
  const buffer = new RecordBuffer({ parser, origin: 0, bufferBytes: 1, place: 'test', lineBytesMax: 2 ** 28, ...others });
  return { buffer, invalid };
}

function createLineBatch({ batchRows }: { readonly batchRows: number }): RecordBatch {
  return new RecordBatch(lineType, { capacity: batchRows, timestamps: false, hashes: false });
}

function takeAll(buffer: RecordBuffer, batch: RecordBatch): string[] {
  const lines: string[] = [];
  while (buffer.take(batch, Number.POSITIVE_INFINITY)) lines.push(...stringsOf(batch));
  return lines;
}

function splitChunks(chunks: readonly Buffer[], rows: number, changes: Changes = {}) {
  const { buffer, invalid } = createBuffer(changes);
  const batch = createLineBatch(limitsWith({ batchRows: rows }));
  const lines: string[] = [];
  for (const chunk of chunks) {
    buffer.append(chunk);
    lines.push(...takeAll(buffer, batch));
  }
  buffer.end();
  lines.push(...takeAll(buffer, batch));
  expect(buffer.exhausted).toBe(true);
  return { lines, invalid };
}

/** Content together with the places where it is cut. */
function cut(content: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer[]> {
  return content.chain((whole) => ranges(whole.length).map((parts) => parts.map(({ start, end }) => whole.subarray(start, end))));
}

const rows = fc.constantFrom(1, 2, 7, 1024);

function takeOne(content: string, encoding: TextEncoding = 'utf8'): RecordBatch {
  const { buffer } = createBuffer({ encoding });
  const batch = createLineBatch(limitsWith());
  buffer.append(Buffer.from(content, encoding));
  buffer.end();
  expect(buffer.take(batch, Number.POSITIVE_INFINITY)).toBe(true);
  return batch;
}

describe('lines in a RecordBuffer', () => {
  it('finds the lines of a text, however it is cut', () => {
    fc.assert(
      fc.property(cut(text.map((whole) => Buffer.from(whole))), rows, (chunks, batchRows) => {
        expect(splitChunks(chunks, batchRows)).toEqual({ lines: linesOf(Buffer.concat(chunks).toString()), invalid: [] });
      }),
    );
  });

  it('decodes invalid UTF-8 line by line and says where it begins', () => {
    fc.assert(
      fc.property(cut(bytes), rows, (chunks, batchRows) => {
        const whole = Buffer.concat(chunks);
        const { lines, invalid } = splitChunks(chunks, batchRows);
        expect(lines).toEqual(linesOf(whole.toString('latin1')).map((line) => Buffer.from(line, 'latin1').toString()));
        expect(invalid).toEqual(firstInvalid(whole));
      }),
    );
  });

  it('reads any bytes as Latin-1', () => {
    fc.assert(
      fc.property(cut(fc.uint8Array().map((values) => Buffer.from(values))), rows, (chunks, batchRows) => {
        const lines = linesOf(Buffer.concat(chunks).toString('latin1'));
        expect(splitChunks(chunks, batchRows, { encoding: 'latin1' })).toEqual({ lines, invalid: [] });
      }),
    );
  });

  it('takes any delimiter', () => {
    const delimited = fc
      .array(fc.constantFrom('|', ';', 'a', 'é', '\n', '\r'), { maxLength: 30 })
      .map((parts) => Buffer.from(parts.join('')));
    fc.assert(
      fc.property(cut(delimited), rows, fc.constantFrom(';', '||', 'é', 'aa', '\r\n'), (chunks, batchRows, delimiter) => {
        const expected = Buffer.concat(chunks).toString().split(delimiter);
        if (expected.at(-1) === '') expected.pop();
        expect(splitChunks(chunks, batchRows, { delimiter }).lines).toEqual(expected);
      }),
    );
  });

  it.each([
    ['line feeds', 'a\nbc\n', 1],
    ['carriage returns', 'a\r\n\r\nbc\r\n', 2],
    ['no line feed at the end', 'a\nbc', 1],
    ['a carriage return at the end', 'bc\r', 1],
  ])('points into its buffer: %s', (_, content, gap) => {
    const batch = takeOne(content);
    expect(lineColumn(batch)).toMatchObject({ form: 'bytes', wide: false, gap });
    expect(stringsOf(batch)).toEqual(linesOf(content));
    expect(lineColumn(batch).rowBytes).toBe(linesOf(content).join('').length);
  });

  it.each(['a\r\nb\n', 'é\n', 'a\n\xff\n'])('makes strings of %j', (content) => {
    expect(lineColumn(takeOne(content)).form).toBe('references');
  });

  it('points into its buffer for all of Latin-1', () => {
    expect(lineColumn(takeOne('\xe9\xff\n', 'latin1')).form).toBe('bytes');
  });

  it('refuses a line that is longer than the limit, and names its start', () => {
    const { buffer } = createBuffer({ lineBytesMax: 10 });
    const batch = createLineBatch(limitsWith());
    buffer.append(Buffer.from('short\nlong '));
    buffer.take(batch, Number.POSITIVE_INFINITY);
    const append = () => {
      for (let i = 0; i < 100; i++) buffer.append(Buffer.from('and longer '));
    };
    const message = expect.stringMatching(/^test: the line that begins at byte 6 is longer than 10 bytes/);
    expect(append).toThrow(expect.objectContaining({ code: 'MALFORMED_RECORD', message }));
  });

  it('does not search a long line again and again', () => {
    const { buffer } = createBuffer({ bufferBytes: 64 });
    const batch = createLineBatch(limitsWith());
    const chunk = Buffer.alloc(16, 'x');
    let early = 0;
    for (let i = 0; i < 100_000; i++) {
      buffer.append(chunk);
      if (buffer.take(batch, Number.POSITIVE_INFINITY)) early++;
    }
    buffer.end();
    expect(early).toBe(0);
    expect(takeAll(buffer, batch).map((line) => line.length)).toEqual([1_600_000]);
  });
});

/** The first byte whose decoding needs a replacement, found with the decoder of the web platform. */
function firstInvalid(whole: Buffer): number[] {
  const decodes = (length: number, stream: boolean) => {
    try {
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole.subarray(0, length), { stream });
      return true;
    } catch {
      return false;
    }
  };
  if (decodes(whole.length, false)) return [];
  // Behind the longest prefix that could go on well, back to where it is complete.
  let length = whole.length;
  while (!decodes(length, true)) length--;
  while (!decodes(length, false)) length--;
  return [length];
}
