/** Keys that are removed from an index, in every way against a `Map`. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashBytes, hashNumber, hashString } from '../../src/base/hash.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { encodeKey } from '../../src/batch/key-codec.ts';
import { StringColumn } from '../../src/batch/string-column.ts';
import { KeyArena } from '../../src/state/key-arena.ts';
import { KeyIndex } from '../../src/state/key-index.ts';
import { runsOf } from '../property-runs.ts';
import { anyText } from '../text.ts';

/** Bytes that are equal exactly for keys that are the same. */
function canonical(key: unknown): ByteSink {
  const sink = new ByteSink();
  encodeKey(sink, key);
  return sink;
}

function nameOf(key: unknown): string {
  const { bytes, length } = canonical(key);
  return bytes.latin1Slice(0, length);
}

function hashOf(key: unknown): number {
  if (typeof key === 'string') return hashString(key);
  if (typeof key === 'number') return hashNumber(key);
  const { bytes, length } = canonical(key);
  return hashBytes(bytes, 0, length);
}

/** A column of one Latin-1 string in bytes. */
function columnOf(text: string): StringColumn {
  const bytes = Buffer.from(text, 'latin1');
  const column = new StringColumn(1);
  const offsets = Int32Array.of(0, bytes.length);
  column.setBytes({ offsets, base: 0, bytes, bytesBase: 0, wide: false, gap: 0, validity: null, validityBase: 0 });
  return column;
}

/** The slot of a key, found in one of the ways in which a key can come. */
function slotOf(index: KeyIndex, key: unknown, { hash, column }: { hash: number; column: boolean }): number {
  if (!column) return index.ofValue(hash, key);
  const slots = new Int32Array(1);
  const batch = { hashes: Int32Array.of(hash), rows: 1, slots };
  if (typeof key === 'number') index.ofNumbers({ ...batch, keys: Float64Array.of(key) });
  else if (typeof key === 'string' && /^[\0-\xff]*$/.test(key)) index.ofStrings({ ...batch, keys: columnOf(key) });
  else return index.ofValue(hash, key);
  return slots[0] as number;
}

const key = fc.oneof(
  fc.oneof(fc.constantFrom(0, -0, 1, 300, 65_535, 65_536, 0.5, Number.NaN, -1, Number.POSITIVE_INFINITY), fc.nat(40)),
  fc.oneof(fc.constantFrom('', 'a', 'é', '€', 'twelve bytes', 'twelve bits!', 'x'.repeat(900)), anyText(3)),
  fc.constantFrom<unknown>(null, undefined, true, 1n, new Date(0), [], [1], { a: 1, b: 2 }, { b: 2, a: 1 }),
);
const step = fc.record({ key, remove: fc.boolean(), column: fc.boolean() });
type Step = Readonly<{ key: unknown; remove: boolean; column: boolean }>;

function compareWithMap(steps: readonly Step[], hash: (key: unknown) => number, index = new KeyIndex()): void {
  const slots = new Map<string, { readonly slot: number; readonly key: unknown }>();
  for (const { key: each, remove, column } of steps) {
    const name = nameOf(each);
    const known = slots.get(name);
    if (remove && known !== undefined) {
      index.remove(known.slot);
      slots.delete(name);
      expect(index.has(known.slot)).toBe(false);
    } else if (!remove) {
      const slot = slotOf(index, each, { hash: hash(each), column });
      if (known !== undefined) expect(slot).toBe(known.slot);
      else expect([...slots.values()].map((other) => other.slot)).not.toContain(slot);
      slots.set(name, { slot, key: each === 0 ? 0 : each });
    }
    expect(index.keyCount).toBe(slots.size);
  }
  expect([...Array(index.size).keys()].filter((slot) => index.has(slot))).toEqual(
    [...slots.values()].map(({ slot }) => slot).sort((a, b) => a - b),
  );
  for (const { slot, key: each } of slots.values()) {
    expect(index.key(slot)).toEqual(each);
    expect(index.hash(slot)).toBe(hash(each));
    expect(slotOf(index, each, { hash: hash(each), column: true })).toBe(slot);
  }
  expect(index.keyCount).toBe(slots.size);
}

