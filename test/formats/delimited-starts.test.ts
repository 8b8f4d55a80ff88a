/** Where records begin in the midst of delimited text. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formats } from '../../src/api/formats.ts';
import { limitsWith } from '../../src/base/limits.ts';
import { RecordStartFinder } from '../../src/connectors/files/record-starts.ts';
import { DelimitedStarts } from '../../src/formats/delimited-syntax.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { t } from '../../src/schema/type.ts';
import { temporaryDirectory } from '../connectors/support.ts';
import { parse } from './support.ts';

const syntax = { delimiter: 44, quote: 34 };
/** A guess that counts the fields of lines would need many lines. */
const uncounted = (): number => 0;

/** Where the first record begins behind the byte at `from`; −1 for none. */
function firstBehind(bytes: Buffer, from: number): number {
  const starts = new DelimitedStarts(syntax, uncounted);
  starts.pass(bytes.subarray(0, from));
  const at = starts.next(bytes.subarray(from));
  return at < 0 ? at : from + at;
}

/** The same, as what stands around it in a window tells it; undefined where it does not. */
function guessed(bytes: Buffer, at: number, window: number): number | undefined {
  const starts = new DelimitedStarts(syntax, uncounted);
  const from = Math.max(0, at - window);
  if (!starts.guess(bytes.subarray(from, at + window), at - from, at + window >= bytes.length)) return undefined;
  const next = starts.next(bytes.subarray(at));
  return next < 0 ? next : at + next;
}

const field = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', ' '), maxLength: 3 }),
  fc.string({ unit: fc.constantFrom('a', ',', '""', '\n', '\r\n'), maxLength: 4 }).map((text) => `"${text}"`),
);
const text = fc
  .array(fc.tuple(fc.array(field, { minLength: 2, maxLength: 3 }), fc.constantFrom('\n', '\r\n')), { maxLength: 8 })
  .map((records) => Buffer.from(records.map(([fields, end]) => fields.join(',') + end).join('')));

describe('what stands around a place', () => {
  test('never tells anything wrong of good text', () => {
    let told = 0;
    fc.assert(
      fc.property(text, fc.constantFrom(1, 2, 5, 20, 1000), (bytes, window) => {
        for (let from = 0; from < bytes.length; from++) {
          const guess = guessed(bytes, from, window);
          if (guess !== undefined) expect([from, guess]).toEqual([from, firstBehind(bytes, from)]);
          if (guess !== undefined) told++;
        }
      }),
      { numRuns: 400 },
    );
    expect(told).toBeGreaterThan(1000);
  });

  test('tells it at once where fields are quoted', () => {
    const bytes = Buffer.from('1,"first, and\nmore",x\n2,"second\n",y\n3,"third",z\n'.repeat(3));
    for (let from = 20; from < 100; from++) expect(guessed(bytes, from, 40)).toBe(firstBehind(bytes, from));
  });

  test('does not tell it where stray quotes may mislead', () => {
    const lines = 'a,b\n'.repeat(5);
    expect(guessed(Buffer.from(`${lines}5",b\n${lines}`), 7, 100)).toBeUndefined();
    expect(guessed(Buffer.from(`${lines}5",b\n"c","d"\n${lines}`), 7, 100)).toBeUndefined();
    expect(guessed(Buffer.from(`"c","d"\n${lines}5",b\n"c","d"\n${lines}`), 15, 100)).toBeUndefined();
    expect(guessed(Buffer.from(`5",b\n${lines}5",b\n"c","d"\n${lines}`), 15, 100)).toBeUndefined();
  });

  test('without quotes, lines with as many fields as records tell it', () => {
    const guess = (content: string, columns: number): boolean =>
      new DelimitedStarts(syntax, () => columns).guess(Buffer.from(content), 1, false);
    expect(guess('x\na,b\nc,d\ne,f\ng', 2)).toBe(true);
    expect(guess('x\na,b\nc,d\ne', 2)).toBe(false);
    expect(guess('x\na,b\nc,d,\ne,f\ng', 2)).toBe(false);
    expect(guess('x\na\nb\nc\nd\n', 1)).toBe(false);
    expect(guess('x', 2)).toBe(false);
  });
});

describe('in a file', () => {
  const format = formats.csv({ columns: { a: t.string, b: t.string } });

  function finder(lookBytes: number): RecordStartFinder {
    const { parser } = {
      parser: format.createParser({ batchRows: 7, fields: undefined, encoding: 'utf8', onInvalid: () => {}, onBad: () => {} }),
    };
    return new RecordStartFinder({ parser, byteOrderMark: true, limits: limitsWith({ readBytes: 16 }), lookBytes });
  }

  test.each([1, 8, 64])('every range begins with its first record, if %d bytes are looked at', (lookBytes) => {
    const path = join(temporaryDirectory(), 'some.csv');
    const content = `\ufeff"a","b"\r\n${'"x\n","""",\n\n'.replace(',\n\n', '\n')}${'1,2\n'.repeat(20)}"\n,\n",""\n${'"y",3\n'.repeat(9)}`;
    writeFileSync(path, content);
    const bytes = Buffer.from(content);
    const begins = new Set([0]);
    for (let p = 0, quoted = false; p < bytes.length; p++) {
      if (bytes[p] === 34) quoted = !quoted;
      if (bytes[p] === 10 && !quoted) begins.add(p + 1);
    }
    const file = nodeSystem().storage.open(path);
    const starts = finder(lookBytes);
    const order = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
    for (const start of [...order, ...order.reverse()]) {
      const split = starts.settle({ id: 'x', path, start, end: bytes.length, size: bytes.length }, file);
      const first = Math.min(...[...begins].filter((begin) => begin >= start));
      expect(split).toMatchObject({ start: first, atRecord: true, head: '"a","b"' });
    }
    file.close();
    expect(parse(format, content.slice(1)).bad).toEqual([]);
  });
});
