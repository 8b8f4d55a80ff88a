/** JSON lines: RFC 8259, https://www.rfc-editor.org/rfc/rfc8259, and what of it becomes of declared fields. */

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { RecordOf } from '../../src/formats/format.ts';
import { json } from '../../src/formats/json.ts';
import { type Type, t } from '../../src/schema/type.ts';
import { describesLines, jsonPunctuation, linesIn, mutated, parse, parseLine } from './support.ts';

/** The record of one line with one field `a`, or what is wrong with the line. */
function fieldOf(type: Parameters<typeof t.nullable>[0], text: string): unknown {
  const parsed = parseLine(json({ a: type }), `{"a":${text}}`);
  return typeof parsed === 'string' ? parsed : parsed.a;
}

describe('the grammar (section 2)', () => {
  const format = json({ a: t.int32, b: t.string });

  it.each([
    '{"a":1,"b":"x"}',
    '{"b":"x","a":1}',
    ' { "a" : 1 , "b" : "x" } ',
    '\t{\t"a"\t:\t1\t,\r"b"\r:\r"x"\r}\t\r',
    '{"u":null,"a":1,"v":[1,{"a":2,"b":"]}"}],"b":"x","w":{}}',
    '{"u":"\\"a\\":2,","a":1,"v":"\\\\","b":"x"}',
    '{"aa":9,"":8,"a":1,"A":7,"bb":"y","b":"x"}',
    '{"u":{"a":2,"b":"y"},"a":1,"b":"x"}',
    '{"\\u0061":1,"\\u0062":"x"}',
  ])('takes %s', (line) => {
    expect(parseLine(format, line)).toEqual({ a: 1, b: 'x' });
  });

  it.each([
    ['[1]', 'it is no object'],
    ['"a"', 'it is no object'],
    ['  ', 'it is no object'],
    ['{', 'a member does not begin with a key in quotes'],
    ['{a:1}', 'a member does not begin with a key in quotes'],
    ['{,"a":1}', 'a member does not begin with a key in quotes'],
    ['{"a":1,}', 'a member does not begin with a key in quotes'],
    ['{"a', 'a key has no end'],
    ['{"u\\', 'a key has no end'],
    ['{"a"', 'no colon stands behind a key'],
    ['{"a" 1}', 'no colon stands behind a key'],
    ['{"u":}', 'a value is missing or has no end'],
    ['{"u":,"a":1}', 'a value is missing or has no end'],
    ['{"u":"x', 'a value is missing or has no end'],
    ['{"u":"x\\', 'a value is missing or has no end'],
    ['{"u":[{"x":"]}"}', 'a value is missing or has no end'],
    ['{"a":1 "b":"x"}', 'neither a comma nor a brace stands behind a member'],
    ['{"u":1]', 'neither a comma nor a brace stands behind a member'],
    ['{"a":1', 'neither a comma nor a brace stands behind a member'],
    ['{} x', 'there is something behind the object'],
    ['{"a":1}{"b":"x"}', 'there is something behind the object'],
    ['{"b":"x"}', "'a' is missing"],
    ['{}', "'a' is missing"],
    ['{"a":1,"b":null}', "'b' is no string"],
  ])('refuses %s', (line, reason) => {
    expect(parseLine(format, line)).toBe(reason);
  });

  it('looks no further than to the last field that is asked for', () => {
    expect(parseLine(format, '{"a":1,"b":"x"} and so on')).toEqual({ a: 1, b: 'x' });
    expect(parseLine(format, '{"a":1,"b":"x",')).toEqual({ a: 1, b: 'x' });
  });

  it('takes the first of members with the same key (section 4)', () => {
    expect(parseLine(format, '{"a":1,"a":2,"b":"x","b":"y"}')).toEqual({ a: 1, b: 'x' });
    expect(parseLine(format, '{"a":1,"a":"no number","b":"x"}')).toEqual({ a: 1, b: 'x' });
  });

  it('is a line long: empty ones are no records, a carriage return is white space', () => {
    const { records, bad } = parse(format, '\n{"a":1,"b":"x"}\r\n\r\n{"a":2,\n"b":"y"}\n{"a":3,"b":"z"}');
    expect(records).toEqual([
      { a: 1, b: 'x' },
      { a: 3, b: 'z' },
    ]);
    expect(bad).toEqual([
      { reason: 'a member does not begin with a key in quotes', offset: 20, text: '{"a":2,' },
      { reason: 'it is no object', offset: 28, text: '"b":"y"}' },
    ]);
  });
});