describe('removed keys', () => {
  test.each<[string, (key: unknown) => number]>([
    ['hashes as they are', hashOf],
    ['two hashes for all', (each) => hashOf(each) & 1],
    ['hashes side by side at the end of the table', (each) => Math.imul(-1 - ((hashOf(each) & 7) << 20), 0x0e8b2f51)],
  ])('are unknown, and all others known: %s', (_, hash) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => compareWithMap(steps, hash)),
      { numRuns: runsOf(300) },
    );
  });

  test('leave an index that was cleared as if it were new', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(step, { maxLength: 60 }), (before, after) => {
        const index = new KeyIndex();
        compareWithMap(before, hashOf, index);
        index.clear();
        expect([index.size, index.keyCount]).toEqual([0, 0]);
        compareWithMap(after, hashOf, index);
      }),
    );
  });

  test('make room under a limit', () => {
    const index = new KeyIndex(2);
    const slot = (each: string): number => index.ofString(hashString(each), each);
    expect([slot('a'), slot('b'), slot('c')]).toEqual([0, 1, -1]);
    index.remove(0);
    expect([slot('c'), slot('a'), slot('b')]).toEqual([0, -1, 1]);
  });

  test('cannot be removed twice', () => {
    const index = new KeyIndex();
    index.ofNumber(hashNumber(5), 5);
    index.remove(0);
    for (const slot of [0, 1, -1]) expect(() => index.remove(slot)).toThrow('only a key that the index has');
  });

  test.each([
    ['numbers', (i: number) => i * 3],
    ['strings', (i: number) => `key-${i}`],
    ['wide strings of many lengths', (i: number) => `€${i}`.repeat((i % 5) + 1)],
    ['arrays', (i: number) => [i, 'x']],
  ])('come and go in flat memory: 100,000 %s, 5,000 at a time', (_, keyAt) => {
    const index = new KeyIndex();
    const [count, live] = [100_000, 5000];
    const slots = new Int32Array(count);
    let misplaced = 0;
    for (let i = 0; i < count; i++) {
      slots[i] = index.ofValue(hashOf(keyAt(i)), keyAt(i));
      if (i < live) continue;
      const old = i - live;
      if (index.ofValue(hashOf(keyAt(old)), keyAt(old)) !== slots[old]) misplaced++;
      index.remove(slots[old] as number);
    }
    expect(misplaced).toBe(0);
    expect([index.keyCount, index.size]).toEqual([live, live + 1]);
    for (let i = count - live; i < count; i += 97) expect(index.key(slots[i] as number)).toEqual(keyAt(i));
  });
});

describe('key arena', () => {
  const bytes = Buffer.alloc(1000, 1);

  test('grows to its limit and then says which way out there is', () => {
    const arena = new KeyArena(9999);
    for (let key = 0; key < 9; key++) expect(arena.append(bytes, 0, bytes.length)).toBe(key * 1000);
    expect(arena.bytes.length).toBe(9999);
    const tooMuch = (): number => arena.append(bytes, 0, bytes.length);
    expect(tooMuch).toThrow('the keys of one subtask take more than 2 GiB; spread them over more subtasks with setParallelism');
    expect(tooMuch).toThrow(expect.objectContaining({ code: 'INVALID_JOB' }));
  });

  test('is renewed when it is full and half of it is dead, or when it may not grow', () => {
    const arena = new KeyArena(9999);
    for (let key = 0; key < 4; key++) arena.append(bytes, 0, bytes.length);
    expect(arena.isWorthCompacting(1000)).toBe(false);
    arena.free(1000);
    expect(arena.isWorthCompacting(1000)).toBe(false);
    arena.free(1000);
    expect([arena.isWorthCompacting(1000), arena.isWorthCompacting(50)]).toEqual([true, false]);
    const from = arena.renew(1000);
    expect(from.subarray(0, 4000)).toEqual(Buffer.alloc(4000, 1));
    for (let key = 0; key < 9; key++) arena.append(bytes, 0, bytes.length);
    arena.free(1);
    expect(arena.isWorthCompacting(1000)).toBe(true);
  });
});
