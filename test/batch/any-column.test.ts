/** Columns of values, as values and as bytes. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnyColumn, EncodedValue } from '../../src/batch/any-column.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { encodeValue } from '../../src/batch/value-codec.ts';

function encoded(value: unknown): EncodedValue {
  const sink = new ByteSink();
  sink.u8(0);
  encodeValue(sink, value);
  return new EncodedValue().point(sink.bytes, 1, sink.length);
}

const values = fc.oneof(fc.integer(), fc.string({ maxLength: 200 }), fc.constant(null), fc.array(fc.string(), { maxLength: 3 }));
const batches = fc.array(fc.array(fc.tuple(values, fc.boolean()), { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 });

describe('a column of values', () => {
  test('holds what it was given, encoded or not, batch after batch', () => {
    fc.assert(
      fc.property(batches, fc.boolean(), (all, allEncoded) => {
        const column = new AnyColumn(20);
        for (const rows of all) {
          column.clear();
          for (const [row, [value, isEncoded]] of rows.entries()) {
            if (isEncoded || allEncoded) expect(column.copy(row, encoded(value), 0)).toBeGreaterThan(0);
            else column.set(row, value);
          }
          const right = rows.map(([value]) => value);
          expect(column.isEncoded).toBe(allEncoded || rows.every(([, isEncoded]) => isEncoded));
          if (column.isEncoded) expect(right.map((_, row) => column.at(row))).toEqual(right);
          expect(column.load(rows.length).slice(0, rows.length)).toEqual(right);
          if (column.isEncoded) expect(column.at(rows.length - 1)).toEqual(right.at(-1));
        }
      }),
    );
  });

  test('reads a frame that does not say where each row begins', () => {
    const sink = new ByteSink();
    for (const value of ['a', [1, 2], null]) encodeValue(sink, value);
    const column = new AnyColumn(3);
    column.setEncoded(sink.bytes, 0, sink.length, null);
    expect(column.isEncoded).toBe(false);
    expect(column.load(3)).toEqual(['a', [1, 2], null]);
  });
});
