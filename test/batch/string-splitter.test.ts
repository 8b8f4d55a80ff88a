/** The splitter of bytes beside `String.prototype.split`, for all that it claims to do. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashString } from '../../src/base/hash.ts';
import { createSplitter } from '../../src/batch/kernel-splitter.ts';
import { StringColumn } from '../../src/batch/string-column.ts';
import { type Separator, StringSplitter } from '../../src/batch/string-splitter.ts';

/** Lines as a reader of files hands them out, behind other bytes, each with a gap that does not belong to it. */
function linesOf(texts: readonly string[], gap: number): StringColumn {
  const bytes = Buffer.from(`#${texts.map((text) => text + '\n'.repeat(gap)).join('')}`, 'latin1');
  const offsets = new Int32Array(texts.length + 2);
  for (const [row, text] of texts.entries()) offsets[row + 2] = (offsets[row + 1] as number) + text.length + gap;
  const column = new StringColumn(0);
  column.setBytes({ offsets, base: 1, bytes, bytesBase: 1, wide: false, gap, validity: null, validityBase: 0 });
  return column;
}

interface Pieces {
  readonly strings: (string | null)[];
  readonly detached: (string | null)[];
  readonly hashes: number[];
  readonly chunks: number[];
}

function split(separator: Separator, column: StringColumn, range: readonly [number, number], rowsMax?: number): Pieces {
  return piecesOf(new StringSplitter(separator, rowsMax), column, range);
}

function piecesOf(splitter: StringSplitter, column: StringColumn, range: readonly [number, number]): Pieces {
  const pieces: Pieces = { strings: [], detached: [], hashes: [], chunks: [] };
  splitter.begin(column, ...range);
  while (splitter.next()) {
    pieces.chunks.push(splitter.rows);
    for (let row = 0; row < splitter.rows; row++) {
      pieces.strings.push(splitter.column.at(row, splitter.rows));
      pieces.detached.push(splitter.column.detached(row, splitter.rows));
      pieces.hashes.push(splitter.hashes[row] as number);
    }
  }
  return pieces;
}

function classOf(source: string, run: boolean): Separator {
  const pattern = new RegExp(`^(?:${source})$`);
  return { kind: 'class', holds: (character) => pattern.test(character), run };
}

const separators: readonly (readonly [string | RegExp, Separator])[] = [
  ...['', ' ', ',', 'ÿ', '\0', ', ', 'aa', 'aba', '€', '\ud800', 'a€', ' '.repeat(40)].map(
    (text) => [text, { kind: 'text', text }] as const,
  ),
  [/\s/, classOf('\\s', false)],
  [/\s+/, classOf('\\s', true)],
  [/[a,]+/, classOf('[a,]', true)],
  [/[^a]/, classOf('[^a]', false)],
  [/\W+/, classOf('\\W', true)],
];

const letter = fc.constantFrom('a', 'b', ' ', ',', '\t', 'é', 'ÿ', '\xa0', '\0', '\x85');
const text = fc.array(letter, { maxLength: 30 }).map((letters) => letters.join(''));

