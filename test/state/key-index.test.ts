import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashBytes, hashNumber, hashString } from '../../src/base/hash.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { encodeKey } from '../../src/batch/key-codec.ts';
import { StringColumn } from '../../src/batch/string-column.ts';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';
import { KeyIndex } from '../../src/state/key-index.ts';
import { runsOf } from '../property-runs.ts';
import { anyText } from '../text.ts';

/** How a key comes to the index. */
type Way = 'value' | 'references' | 'latin1' | 'utf16' | 'lines' | 'dictionary';

interface Probe {
  readonly key: unknown;
  readonly way: Way;
}

/** Text that is equal exactly for keys that are the same. */
function canonical(key: unknown): string {
  const sink = new ByteSink();
  encodeKey(sink, key);
  return sink.bytes.latin1Slice(0, sink.length);
}

/** As the sender hashes it. */
function hashOf(key: unknown): number {
  if (typeof key === 'string') return hashString(key);
  if (typeof key === 'number') return hashNumber(key);
  const sink = new ByteSink();
  encodeKey(sink, key);
  return hashBytes(sink.bytes, 0, sink.length);
}

/** A column of one string between two others. */
function columnOf(key: string | null, way: Way): StringColumn {
  const column = new StringColumn(3);
  if (way === 'references') for (const [row, text] of ['before', key, 'after'].entries()) column.set(row, text);
  else if (way === 'dictionary')
    column.setIds(Int32Array.of(9, 0, key === null ? -1 : 1, 2), 1, dictionaryOf('before', key ?? '', 'after'));
  else setBytes(column, key, way);
  return column;
}

function dictionaryOf(...entries: readonly string[]): StringDictionary {
  const dictionary = new StringDictionary();
  for (const entry of entries) dictionary.add(entry);
  return dictionary;
}

function setBytes(column: StringColumn, key: string | null, way: Way): void {
  const encoding = way === 'utf16' ? 'utf16le' : 'latin1';
  const gap = way === 'lines' ? 1 : 0;
  const rows = ['before', key ?? '', 'after'].map((text) => Buffer.from(text + '\n'.repeat(gap), encoding));
  const offsets = Int32Array.of(7, 1, 1, 1, 1);
  rows.forEach((bytes, row) => {
    offsets[row + 2] = (offsets[row + 1] as number) + bytes.length;
  });
  const validity = key === null ? Uint8Array.of(1, 0, 1) : null;
  const bytes = Buffer.concat([Buffer.of(1, 2, 3), ...rows]);
  column.setBytes({ offsets, base: 1, bytes, bytesBase: 2, wide: way === 'utf16', gap, validity, validityBase: 0 });
}

function fitsWay(key: unknown, way: Way): key is string | null {
  if (key !== null && typeof key !== 'string') return false;
  return way === 'references' || way === 'utf16' || way === 'dictionary' || /^[\0-\xff]*$/.test(key ?? '');
}

function slotOf(index: KeyIndex, { key, way }: Probe, hash = hashOf(key)): number {
  if (way !== 'value' && fitsWay(key, way)) return index.ofColumn(hash, columnOf(key, way), 1, 3);
  if (typeof key === 'number') return index.ofNumber(hash, key);
  return typeof key === 'string' ? index.ofString(hash, key) : index.ofValue(hash, key);
}

const ways: readonly Way[] = ['value', 'references', 'latin1', 'utf16', 'lines', 'dictionary'];
const text = fc.oneof(fc.constantFrom('', '0', 'a', 'é', 'ÿ', '€', '\ud800', 'ab', 'é€'), anyText(6));
const key = fc.oneof(
  text,
  fc.oneof(fc.constantFrom(0, -0, 1, 0.5, Number.NaN, 2 ** 31, -1, Number.POSITIVE_INFINITY), fc.integer(), fc.double()),
  fc.constantFrom<unknown>(null, undefined, true, false, 1n, 0n, new Date(0), new Date(1), [], [1], ['1'], { a: 1, b: 2 }, { b: 2, a: 1 }),
);
const probe = fc.record({ key, way: fc.constantFrom(...ways) });

