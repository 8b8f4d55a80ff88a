import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inferType, isPlainDate, isRecordShape, widenColumn, widenType } from '../../src/schema/inference.ts';
import {
  anyColumn,
  anyRecord,
  type ColumnKind,
  type ColumnType,
  column,
  internType,
  type RecordType,
  typeText,
} from '../../src/schema/type.ts';

const kinds: readonly ColumnKind[] = ['float64', 'int32', 'bigint64', 'bool', 'timestamp', 'string', 'any', 'null'];

/** Every column type that can come about: `any` and `null` take null without being nullable. */
const columnTypes: readonly ColumnType[] = kinds.flatMap((kind) =>
  kind === 'any' || kind === 'null' ? [column(kind)] : [column(kind), column(kind, true)],
);

/** Whether a column of the type takes the value as it is. */
function fits(type: ColumnType, value: unknown): boolean {
  if (type.kind === 'any') return true;
  if (value === null) return type.nullable || type.kind === 'null';
  switch (type.kind) {
    case 'float64':
      return typeof value === 'number';
    case 'int32':
      return typeof value === 'number' && Object.is(value | 0, value);
    case 'bigint64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
    case 'bool':
      return typeof value === 'boolean';
    case 'timestamp':
      return isPlainDate(value);
    case 'string':
      return typeof value === 'string';
    case 'null':
      return false;
  }
}

/** The record that a batch of the type would give back for a record, by the type's own description. */
function rebuilt(type: RecordType, record: unknown): unknown {
  if (type.form === 'scalar') return record;
  if (type.form === 'tuple') return type.names.map((name) => (record as unknown[])[Number(name)]);
  return Object.fromEntries(type.names.map((name) => [name, (record as Record<string, unknown>)[name]]));
}

function fieldsOf(type: RecordType, record: unknown): unknown[] {
  if (type.form === 'scalar') return [record];
  return type.names.map((name) => (record as Record<string, unknown>)[name]);
}

function fitsRecord(type: RecordType, record: unknown): boolean {
  return fieldsOf(type, record).every((value, i) => fits(type.columns[i] as ColumnType, value));
}

const fieldValue = fc.oneof(
  fc.constantFrom(null, undefined, true, false, 0, -0, 1, -1, 2 ** 31, 0.5, Number.NaN, 5n, 2n ** 63n, '', 'a'),
  fc.constantFrom(new Date(0), new Date(Number.NaN), Object.assign(new Date(0), { zone: 'UTC' }), [1], { a: 1 }, /x/, new Map()),
);
const record = fc.oneof(
  fieldValue,
  fc.array(fieldValue, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('a', 'b', '0', '__proto__', '\ud800'), fieldValue, { maxKeys: 3 }),
  fc.record({ a: fieldValue, b: fieldValue }, { requiredKeys: ['a'] }),
);

const columnType = fc.constantFrom(...columnTypes);
const key = fc.option(columnType, { nil: undefined });
const recordType: fc.Arbitrary<RecordType> = fc
  .tuple(record, key)
  .map(([value, keyType]) => internType({ ...inferType(value), key: keyType }));

describe('widening of columns', () => {
  test('is commutative, associative and idempotent, with null at the bottom and any at the top', () => {
    for (const a of columnTypes) {
      expect(widenColumn(a, a)).toEqual(a);
      expect(widenColumn(a, anyColumn)).toEqual(anyColumn);
      expect(widenColumn(column('null'), a).kind).toBe(a.kind);
      for (const b of columnTypes) {
        expect(widenColumn(a, b)).toEqual(widenColumn(b, a));
        for (const c of columnTypes) expect(widenColumn(widenColumn(a, b), c)).toEqual(widenColumn(a, widenColumn(b, c)));
      }
    }
  });

  test('takes what either took', () => {
    const values = [null, undefined, true, 0, -0, 1.5, 2 ** 31, 7n, 2n ** 63n, 'a', new Date(0), {}];
    for (const a of columnTypes) {
      for (const b of columnTypes) {
        for (const value of values) if (fits(a, value) || fits(b, value)) expect(fits(widenColumn(a, b), value)).toBe(true);
      }
    }
  });

  test('keeps numbers numbers and makes other mixtures any', () => {
    expect(widenColumn(column('int32'), column('float64', true))).toEqual(column('float64', true));
    expect(widenColumn(column('bigint64'), column('float64'))).toEqual(anyColumn);
    expect(widenColumn(column('string', true), column('bool'))).toEqual(anyColumn);
  });
});

