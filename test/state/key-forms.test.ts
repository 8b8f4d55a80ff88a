/** A key has one slot, in whatever form of a column it comes: references, Latin-1, UTF-16, UTF-8, a dictionary, or part of a composite. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashString } from '../../src/base/hash.ts';
import { CompositeKeys } from '../../src/batch/composite-keys.ts';
import { Latin1Strings } from '../../src/batch/latin1-strings.ts';
import { StringColumn } from '../../src/batch/string-column.ts';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';
import { hashKey } from '../../src/compiler/key-code.ts';
import { KeyIndex } from '../../src/state/key-index.ts';

const texts = fc.array(
  fc.oneof(
    fc.constantFrom('', 'a', 'b', 'é', 'naïve', '€', '😀 and more text than fits an entry', 'x'.repeat(40)),
    fc.string({ unit: 'binary', maxLength: 20 }),
  ),
  {
    minLength: 1,
    maxLength: 40,
  },
);

type Encoding = 'latin1' | 'utf16le' | 'utf8';

function bytesColumn(strings: readonly string[], encoding: Encoding): StringColumn {
  const column = new StringColumn(strings.length);
  const parts = strings.map((string) => Buffer.from(string, encoding));
  const offsets = new Int32Array(strings.length * 2);
  let at = 4;
  for (const [i, part] of parts.entries()) {
    offsets[i * 2] = at;
    offsets[i * 2 + 1] = at + part.length;
    at += part.length + 2;
  }
  const bytes = Buffer.concat([Buffer.alloc(4), ...parts.flatMap((part) => [part, Buffer.of(7, 7)]), Buffer.alloc(16)]);
  column.setBytes({
    offsets,
    base: 0,
    stride: 2,
    bytes,
    bytesBase: 0,
    wide: encoding === 'utf16le',
    utf8: encoding === 'utf8',
    gap: 0,
    validity: null,
    validityBase: 0,
  });
  return column;
}

function references(strings: readonly string[]): StringColumn {
  const column = new StringColumn(strings.length);
  for (const [row, string] of strings.entries()) column.set(row, string);
  return column;
}

function dictionaryColumn(strings: readonly string[], add: (dictionary: StringDictionary, string: string) => number): StringColumn {
  const dictionary = new StringDictionary();
  const known = new Map<string, number>();
  const ids = strings.map((string) => {
    const id = known.get(string) ?? add(dictionary, string);
    known.set(string, id);
    return id;
  });
  const column = new StringColumn(strings.length);
  column.setIds(Int32Array.from(ids), 0, dictionary);
  return column;
}

function addBytes(dictionary: StringDictionary, string: string): number {
  const bytes = Buffer.concat([Buffer.from(string), Buffer.alloc(3)]);
  return dictionary.addBytes(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length - 3, true);
}

function forms(strings: readonly string[]): StringColumn[] {
  const isLatin1 = strings.every((string) => /^[\0-\xff]*$/.test(string));
  const all = [references(strings), bytesColumn(strings, 'utf16le'), bytesColumn(strings, 'utf8')];
  all.push(
    dictionaryColumn(strings, (dictionary, string) => dictionary.add(string)),
    dictionaryColumn(strings, addBytes),
  );
  return isLatin1 ? [...all, bytesColumn(strings, 'latin1')] : all;
}

function slotsOf(index: KeyIndex, column: StringColumn, rows: number): number[] {
  const hashes = new Int32Array(rows);
  const slots = new Int32Array(rows);
  column.hashAll(rows, hashes, hashKey(null));
  expect(index.ofStrings({ hashes, keys: column, rows, slots })).toBe(0);
  const unhashed = new Int32Array(rows);
  expect(index.ofStrings({ hashes: null, keys: column, rows, slots: unhashed })).toBe(0);
  expect(unhashed).toEqual(slots);
  return [...slots];
}

describe('keys', () => {
  it('hash alike in all forms', () => {
    fc.assert(
      fc.property(texts, (strings) => {
        for (const column of forms(strings)) {
          const hashes = new Int32Array(strings.length);
          column.hashAll(strings.length, hashes);
          expect([...hashes]).toEqual(strings.map(hashString));
          expect(strings.map((_, row) => column.hash(row))).toEqual(strings.map(hashString));
          expect(strings.map((_, row) => column.at(row, strings.length))).toEqual(strings);
          expect(strings.map((_, row) => column.detached(row, strings.length))).toEqual(strings);
        }
      }),
    );
  });

  it('have one slot in all forms, also when others have been removed in between', () => {
    fc.assert(
      fc.property(texts, fc.func(fc.boolean()), (strings, removes) => {
        const index = new KeyIndex();
        const all = forms(strings);
        for (const column of [...all, ...all]) {
          const expected = strings.map((string) => index.ofString(hashString(string), string));
          expect(slotsOf(index, column, strings.length)).toEqual(expected);
          expect(strings.map((string, row) => index.ofColumn(hashString(string), column, row, strings.length))).toEqual(expected);
          for (const string of new Set(strings)) if (removes(string)) index.remove(index.ofString(hashString(string), string));
        }
      }),
    );
  });

  it('of several columns are those of the array', () => {
    const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 404));
    const rows = fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), number), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(rows, (keys) => {
        const strings = keys.map(([string]) => string);
        const numbers = Float64Array.from(keys, ([, value]) => value);
        for (const column of forms(strings)) {
          const index = new KeyIndex();
          const composites = new CompositeKeys().fill(keys.length, [column, numbers]);
          expect([...composites.hashes.subarray(0, keys.length)]).toEqual(keys.map((key) => hashKey(key)));
          const slots = new Int32Array(keys.length);
          expect(index.ofValues({ hashes: composites.hashes, keys: composites, rows: keys.length, slots })).toBe(0);
          expect([...slots]).toEqual(keys.map((key) => index.ofValue(hashKey(key), key)));
        }
      }),
    );
  });

  it('of several values are those of the array, made one at a time', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.bigInt(),
      fc.constantFrom<unknown>(0, -0, Number.NaN, null, true, new Date(5), [1, 'a'], { x: 1 }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 4 }), { minLength: 1, maxLength: 30 }), (keys) => {
        const index = new KeyIndex();
        const composite = new CompositeKeys();
        for (const key of keys) {
          composite.begin(key.length);
          for (const each of key) composite.value(each);
          const hash = composite.end();
          expect(hash).toBe(hashKey(key));
          expect(index.ofEncoded(hash, composite, 0)).toBe(index.ofValue(hash, key));
        }
      }),
    );
  });

  it('are copied as texts where all of them are Latin-1', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('naïve', '€', 1, null))),
        fc.nat(),
        (keys, from) => {
          const index = new KeyIndex();
          for (const key of ['removed', ...keys]) index.ofValue(hashKey(key), key);
          index.remove(0);
          const texts = new Latin1Strings(keys.length + 1, false);
          const first = from % (keys.length + 1);
          const expected = ['', ...keys].slice(first);
          const isText = expected.every((key) => typeof key === 'string' && /^[\0-\xff]*$/.test(key));
          expect(index.copyTexts(first, index.size, texts)).toBe(isText);
          const { bytes, offsets } = texts;
          if (isText) expect(expected.map((_, row) => bytes.latin1Slice(offsets[row], offsets[row + 1]))).toEqual(expected);
        },
      ),
    );
  });

  it('keep their text when they are copied row by row from columns of several forms', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 30 }), (strings, picks) => {
        const columns = forms(strings);
        const copy = new StringColumn(picks.length);
        const expected = picks.map(([form, row], to) => {
          const from = columns[form % columns.length] as StringColumn;
          copy.copy(to, from, row % strings.length, strings.length);
          return strings[row % strings.length];
        });
        expect(picks.map((_, row) => copy.at(row, picks.length))).toEqual(expected);
      }),
    );
  });
});
