/** Lines described by a pattern. */

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { pattern } from '../../src/formats/pattern.ts';
import { describesLines, linesIn, mutated, parse, parseLine } from './support.ts';

/** The record of a line without `raw`. */
function read(format: string, line: string): unknown {
  const record = parseLine(pattern(format), line) as object;
  return typeof record === 'string' ? record : Object.fromEntries(Object.entries(record).filter(([name]) => name !== 'raw'));
}

describe('text', () => {
  it.each([
    ['%{string:a}', 'x y', { a: 'x y' }],
    ['%{string:a} ', 'x ', { a: 'x' }],
    ['%{string:a};%{string:b}', 'x;y;z', { a: 'x', b: 'y;z' }],
    ['%{string:a};%{string:b}', ';', { a: '', b: '' }],
    ['[%{string:a}] %{string:b}', '[x] [y] z', { a: 'x', b: '[y] z' }],
    ['%{string:a} - %{string:b}', 'a-b - c - d', { a: 'a-b', b: 'c - d' }],
    ['%%%{string:a}%%', '%x%', { a: 'x' }],
    ['%{string} %{string:b}', 'x y', { b: 'y' }],
    ['%{ip:a}:%{int:port}', '10.0.0.1:80', { a: '10.0.0.1', port: 80 }],
    ['é%{string:a}日%{string:b}', 'éx日y', { a: 'x', b: 'y' }],
    ['%{quoted:a} %{quoted:b}', '"x \\"y\\"" "\\x41\\\\"', { a: 'x "y"', b: 'A\\' }],
    ['%{string?:a} %{string?:b}', '- -', { a: null, b: null }],
    ['%{string?:a} %{string?:b}', ' x', { a: null, b: 'x' }],
    ['%{string?:a} %{string?:b}', '-- -x', { a: '--', b: '-x' }],
    ['%{quoted?:a} %{number?:b}', '- -', { a: null, b: null }],
    ['%{quoted?:a} %{number?:b}', '"-" -1', { a: '-', b: -1 }],
  ] as const)('of %s in %j', (format, line, fields) => {
    for (const end of ['', '\n', '\r\n']) expect(read(format, line + end)).toEqual(fields);
  });

  it('may be passed over', () => {
    expect(read('%{int} %{timestamp} %{quoted} %{number} %{string:a}', '1 2025-03-03 06:00 "x" 2 y')).toEqual({ a: 'y' });
  });
});

describe('empty lines', () => {
  it('are no records, whatever is asked for', () => {
    const lines = 'a\n\n\r\nb\n';
    expect(parse(pattern('%{string:key}'), lines).records).toEqual([
      { key: 'a', raw: 'a' },
      { key: 'b', raw: 'b' },
    ]);
    for (const fields of [['raw'], ['key'], []]) {
      const { records, bad } = parse(pattern('%{string:key}'), lines, { fields });
      expect([records.length, bad]).toEqual([2, []]);
    }
  });
});

describe('numbers', () => {
  it.each([
    ['number', '0', 0],
    ['number', '-12.5', -12.5],
    ['number', '+1', 1],
    ['number', '1e3', 1000],
    ['number', '.5', 0.5],
    ['number', '0.1234567890123456789', Number('0.1234567890123456789')],
    ['number', '123456789012345678', 123456789012345680],
    ['number', 'x', undefined],
    ['number', '', undefined],
    ['number', '-', undefined],
    ['number', '1,5', undefined],
    ['number', 'NaN', undefined],
    ['int', '007', 7],
    ['int', '-1', undefined],
    ['int', '1.0', undefined],
    ['int', '1234567890123456', undefined],
    ['int', '', undefined],
  ] as const)('of %%{%s} in %j', (type, text, value) => {
    const bad = type === 'number' ? "'n' is no number" : "'n' is no whole number";
    const orElse = (reason: string): unknown => (value === undefined ? bad + reason : { n: value });
    expect(read(`=%{${type}:n}`, `=${text}`)).toEqual(orElse(', or the line does not end behind it'));
    expect(read(`<%{${type}:n}>`, `<${text}>`)).toEqual(orElse(', or no ">" follows'));
    expect(read(`%{${type}?:n};`, `${text};`)).toEqual(text === '' || text === '-' ? { n: null } : orElse(', or no ";" follows'));
  });
});

