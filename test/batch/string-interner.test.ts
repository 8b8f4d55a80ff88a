/** Strings of a column as numbers: the same for equal strings, in the order in which they are first seen. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { internerBytes, KernelInterner } from '../../src/batch/kernel-interner.ts';
import { nullId } from '../../src/batch/string-column.ts';
import { type InternedRows, type Interner, StringInterner } from '../../src/batch/string-interner.ts';
import { KernelMemory } from '../../src/batch/string-kernel.ts';

/** Rows as they lie in a buffer, one behind the other with something between them. */
function rowsOf(strings: readonly (string | null)[]): InternedRows {
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

type RowsOf = typeof rowsOf;

function inJavaScript(rows: number): { interner: Interner; rowsOf: RowsOf } {
  return { interner: new StringInterner(rows, true), rowsOf };
}

function inKernel(rows: number): { interner: Interner; rowsOf: RowsOf } {
  return { interner: new KernelInterner(new KernelMemory(internerBytes(rows)), rows, true), rowsOf };
}

/** With the rows in the kernel's memory, where they need not be copied. */
function besideKernel(rows: number): { interner: Interner; rowsOf: RowsOf } {
  const inputBytes = 3_000_000;
  const memory = new KernelMemory(internerBytes(rows) + inputBytes);
  const interner = new KernelInterner(memory, rows, true);
  const input = memory.allocateBytes(inputBytes);
  const place: RowsOf = (strings) => {
    const made = rowsOf(strings);
    const bytes = input.subarray(7, made.bytes.length + 7);
    bytes.set(made.bytes);
    return { ...made, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
  };
  return { interner, rowsOf: place };
}

function stringsOf({ ids, dictionary }: Interner, rows: number): (string | null)[] {
  return Array.from({ length: rows }, (_, row) => (ids[row] === nullId ? null : dictionary.at(ids[row] as number)));
}

/** Strings of which many are the same, or differ in one place only. */
const alike = fc
  .tuple(
    fc.constantFrom('', 'a', 'abc', 'station', 'a string of forty bytes, which are many ones'),
    fc.nat(60),
    fc.constantFrom('', 'x', 'é', '€', '😀', '\0'),
  )
  .map(([text, at, mark]) => text.slice(0, at) + mark + text.slice(at));

describe.each([
  ['in JavaScript', inJavaScript],
  ['in WebAssembly', inKernel],
  ['in WebAssembly, of rows in its memory', besideKernel],
])('StringInterner %s', (_, create) => {
  it('gives back the strings that it was given, over several batches', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.option(alike), { maxLength: 50 }), { maxLength: 5 }), (batches) => {
        const { interner, rowsOf } = create(50);
        for (const strings of batches) {
          expect(interner.take(rowsOf(strings))).toBe(true);
          expect(stringsOf(interner, strings.length)).toEqual(strings);
        }
        const different = new Set(batches.flat().filter((string) => string !== null));
        expect(interner.dictionary.slice(0)).toEqual([...different]);
      }),
      { numRuns: 40 },
    );
  });

  it('finds its strings when there have come to be many', () => {
    const strings = Array.from({ length: 10_000 }, (_, i) =>
      i % 3 === 0 ? `${i}` : `a long string with a number in the midst, ${i}, and an end`,
    );
    const { interner, rowsOf } = create(strings.length);
    expect(interner.take(rowsOf(strings))).toBe(true);
    expect(interner.take(rowsOf(strings.toReversed()))).toBe(true);
    expect(stringsOf(interner, strings.length)).toEqual(strings.toReversed());
    expect(interner.dictionary.size).toBe(10_000);
  });

  it('gives up where there are too many, or too long ones, and stays so', () => {
    const { interner: many, rowsOf: rowsOfMany } = create(70_000);
    expect(many.take(rowsOfMany(Array.from({ length: 70_000 }, (_, i) => `${i}`)))).toBe(false);
    expect(many.take(rowsOfMany(['1']))).toBe(false);
    const { interner: long, rowsOf: rowsOfLong } = create(3);
    const strings = ['x'.repeat(900_000), 'y'.repeat(900_000), 'z'.repeat(900_000)];
    for (let i = 0; i < 5 && long.take(rowsOfLong(strings.map((string) => string + i))); i++) expect(i).toBeLessThan(4);
    expect(long.take(rowsOfLong(['short']))).toBe(false);
  });
});

it('the kernel takes as many strings as there is room for, and no more', () => {
  const [all, rows] = [1 << 17, 1 << 14];
  const { interner, rowsOf } = inKernel(rows);
  for (let from = 0; from < all; from += rows) {
    const strings = rowsOf(Array.from({ length: rows }, (_, i) => `${from + i}`));
    for (let time = 0; time < 2; time++) expect(interner.take(strings)).toBe(true);
    expect(interner.ids[5]).toBe(from + 5);
  }
  expect(interner.dictionary.size).toBe(all);
  expect(interner.take(rowsOf(['one more']))).toBe(false);
});
