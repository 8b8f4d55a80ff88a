/** logfmt: https://pkg.go.dev/github.com/kr/logfmt, and what writers of it do beyond that. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logfmt } from '../../src/formats/logfmt.ts';
import { t } from '../../src/schema/type.ts';
import { describesLines, linesIn, mutated, parse, parseLine } from './support.ts';

describe('pairs', () => {
  const format = logfmt({ a: t.int32, b: t.string });

  it.each([
    'a=1 b=x',
    'b=x a=1',
    'b="x" a="1"',
    '  a=1 \t\v b=x  ',
    'u a=1 v= w="a=2 \\" b=y" b=x',
    'aa=2 a=1 bb=y b=x B=z',
    'a=1 b=x trailing=',
  ])('are found in %s', (line) => {
    expect(parseLine(format, line)).toEqual({ a: 1, b: 'x' });
    expect(parseLine(format, `${line}\r\n`)).toEqual({ a: 1, b: 'x' });
  });

  it.each([
    ['=1', 'a pair does not begin with a key'],
    ['a=1 ="x"', 'a pair does not begin with a key'],
    ['"a"=1', 'a pair does not begin with a key'],
    [' ', 'a pair does not begin with a key'],
    ['u"v"=1', 'there is a quote in a key'],
    ['u="x', 'a quoted value has no end'],
    ['u="x\\"', 'a quoted value has no end'],
    ['u="x\\', 'a quoted value has no end'],
    ['u="x"y', 'no space follows a quoted value'],
    ['a=1', "'b' is missing"],
    ['b=x', "'a' is missing"],
    ['a=1 b', "'b' has no value"],
    ['a b=x', "'a' is no whole number of 32 bits"],
    ['a= b=x', "'a' is no whole number of 32 bits"],
    ['a=1.5 b=x', "'a' is no whole number of 32 bits"],
  ])('are refused in %s', (line, reason) => {
    expect(parseLine(format, line)).toBe(reason);
    expect(parseLine(format, `${line}\r\n`)).toBe(reason);
  });

  it('of the line of a router', () => {
    const line =
      'at=info method=GET path="/foo?x=1" host=example.herokuapp.com request_id=8601b555 fwd="204.204.204.204" dyno=web.1 connect=1ms service=18ms status=200 bytes=13 https=true';
    const router = logfmt({
      method: t.string,
      path: t.string,
      status: t.int32,
      bytes: t.float64,
      https: t.bool,
      error: t.nullable(t.string),
    });
    expect(parseLine(router, line)).toEqual({ method: 'GET', path: '/foo?x=1', status: 200, bytes: 13, https: true, error: null });
  });

  it('count once: the first of those with the same key', () => {
    expect(parseLine(format, 'a=1 a=2 b=x b=y')).toEqual({ a: 1, b: 'x' });
    expect(parseLine(format, 'a=1 a=z b=x')).toEqual({ a: 1, b: 'x' });
  });

  it('behind the last that is asked for are not looked at', () => {
    expect(parseLine(format, 'a=1 b=x "no pair')).toEqual({ a: 1, b: 'x' });
  });
});

describe('values', () => {
  it('that a float64 does not hold are refused, where it is told to', () => {
    const read = (text: string): unknown => parseLine(logfmt({ a: t.float64 }, { exactIntegers: true }), `a=${text} b`);
    expect(read('9007199254740993')).toContain("'a' has more digits than a float64 holds");
    expect(read('9007199254740992')).toMatchObject({ a: 9007199254740992 });
    expect(read('0.1250000000000000000')).toMatchObject({ a: 0.125 });
  });

  const readAs = (type: Parameters<typeof t.nullable>[0], text: string): unknown => {
    const parsed = parseLine(logfmt({ a: type }), text);
    return typeof parsed === 'string' ? parsed : parsed.a;
  };

  it('without quotes go to the next space', () => {
    for (const value of ['/a?b=c&d="e"', 'a\\n', '日本', 'x', '=', '-', 'null']) expect(readAs(t.string, `a=${value} z`)).toBe(value);
    expect(readAs(t.string, 'a=')).toBe('');
  });

  it('in quotes have the escapes of JSON; others stay as they are', () => {
    expect(readAs(t.string, String.raw`a="\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00 =x"`)).toBe('"\\/\b\f\n\r\téé😀 =x');
    expect(readAs(t.string, String.raw`a="\x41\u12\'\a"`)).toBe(String.raw`\x41\u12\'\a`);
    expect(readAs(t.string, String.raw`a="\ud83d"`)).toBe('\ufffd');
    expect(readAs(t.string, 'a=""')).toBe('');
  });

  it('are null where there is none, and where they are null, if they may be', () => {
    for (const text of ['a', 'b=1', 'a=null']) expect(readAs(t.nullable(t.string), text)).toBe(null);
    expect(readAs(t.nullable(t.string), 'a="null"')).toBe('null');
    expect(readAs(t.nullable(t.string), 'a=')).toBe('');
    for (const type of [t.int32, t.float64, t.bigint64, t.timestamp])
      for (const text of ['a', 'b=1', 'a=null', 'a=', 'a=""']) expect(readAs(t.nullable(type as typeof t.int32), text)).toBe(null);
  });

  it('of booleans may be missing: then they are true', () => {
    for (const type of [t.bool, t.nullable(t.bool)] as (typeof t.bool)[]) {
      expect([readAs(type, 'a'), readAs(type, 'a=true'), readAs(type, 'a="false"')]).toEqual([true, true, false]);
      expect(readAs(type, 'a=1')).toBe("'a' is neither true nor false");
    }
    expect(readAs(t.bool, 'a=')).toBe("'a' is neither true nor false");
    expect(readAs(t.nullable(t.bool), 'a=')).toBe(null);
  });

  it('of numbers are decimal', () => {
    for (const text of ['0', '-0', '1.5', '+7', '.5', '5.', '007', '1e3', '-1.5E-7', '0.1', '123456789012345678'])
      expect(readAs(t.float64, `a=${text}`)).toBe(Number(text));
    for (const text of ['0x1', '1ms', '-', '.', 'e3', 'NaN', '1_000', '""'])
      expect(readAs(t.float64, `a=${text}`)).toBe("'a' is no number");
    expect(readAs(t.bigint64, 'a=9007199254740993')).toBe(9007199254740993n);
    expect(readAs(t.bigint64, 'a=9e3')).toBe("'a' is no whole number of 64 bits");
    expect(readAs(t.int32, 'a=2147483648')).toBe("'a' is no whole number of 32 bits");
  });

  it('of times are ISO 8601, what access logs have, or epoch milliseconds', () => {
    const expected = new Date('2000-10-10T20:55:36Z');
    for (const text of [
      '2000-10-10T20:55:36Z',
      '"2000-10-10 13:55:36-07:00"',
      '"10/Oct/2000:13:55:36 -0700"',
      '"[10/Oct/2000:13:55:36 -0700]"',
      '971211336000',
    ])
      expect(readAs(t.timestamp, `a=${text}`)).toEqual(expected);
    for (const text of ['yesterday', '-', '2000-13-10', '[]', '""', '9e99', '10/Oct/2000:13:55'])
      expect(readAs(t.timestamp, `a=${text}`)).toMatch(/^'a' is no time like/);
  });

  it('in Latin-1 are Latin-1, and so are keys', () => {
    const format = logfmt({ é: t.string });
    expect(parseLine(format, String.raw`é="ü\u00ff\u20ac\ud83d\ude00"`, { encoding: 'latin1' })).toEqual({
      é: String.raw`üÿ\u20ac\ud83d\ude00`,
    });
    expect(parseLine(format, String.raw`é="ü\u00ff\u20ac"`)).toEqual({ é: 'üÿ€' });
  });
});

describe('without declared fields', () => {
  it('records have all pairs', () => {
    const { records, bad } = parse(logfmt(), 'a=1 flag b="x \\"y\\" \\u00e9" c= a=2 __proto__=p u=/x?y=z\r\n\n=x\nu"=1\na="x\na="x"y\n \n');
    expect(records).toEqual([
      Object.fromEntries([
        ['a', '1'],
        ['flag', true],
        ['b', 'x "y" é'],
        ['c', ''],
        ['__proto__', 'p'],
        ['u', '/x?y=z'],
      ]),
    ]);
    expect(bad.map(({ reason }) => reason)).toEqual([
      'a pair does not begin with a key',
      'there is a quote in a key',
      'a quoted value has no end',
      'no space follows a quoted value',
      'a pair does not begin with a key',
    ]);
  });
});

it('values of any type are refused', () => {
  expect(() => logfmt({ a: t.any })).toThrow("formats.logfmt: the field 'a' is of any type");
});

const key = fc.stringMatching(/^[^\0- ="\ud800-\udfff\ufffd]{3,9}$/);
const string = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string(), fc.stringMatching(/^[!-~]*$/)).filter((text) => !/[\r\n]/.test(text));

/** A value as somebody might write it. */
function written(value: unknown, quoted: boolean): string {
  if (value instanceof Date) return value.toISOString();
  const text = Object.is(value, -0) ? '-0' : String(value);
  const needsQuotes = quoted || /[\0- ="\\]/.test(text) || text === 'null' || text === '';
  return typeof value === 'string' && needsQuotes ? JSON.stringify(text) : text;
}

const record = fc.record({
  s: string,
  n: fc.double({ noNaN: true, noDefaultInfinity: true }),
  i: fc.integer(),
  b: fc.boolean(),
  g: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  d: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z') }),
  né: fc.option(string),
});

const rows = fc.array(
  fc.tuple(record, fc.dictionary(key, string, { maxKeys: 4 }), fc.nat({ max: 20 }), fc.boolean()).map(([fields, others, first, quoted]) => {
    const all = Object.entries({ ...others, ...fields }).map(([name, value]) =>
      value === null ? name : `${name}=${written(value, quoted)}`,
    );
    const at = first % all.length;
    return { fields, line: [...all.slice(at), ...all.slice(0, at)].join(quoted ? '  ' : ' ') };
  }),
  { maxLength: 12 },
);
const content = rows.map((all) => all.map(({ line }) => line).join('\r\n'));
const declared = logfmt({ s: t.string, n: t.float64, i: t.int32, b: t.bool, g: t.bigint64, d: t.timestamp, né: t.nullable(t.string) });

describe('any records', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(rows, (all) => {
        expect(parse(declared, all.map(({ line }) => `${line}\n`).join(''))).toEqual({
          records: all.map(({ fields }) => fields),
          bad: [],
          invalid: [],
        });
      }),
      { numRuns: 30 },
    );
  });

  describesLines({ format: declared, content, fields: declared.type.names });
});