describe('strings (section 7)', () => {
  it.each([
    '""',
    '"plain"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00"',
    '"é € 😀 and \\u00e9"',
    '"\\u0000"',
    '"\\\\u0041"',
    '"x\\\\"',
  ])('reads %s', (text) => {
    expect(fieldOf(t.string, text)).toBe(JSON.parse(text));
  });

  it('makes U+FFFD of half a surrogate pair (section 8.2)', () => {
    expect(fieldOf(t.string, '"\\ud83d"')).toBe('\ufffd');
    expect(fieldOf(t.string, '"a\\ud83dx\\ude00\\ud83d\\ud83d\\ude00"')).toBe('a\ufffdx\ufffd\ufffd😀');
    expect(fieldOf(t.string, '"\\ud83d\\u0041"')).toBe('\ufffdA');
  });

  it.each(['"', '"x', '"\\', '"\\"', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\u', '"a\tb"', '"a\u0000b"', 'x', "'x'", '1', '{}', '[]', 'true'])(
    'refuses %j',
    (text) => {
      expect(fieldOf(t.string, text)).toBe("'a' is no string");
    },
  );

  it('says of bytes that are no UTF-8 where they are', () => {
    const line = Buffer.from('{"a":"x","b":"\xff\xe9"}', 'latin1');
    expect(parse(json({ a: t.string }), line)).toMatchObject({ records: [{ a: 'x' }], invalid: [14] });
    expect(parse(json({ b: t.string }), Buffer.from('{"b":"\xff\xe9"}', 'latin1')).records).toEqual([{ b: '\ufffd\ufffd' }]);
    expect(parse(json({ b: t.any }), Buffer.from('{"b":["\xff"]}', 'latin1'))).toMatchObject({
      records: [{ b: ['\ufffd'] }],
      invalid: [7],
    });
    expect(parse(json(), Buffer.from('{"b":"\xff"}', 'latin1'))).toMatchObject({ records: [{ b: '\ufffd' }], invalid: [6] });
  });

  it('leaves nothing that is no UTF-8 where escapes were', () => {
    expect(parse(json({ a: t.string }), '{"a":"\\né"}\n{"a":"€"}\n')).toEqual({
      records: [{ a: '\né' }, { a: '€' }],
      bad: [],
      invalid: [],
    });
  });

  it('is UTF-8, and nothing else (section 8.1)', () => {
    expect(() => parse(json(), '{}', { encoding: 'latin1' })).toThrow('formats.json reads UTF-8');
  });
});

describe('numbers (section 6)', () => {
  const good = ['0', '-0', '7', '-12', '0.5', '-0.25', '123456789012345', '1234567890.12345', '1e3', '1E+2', '-1.5e-7', '0e0'];
  const precise = [
    '0.1',
    '123456789.123456789',
    '12345678901234567890',
    '9007199254740993',
    '1e308',
    '5e-324',
    '1e999',
    '0.000000000000000000001',
  ];
  it.each([...good, ...precise])('reads %s', (text) => {
    expect(fieldOf(t.float64, text)).toBe(JSON.parse(text));
  });

  it.each(['', '-', '+1', '01', '-01', '1.', '.5', '1.e3', '1e', '1e+', '0x1', '1_0', 'NaN', 'Infinity', '"1"', 'null', '--1', '1-1'])(
    'refuses %j',
    (text) => {
      expect(fieldOf(t.float64, text)).toMatch(/^'a' is no number|^neither a comma nor a brace/);
    },
  );

  it('of a member called raw is its own, and not the line', () => {
    const line = '{"raw":5,"n":1}';
    expect(parseLine(json({ raw: t.float64, n: t.float64 }), line)).toEqual({ raw: 5, n: 1 });
    expect(parseLine(json({ raw: t.string }), '{"raw":"x","n":1}')).toEqual({ raw: 'x' });
    expect(parse(json(), `${line}\n`, { fields: ['raw'] }).records).toEqual([{ raw: 5 }]);
  });

  it('refuses whole numbers that a float64 does not hold, where it is told to', () => {
    const read = (type: Type<unknown>, text: string): unknown => {
      const parsed = parseLine(json({ a: type }, { exactIntegers: true }), `{"a":${text}}`);
      return typeof parsed === 'string' ? parsed : (parsed as { a: unknown }).a;
    };
    const inexact = "'a' has more digits than a float64 holds; a job with the field declared as t.bigint64 reads it";
    for (const type of [t.float64, t.any] as Type<unknown>[]) {
      for (const text of ['9007199254740993', '-1234567890123456789', '9'.repeat(400)]) expect(read(type, text)).toBe(inexact);
      for (const text of ['9007199254740992', '10000000000000000000000', '0.12345678901234567890', '1e300', '-0', '7'])
        expect(read(type, text)).toBe(JSON.parse(text));
    }
    expect(read(t.bigint64, '9007199254740993')).toBe(9007199254740993n);
    expect(read(t.any, '"9007199254740993"')).toBe('9007199254740993');
  });

  it('takes whole numbers of 32 bits, however they are written', () => {
    for (const [text, value] of Object.entries({ 0: 0, '-2147483648': -(2 ** 31), '2147483647': 2 ** 31 - 1, '1.0': 1, '12e2': 1200 }))
      expect(fieldOf(t.int32, text)).toBe(value);
    for (const text of ['2147483648', '-2147483649', '0.5', '1e10', '1e999'])
      expect(fieldOf(t.int32, text)).toBe("'a' is no whole number of 32 bits");
  });

  it('takes whole numbers of 64 bits without loss', () => {
    for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 9007199254740993n]) expect(fieldOf(t.bigint64, String(value))).toBe(value);
    for (const text of ['1.0', '1e3', '01', '', '-', `${2n ** 63n}`, `-${2n ** 63n + 1n}`, '9'.repeat(30), '"1"'])
      expect(fieldOf(t.bigint64, text)).toBe("'a' is no whole number of 64 bits");
  });
});

