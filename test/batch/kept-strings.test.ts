/** Strings that are cut out of short texts: they are those of the batch, and hold little of it. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnyColumn } from '../../src/batch/any-column.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { KeptValues, keptStrings } from '../../src/batch/kept-strings.ts';
import { nullId, StringColumn } from '../../src/batch/string-column.ts';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';
import { encodeValue } from '../../src/batch/value-codec.ts';
import { anyText } from '../text.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Encoding = 'latin1' | 'utf16le' | 'utf8';

/** A column of bytes. @param gap bytes that end every row @param stride 2 where rows lie apart, the last row first */
function columnOf(
  strings: readonly (string | null)[],
  encoding: Encoding,
  { gap = 0, stride = 1 }: { readonly gap?: number; readonly stride?: 1 | 2 } = {},
): StringColumn {
  const end = Buffer.from('\n'.repeat(gap), 'latin1');
  const parts = strings.map((string) => Buffer.concat([Buffer.from(string ?? '', encoding), end]));
  const offsets = new Int32Array(strings.length * 2 + 2);
  const order = [...parts.keys()];
  if (stride === 2) order.reverse();
  let position = 8;
  for (const row of order) {
    offsets[1 + row * stride] = position;
    position += (parts[row] as Buffer).length;
    offsets[1 + row * stride + 1] = position;
  }
  const column = new StringColumn(0);
  column.setBytes({
    offsets,
    base: 1,
    stride,
    bytes: Buffer.concat([
      Buffer.from('in front '),
      Buffer.from(' '.repeat(3)),
      ...order.map((row) => parts[row] as Buffer),
      Buffer.from('behind'),
    ]),
    bytesBase: 4,
    wide: encoding === 'utf16le',
    utf8: encoding === 'utf8',
    gap,
    validity: strings.includes(null) ? Uint8Array.from(strings, (string) => (string === null ? 0 : 1)) : null,
    validityBase: 0,
  });
  return column;
}

const narrow = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((unit) => String.fromCharCode(unit)), maxLength: 60 });
const long = fc.integer({ min: 400, max: 1100 }).map((length) => 'long'.repeat(length / 4));
const rowsOf = (string: fc.Arbitrary<string>): fc.Arbitrary<(string | null)[]> =>
  fc.array(fc.oneof({ weight: 20, arbitrary: string }, { weight: 2, arbitrary: long }, { weight: 1, arbitrary: fc.constant(null) }), {
    minLength: 1,
    maxLength: 80,
  });

describe('strings to keep', () => {
  test('are those of a column of Latin-1, with and without ends of lines, one behind the other or apart', () => {
    fc.assert(
      fc.property(rowsOf(narrow), fc.constantFrom(0, 1), fc.constantFrom(1 as const, 2 as const), (rows, gap, stride) => {
        expect(keptStrings(columnOf(rows, 'latin1', { gap, stride }), rows.length)).toEqual(rows);
      }),
    );
  });

  test('are those of a column of UTF-16 or UTF-8', () => {
    fc.assert(
      fc.property(rowsOf(anyText(60)), (rows) => {
        expect(keptStrings(columnOf(rows, 'utf16le'), rows.length)).toEqual(rows);
        const wellFormed = rows.map((row) => row?.replace(/\p{Surrogate}/gu, '?') ?? null);
        expect(keptStrings(columnOf(wellFormed, 'utf8'), rows.length)).toEqual(wellFormed);
      }),
    );
  });

  test('are those of a column of references, of a dictionary, or of nothing', () => {
    const references = new StringColumn(2);
    references.set(0, 'a');
    references.set(1, null);
    expect(keptStrings(references, 2)).toEqual(['a', null]);
    const dictionary = new StringDictionary();
    dictionary.add('b');
    const ids = new StringColumn(0);
    ids.setIds(Int32Array.of(0, nullId, 0), 0, dictionary);
    expect(keptStrings(ids, 3)).toEqual(['b', null, 'b']);
    expect(keptStrings(columnOf([], 'latin1'), 0)).toEqual([]);
  });

  test('are those of values', () => {
    const values = fc.array(fc.oneof(narrow, anyText(30), long, fc.array(narrow, { maxLength: 5 }), fc.dictionary(narrow, narrow)), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 3 }), (batches) => {
        const source = new KeptValues();
        const sink = new ByteSink();
        for (const rows of batches) {
          sink.reset();
          for (const value of rows) encodeValue(sink, value);
          const column = new AnyColumn(rows.length);
          column.setEncoded(sink.bytes, 0, sink.length, null);
          expect(column.load(rows.length, source)).toEqual(rows);
        }
      }),
    );
  });

  test('hold little else of the batch', () => {
    const rows = Array.from({ length: 2000 }, (_, row) => `a string of a length that V8 cuts out ${row}`);
    const memory = (): number => {
      collectGarbage();
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const column = columnOf(rows, 'latin1');
    const kept: unknown[] = [];
    const before = memory();
    for (let batch = 0; batch < 400; batch++) kept.push(keptStrings(column, rows.length)[batch]);
    const grown = memory() - before;
    expect(kept).toHaveLength(400);
    // All of the text would be 400 × 80 kB.
    expect(grown).toBeLessThan(400 * 2000);
  });
});
