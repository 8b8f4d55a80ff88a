/** Sets of numbers of many slots in one arena, against plain sets. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberSets } from '../../../src/operators/aggregators/number-sets.ts';

function numbersOf(sets: NumberSets, slot: number): number[] {
  const into = new Int32Array(sets.size(slot) + 3);
  const count = sets.read(slot, into);
  return [...into.subarray(0, count)].sort((a, b) => a - b);
}

const sorted = (set: ReadonlySet<number> | undefined): number[] => [...(set ?? [])].sort((a, b) => a - b);

/** Numbers from `first` on, so far apart: also all alike in their low bits. */
const run = fc.record({
  slot: fc.constantFrom(0, 1, 2, 900),
  first: fc.nat({ max: 100 }),
  stride: fc.constantFrom(1, 2, 1024, 65_536),
  count: fc.nat({ max: 300 }),
  clears: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
});

test('each number is there once, and sets come and go', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
      const sets = new NumberSets();
      const right = new Map<number, Set<number>>();
      for (const { slot, first, stride, count, clears } of runs) {
        if (clears) {
          sets.clear(slot);
          right.delete(slot);
        }
        const set = right.get(slot) ?? new Set();
        right.set(slot, set);
        for (let i = 0; i < count; i++) {
          const number = first + i * stride;
          if (sets.add(slot, number) === set.has(number)) return false;
          set.add(number);
        }
      }
      for (const slot of [0, 1, 2, 900, 5000]) {
        expect(sets.size(slot)).toBe(right.get(slot)?.size ?? 0);
        expect(numbersOf(sets, slot)).toEqual(sorted(right.get(slot)));
      }
      return true;
    }),
    { numRuns: 100 },
  );
});

test('sets that outgrow a page keep their numbers, and their memory serves others when they are cleared', () => {
  const sets = new NumberSets();
  const count = 70_000;
  for (const round of [0, 1]) {
    let known = 0;
    for (let i = 0; i < count; i++) for (const slot of [3, 4]) if (!sets.add(slot, i * 2 + round)) known++;
    expect(known).toBe(0);
    expect(sets.add(4, round)).toBe(false);
    expect(numbersOf(sets, 3)).toEqual(Array.from({ length: count }, (_, i) => i * 2 + round));
    sets.clear(3);
    expect([sets.size(3), sets.size(4)]).toEqual([0, count]);
    sets.clear(4);
  }
});
