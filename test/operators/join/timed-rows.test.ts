/** The records of a side against plain arrays. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteSink } from '../../../src/batch/byte-sink.ts';
import { ByteSource } from '../../../src/batch/byte-source.ts';
import { layoutOfType, widenLayout } from '../../../src/operators/join/row-layout.ts';
import { readRecords, TimedRows } from '../../../src/operators/join/timed-rows.ts';
import { inferType } from '../../../src/schema/inference.ts';

type Timed = readonly [time: number, record: unknown];

const field = fc.oneof({ weight: 6, arbitrary: fc.double() }, fc.string(), fc.constant(null));
const record = fc.oneof(
  { weight: 20, arbitrary: fc.record({ a: fc.double(), b: field, c: fc.string() }) },
  { weight: 1, arbitrary: fc.oneof(field, fc.tuple(field, field), fc.record({ c: field, a: field }), fc.constant([])) },
);
const slot = fc.nat(400).map((n) => (n > 40 ? n % 3 : n * 11));
const time = fc.integer({ min: 0, max: 60 });
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ slot, time, record }) },
  { weight: 1, arbitrary: fc.record({ slot, forget: time }) },
);

function recordsOf(rows: TimedRows, slot: number): Timed[] {
  const sink = new ByteSink();
  rows.write(slot, sink);
  const source = new ByteSource();
  source.reset(sink.bytes, 0, sink.length);
  const records: Timed[] = [];
  readRecords(source, (time, record) => records.push([time, record]));
  return records;
}

test('records of whatever shapes are kept by key and time, those of one time as they came', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400, size: 'max' }), (actions) => {
      const rows = new TimedRows();
      const model = new Map<number, Timed[]>();
      for (const action of actions) {
        const known = model.get(action.slot) ?? [];
        if ('forget' in action) {
          rows.removeOlderThan(action.slot, action.forget);
          model.set(
            action.slot,
            known.filter(([time]) => time >= action.forget),
          );
          continue;
        }
        rows.widenFor(action.record);
        const place = rows.add(action.slot, action.time);
        rows.store.put(place, action.record);
        const behind = known.findIndex(([time]) => time > action.time);
        model.set(action.slot, known.toSpliced(behind < 0 ? known.length : behind, 0, [action.time, action.record]));
      }
      for (const [slot, expected] of model) {
        expect(rows.count(slot)).toBe(expected.length);
        if (rows.hasLayout) expect(recordsOf(rows, slot)).toEqual(expected);
        for (let time = -1; time < 62; time += 3) expect(rows.olderThan(slot, time)).toBe(expected.filter(([at]) => at < time).length);
      }
    }),
    { numRuns: 60 },
  );
});

test('what many keys have left is used again', () => {
  const rows = new TimedRows();
  rows.widenFor({ a: 1, b: 'text' });
  const rounds = (count: number): number => {
    for (let round = 0; round < count; round++) {
      for (let slot = 0; slot < 100; slot++) for (let i = 0; i <= slot; i++) rows.store.put(rows.add(slot, i), { a: i, b: 'text' });
      for (let slot = 0; slot < 100; slot++) rows.removeOlderThan(slot, 1000);
    }
    return rows.store.capacity;
  };
  expect(rounds(20)).toBe(rounds(1));
  expect(rows.store.values.every((value) => value === undefined)).toBe(true);
});

test('a run that was long gives places back', () => {
  const rows = new TimedRows();
  rows.widenFor(0);
  for (let slot = 0; slot < 10; slot++) {
    for (let i = 0; i < 1000; i++) rows.store.put(rows.add(slot, i), i);
    rows.removeOlderThan(slot, 995);
    expect(recordsOf(rows, slot).map(([time]) => time)).toEqual([995, 996, 997, 998, 999]);
  }
  expect(rows.store.capacity).toBeLessThan(10 * 1000);
});

test('layouts widen to an end', () => {
  fc.assert(
    fc.property(record, record, (first, second) => {
      const [a, b] = [first, second].map((each) => layoutOfType(inferType(each))) as [
        ReturnType<typeof layoutOfType>,
        ReturnType<typeof layoutOfType>,
      ];
      const wide = widenLayout(a, b);
      expect(widenLayout(wide, a)).toBe(wide);
      expect(widenLayout(wide, b)).toBe(wide);
    }),
  );
});
