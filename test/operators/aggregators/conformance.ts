/** What every aggregator must do. Each one runs this suite, and has tests of its own beside. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyAggregator, addAll, aggregated, inputOfRecord, merged, transferred } from './harness.ts';

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
  const check = (property: fc.IRawProperty<unknown>) => fc.assert(property, { numRuns: 100 });

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
