/** Labelled tab-separated values: http://ltsv.org, whose grammar is cited. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ltsv } from '../../src/formats/ltsv.ts';
import { t } from '../../src/schema/type.ts';
import { describesLines, linesIn, mutated, parse, parseLine } from './support.ts';

describe('fields', () => {
  const format = ltsv({ a: t.int32, b: t.string });

  // record = [field *(TAB field)], field = label ":" field-value
  it.each(['a:1\tb:x', 'b:x\ta:1', 'u:\ta:1\tv:a:2\tb:x', 'aa:2\tA:3\ta:1\tbb:y\tb:x\tw:1 2', 'a:1\tb:x\tno field'])(
    'are found in %j',
    (line) => {
      expect(parseLine(format, line)).toEqual({ a: 1, b: 'x' });
      expect(parseLine(format, `${line}\r\n`)).toEqual({ a: 1, b: 'x' });
    },
  );

  it.each([
    ['x', 'a field does not begin with a label and a colon'],
    [':1', 'a field does not begin with a label and a colon'],
    ['\ta:1\tb:x', 'a field does not begin with a label and a colon'],
    ['a:1\t\tb:x', 'a field does not begin with a label and a colon'],
    ['a:1\t', 'a field does not begin with a label and a colon'],
    ['a:1\tb', 'a field does not begin with a label and a colon'],
    ['a:1', "'b' is missing"],
    ['b:x', "'a' is missing"],
    ['a:\tb:x', "'a' is no whole number of 32 bits"],
    ['a: 1\tb:x', "'a' is no whole number of 32 bits"],
    ['a:-\tb:x', "'a' is no whole number of 32 bits"],
  ])('are refused in %j', (line, reason) => {
    expect(parseLine(format, line)).toBe(reason);
    expect(parseLine(format, `${line}\r\n`)).toBe(reason);
  });

  it('of a server', () => {
    const line =
      'time:[28/Feb/2013:12:00:00 +0900]\thost:192.168.0.1\treq:GET /list HTTP/1.1\tstatus:200\tsize:5316\treferer:-\tua:Mozilla/5.0\ttaken:9789\tisrobot:1';
    const server = ltsv({
      time: t.timestamp,
      host: t.string,
      req: t.string,
      status: t.int32,
      size: t.bigint64,
      referer: t.nullable(t.string),
      user: t.nullable(t.string),
    });
    expect(parseLine(server, line)).toEqual({
      time: new Date('2013-02-28T03:00:00Z'),
      host: '192.168.0.1',
      req: 'GET /list HTTP/1.1',
      status: 200,
      size: 5316n,
      referer: null,
      user: null,
    });
  });

  it('count once: the first of those with the same label', () => {
    expect(parseLine(format, 'a:1\ta:2\tb:x\tb:y')).toEqual({ a: 1, b: 'x' });
    expect(parseLine(format, 'a:1\ta:z\tb:x')).toEqual({ a: 1, b: 'x' });
  });
});

describe('values', () => {
  it('that a float64 does not hold are refused, where it is told to', () => {
    const read = (text: string): unknown => parseLine(ltsv({ a: t.float64 }, { exactIntegers: true }), `a:${text}\tb:1`);
    expect(read('9007199254740993')).toContain("'a' has more digits than a float64 holds");
    expect(read('9007199254740992')).toMatchObject({ a: 9007199254740992 });
    expect(read('0.1250000000000000000')).toMatchObject({ a: 0.125 });
  });

  it('are text without escapes', () => {
    for (const value of ['', ' ', '-', 'a:b', '"x"', '\\t\\n', 'é日本', '\u0001\v\f', 'x\r\ry'])
      expect(parseLine(ltsv({ a: t.string }), `a:${value}`)).toEqual({ a: value });
  });

  it('are null where there is none, and where they are -, if they may be', () => {
    const read = (type: typeof t.string, line: string): unknown => parseLine(ltsv({ a: t.nullable(type) }), line);
    for (const type of [t.string, t.int32, t.float64, t.bool, t.timestamp, t.bigint64] as (typeof t.string)[])
      for (const line of ['a:-', 'b:1']) expect(read(type, line)).toEqual({ a: null });
    expect(read(t.string, 'a:')).toEqual({ a: '' });
    expect(read(t.float64 as never, 'a:')).toEqual({ a: null });
    expect(read(t.float64 as never, 'a:-1')).toEqual({ a: -1 });
  });

  it('of booleans are true and false', () => {
    expect(parse(ltsv({ a: t.bool }), 'a:true\na:false\r\na:1').records).toEqual([{ a: true }, { a: false }]);
  });

  it('in Latin-1 are Latin-1, and so are labels', () => {
    expect(parseLine(ltsv({ é: t.string }), 'é:ü', { encoding: 'latin1' })).toEqual({ é: 'ü' });
    expect(parseLine(ltsv(), 'é:ü', { encoding: 'latin1' })).toEqual({ é: 'ü' });
  });

  it('that are no UTF-8 are told of', () => {
    expect(parse(ltsv({ a: t.string }), Buffer.from('a:x\tb:\xff', 'latin1'))).toEqual({ records: [{ a: 'x' }], bad: [], invalid: [6] });
    expect(parse(ltsv(), Buffer.from('b:\xff', 'latin1'))).toEqual({ records: [{ b: '\ufffd' }], bad: [], invalid: [2] });
  });
});

it('without declared fields records have all fields', () => {
  const { records, bad } = parse(ltsv(), 'a:1\tb:x y\tc:\ta:2\t__proto__:p\td:-\r\n\nx\n:1\na:1\t\n');
  const entries = [
    ['a', '1'],
    ['b', 'x y'],
    ['c', ''],
    ['__proto__', 'p'],
    ['d', '-'],
  ] as const;
  expect(records).toEqual([Object.fromEntries(entries)]);
  expect(Object.entries(records[0] as object)).toEqual(entries);
  expect(bad.map(({ text }) => text)).toEqual(['x', ':1', 'a:1\t']);
});

it('values of any type are refused', () => {
  expect(() => ltsv({ a: t.any })).toThrow("formats.ltsv: the field 'a' is of any type");
});

// lbyte = %x30-39 / %x41-5A / %x61-7A / "_" / "." / "-"
const label = fc.stringMatching(/^[0-9A-Za-z_.-]{3,9}$/);
// fbyte = %x01-08 / %x0B / %x0C / %x0E-FF
const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string()).map((text) => text.replaceAll(/[\0\t\r\n]/g, ' '));

const record = fc.record({
  s: value,
  n: fc.double({ noNaN: true, noDefaultInfinity: true }),
  i: fc.integer(),
  b: fc.boolean(),
  g: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  d: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z') }),
  'n.s': fc.option(value.filter((text) => text !== '-')),
});

const rows = fc.array(
  fc.tuple(record, fc.dictionary(label, value, { maxKeys: 4 }), fc.nat({ max: 20 })).map(([fields, others, first]) => {
    const text = (each: unknown): string => (each instanceof Date ? each.toISOString() : Object.is(each, -0) ? '-0' : String(each ?? '-'));
    const all = Object.entries({ ...others, ...fields }).map(([name, each]) => `${name}:${text(each)}`);
    const at = first % all.length;
    return { fields, line: [...all.slice(at), ...all.slice(0, at)].join('\t') };
  }),
  { maxLength: 12 },
);
const content = rows.map((all) => all.map(({ line }) => line).join('\r\n'));
const declared = ltsv({ s: t.string, n: t.float64, i: t.int32, b: t.bool, g: t.bigint64, d: t.timestamp, 'n.s': t.nullable(t.string) });

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
  describesLines({ format: ltsv(), content, fields: [] });
});

describe('lines that may be anything', () => {
  const format = ltsv({ s: t.string, i: t.int32, n: t.nullable(t.string) });

  /** What the obvious way makes of a line: fields up to the last that is asked for. */
  function expectedOf(line: string): unknown {
    const found = new Map<string, string>();
    for (const field of line.split('\t')) {
      const [name = '', ...rest] = field.split(':');
      if (name === '' || rest.length === 0) return 'bad';
      if (['s', 'i', 'n'].includes(name) && !found.has(name)) found.set(name, rest.join(':'));
      if (found.size === 3) break;
    }
    const [s, i = '', n = '-'] = ['s', 'i', 'n'].map((name) => found.get(name));
    const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(i) ? Number(i) : Number.NaN;
    return s === undefined || (number | 0) !== number ? 'bad' : { s, i: number | 0, n: n === '-' ? null : n };
  }

  function check(bytes: Buffer): void {
    const lines = linesIn(bytes).map((line) => Buffer.from(line, 'latin1').toString());
    const { records, bad } = parse(format, Buffer.from(bytes));
    const expected = lines.map(expectedOf);
    expect(records).toEqual(expected.filter((each) => each !== 'bad'));
    expect(bad.length).toBe(expected.filter((each) => each === 'bad').length);
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
    const piece = fc.constantFrom('s', 'i', 'n', ':', '\t', '\t', ' ', 's:x', '\ti:1', 'n:-', 'é', '\n', '\r', '1');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
        check,
      ),
      { numRuns: 100 },
    );
  });
});
