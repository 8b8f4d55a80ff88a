/** Several aggregators in one loop are each as they would be alone. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { avg, count, max, min, quantile, sum } from '../../src/operators/aggregators/index.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { takeColumn } from './aggregators/harness.ts';

const aggregators = [min('x'), avg('x'), max('x'), count(), sum('x'), quantile('x', 0.5), max('x')];
const value = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY));

test('aggregators share a loop and nothing else', () => {
  const rows = fc.array(fc.tuple(fc.nat(300), value), { maxLength: 50 });
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 3 }), (columns) => {
      const together = aggregators.map((aggregator) => aggregator.createState());
      const alone = aggregators.map((aggregator) => aggregator.createState());
      for (const column of columns) {
        const slots = Int32Array.from(column, ([slot]) => slot);
        const values = Float64Array.from(column, ([, number]) => number);
        takeColumn(together, 'add', { slots, slotCount: 301, rows: column.length, values });
        for (const state of alone) for (const [slot, number] of column) state.add(slot, number);
      }
      const shown = (states: typeof alone) => states.map((state) => Array.from({ length: 301 }, (_, slot) => state.partial(slot)));
      expect(shown(together)).toEqual(shown(alone));
    }),
    { numRuns: 50 },
  );
});

test('a number behind values of another kind is refused in a loop as it is alone', () => {
  const states = [count(), sum('x'), min('x')].map((aggregator) => aggregator.createState());
  states[1]?.add(0, 5n);
  const column = { slots: Int32Array.of(0), slotCount: 1, rows: 1, values: Float64Array.of(1) };
  expect(() => takeColumn(states, 'add', column)).toThrow("sum('x') was given a number after bigints");
  states[1]?.clear(0);
  states[2]?.add(0, 'text');
  expect(() => takeColumn(states, 'add', column)).toThrow("min('x') was given a number after strings");
});

test('what goes wrong in the loop names the operator and the record', async () => {
  for (const localAggregation of [true, false]) {
    const env = new TestEnvironment({ runtimeMode: 'batch', localAggregation });
    const big = env.fromData<{ key: string; x: number | bigint }>([{ key: 'a', x: 1n }]);
    const totals = big
      .union(env.fromData<{ key: string; x: number | bigint }>([{ key: 'a', x: 1 }]))
      .keyBy('key')
      .aggregate({ total: sum('x') });
    await expect(env.collect(totals.name('totals'))).rejects.toThrow(
      /^'totals' failed with TypeError: sum\('x'\) was given a (number|bigint) after .*\n {2}at the record /,
    );
  }
});