describe('times', () => {
  it.each([
    ['timestamp', '2025-03-03T06:00:00.123Z', Date.UTC(2025, 2, 3, 6, 0, 0, 123)],
    ['timestamp', '2025-03-03T06:00:00.123456+01:00', Date.UTC(2025, 2, 3, 5, 0, 0, 123)],
    ['timestamp', '2025-03-03 06:00:00,123', Date.UTC(2025, 2, 3, 6, 0, 0, 123)],
    ['timestamp', '2025-03-03 06:00:00', Date.UTC(2025, 2, 3, 6)],
    ['timestamp', '2025-03-03T06:00', Date.UTC(2025, 2, 3, 6)],
    ['timestamp', '2025-03-03T06:00:00-0230', Date.UTC(2025, 2, 3, 8, 30)],
    ['timestamp', '2025-03-03', Date.UTC(2025, 2, 3)],
    ['timestamp', '2025-02-30', undefined],
    ['timestamp', '2025-03-03T25:00:00Z', undefined],
    ['timestamp', '2025-03-03T06:00:00.Z', undefined],
    ['timestamp', '03/03/2025', undefined],
    ['timestamp', '-', undefined],
    ['epoch', '1741003200', 1741003200000],
    ['epoch', '1741003200.123', 1741003200123],
    ['epoch', '-1', -1000],
    ['epoch', 'x', undefined],
    ['epochms', '1741003200123', 1741003200123],
    ['epochms', '1741003200123.9', 1741003200123],
    ['epochms', '', undefined],
    ['httpdate', '10/Oct/2000:13:55:36 -0700', Date.UTC(2000, 9, 10, 20, 55, 36)],
    ['httpdate', '10/Okt/2000:13:55:36 -0700', undefined],
  ] as const)('of %%{%s} in %j', (type, text, value) => {
    for (const [before, behind] of [
      ['', ''],
      ['[', ']'],
      ['at ', ' x'],
      ['', ': x'],
      ['', ', x'],
      ['', ' x'],
    ] as const) {
      if (before + text + behind === '') continue;
      const result = read(`${before}%{${type}:t}${behind}`, before + text + behind);
      if (value === undefined) expect(result).toContain("'t' is no time like");
      else expect(result).toEqual({ t: value });
    }
  });

  it('end where what stands behind them begins', () => {
    expect(read('%{timestamp:t}-%{string:a}', '2025-03-03T06:00:00-x')).toEqual({ t: Date.UTC(2025, 2, 3, 6), a: 'x' });
    expect(read('%{timestamp:t},%{int:a}', '2025-03-03T06:00:00,5')).toEqual({ t: Date.UTC(2025, 2, 3, 6), a: 5 });
    expect(read('%{timestamp:t} %{string:a}', '2025-03-03 6 o clock')).toEqual({ t: Date.UTC(2025, 2, 3), a: '6 o clock' });
    expect(read('%{timestamp:t}Z%{string:a}', '2025-03-03T06:00Zx')).toEqual({ t: Date.UTC(2025, 2, 3, 6), a: 'x' });
  });
});

it('a line of something else', () => {
  expect(read('[%{string:a}] x', 'x')).toBe('it does not begin with "["');
  expect(read('[%{string:a}] x', '[x')).toBe('no "] x" behind \'a\'');
  expect(read('%{quoted:a} x', 'x')).toBe('\'a\' does not stand in quotes, or no " x" follows');
  expect(read('%{string?} x%{string:a}', '- z')).toBe('no " x" behind a field');
  expect(read('%{quoted} %{int:a}', '"x')).toBe('a field does not stand in quotes, or no " " follows');
});

