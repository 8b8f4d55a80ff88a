/** Records as CSV: what a reader after RFC 4180 gets back is what was written. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../../src/base/options.ts';
import { type CsvOptions, CsvText, csvRules } from '../../../src/connectors/files/csv-text.ts';

function csv(records: readonly unknown[], options: CsvOptions = {}): string {
  const format = new CsvText(options);
  return format.start() + records.map((record) => format.record(record)).join('');
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
