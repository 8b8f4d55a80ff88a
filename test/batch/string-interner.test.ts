/** Strings of a column as numbers: the same for equal strings, in the order in which they are first seen. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nullId } from '../../src/batch/string-column.ts';
import { StringInterner } from '../../src/batch/string-interner.ts';

/** Rows as they lie in a buffer, one behind the other with something between them. */
function rowsOf(strings: readonly (string | null)[]) {
  const offsets = new Int32Array(strings.length * 2);
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, string] of strings.entries()) {
    const bytes = Buffer.from(string ?? '');
    offsets[i * 2] = at;
    offsets[i * 2 + 1] = at + bytes.length;
    parts.push(bytes, Buffer.from([0xee]));
    at += bytes.length + 1;
  }
  const bytes = Buffer.concat([...parts, Buffer.alloc(16, 0xee)]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const validity = Uint8Array.from(strings, (string) => (string === null ? 0 : 1));
  return { bytes, view, offsets, validity: strings.includes(null) ? validity : null, rows: strings.length };
}

function createInterner(rows: number): StringInterner {
  return new StringInterner(rows, (bytes, start, end) => bytes.utf8Slice(start, end));
}

function stringsOf({ ids, dictionary }: StringInterner, rows: number): (string | null)[] {
  return Array.from({ length: rows }, (_, row) => (ids[row] === nullId ? null : (dictionary.strings[ids[row] as number] as string)));
}

/** Strings of which many are the same, or differ in one place only. */
const alike = fc
  .tuple(
    fc.constantFrom('', 'a', 'abc', 'station', 'a string of forty bytes, which are many ones'),
    fc.nat(60),
    fc.constantFrom('', 'x', 'é', '€', '😀', '\0'),
  )
  .map(([text, at, mark]) => text.slice(0, at) + mark + text.slice(at));

describe('StringInterner', () => {
  it('gives back the strings that it was given, over several batches', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.option(alike), { maxLength: 50 }), { maxLength: 5 }), (batches) => {
        const interner = createInterner(50);
        for (const strings of batches) {
          expect(interner.take(rowsOf(strings))).toBe(true);
          expect(stringsOf(interner, strings.length)).toEqual(strings);
        }
        const different = new Set(batches.flat().filter((string) => string !== null));
        expect(interner.dictionary.strings).toEqual([...different]);
      }),
    );
  });

  it('finds its strings when there have come to be many', () => {
    const strings = Array.from({ length: 10_000 }, (_, i) =>
      i % 3 === 0 ? `${i}` : `a long string with a number in the midst, ${i}, and an end`,
    );
    const interner = createInterner(strings.length);
    expect(interner.take(rowsOf(strings))).toBe(true);
    expect(interner.take(rowsOf(strings.toReversed()))).toBe(true);
    expect(stringsOf(interner, strings.length)).toEqual(strings.toReversed());
    expect(interner.dictionary.strings).toHaveLength(10_000);
  });

  it('gives up where there are too many, or too long ones, and stays so', () => {
    const many = createInterner(40_000);
    expect(many.take(rowsOf(Array.from({ length: 40_000 }, (_, i) => `${i}`)))).toBe(false);
    expect(many.take(rowsOf(['1']))).toBe(false);
    const long = createInterner(2);
    expect(long.take(rowsOf(['short', 'x'.repeat(2_000_000)]))).toBe(false);
  });
});