describe('a pattern is refused', () => {
  it.each([
    ['x', 'it names no field; write one, such as %{string:name}'],
    [
      '%{strng:a}',
      "%{strng:a} is no field: write %{type:name}, of the types string, ip, quoted, number, int, timestamp, epoch, epochms, httpdate; did you mean 'string'?",
    ],
    ['%{a}', '%{a} is no field: write %{type:name}, of the types string, ip, quoted, number, int, timestamp, epoch, epochms, httpdate'],
    ['%{string:}', '%{string:} is no field: write %{type:name}'],
    ['%{toString:a}', '%{toString:a} is no field: write %{type:name}'],
    ['%{}', '%{} is no field: write %{type:name}'],
    ['%{string:a}%{string:b}', 'nothing stands in front of %{string:b}: where the field before it ends cannot be told'],
    ['%{string:a} %{int:a}', "the name 'a' stands there twice"],
    ['%{string:raw}', "a field cannot be called 'raw'"],
    ['%{string:__proto__}', "a field cannot be called '__proto__'"],
    ['%{string:1}', "a field cannot be called '1'"],
    ['%{string:a}\n', 'a line has no line feed in it'],
    ['%{string:a} %{int:b', 'no } stands behind %{; for the text %{ write %%{'],
  ])('%j', (text, why) => {
    expect(() => pattern(text)).toThrow(`formats.pattern: '${text}': ${why}`);
  });

  it('that is none', () => {
    expect(() => pattern(5 as never)).toThrow('formats.pattern: the pattern');
  });
});

it('types say what records hold', () => {
  const format = pattern('%{timestamp:at} [%{string?:user}] %{quoted:text} %{int?:n} %{epoch:s}');
  expect(format.type.names).toEqual(['at', 'user', 'text', 'n', 's', 'raw']);
  const record = parse(format, '2025-03-03 [-] "x" - 1').records[0];
  expectTypeOf(record as NonNullable<typeof record>).toEqualTypeOf<{
    readonly at: number;
    readonly user: string | null;
    readonly text: string;
    readonly n: number | null;
    readonly s: number;
    readonly raw: string;
  }>();
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '[', '"', '\\', 'é', '日', '-', '=') });
const record = fc.record({
  at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((date) => date.getTime()),
  level: text.map((each) => each.replaceAll(']', '')),
  quote: text,
  n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)),
  rest: text,
});
const format = pattern('%{timestamp:at} [%{string:level}] %{quoted:quote} n=%{number?:n} %{string:rest}');
const rows = fc.array(record, { maxLength: 8 }).map((all) =>
  all.map((fields) => {
    const { at, level, quote, n, rest } = fields;
    const line = `${new Date(at).toISOString()} [${level}] "${quote.replace(/["\\]/g, '\\$&')}" n=${n ?? '-'} ${rest}`;
    return { line, fields: { ...fields, raw: line } };
  }),
);
const content = rows.map((all) => all.map(({ line }) => line).join('\r\n'));

describe('any records', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const records = all.map(({ fields }) => fields);
        expect(parse(format, all.map(({ line }) => `${line}\n`).join(''))).toEqual({ records, bad: [], invalid: [] });
      }),
      { numRuns: 50 },
    );
  });

  describesLines({ format, content, fields: format.type.names });
});

it('lines that may be anything are records or bad', () => {
  const slow =
    /^(?<at>\d{4}-(?:0[1-9]|1[0-2])-\d\d[Tt \t](?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d+)?)?(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?|\d{4}-\d\d-\d\d) \[(?:(?!\] ").)*\] "(?:[^"\\]|\\.)*" n=(?:|-|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?) /s;
  const isRecord = (line: string): boolean => {
    const [year, month, day] = (slow.exec(line)?.groups?.at ?? '').slice(0, 10).split('-').map(Number);
    return (
      day !== undefined &&
      new Date(Date.UTC(year as number, (month as number) - 1, day)).toISOString().slice(8, 10) === String(day).padStart(2, '0')
    );
  };
  const check = (bytes: Buffer): void => {
    const lines = linesIn(bytes);
    const { records, bad } = parse(format, Buffer.from(bytes), { encoding: 'latin1' });
    expect(records.map(({ raw }) => raw)).toEqual(lines.filter(isRecord));
    expect(bad.map((each) => each.text)).toEqual(lines.filter((line) => !isRecord(line)).map((line) => line.slice(0, 200)));
  };
  fc.assert(fc.property(mutated(content), check), { numRuns: 200 });
});