describe('other values (section 3)', () => {
  it('reads booleans', () => {
    expect([fieldOf(t.bool, 'true'), fieldOf(t.bool, 'false')]).toEqual([true, false]);
    for (const text of ['True', 'tru', '1', 'null', '"true"', '']) expect(fieldOf(t.bool, text)).toBe("'a' is no boolean");
    expect(fieldOf(t.bool, 'truex')).toBe('neither a comma nor a brace stands behind a member');
  });

  it('reads null, and what is not there, where it may be', () => {
    for (const type of [t.string, t.float64, t.int32, t.bool, t.bigint64, t.timestamp]) {
      const format = json({ a: t.nullable(type as typeof t.string), b: t.nullable(t.string) });
      expect(parseLine(format, '{"a":null,"b":"x"}')).toEqual({ a: null, b: 'x' });
      expect(parseLine(format, '{"b":"null"}')).toEqual({ a: null, b: 'null' });
      expect(parseLine(format, '{"a":nul}')).toMatch(/^'a' is no/);
    }
  });

  it('hands on any value as JSON.parse makes it', () => {
    for (const text of ['{"x":[1,"]",{"y":null}],"é":"\\u00e9"}', '[]', '"s"', '-1.5', 'true', 'null'])
      expect(fieldOf(t.any, text)).toEqual(JSON.parse(text));
    expect(parseLine(json({ a: t.any, b: t.int32 }), '{"b":1}')).toEqual({ a: null, b: 1 });
    expect(fieldOf(t.any, '{"x":}')).toBe("'a' is no JSON");
    expect(fieldOf(t.any, '[1,]')).toBe("'a' is no JSON");
  });

  it.each([
    ['"2000-10-10T13:55:36Z"', '2000-10-10T13:55:36.000Z'],
    ['"2000-10-10T13:55:36.123Z"', '2000-10-10T13:55:36.123Z'],
    ['"2000-10-10T13:55:36.123456789Z"', '2000-10-10T13:55:36.123Z'],
    ['"2000-10-10T13:55:36.5+02:00"', '2000-10-10T11:55:36.500Z'],
    ['"2000-10-10 13:55:36-0730"', '2000-10-10T21:25:36.000Z'],
    ['"2000-10-10T13:55+01"', '2000-10-10T12:55:00.000Z'],
    ['"2000-10-10T13:55:36"', '2000-10-10T13:55:36.000Z'],
    ['"2000-10-10"', '2000-10-10T00:00:00.000Z'],
    ['"2000-10-10T13\\u003a55:36Z"', '2000-10-10T13:55:36.000Z'],
    ['"2016-12-31T23:59:60Z"', '2017-01-01T00:00:00.000Z'],
    ['971186136123', '2000-10-10T13:55:36.123Z'],
    ['971186136123.9', '2000-10-10T13:55:36.123Z'],
    ['-1', '1969-12-31T23:59:59.999Z'],
  ])('reads the time %s', (text, iso) => {
    // Once as the first time, once behind one of the same minute.
    const { records } = parse(json({ a: t.timestamp }), `{"a":${text}}\n{"a":"2000-10-10T13:55:01Z"}\n{"a":${text}}`);
    expect(records.map(({ a }) => a.toISOString())).toEqual([iso, '2000-10-10T13:55:01.000Z', iso]);
  });

  it.each([
    '"2000-13-10T13:55:36Z"',
    '"2000-02-30T13:55:36Z"',
    '"2000-10-10T24:00:00Z"',
    '"2000-10-10T13:55:61Z"',
    '"2000-10-10T13:55:3xZ"',
  ])('refuses the time %s', (text) => {
    const { bad } = parse(json({ a: t.timestamp }), `{"a":${text}}\n{"a":"2000-10-10T13:55:01Z"}\n{"a":${text}}`);
    expect(bad.map(({ reason }) => reason)).toEqual(
      Array(2).fill("'a' is no time: neither text like 2000-10-10T13:55:36Z nor epoch milliseconds"),
    );
  });

  it.each(['"yesterday"', '""', '8.64e15001', '8640000000000001', 'true', '"2000-10-10T13:55:36Z', '"2000-10-10T13:55:36.12xZ"'])(
    'refuses %s as a time',
    (text) => {
      expect(fieldOf(t.timestamp, text)).toMatch(/^'a' is no time/);
    },
  );
});