describe('widening of records', () => {
  test('is commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(recordType, recordType, recordType, (a, b, c) => {
        expect(widenType(a, a)).toBe(a);
        expect(widenType(a, b)).toBe(widenType(b, a));
        expect(widenType(widenType(a, b), c)).toBe(widenType(a, widenType(b, c)));
      }),
      { numRuns: 500 },
    );
  });

  test('takes the records of both', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const type = widenType(inferType(a), inferType(b));
        return fitsRecord(type, a) && fitsRecord(type, b);
      }),
      { numRuns: 500 },
    );
  });

  test('ends after a few steps, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), (records) => {
        const [first, ...others] = records.map((each) => inferType(each)) as [RecordType, ...RecordType[]];
        let steps = 0;
        others.reduce((type, next) => {
          const wider = widenType(type, next);
          if (wider !== type) steps++;
          return wider;
        }, first);
        // Each of two columns goes from null to a kind to its nullable form to any, and the record to one any column.
        expect(steps).toBeLessThanOrEqual(7);
      }),
    );
  });

  test('gives up on records of unlike form, names or order', () => {
    const any = internType(anyRecord);
    expect(widenType(inferType({ a: 1, b: 2 }), inferType({ b: 2, a: 1 }))).toBe(any);
    expect(widenType(inferType({ a: 1 }), inferType({ a: 1, b: 2 }))).toBe(any);
    expect(widenType(inferType([1]), inferType([1, 2]))).toBe(any);
    expect(widenType(inferType([1]), inferType(1))).toBe(any);
  });

  test('widens the key apart from the record', () => {
    const a = inferType({ a: 1 }, { value: 'x' });
    const b = inferType('text', { value: null });
    expect(typeText(widenType(a, b))).toBe('any');
    expect(widenType(a, b).key).toEqual(column('string', true));
    expect(widenType(a, inferType({ a: 2 })).key).toEqual(column('string'));
  });
});

describe('inference', () => {
  test.each([
    [1, 'float64'],
    [-0, 'float64'],
    ['a', 'string'],
    [true, 'bool'],
    [5n, 'bigint64'],
    [2n ** 63n, 'any'],
    [-(2n ** 63n), 'bigint64'],
    [null, 'null'],
    [undefined, 'any'],
    [new Date(0), 'timestamp'],
    [new (class extends Date {})(), 'any'],
    [Object.assign(new Date(0), { zone: 'UTC' }), 'any'],
    [/x/, 'any'],
    [() => {}, 'any'],
    [new Map(), 'any'],
    [{}, 'any'],
    [[], 'any'],
    [[1, 'a', null], '[float64, string, null]'],
    [[1, [2]], '[float64, any]'],
    [new Array(2), 'any'],
    [Object.assign([1], { length: 2 }), 'any'],
    [Object.assign([1], { more: 1 }), 'any'],
    [new (class extends Array<number> {})(1), 'any'],
    [{ url: '/', bytes: 1, at: new Date(0) }, '{ url: string, bytes: float64, at: timestamp }'],
    [{ a: { b: 1 }, c: undefined }, '{ a: any, c: any }'],
    [{ 0: 'a' }, 'any'],
    [JSON.parse('{ "__proto__": 1 }'), 'any'],
    [{ '\ud800': 1 }, 'any'],
    [Object.create(null), 'any'],
    [Object.create({ inherited: 1 }), 'any'],
    [Object.defineProperty({}, 'hidden', { value: 1 }), 'any'],
    [{ [Symbol('s')]: 1 }, 'any'],
    [
      {
        get a() {
          return 1;
        },
      },
      '{ a: float64 }',
    ],
    [
      new (class {
        a = 1;
      })(),
      'any',
    ],
    [Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, i])), 'any'],
    [Array.from({ length: 65 }, (_, i) => i), 'any'],
  ])('of %o is %s', (value, expected) => {
    expect(typeText(inferType(value))).toBe(expected);
  });

  test('of a record whose getter throws is any', () => {
    const record = {
      get a() {
        throw new Error('no');
      },
    };
    expect(typeText(inferType(record))).toBe('any');
  });

  test('gives a type that takes the record, and rebuilds it', () => {
    fc.assert(
      fc.property(record, (value) => {
        const type = inferType(value);
        expect(fitsRecord(type, value)).toBe(true);
        expect(rebuilt(type, value)).toStrictEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('gives one object for equal types', () => {
    expect(inferType({ a: 1, b: 'x' })).toBe(inferType({ a: 2, b: 'y' }));
    expect(inferType({ a: 1 })).not.toBe(inferType({ a: 1 }, { value: 1 }));
    expect(inferType([1])).not.toBe(inferType({ a: 1 }));
  });

  test('says which names can have columns', () => {
    expect(isRecordShape(['a', 'b'])).toBe(true);
    expect(isRecordShape([])).toBe(false);
    expect(isRecordShape(['\ud800'])).toBe(false);
    expect(isRecordShape(Array.from({ length: 65 }, (_, i) => `f${i}`))).toBe(false);
  });
});
