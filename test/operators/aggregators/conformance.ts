/** What every aggregator must do. Each one runs this suite, and has tests of its own beside. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runsOf } from '../../property-runs.ts';
import { type AnyAggregator, addAll, aggregated, inputOfRecord, merged, takeColumn, takesColumns, transferred } from './harness.ts';

export interface Subject {
  readonly aggregator: AnyAggregator;
  readonly records: fc.Arbitrary<unknown>;
  /** The result, made in the plainest way. */
  readonly expected: (records: readonly unknown[]) => unknown;
  /** The result of nothing. */
  readonly nothing: unknown;
  /** Records that change no result. */
  readonly skipped?: readonly unknown[];
  /** How results are compared, exactly by default. */
  readonly compare?: (actual: unknown, expected: unknown, records: readonly unknown[]) => void;
}

/** Returns nothing: a property that returns something else than true has failed. */
function exactly(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

/** Slots out of order and far apart. */
const slots = [0, 5000, 3];

export function describeConformance(name: string, subject: Subject): void {
  const { aggregator, expected, nothing, skipped = [], compare = exactly } = subject;
  const records = fc.array(subject.records, { maxLength: 30 });
  const parts = fc.array(records, { minLength: 1, maxLength: 5 });
  const check = (property: fc.IRawProperty<unknown>) => fc.assert(property, { numRuns: runsOf(100) });

  describe(name, () => {
    test('gives the expected result', () => {
      check(fc.property(records, (all) => compare(aggregated(aggregator, all), expected(all), all)));
    });

    test('gives the same for parts that are merged in order', () => {
      check(fc.property(parts, (each) => compare(merged(aggregator, each), aggregated(aggregator, each.flat()), each.flat())));
    });

    test('goes on after a merge as if it had added all itself', () => {
      check(
        fc.property(records, records, (before, after) => {
          const source = aggregator.createState();
          addAll(aggregator, source, 0, before);
          const restored = aggregator.createState();
          restored.merge(700, transferred(source.partial(0)));
          addAll(aggregator, restored, 700, after);
          compare(restored.result(700), aggregated(aggregator, [...before, ...after]), [...before, ...after]);
        }),
      );
    });

    test('keeps slots apart', () => {
      const placed = fc.array(fc.tuple(fc.constantFrom(...slots), subject.records), { maxLength: 60 });
      check(
        fc.property(placed, (all) => {
          const state = aggregator.createState();
          for (const [slot, record] of all) state.add(slot, inputOfRecord(aggregator, record));
          for (const slot of slots) {
            const own = all.filter(([place]) => place === slot).map(([, record]) => record);
            compare(state.result(slot), aggregated(aggregator, own), own);
          }
          expect(state.result(4999)).toEqual(nothing);
        }),
      );
    });

    test('partial results and results stay as they are when more is added, and reading changes nothing', () => {
      check(
        fc.property(records, records, (before, after) => {
          const state = aggregator.createState();
          addAll(aggregator, state, 0, before);
          const partial = state.partial(0);
          const result = state.result(0);
          const [partialBefore, resultBefore] = [structuredClone(partial), structuredClone(result)];
          const other = aggregator.createState();
          other.merge(0, partial);
          addAll(aggregator, other, 0, after);
          addAll(aggregator, state, 0, after);
          expect(partial).toEqual(partialBefore);
          expect(result).toEqual(resultBefore);
          compare(state.result(0), aggregated(aggregator, [...before, ...after]), [...before, ...after]);
        }),
      );
    });

    test('knows nothing of a slot that was never used, and merges that', () => {
      const state = aggregator.createState();
      expect(state.result(0)).toEqual(nothing);
      expect(state.result(9000)).toEqual(nothing);
      state.merge(9000, transferred(state.partial(12_000)));
      expect(state.result(9000)).toEqual(nothing);
      check(
        fc.property(records, (all) => {
          const some = aggregator.createState();
          addAll(aggregator, some, 1, all);
          some.merge(1, transferred(aggregator.createState().partial(0)));
          compare(some.result(1), aggregated(aggregator, all), all);
        }),
      );
    });

    test('knows nothing of a slot that was cleared, and keeps the others', () => {
      check(
        fc.property(records, records, (before, after) => {
          const state = aggregator.createState();
          for (const slot of slots) addAll(aggregator, state, slot, before);
          const [partial, result] = [state.partial(3), state.result(3)];
          const [partialBefore, resultBefore] = [structuredClone(partial), structuredClone(result)];
          state.clear(3);
          state.clear(90_000);
          expect(state.result(3)).toEqual(nothing);
          expect(partial).toEqual(partialBefore);
          expect(result).toEqual(resultBefore);
          compare(state.result(0), aggregated(aggregator, before), before);
          addAll(aggregator, state, 3, after);
          compare(state.result(3), aggregated(aggregator, after), after);
        }),
      );
    });

    for (const method of ['add', 'merge'] as const) {
      test.runIf(takesColumns(aggregator, method))(`takes a column as it takes its rows one by one: ${method}`, () => {
        const value = fc.oneof(
          fc.double(),
          fc.integer(),
          fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
        );
        const rows = fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 600), value), { maxLength: 40 });
        check(
          fc.property(fc.array(rows, { maxLength: 4 }), fc.constantFrom(Float64Array, Int32Array), (columns, Values) => {
            const byColumn = aggregator.createState();
            const byRow = aggregator.createState();
            for (const [i, column] of columns.entries()) {
              const slots = Int32Array.from(column, ([slot]) => slot);
              const values = (Values as Float64ArrayConstructor).from(column, ([, number]) => number);
              takeColumn([byColumn], method, { slots, slotCount: 601, rows: column.length, values });
              const isNone = method === 'add' && aggregator.input.kind === 'none';
              for (const [row, slot] of slots.entries()) byRow[method](slot, isNone ? undefined : values[row]);
              // In between, values come one by one: another type of record, or null.
              if (i % 2 === 0) for (const state of [byColumn, byRow]) state.add(1, null);
            }
            for (const slot of [0, 1, 2, 3, 600]) {
              expect(byColumn.result(slot)).toEqual(byRow.result(slot));
              expect(byColumn.partial(slot)).toEqual(byRow.partial(slot));
            }
          }),
        );
      });

      test.runIf(takesColumns(aggregator, method))(`reads no more of a column than its rows: ${method}`, () => {
        const state = aggregator.createState();
        takeColumn([state], method, { slots: Int32Array.of(0, 1, 1), slotCount: 1, rows: 1, values: Float64Array.of(5, 6, 7) });
        expect(state.result(1)).toEqual(nothing);
        takeColumn([state], method, { slots: new Int32Array(0), slotCount: 0, rows: 0, values: new Float64Array(0) });
        expect(state.result(1)).toEqual(nothing);
      });
    }

    test.runIf(skipped.length > 0)('skips null and undefined', () => {
      expect(aggregated(aggregator, skipped)).toEqual(nothing);
      const mixed = fc.array(fc.oneof(subject.records, fc.constantFrom(...skipped)), { maxLength: 30 });
      check(
        fc.property(mixed, (all) => {
          const kept = all.filter((record) => !skipped.includes(record));
          compare(aggregated(aggregator, all), aggregated(aggregator, kept), kept);
        }),
      );
    });
  });
}