describe('paths', () => {
  const format = json(
    { id: t.int32, name: t.nullable(t.string), plan: t.nullable(t.string) },
    { paths: { id: 'user.id', name: 'user.name.first', plan: ['a.b', 'plan'] } },
  );

  it('lead to members of members', () => {
    expect(parseLine(format, '{"user":{"x":{},"id":7,"name":{"last":"B","first":"A"}},"a.b":{"plan":"free"}}')).toEqual({
      id: 7,
      name: 'A',
      plan: 'free',
    });
    expect(parseLine(format, '{"id":1,"user":{"name":"A","id":7}}')).toEqual({ id: 7, name: null, plan: null });
    expect(parseLine(format, '{"user":{ } , "user" : { "id" : 7 } }')).toEqual({ id: 7, name: null, plan: null });
  });

  it('that lead nowhere find nothing', () => {
    for (const line of ['{"user":null}', '{"user":[{"id":7}]}', '{"user":7}', '{"user":{}}', '{"user.id":7}'])
      expect(parseLine(format, line)).toBe("'id' is missing");
  });

  it('give fields other names', () => {
    expect(parseLine(json({ url: t.string }, { paths: { url: 'a"b\\' } }), '{"a\\"b\\\\":"x"}')).toEqual({ url: 'x' });
    expect(parseLine(json({ url: t.string }, { paths: { url: [''] } }), '{"":"x"}')).toEqual({ url: 'x' });
    expect(parseLine(json({ url: t.string }, { paths: { url: 'é' } }), '{"é":"x"}')).toEqual({ url: 'x' });
  });

  it.each([
    [{ nam: 'x' }, "formats.json: paths: unknown field 'nam'; did you mean 'name'?"],
    [{ name: 7 }, "formats.json: paths.name must be keys with points between them, such as 'user.id', or an array of keys, not 7"],
    [
      { name: [] },
      "formats.json: paths.name must be keys with points between them, such as 'user.id', or an array of keys, not an empty array",
    ],
    [{ name: 'user' }, "the path of 'user' leads to or through the value of 'name'"],
    [{ name: 'user.id' }, "the path of 'name' leads to or through the value of 'user'"],
  ])('%j is refused', (paths, message) => {
    expect(() => json({ name: t.string, user: t.any }, { paths: paths as never })).toThrow(message);
  });
});

