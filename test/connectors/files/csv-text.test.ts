/** Records as CSV: what a reader after RFC 4180 gets back is what was written. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../src/api/formats.ts';
import { checkOptions } from '../../../src/base/options.ts';
import { type CsvOptions, CsvText, csvRules } from '../../../src/connectors/files/csv-text.ts';
import { TextBuffer } from '../../../src/connectors/files/text-buffer.ts';
import { t } from '../../../src/schema/type.ts';
import { parse as read } from '../../formats/support.ts';

function csv(records: readonly unknown[], options: CsvOptions = {}): string {
  const format = new CsvText(options);
  const text = new TextBuffer();
  format.start(text);
  for (const record of records) format.record(record, text);
  return text.written.toString();
}

/** Fields of CSV text, after the grammar of RFC 4180. */
function parse(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; at++) {
    let field = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        field += text[at];
      }
      at++;
    } else for (; text[at] !== delimiter && text[at] !== '\n'; at++) field += text[at];
    row.push(field);
    if (text[at] === '\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

const field = fc
  .array(fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', 'é', ']', '^'), { maxLength: 5 })
  .map((parts) => parts.join(''));

describe('CsvText', () => {
  it('writes null as it is told, and tells it from a text', () => {
    const records = [
      { a: null, b: undefined },
      { a: 'NULL', b: '' },
    ];
    expect(csv(records, { null: 'NULL' })).toBe('a,b\nNULL,NULL\n"NULL",""\n');
    expect(csv([null, '\\N', ''], { null: '\\N' })).toBe('\\N\n"\\N"\n""\n');
    expect(() => checkOptions<CsvOptions>({ null: '"' }, csvRules, 'csv')).toThrow(/null must be a text without a quote/);
  });

  it('gives back every field', () => {
    const width = fc.integer({ min: 1, max: 4 });
    const tables = width.chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns })));
    fc.assert(
      fc.property(tables, fc.constantFrom(',', ';', '\t', '|', ']', '^', '-', '\\'), (rows, delimiter) => {
        expect(parse(csv(rows, { delimiter }), delimiter)).toEqual(rows);
      }),
    );
  });

  it('is what formats.csv reads', () => {
    const columns = { count: t.int32, note: t.string, rate: t.float64 };
    const note = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', 'é', '😀', ' '), maxLength: 40 });
    const record = fc.record({
      count: fc.integer(),
      note,
      rate: fc.double({ noNaN: true, noDefaultInfinity: true }).map((rate) => rate + 0),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1 }), (records) => {
        expect(read(formats.csv({ columns }), csv(records))).toMatchObject({ records, bad: [] });
      }),
    );
  });

  it('writes a header from the keys of the first record', () => {
    expect(
      csv([
        { a: 1, 'b,c': 'x' },
        { 'b,c': 'y', a: 2 },
      ]),
    ).toBe('a,"b,c"\n1,x\n2,y\n');
    expect(csv([])).toBe('');
  });

  it('writes the columns that were named, in their order, even without records', () => {
    expect(csv([{ a: 1, b: 2 }], { columns: ['b', 'a'] })).toBe('b,a\n2,1\n');
    expect(csv([[1, 2]], { columns: ['b', 'a'] })).toBe('b,a\n1,2\n');
    expect(csv([], { columns: ['b', 'a'] })).toBe('b,a\n');
  });

  it('writes no header where it is not wanted or there are no names', () => {
    expect(csv([{ a: 1 }], { header: false })).toBe('1\n');
    expect(csv([{ a: 1 }], { header: false, columns: ['a'] })).toBe('1\n');
    expect(
      csv([
        [1, 'x'],
        [2, 'y'],
      ]),
    ).toBe('1,x\n2,y\n');
    expect(csv(['x', 1, null, ''])).toBe('x\n1\n""\n""\n');
    expect(() => csv([[1]], { header: true })).toThrow(/give csv.columns/);
  });

  it('tells null from an empty string, and keeps all of a value', () => {
    const record = [null, undefined, '', 12345678901234567890n, true, Number.NaN, new Date(0), [1, 'x'], { a: 1n }];
    expect(csv([record])).toBe(',,"",12345678901234567890,true,NaN,1970-01-01T00:00:00.000Z,"[1,""x""]","{""a"":1}"\n');
  });

  it('writes numbers as String does, quoted where they read like null or hold the delimiter', () => {
    const bounds = [0, -0, 9, 10, 999_999_999, 1_000_000_000, 2 ** 31, 1e15, Number.MAX_SAFE_INTEGER].flatMap((each) => [each, -each]);
    expect(csv(bounds)).toBe(bounds.map((each) => `${each}\n`).join(''));
    const number = fc.oneof(fc.maxSafeInteger(), fc.double(), fc.integer());
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), fc.constantFrom(',', '.', '-', '1', 'e', 'N', 'y', '+'), (numbers, delimiter) => {
        expect(parse(csv([numbers], { delimiter }), delimiter)).toEqual([numbers.map(String)]);
      }),
    );
    expect(csv([[0, -1, Number.NaN]], { null: '0' })).toBe('"0",-1,NaN\n');
    expect(csv([[0, -1, Number.NaN]], { null: 'NaN' })).toBe('0,-1,"NaN"\n');
    expect(csv([[0, -1, null]], { null: '-1' })).toBe('0,"-1",-1\n');
  });

  it('writes the keys of an object in any order, to the columns of the first', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', '1', '0', 'x y', 'constructor', '__proto__'), { minLength: 1 });
    const table = names.chain((columns) => {
      const orders = fc.shuffledSubarray(columns, { minLength: columns.length });
      return fc.tuple(
        fc.constant(columns),
        fc.array(fc.tuple(orders, fc.array(field, { minLength: columns.length, maxLength: columns.length }))),
      );
    });
    const prototypes = fc.constantFrom(Object.prototype, null);
    fc.assert(
      fc.property(table, prototypes, ([columns, rows], prototype) => {
        const written = rows.map(([order, values]) => {
          const record = Object.create(prototype);
          for (const name of order) Object.defineProperty(record, name, { value: values[columns.indexOf(name)], enumerable: true });
          return record;
        });
        expect(parse(csv(written, { columns }), ',')).toEqual([columns, ...rows.map(([, values]) => values)]);
      }),
    );
  });

  it('leaves nothing of a record that it refuses', () => {
    const format = new CsvText({});
    const text = new TextBuffer();
    const refused = [
      { a: 1, b: () => {} },
      { a: 1 },
      { a: 1, c: 2 },
      { a: 1, b: 2, c: 3 },
      new (class {
        a = 1;
        b = 2;
      })(),
    ];
    expect(() => format.record({ a: 1, b: () => {} }, text)).toThrow(/a function/);
    format.record({ a: 1, b: 2 }, text);
    for (const record of refused) expect(() => format.record(record, text)).toThrow();
    format.record({ a: 3, b: 4 }, text);
    expect(text.written.toString()).toBe('a,b\n1,2\n3,4\n');
  });

  it.each<[string, unknown[], CsvOptions, string]>([
    ['another key', [{ a: 1 }, { a: 1, b: 2 }], {}, "a record has 'b' besides, but the columns of the CSV file are 'a'"],
    ['a missing key', [{ a: 1, b: 2 }, { a: 1 }], {}, "a record lacks 'b', but the columns of the CSV file are 'a', 'b'"],
    ['both', [{ a: 1 }, { b: 1 }], {}, "a record lacks 'a' and has 'b' besides"],
    ['a key that is no column', [{ a: 1, b: 2 }], { columns: ['a'] }, "has 'b' besides"],
    ['a tuple of another length', [[1, 2], [1]], {}, 'a record is an array of 1, but a line of the CSV file is an array of 2'],
    ['a tuple among objects', [{ a: 1 }, [1]], {}, "a record is an array of 1, but a line of the CSV file is an object with 'a'"],
    ['an object among values', [1, { a: 1 }], {}, "a record is an object with 'a', but a line of the CSV file is a single value"],
  ])('refuses %s', (_, records, options, message) => {
    expect(() => csv(records, options)).toThrow(
      expect.objectContaining({ code: 'TYPE_MISMATCH', message: expect.stringContaining(message) }),
    );
  });

  it('checks its options', () => {
    const check = (options: CsvOptions) => () => checkOptions<CsvOptions>(options, csvRules, 'csv');
    for (const delimiter of ['', ',,', '"', '\n']) expect(check({ delimiter })).toThrow(/csv: delimiter/);
    expect(check({ columns: ['a', 'a'] })).toThrow(/csv: columns/);
    expect(check({ columns: [] })).toThrow(/csv: columns/);
  });
});
