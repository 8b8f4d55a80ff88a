/** Sets of values by slot, against sets of stand-ins. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StringColumn } from '../../../src/batch/string-column.ts';
import { contentKey } from '../../../src/operators/aggregators/content-key.ts';
import { countDistinct } from '../../../src/operators/aggregators/index.ts';
import { ValueSets } from '../../../src/operators/aggregators/value-sets.ts';

const call = 'countDistinct()';

const values = fc.oneof(
  fc.integer({ min: -3, max: 30 }),
  fc.constantFrom<unknown>(0, -0, Number.NaN, 1n, 2n ** 70n, true, false, '', '1', '\u0000', '\u0000\u0001', 'ü', '漢字'),
  fc.constantFrom<unknown>(new Date(0), new Date(1), [1, 'a'], [1, 'b'], { x: 1, y: 2 }, { y: 2, x: 1 }, Buffer.from('ab')),
  fc.string({ maxLength: 3 }),
);
const slots = fc.constantFrom(0, 1, 700);
const steps = fc.array(fc.oneof({ weight: 20, arbitrary: fc.tuple(slots, values) }, { weight: 1, arbitrary: slots }), { maxLength: 150 });

function column(strings: readonly (string | null)[]): StringColumn {
  const made = new StringColumn(strings.length);
  for (const [row, string] of strings.entries()) made.set(row, string);
  return made;
}

describe('the sets of all slots', () => {
  test('hold each value once, and come and go', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const sets = new ValueSets(call);
        const right = new Map<number, Set<unknown>>();
        for (const step of all) {
          if (!Array.isArray(step)) {
            sets.clear(step as number);
            right.delete(step as number);
            continue;
          }
          const [slot, value] = step as [number, unknown];
          sets.add(slot, sets.numberOf(value));
          right.set(slot, (right.get(slot) ?? new Set()).add(contentKey(value, call)));
        }
        for (const slot of [0, 1, 700, 9000]) {
          expect(sets.size(slot)).toBe(right.get(slot)?.size ?? 0);
          expect(new Set(sets.valuesIn(slot).map((value) => contentKey(value, call)))).toEqual(right.get(slot) ?? new Set());
        }
      }),
      { numRuns: 300 },
    );
  });

  test('find the strings of a column by their numbers, and null by none', () => {
    const sets = new ValueSets(call);
    const known = sets.numberOf('b');
    const [first, second, third, fourth] = sets.numbersOf(column(['a', null, 'b', 'a']), 4);
    expect([second, third, fourth]).toEqual([-1, known, first]);
  });

  test('forget values that no set has, and stay right with those that come later', () => {
    const sets = new ValueSets(call);
    sets.add(1, sets.numberOf('stays'));
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 20_000; i++) sets.add(0, sets.numberOf(round * 20_000 + i));
      expect(sets.size(0)).toBe(20_000);
      sets.clear(0);
    }
    // More than these were never kept.
    expect(sets.numberOf('new')).toBeLessThan(64_000);
    expect(sets.valuesIn(1)).toEqual(['stays']);
  });

  test('forget values that were numbered, and given to no set', () => {
    const sets = new ValueSets(call);
    let greatest = 0;
    for (let round = 0; round < 200; round++) {
      const strings = Array.from({ length: 1000 }, (_, i) => `value ${round * 1000 + i}`);
      sets.clear(0);
      const numbers = sets.numbersOf(column(strings), strings.length);
      greatest = Math.max(greatest, ...numbers);
      for (let row = 0; row < 10; row++) sets.add(0, numbers[row] as number);
      expect(new Set(sets.valuesIn(0))).toEqual(new Set(strings.slice(0, 10)));
    }
    expect(greatest).toBeLessThan(50_000);
  });

  test('partial results are stand-ins, which merge with values that are alone', () => {
    const state = countDistinct().createState();
    const other = countDistinct().createState();
    for (const value of ['a', '\u0000', new Date(5), 7]) state.add(0, value);
    other.merge(3, state.partial(0));
    for (const alone of ['a', '\u0000', 7, 'b', null]) other.merge(3, alone);
    other.add(3, new Date(5));
    expect(other.result(3)).toBe(5);
    other.mergeSlots?.(Int32Array.of(3, 3), Int32Array.of(4, 3), 2);
    expect(other.result(4)).toBe(5);
  });
});