describe('declarations', () => {
  it.each([
    [7, 'formats.json: expected fields with their types, such as { url: t.string }, or t.object({ … }), not 7'],
    [{}, 'formats.json: expected fields with their types'],
    [t.string, 'formats.json: expected fields with their types'],
    [{ a: 'string' }, "the field 'a' must be a type, such as t.string"],
  ])('%j is refused', (declared, message) => {
    expect(() => json(declared as never)).toThrow(message);
  });

  it('may be a type, of many fields', () => {
    const names = Array.from({ length: 70 }, (_, i) => `f${i}`);
    const format = json(t.object(Object.fromEntries(names.map((name) => [name, t.nullable(t.int32)]))));
    const record = Object.fromEntries(names.map((name, i) => [name, i]));
    expect(parseLine(format, JSON.stringify(record))).toEqual(record);
    expect(parseLine(format, '{"f69":1}')).toEqual({ ...Object.fromEntries(names.map((name) => [name, null])), f69: 1 });
  });

  it('say what TypeScript knows of records', () => {
    const fields = json({ url: t.string, at: t.nullable(t.timestamp) }, { paths: { at: 'x.y' } });
    expectTypeOf<RecordOf<typeof fields>>().toEqualTypeOf<{ readonly url: string; readonly at: Date | null }>();
    const type = json(t.object({ url: t.string }));
    expectTypeOf<RecordOf<typeof type>>().toEqualTypeOf<{ readonly url: string }>();
    const none = json();
    expectTypeOf<RecordOf<typeof none>>().toEqualTypeOf<Record<string, unknown>>();
    expect(fields.type).toEqual(json(t.object({ url: t.string, at: t.nullable(t.timestamp) })).type);
  });

  it('have details that tell formats apart', () => {
    expect(json({ a: t.int32 }, { paths: { a: 'x.y' } }).details).toEqual({ type: '{ a: int32 }', paths: { a: ['x', 'y'] } });
  });
});

describe('without declared fields', () => {
  it('records are what JSON.parse makes of the lines', () => {
    const { records, bad } = parse(json(), '{"a":{"b":[1,2]},"c":null}\r\n\n{}\n[1]\n7\nnull\n{"a":}\n{"a":1} x\n');
    expect(records).toEqual([{ a: { b: [1, 2] }, c: null }, {}]);
    expect(bad.map(({ text }) => text)).toEqual(['[1]', '7', 'null', '{"a":}', '{"a":1} x']);
    expect(new Set(bad.map(({ reason }) => reason))).toEqual(new Set(['it is no object']));
  });
});

/** Whatever JSON leaves to whoever writes it: white space, escapes, the order of members. */
class Writer {
  readonly #choices: readonly number[];
  #next = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  #choose(count: number): number {
    return (this.#choices[this.#next++ % this.#choices.length] as number) % count;
  }

  #space(): string {
    return ['', '', '', ' ', '\t', ' \r'][this.#choose(6)] as string;
  }

  text(value: unknown): string {
    return `${this.#space()}${this.#value(value)}${this.#space()}`;
  }

  #value(value: unknown): string {
    if (typeof value === 'string') return this.#string(value);
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Date) return this.#choose(2) === 0 ? String(value.getTime()) : JSON.stringify(value);
    if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.length === 0 ? this.#space() : value.map((each) => this.text(each)).join(',')}]`;
    const members = Object.entries(value).map(([key, each]) => `${this.#space()}${this.#string(key)}${this.#space()}:${this.text(each)}`);
    if (members.length === 0) return `{${this.#space()}}`;
    const first = this.#choose(members.length);
    return `{${[...members.slice(first), ...members.slice(0, first)].join(',')}}`;
  }

  #string(value: string): string {
    const characters = [...value].map((character) => (this.#choose(9) > 0 ? JSON.stringify(character).slice(1, -1) : escapesOf(character)));
    return `"${characters.join('')}"`;
  }
}

function escapesOf(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

const declared = json(
  {
    s: t.string,
    n: t.float64,
    i: t.int32,
    b: t.bool,
    g: t.bigint64,
    d: t.timestamp,
    o: t.any,
    'né\n': t.nullable(t.string),
    id: t.nullable(t.int32),
  },
  { paths: { id: 'u.v.id' } },
);

const string = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', '😀', '€', 'é', '"', '\\', '/', '\n', '\t', '\u0000', '\u007f', '{', ',', 'u') }),
);
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value);

const record = fc.record({
  s: string,
  n: fc.double({ noNaN: true, noDefaultInfinity: true }),
  i: fc.integer(),
  b: fc.boolean(),
  g: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  d: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z') }),
  o: fc.jsonValue(),
  'né\n': nullable(string),
  id: nullable(fc.integer()),
});

const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 50 });
/** Members that nobody looks for. */
const others = fc.dictionary(fc.string({ minLength: 3 }), fc.jsonValue(), { maxKeys: 4 });