/** The same calls on a `Map` by canonical key. */
function compareWithMap(probes: readonly Probe[], hash: (key: unknown) => number, limit = Number.POSITIVE_INFINITY): void {
  const index = new KeyIndex(limit);
  const slots = new Map<string, number>();
  const keys: unknown[] = [];
  for (const each of probes) {
    const name = canonical(each.key);
    const known = slots.get(name);
    const expected = known ?? (slots.size < limit ? slots.size : -1);
    if (known === undefined && expected >= 0) {
      slots.set(name, expected);
      keys.push(each.key === 0 ? 0 : each.key);
    }
    expect(slotOf(index, each, hash(each.key))).toBe(expected);
    expect(index.size).toBe(slots.size);
  }
  expect(keys.map((_, slot) => index.key(slot))).toEqual(keys);
  expect(keys.map((_, slot) => index.key(slot))).toEqual(keys);
  expect(keys.map((_, slot) => index.hash(slot))).toEqual(keys.map(hash));
}

/** A text for a number: from empty on, of all lengths about a word and two. */
function textOf(number: number, batch: number): string {
  if (number % 100 === 0 && batch % 5 === 3) return `€${number}`;
  if (number % 50 === 1 && batch % 20 === 4) return 'é'.repeat(140_000);
  return number === 0 ? '' : 'customer-'.slice(0, number % 10) + number;
}

