import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ColumnKind, column, internType, type RecordType } from '../../src/schema/type.ts';
import { decodeDictionary, encodeDictionary } from '../../src/wire/dictionary.ts';
import { decodeRecordType, encodeRecordType } from '../../src/wire/record-type.ts';
import { anyText } from '../text.ts';

const kinds: readonly ColumnKind[] = ['float64', 'int32', 'bigint64', 'bool', 'timestamp', 'string', 'any', 'null'];
const anyColumnType = fc.record({ kind: fc.constantFrom(...kinds), nullable: fc.boolean() });
const key = fc.option(anyColumnType, { nil: undefined });

const recordType: fc.Arbitrary<RecordType> = fc.oneof(
  fc.record({ form: fc.constant('scalar' as const), names: fc.constant(['']), columns: fc.tuple(anyColumnType), key }),
  fc.array(anyColumnType, { maxLength: 20 }).chain((columns) =>
    fc.record({
      form: fc.constant('tuple' as const),
      names: fc.constant(columns.map((_, i) => String(i))),
      columns: fc.constant(columns),
      key,
    }),
  ),
  fc.dictionary(fc.string({ unit: 'grapheme' }), anyColumnType, { maxKeys: 20, noNullPrototype: true }).chain((fields) =>
    fc.record({
      form: fc.constant('object' as const),
      names: fc.constant(Object.keys(fields)),
      columns: fc.constant(Object.values(fields)),
      key,
    }),
  ),
);

describe('record types on the wire', () => {
  test('come back as the same interned type', () => {
    fc.assert(fc.property(recordType, (type) => decodeRecordType(encodeRecordType(type)) === internType(type)));
  });

  test('tell the computed key from a column', () => {
    const columns = [column('string')];
    const keyed = internType({ form: 'tuple', names: ['0'], columns, key: column('float64') });
    const wider = internType({ form: 'tuple', names: ['0', '1'], columns: [...columns, column('float64')], key: undefined });
    expect(decodeRecordType(encodeRecordType(keyed))).toBe(keyed);
    expect(decodeRecordType(encodeRecordType(wider))).toBe(wider);
  });
});

describe('dictionaries on the wire', () => {
  test('keep every string whole, lone surrogates too', () => {
    const text = fc.oneof(anyText(20), fc.constantFrom('', '\ud800', '\udc00', 'x'.repeat(500)));
    const entries = fc.record({ column: fc.nat(60_000), first: fc.nat(), strings: fc.array(text, { maxLength: 12 }) });
    fc.assert(
      fc.property(entries, (sent) => {
        expect(decodeDictionary(encodeDictionary(sent))).toEqual(sent);
      }),
    );
  });

  test('do not join the halves of a pair that are two entries', () => {
    const sent = { column: 0, first: 3, strings: ['\ud83d', '\ude00', '\ud83d\ude00'] };
    expect(decodeDictionary(encodeDictionary(sent))).toEqual(sent);
  });
});
