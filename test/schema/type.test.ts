import { describe, expect, expectTypeOf, test } from 'vitest';
import { anyRecord, batchColumns, column, internType, type TypeOf, t, typeSignature, typeText } from '../../src/schema/type.ts';

describe('declared types', () => {
  test.each([
    [t.float64, 'float64'],
    [t.int32, 'int32'],
    [t.bigint64, 'bigint64'],
    [t.bool, 'bool'],
    [t.timestamp, 'timestamp'],
    [t.string, 'string'],
    [t.any, 'any'],
    [t.nullable(t.string), 'string?'],
    [t.nullable(t.nullable(t.int32)), 'int32?'],
    [t.nullable(t.any), 'any'],
    [t.nullable(t.object({ a: t.bool })), 'any'],
    [t.object({ url: t.string, bytes: t.nullable(t.float64) }), '{ url: string, bytes: float64? }'],
    [t.object({ inner: t.object({ a: t.bool }), pair: t.tuple(t.bool) }), '{ inner: any, pair: any }'],
    [t.tuple(t.string, t.int32), '[string, int32]'],
    [t.tuple(), '[]'],
  ])('read as people write them: %#', (type, text) => {
    expect(typeText(type.record)).toBe(text);
  });

  test('carry the TypeScript type of the record', () => {
    const visit = t.object({ url: t.string, at: t.timestamp, bytes: t.nullable(t.int32), pair: t.tuple(t.bool, t.bigint64), rest: t.any });
    expectTypeOf<TypeOf<typeof visit>>().toEqualTypeOf<{
      readonly url: string;
      readonly at: Date;
      readonly bytes: number | null;
      readonly pair: readonly [boolean, bigint];
      readonly rest: unknown;
    }>();
  });

  test.each(['__proto__', '0', '42', '\ud800'])('have no field called %j', (name) => {
    expect(() => t.object({ [name]: t.string })).toThrow('a field cannot be called');
  });
});

describe('signatures', () => {
  const types = [
    anyRecord,
    t.string.record,
    t.nullable(t.string).record,
    t.tuple(t.string).record,
    t.tuple(t.string, t.string).record,
    t.object({ a: t.string }).record,
    t.object({ a: t.nullable(t.string) }).record,
    t.object({ b: t.string }).record,
    t.object({ a: t.string, b: t.string }).record,
    t.object({ b: t.string, a: t.string }).record,
    t.object({ 'a:string,"b"': t.string }).record,
    t.object({ 'a":string,"b': t.string }).record,
    { ...t.object({ a: t.string }).record, key: column('string') },
    { ...t.object({ a: t.string }).record, key: column('string', true) },
  ];

  test('differ where types differ', () => {
    expect(new Set(types.map(typeSignature)).size).toBe(types.length);
  });

  test('are equal where types are, so that interning finds the same object', () => {
    for (const type of types) expect(internType(structuredClone(type))).toBe(internType(type));
  });
});

test('a batch has the columns of the record, then the computed key', () => {
  const record = t.object({ a: t.string, b: t.bool }).record;
  expect(batchColumns(record)).toEqual([column('string'), column('bool')]);
  expect(batchColumns({ ...record, key: column('float64') })).toEqual([column('string'), column('bool'), column('float64')]);
});
