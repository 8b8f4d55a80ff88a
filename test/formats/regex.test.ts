import fc from 'fast-check';
import { describe, expect, expectTypeOf, it, test } from 'vitest';
import { formats } from '../../src/api/formats.ts';
import type { RecordOf } from '../../src/formats/format.ts';
import { t } from '../../src/schema/type.ts';
import { describesLines, linesIn, mutated, parse, parseLine } from './support.ts';

const typed = formats.regex(/^(?<at>\S+) (?<level>[A-Z]+)(?: (?<n>[\d.]+))?: (?<text>.*)$/, {
  level: t.string,
  n: t.nullable(t.float64),
  at: t.timestamp,
  text: t.string,
});

describe('groups', () => {
  test('are strings, null where they took no part', () => {
    const format = formats.regex(/(?<a>x+)|(?<b>y+)/g);
    expectTypeOf<RecordOf<typeof format>>().toEqualTypeOf<Readonly<Record<string, string | null>>>();
    expect(parse(format, 'axxb\r\n\ny\nz\nxé')).toMatchObject({
      records: [
        { a: 'xx', b: null },
        { a: null, b: 'y' },
        { a: 'x', b: null },
      ],
      bad: [{ reason: 'it does not match', offset: 9, text: 'z' }],
      invalid: [],
    });
  });

  test('have types', () => {
    expectTypeOf<RecordOf<typeof typed>>().toEqualTypeOf<{
      readonly level: string;
      readonly n: number | null;
      readonly at: Date;
      readonly text: string;
    }>();
    const at = new Date('2024-01-01T00:00:00Z');
    expect(parseLine(typed, '2024-01-01T00:00:00Z WARN 1.5: é')).toEqual({ level: 'WARN', n: 1.5, at, text: 'é' });
    expect(parseLine(typed, '2024-01-01 INFO: ')).toEqual({ level: 'INFO', n: null, at, text: '' });
    expect(parseLine(typed, 'yesterday INFO: x')).toBe("'at' is no timestamp");
    expect(parseLine(typed, '2024-01-01 INFO 1.2.3: x')).toBe("'n' is no float64");
  });

  test.each([
    ['-9223372036854775808', t.bigint64, -(2n ** 63n)],
    ['9223372036854775808', t.bigint64, "'v' is no bigint64"],
    ['7', t.int32, 7],
    ['2147483648', t.int32, "'v' is no int32"],
    ['true', t.bool, true],
    ['yes', t.bool, "'v' is no bool"],
  ])('%s', (line, type, expected) => {
    const parsed = parseLine(formats.regex(/^(?<v>.*)$/, { v: type }), line);
    expect(typeof parsed === 'string' ? parsed : parsed.v).toEqual(expected);
  });

  test('that took no part are bad where they cannot be null', () => {
    expect(parseLine(formats.regex(/(?<a>x)|(?<b>y)/, { a: t.string }), 'y')).toBe("the group 'a' took no part in the match");
  });
});

test('bytes that are no UTF-8 are told of once', () => {
  const bytes = Buffer.concat([Buffer.from('a\ufffd\nb'), Buffer.from([0xff]), Buffer.from('\n'), Buffer.from([0xff])]);
  expect(parse(formats.regex(/(?<a>.*)/), bytes)).toMatchObject({
    records: [{ a: 'a\ufffd' }, { a: 'b\ufffd' }, { a: '\ufffd' }],
    invalid: [6],
  });
});

test.each([
  [() => formats.regex(/(a)/), 'no named group'],
  [() => formats.regex('a' as never), 'a regular expression'],
  [() => formats.regex(/(?<a>.)/, { b: t.string }), "has no group 'b'; it has a"],
  [() => formats.regex(/(?<a>.)/, { a: t.any }), "'a'"],
])('what cannot be is refused', (make, message) => {
  expect(make).toThrow(message);
});

const line = fc
  .tuple(
    fc.constantFrom('2024-01-01', '2024-01-01T12:00:00Z'),
    fc.constantFrom('WARN', 'INFO 7', 'ERROR 0.25'),
    fc.string({ unit: fc.constantFrom('a', 'é', ' ') }),
  )
  .map(([at, level, text]) => `${at} ${level}: ${text}`);
const content = fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n'));

describe('lines', () => {
  describesLines({ format: typed, content, fields: ['level', 'n', 'at', 'text'] });

  it('are each a record or a bad record', () => {
    fc.assert(
      fc.property(mutated(content), (bytes) => {
        const { records, bad } = parse(typed, Buffer.from(bytes), { encoding: 'latin1' });
        expect(records.length + bad.length).toBe(linesIn(bytes).length);
      }),
    );
  });
});