describe('key index', () => {
  test('gives the slots that a map would', () => {
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 300 }), (probes) => compareWithMap(probes, hashOf)),
      { numRuns: runsOf(200) },
    );
  });

  test('tells keys apart whose hashes are all equal', () => {
    fc.assert(fc.property(fc.array(probe, { maxLength: 60 }), (probes) => compareWithMap(probes, () => 7)));
  });

  test('finds the numbers of a column as it finds one number', () => {
    const edges = [0, -0, 1, -1, 255, 256, 65_535, 65_536, 0.5, Number.NaN, 2 ** 31 - 1, -(2 ** 31)];
    const number = fc.oneof(fc.constantFrom(...edges), fc.nat(70_000));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 100 }), fc.constantFrom(Float64Array, Int32Array), (numbers, array) => {
        const keys = array.from(numbers);
        const columns = { hashes: Int32Array.from(keys, hashNumber), keys, rows: numbers.length };
        const [byColumn, one] = [new KeyIndex(), new KeyIndex()];
        const slots = new Int32Array(numbers.length);
        byColumn.ofNumbers({ ...columns, slots });
        const expected = [...keys].map((key) => one.ofNumber(hashNumber(key), key));
        expect([...slots]).toEqual(expected);
        byColumn.ofNumbers({ ...columns, slots });
        expect([...slots]).toEqual(expected);
      }),
    );
  });

  test('takes no key beyond its limit, and still knows the others', () => {
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (probes, limit) =>
        compareWithMap(probes, hashOf, limit),
      ),
    );
  });

  test('knows a string in every form', () => {
    const index = new KeyIndex();
    for (const [slot, string] of ['', 'plain', 'naïve', '€', '\ud83d', '\ude00', '\ud83d\ude00', '\0'].entries()) {
      for (const way of ways) expect(slotOf(index, { key: string, way })).toBe(slot);
      expect(index.key(slot)).toBe(string);
    }
  });

  test.each([
    ['numbers', (i: number) => i * 3],
    ['fractions', (i: number) => i / 7],
    ['strings', (i: number) => `key-${i}`],
    ['wide strings', (i: number) => `€${i}`],
    ['arrays', (i: number) => [i, 'x']],
    ['a mixture', (i: number) => [i, `${i}`, BigInt(i), [i]][i % 4]],
  ])('holds 100,000 keys: %s', (_, keyAt) => {
    const index = new KeyIndex();
    const count = 100_000;
    for (let round = 0; round < 2; round++) {
      let misplaced = 0;
      for (let i = 0; i < count; i++) {
        const each = keyAt(i);
        if (index.ofValue(hashOf(each), each) !== i) misplaced++;
      }
      expect(misplaced).toBe(0);
    }
    expect(index.size).toBe(count);
    for (const slot of [0, 1, 255, 256, 511, 512, count - 1]) expect(index.key(slot)).toEqual(keyAt(slot));
  });

  test.each([
    ['as they come', hashString],
    ['so that they collide', (key: string) => hashString(key) & 0xfff],
  ])('finds the strings of columns that were hashed as a whole, %s', (_, hashOfText) => {
    const index = new KeyIndex();
    const slots = new Map<string, number>();
    const rows = 512;
    const column = new StringColumn(rows);
    const hashes = new Int32Array(rows);
    const found = new Int32Array(rows);
    for (let batch = 0; batch < 60; batch++) {
      // As a batch from the pool; some hold what is not Latin-1, some a text too long to be packed.
      column.packed = false;
      const texts = Array.from({ length: rows }, (_, row) => textOf((batch * 7919 + row * 31) % 9973, batch));
      for (const [row, text] of texts.entries()) column.set(row, text);
      column.hashAll(rows, hashes);
      expect([...hashes]).toEqual(texts.map(hashString));
      expect(column.packed).toBe(batch % 5 !== 3 && batch % 20 !== 4);
      index.ofStrings({ hashes: hashes.map((_, row) => hashOfText(texts[row] as string)), keys: column, rows, slots: found });
      for (const [row, text] of texts.entries()) {
        if (!slots.has(text)) slots.set(text, slots.size);
        if (found[row] !== slots.get(text)) throw new Error(`'${text.slice(0, 40)}' has the slot ${found[row]}, not ${slots.get(text)}`);
        expect(column.at(row, rows)).toBe(text);
      }
    }
    expect(index.size).toBeGreaterThan(5000);
    for (const [text, slot] of slots) expect(index.key(slot)).toBe(text);
  });

  test('tells texts of a column apart by their last byte and by their length, short ones and long ones', () => {
    const texts = Array.from({ length: 40 }, (_, length) =>
      ['', 'x', 'ÿ', '\0', '\0\0'].map((end) => 'key'.repeat(length).slice(0, length) + end),
    );
    const all = [...new Set(texts.flat())];
    const bytes = Buffer.from(all.join(''), 'latin1');
    const offsets = new Int32Array(all.length + 1);
    for (const [i, { length }] of all.entries()) offsets[i + 1] = (offsets[i] as number) + length;
    const keys = new StringColumn(0);
    keys.setBytes({ offsets, base: 0, bytes, bytesBase: 0, wide: false, gap: 0, validity: null, validityBase: 0 });
    for (const hash of [hashString, () => 7]) {
      const index = new KeyIndex();
      const [hashes, slots] = [Int32Array.from(all, hash), new Int32Array(all.length)];
      const found = () => index.ofStrings({ hashes, keys, rows: all.length, slots });
      expect([found(), [...slots]]).toEqual([0, [...all.keys()]]);
      expect([found(), [...slots]]).toEqual([0, [...all.keys()]]);
      expect(all.map((text, i) => index.ofString(hashes[i] as number, text))).toEqual([...all.keys()]);
      expect(all.map((_, i) => index.key(i))).toEqual(all);
    }
  });

  test('keeps keys that are larger than its memory was', () => {
    const index = new KeyIndex();
    const keys = [1, 10_000, 3, 100_000, 5].map((length, i) => String(i).repeat(length));
    expect(keys.map((each) => index.ofString(hashString(each), each))).toEqual([0, 1, 2, 3, 4]);
    expect(keys.map((_, slot) => index.key(slot))).toEqual(keys);
  });

  test('is left as it was by a key that cannot be encoded', () => {
    const index = new KeyIndex();
    expect(() => index.ofValue(1, () => {})).toThrow();
    expect(() => index.ofValue(1, [new Map()])).toThrow();
    expect(index.size).toBe(0);
    expect(index.ofValue(1, [1])).toBe(0);
  });
});