describe('any records without declared fields', () => {
  describesLines({ format: logfmt(), content, fields: [] });
});

describe('lines that may be anything', () => {
  const format = logfmt({ s: t.string, i: t.int32, b: t.nullable(t.bool) });
  const untyped = logfmt();

  /** Whole records are found in another way, by expressions. */
  function expectedOf(line: string): unknown {
    const whole = parseLine(untyped, Buffer.from(`${line}\r\n`, 'latin1'));
    if (typeof whole === 'string' || whole.b === 'null') return undefined;
    const { s, i, b = null } = whole;
    const number = typeof i === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(i) ? Number(i) : Number.NaN;
    const truth = b === 'true' || b === true ? true : b === 'false' ? false : b === '' || b === null ? null : undefined;
    return typeof s !== 'string' || (number | 0) !== number || truth === undefined
      ? 'bad'
      : { s: Buffer.from(s).toString(), i: number | 0, b: truth };
  }

  function check(bytes: Buffer): void {
    const lines = linesIn(bytes);
    const { records, bad } = parse(format, Buffer.from(bytes));
    expect(records.length + bad.length).toBe(lines.length);
    for (const line of lines) {
      const expected = expectedOf(line);
      const parsed = parseLine(format, Buffer.from(`${line}\r\n`, 'latin1'));
      if (expected === 'bad') expect(parsed, line).toBeTypeOf('string');
      else if (expected !== undefined) expect(parsed, line).toEqual(expected);
    }
  }

  it('are records or bad', () => {
    fc.assert(fc.property(mutated(content), check), { numRuns: 30 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        check,
      ),
      { numRuns: 30 },
    );
    const piece = fc.constantFrom('s', 'i', 'b', '=', '"', '\\', ' ', 's=x', 'i=1', 'b=true', 'é', '\n', '\r', '1', '\\u00e9');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
        check,
      ),
      { numRuns: 100 },
    );
  });
});