describe('splitting bytes', () => {
  test.each(separators)('at %j is what the language does', (native, separator) => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), fc.nat(2), fc.constantFrom(1, 2, 7, undefined), (texts, gap, rowsMax) => {
        const expected = texts.flatMap((line) => line.split(native));
        const pieces = split(separator, linesOf(texts, gap), [0, texts.length], rowsMax);
        expect(pieces.strings).toEqual(expected);
        expect(pieces.detached).toEqual(expected);
        expect(pieces.hashes).toEqual(expected.map(hashString));
        if (rowsMax !== undefined) for (const rows of pieces.chunks) expect(rows).toBeLessThanOrEqual(rowsMax);
      }),
    );
  });

  test('takes some of the rows, and pieces of pieces', () => {
    const column = linesOf(['a,b c', 'd e,f', '', 'g'], 1);
    const comma: Separator = { kind: 'text', text: ',' };
    expect(split(comma, column, [1, 3]).strings).toEqual(['d e', 'f', '']);
    expect(split(comma, column, [2, 2]).strings).toEqual([]);
    const outer = new StringSplitter(comma);
    outer.begin(column, 0, 4);
    expect(outer.next()).toBe(true);
    expect(split({ kind: 'text', text: ' ' }, outer.column, [0, outer.rows]).strings).toEqual(['a', 'b', 'c', 'd', 'e', 'f', '', 'g']);
  });

  test('copies pieces into another column', () => {
    const splitter = new StringSplitter({ kind: 'text', text: ' ' });
    splitter.begin(linesOf(['one  two', 'three'], 1), 0, 2);
    splitter.next();
    const copy = new StringColumn(8);
    for (let row = 0; row < splitter.rows; row++) copy.copy(row, splitter.column, row, splitter.rows);
    expect([0, 1, 2, 3].map((row) => copy.at(row, 4))).toEqual(['one', '', 'two', 'three']);
  });

  test('refuses what is not Latin-1 bytes', () => {
    const references = new StringColumn(1);
    references.set(0, 'a b');
    expect(() => new StringSplitter({ kind: 'text', text: ' ' }).begin(references, 0, 1)).toThrow('strings are split as bytes');
  });
});

const words: Separator = { ...classOf('\\s', true), skipsEmpty: true } as Separator;

describe.each([
  ['JavaScript', (separator: Separator, rowsMax?: number) => new StringSplitter(separator, rowsMax)],
  ['WebAssembly', createSplitter],
])('words of bytes in %s', (_, create) => {
  const wordsOf = (texts: readonly string[]): string[] => texts.flatMap((line) => line.split(/\s+/).filter((word) => word !== ''));
  const expectWords = ({ strings, detached, hashes }: Pieces, texts: readonly string[]): void => {
    const expected = wordsOf(texts);
    expect(strings).toEqual(expected);
    expect(detached).toEqual(expected);
    expect(hashes).toEqual(expected.map(hashString));
  };

  test('are what stands between runs of white space, whatever lies between the strings', () => {
    const long = fc.tuple(text, fc.nat(9)).map(([part, times]) => part.repeat(times));
    fc.assert(
      fc.property(fc.array(long, { maxLength: 6 }), fc.nat(2), fc.constantFrom(1, 2, 7, undefined), (texts, gap, rowsMax) => {
        const splitter = create(words, rowsMax);
        const column = linesOf(texts, gap);
        expectWords(piecesOf(splitter, column, [0, texts.length]), texts);
        expectWords(piecesOf(splitter, column, [Math.min(1, texts.length), texts.length]), texts.slice(1));
        expectWords(piecesOf(splitter, column, [0, Math.min(2, texts.length)]), texts.slice(0, 2));
      }),
    );
  });

  test('at other bytes', () => {
    const separator: Separator = { ...classOf('[^a-f]', true), skipsEmpty: true } as Separator;
    expect(piecesOf(create(separator), linesOf(['abc-defg', 'xé\xff', 'a'], 1), [0, 3]).strings).toEqual(['abc', 'def', 'a']);
  });

  test('are found in strings that are longer than what is looked at together', () => {
    const line = (start: number, count: number): string => Array.from({ length: count }, (_, i) => `w${start + (i % 3000)}`).join(' ');
    const texts = [line(0, 90_000), '', line(5, 30_000), 'x', ...Array.from({ length: 10_000 }, (_, i) => (i % 3 === 0 ? '' : line(i, 2)))];
    expectWords(piecesOf(create(words), linesOf(texts, 1), [0, texts.length]), texts);
  });

  test('are found when there have come to be too many different ones', () => {
    const splitter = create(words);
    const texts = Array.from({ length: 90 }, (_, row) => Array.from({ length: 1000 }, (_, i) => `word${row * 1000 + i}`).join(' '));
    expectWords(piecesOf(splitter, linesOf(texts, 1), [0, texts.length]), texts);
    expectWords(piecesOf(splitter, linesOf(['word1 word2'], 1), [0, 1]), ['word1 word2']);
  });
});