/** A record, and a line that says the same. */
const written = fc.tuple(record, others, choices).map(([fields, more, chosen]) => {
  const { id, ...plain } = fields;
  const line = new Writer(chosen).text({ ...more, u: id === null ? more : { ...more, v: { x: more, id } }, ...plain });
  return { fields, line };
});

const lines = fc.array(written, { maxLength: 12 });
const asContent = lines.map((rows) => rows.map(({ line }) => line).join('\n'));

describe('any records', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(lines, (rows) => {
        const { records, bad } = parse(declared, rows.map(({ line }) => `${line}\n`).join(''));
        expect(bad).toEqual([]);
        expect(records).toEqual(rows.map(({ fields }) => wellFormed(fields)));
      }),
      { numRuns: 50 },
    );
  });

  describesLines({ format: declared, content: asContent, fields: declared.type.names });
});

describe('any records without declared fields', () => {
  describesLines({ format: json(), content: asContent, fields: [] });
});

/** A record as UTF-8 can hold its fields; values of any type are not taken apart. */
function wellFormed(fields: Readonly<Record<string, unknown>>): object {
  const entries = Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' && name !== 'o' ? asUtf8(value) : value]);
  return Object.fromEntries(entries);
}

/** Half of a surrogate pair is U+FFFD. */
function asUtf8(text: string): string {
  return Buffer.from(text).toString();
}

/** What the obvious way makes of a line; undefined where it is no JSON object: then either answer will do. */
function expectedOf(line: string): object | 'bad' | undefined {
  if (!isObject(line)) return undefined;
  const s = valueAt(line, ['s']);
  const i = valueAt(line, ['i']) as number;
  const o = valueAt(line, ['o']);
  const id = valueAt(line, ['u', 'v', 'id']) ?? null;
  const isInt = (value: unknown): boolean => typeof value === 'number' && (value | 0) === value;
  if (typeof s !== 'string' || !isInt(i) || (id !== null && !isInt(id))) return 'bad';
  return { s: asUtf8(s), i: i | 0, o: o ?? null, id: id === null ? null : (id as number) | 0 };
}

function isObject(text: string): boolean {
  try {
    return JSON.parse(text) !== null && text.trimStart().startsWith('{');
  } catch {
    return false;
  }
}

/** The first value that a path leads to in an object that is valid. */
function valueAt(text: string, [key, ...rest]: readonly string[]): unknown {
  for (const [name, value] of membersOf(text)) {
    if (name !== key) continue;
    const found = rest.length === 0 ? JSON.parse(value) : value.startsWith('{') ? valueAt(value, rest) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function membersOf(text: string): [name: string, value: string][] {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) as string[];
  const members: [string, string][] = [];
  let depth = 0;
  let value: string[] = [];
  let name = '';
  for (const token of tokens) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (depth === 1 && token === ':') {
      name = JSON.parse(value.join(''));
      value = [];
    } else if ((depth === 1 && token === ',') || depth === 0) {
      if (value.length > 0) members.push([name, value.join('')]);
      value = [];
    } else value.push(token);
    if (token === '{' || token === '[') depth++;
  }
  return members;
}

describe('lines that may be anything', () => {
  const format = json({ s: t.string, i: t.int32, o: t.any, id: t.nullable(t.int32) }, { paths: { id: 'u.v.id' } });

  function check(bytes: Buffer): void {
    const all = linesIn(bytes).map((line) => Buffer.from(line, 'latin1').toString());
    const { records, bad } = parse(format, bytes);
    expect(records.length + bad.length).toBe(all.length);
    for (const line of all) {
      const parsed = parseLine(format, `${line}\r\n`);
      const expected = expectedOf(line);
      if (expected === 'bad') expect(parsed, line).toBeTypeOf('string');
      else if (expected !== undefined) expect(parsed, line).toEqual(expected);
    }
  }

  it('are records or bad, as JSON.parse has it', () => {
    fc.assert(fc.property(mutated(asContent), check), { numRuns: 100 });
  });

  it('are told of when they are random', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        check,
      ),
    );
    const piece = fc.constantFrom(
      ...jsonPunctuation,
      's',
      'i',
      'u',
      '"s":',
      '"i":1',
      '"u":{"v":{',
      '"id"',
      'null',
      '\n',
      '\r',
      ' ',
      'é',
      '\\u00',
      '-',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
        check,
      ),
      { numRuns: 100 },
    );
  });
});
