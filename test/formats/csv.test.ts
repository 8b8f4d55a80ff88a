/** CSV as RFC 4180 has it; the sections in the names of tests are its. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it, test } from 'vitest';
import { formats } from '../../src/api/formats.ts';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import { type FileSourceOptions, fileSource } from '../../src/connectors/files/file-source.ts';
import type { Format, RecordOf } from '../../src/formats/format.ts';
import { t } from '../../src/schema/type.ts';
import { ReaderContext, sourceContext, temporaryDirectory } from '../connectors/support.ts';
import { describesLines, mutated, parse, parseChunks } from './support.ts';

const abc = formats.csv({ columns: { a: t.string, b: t.string, c: t.string }, header: false });

/** The fields of all good records. */
function rows(format: Format<object>, text: string): unknown[][] {
  const { records, bad } = parse(format, text);
  expect(bad).toEqual([]);
  return records.map((record) => Object.values(record));
}

function reasons(format: Format<object>, text: string): string[] {
  return parse(format, text).bad.map(({ reason }) => reason);
}

describe('RFC 4180, section 2', () => {
  const expected = [
    ['aaa', 'bbb', 'ccc'],
    ['zzz', 'yyy', 'xxx'],
  ];

  test('1: records end with CRLF; a line feed does as well', () => {
    expect(rows(abc, 'aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n')).toEqual(expected);
    expect(rows(abc, 'aaa,bbb,ccc\nzzz,yyy,xxx\n')).toEqual(expected);
  });

  test('2: the last one need not', () => {
    expect(rows(abc, 'aaa,bbb,ccc\r\nzzz,yyy,xxx')).toEqual(expected);
  });

  test('3: a header', () => {
    const headed = formats.csv({ columns: { a: t.string, b: t.string, c: t.string } });
    expect(rows(headed, 'a,b,c\r\naaa,bbb,ccc\r\nzzz,yyy,xxx\r\n')).toEqual(expected);
  });

  test('4: spaces belong to a field, and all records have as many fields', () => {
    expect(rows(abc, ' aaa, bbb ,ccc ')).toEqual([[' aaa', ' bbb ', 'ccc ']]);
    expect(reasons(abc, 'a,b\na,b,c,d\n\na,"b,c"\na,b,\n')).toEqual([
      '2 fields instead of 3',
      '4 fields instead of 3',
      '2 fields instead of 3',
    ]);
  });

  test('5: fields may be quoted; a quote in others is an error', () => {
    expect(rows(abc, '"aaa","bbb","ccc"\r\nzzz,yyy,xxx')).toEqual(expected);
    const reason = 'a quote stands in a field without quotes, or text behind the quote that ends one';
    expect(reasons(abc, 'a"a,b,c\n"a"a,b,c\na,b,c"\n')).toEqual([reason, reason, reason]);
  });

  test('6: line breaks, quotes and commas in quotes', () => {
    expect(rows(abc, '"aaa","b\r\nbb","c,c"\r\nzzz,yyy,"\n"\n')).toEqual([
      ['aaa', 'b\r\nbb', 'c,c'],
      ['zzz', 'yyy', '\n'],
    ]);
  });

  test('7: two quotes in quotes are one', () => {
    expect(rows(abc, '"aaa","b""bb","ccc"\n"""","","""é"\n')).toEqual([
      ['aaa', 'b"bb', 'ccc'],
      ['"', '', '"é'],
    ]);
    expect(parse(abc, '"""é",b,c').invalid).toEqual([]);
  });
});

describe('records', () => {
  test('empty lines are none', () => {
    expect(rows(abc, '\n\r\na,b,c\n\r\n\n')).toEqual([['a', 'b', 'c']]);
  });

  test('one whose quotes do not end takes the rest', () => {
    expect(parse(abc, 'a,b,c\nx,"y\nz,1,2\n')).toMatchObject({
      records: [{ a: 'a' }],
      bad: [{ reason: 'no quote ends the field that begins with one', offset: 6 }],
    });
  });

  test('a bad one ends where it would as a good one', () => {
    const numbers = formats.csv({ columns: { n: t.float64, text: t.string }, header: false });
    expect(parse(numbers, 'x,"a\nb"\n1,"c\nd"\n')).toMatchObject({
      records: [{ n: 1, text: 'c\nd' }],
      bad: [{ reason: "'n' is no number", offset: 0 }],
    });
  });

  test('what lies behind the last field that is asked for is not looked at, but for where it ends', () => {
    const text = 'a,b,c\nd,"e","f\ng"\nh,x\ni,j,k"k\nl,"m\nm\n';
    expect(parse(abc, text, { fields: ['a'] })).toMatchObject({ records: ['a', 'd', 'h', 'i', 'l'].map((a) => ({ a })), bad: [] });
  });
});

describe('whole numbers that a float64 does not hold', () => {
  const text = 'a,b\n9007199254740993,1\n1,"9007199254740993"\n2,-9007199254740993\n9007199254740992,0.1250000000000000000\n';
  const columns = { a: t.float64, b: t.float64 };

  test('are rounded where columns are declared', () => {
    expect(rows(formats.csv({ columns }), text)[0]).toEqual([9007199254740992, 1]);
  });

  test('are bad where the columns are to be exact', () => {
    const exact = formats.csv({ columns, exactIntegers: true });
    const why = (name: string) => `'${name}' has more digits than a float64 holds; a job with the field declared as t.bigint64 reads it`;
    expect(reasons(exact, text)).toEqual([why('a'), why('b'), why('b')]);
    expect(parse(exact, text).records).toEqual([{ a: 9007199254740992, b: 0.125 }]);
  });

  test('are bad in columns that were found, as any value that does not fit', () => {
    const found = formats.csv().resolve?.({ bytes: Buffer.from('a,b\n1,2\n'), ended: true }, 'test') as Format<object>;
    expect(reasons(found, text)).toHaveLength(3);
  });
});

describe('fields', () => {
  const format = formats.csv({
    columns: {
      string: t.string,
      stringOrNull: t.nullable(t.string),
      number: t.float64,
      numberOrNull: t.nullable(t.float64),
      int: t.int32,
      bigint: t.bigint64,
      bool: t.nullable(t.bool),
      time: t.timestamp,
    },
    header: false,
    nullText: 'NA',
  });

  test('have types', () => {
    expectTypeOf<RecordOf<typeof format>>().toEqualTypeOf<{
      readonly string: string;
      readonly stringOrNull: string | null;
      readonly number: number;
      readonly numberOrNull: number | null;
      readonly int: number;
      readonly bigint: bigint;
      readonly bool: boolean | null;
      readonly time: Date;
    }>();
    const time = new Date('2024-02-29T12:00:00Z');
    const last = '12345678901234567,true,2024-02-29T12:00:00Z\n'.replace('12345678901234567', '-9007199254740993');
    expect(rows(format, `,,1,,7,${last}`)).toEqual([['', null, 1, null, 7, -9007199254740993n, true, time]]);
    expect(rows(format, `NA,NA,-1.5e3,NA,-7,${last}`)).toEqual([['NA', null, -1500, null, -7, -9007199254740993n, true, time]]);
    expect(rows(format, `"x","NA","2.25","0.1","2147483647","5",false,"2024-02-29T12:00:00Z"\n`)).toEqual([
      ['x', 'NA', 2.25, 0.1, 2147483647, 5n, false, time],
    ]);
    expect(rows(format, `"","",+3,"1",0,5,,1709208000000\r\n`)).toEqual([['', '', 3, 1, 0, 5n, null, time]]);
  });

  test.each([
    ['number', ',,,,7,1,true,2024-02-29', "'number' is no number"],
    ['number', ',,NA,,7,1,true,2024-02-29', "'number' is no number"],
    ['number', ',,0x10,,7,1,true,2024-02-29', "'number' is no number"],
    ['int', ',,1,,1.5,1,true,2024-02-29', "'int' is no whole number of 32 bits"],
    ['int', ',,1,,2147483648,1,true,2024-02-29', "'int' is no whole number of 32 bits"],
    ['bigint', ',,1,,1,9223372036854775808,true,2024-02-29', "'bigint' is no whole number of 64 bits"],
    ['bool', ',,1,,1,1,yes,2024-02-29', "'bool' is neither true nor false"],
  ])('that are no %s are told of: %s', (_, line, reason) => {
    expect(reasons(format, line)).toEqual([reason]);
  });

  test('of numbers can be times', () => {
    const times = formats.csv({
      columns: { a: t.float64, b: t.nullable(t.float64), c: t.timestamp },
      times: { a: 'iso8601', b: 'epochSeconds', c: 'epochSeconds' },
      header: false,
    });
    expect(rows(times, '2001-09-09T01:46:40Z,1000000000.5,1000000000\n2001-09-09 03:46:40+02,,"1000000000"')).toEqual([
      [1e12, 1e12 + 500, new Date(1e12)],
      [1e12, null, new Date(1e12)],
    ]);
    expect(reasons(times, 'x,1,1\n2001-09-09,x,1')).toEqual([
      "'a' is no time in the notation that it was said to have",
      "'b' is no time in the notation that it was said to have",
    ]);
  });

  test('every number is the one that it reads as', () => {
    const numbers = formats.csv({ columns: { n: t.float64, m: t.float64 }, header: false });
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), (n, quoted) => {
        const text = quoted ? `"${n}"` : String(n);
        expect(rows(numbers, `${text},${text}`)).toEqual([[Number(text.replaceAll('"', '')), n].map((each) => each + 0)]);
      }),
    );
  });
});

describe('headers', () => {
  const format = formats.csv({ columns: { a: t.string, n: t.float64 } });

  test('name columns in any order, of which some may be of no use', () => {
    expect(rows(format, 'x,n,"a"\n"1\n",2,3\n')).toEqual([['3', 2]]);
  });

  test('without a column are refused', () => {
    expect(parse.bind(undefined, format, 'a,m\n1,2\n')).toThrow();
  });

  test('empty lines may stand in front', () => {
    expect(rows(format, '\r\n\na,n\n1,2\n')).toEqual([['1', 2]]);
  });

  test('and nothing else', () => {
    expect(rows(format, 'a,n')).toEqual([]);
    expect(rows(format, '')).toEqual([]);
  });
});

describe('options', () => {
  test('another delimiter and quote', () => {
    const format = formats.csv({ columns: t.object({ a: t.string, b: t.float64 }), header: false, delimiter: ';', quote: "'" });
    expectTypeOf<RecordOf<typeof format>>().toEqualTypeOf<{ readonly a: string; readonly b: number }>();
    expect(rows(format, "'a;''b''';1.5\n\"a\";2")).toEqual([
      ["a;'b'", 1.5],
      ['"a"', 2],
    ]);
  });

  test('no quotes at all', () => {
    const format = formats.csv({ columns: { a: t.string, b: t.string }, header: false, quote: null });
    expect(rows(format, '5" pipe,"x\n')).toEqual([['5" pipe', '"x']]);
  });

  test('tab-separated values have none by default', () => {
    const format = formats.tsv({ columns: { a: t.string, b: t.nullable(t.float64) }, nullText: '\\N' });
    expect(rows(format, 'b\ta\n\\N\t"x\n2\t\n')).toEqual([
      ['"x', null],
      ['', 2],
    ]);
  });

  test.each([
    [() => formats.csv({ delimiter: ',,' }), 'delimiter'],
    [() => formats.csv({ delimiter: '"' }), 'both'],
    [() => formats.csv({ quote: '' }), 'quote'],
    [() => formats.csv({ columns: {} }), 'columns'],
    [() => formats.csv({ columns: { a: t.any } }), "'a'"],
    [() => formats.csv({ columns: { at: t.float64 }, times: { att: 'iso8601' } }), "did you mean 'at'"],
    [() => formats.csv({ columns: { at: t.string }, times: { at: 'iso8601' } }), 'a time is'],
    [() => formats.csv({ columns: { at: t.float64 }, times: { at: 'iso' as 'iso8601' } }), "'epochSeconds'"],
  ])('that are wrong are refused', (make, message) => {
    expect(make).toThrow(message);
  });
});

/** What the definition of records and fields says, a character at a time. */
function oracle(text: string, columns: number): { records: string[][]; bad: number } {
  const records: string[][] = [];
  let bad = 0;
  for (let p = 0; p < text.length; p++) {
    const start = p;
    const fields: string[] = [];
    let good = true;
    for (let more = true; more; ) {
      let value = '';
      const quoted = text[p] === '"';
      if (quoted) {
        for (p++; p < text.length && (text[p] !== '"' || text[p + 1] === '"'); p++) {
          value += text[p];
          if (text[p] === '"') p++;
        }
        good = p < text.length;
        p++;
        if (text[p] === '\r' && (text[p + 1] ?? '\n') === '\n') p++;
        if (good && !',\n'.includes(text[p] ?? '\n')) good = false;
      } else {
        for (; !',\n"'.includes(text[p] ?? '\n'); p++) value += text[p];
        good = text[p] !== '"';
        if (text[p] !== ',') value = value.replace(/\r$/, '');
      }
      fields.push(value);
      more = good && text[p] === ',';
      if (more) p++;
    }
    while (p < text.length && text[p] !== '\n') p++;
    if (/^\r?$/.test(text.slice(start, p))) continue;
    if (good && fields.length === columns) records.push(fields);
    else bad++;
  }
  return { records, bad };
}

const fieldText = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', '\n', '\r\n', ' ', '1', '€'), maxLength: 6 });
const written = fc.tuple(fieldText, fc.boolean()).map(([text, quoted]) => {
  const value = text;
  return quoted || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
});
const lineOf = (...fields: fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...fields).map((all) => all.join(','));
const textOf = (header: string, line: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n')), { maxLength: 8 }), fc.boolean())
    .map(([lines, ended]) => header + lines.map(([line, end], i) => line + (ended || i < lines.length - 1 ? end : '')).join(''));
const numberText = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), fc.constant('"12.5"'), fc.constant(''));

describe('quoted and unquoted fields', () => {
  describesLines({
    format: formats.csv({ columns: { a: t.string, n: t.nullable(t.float64), b: t.nullable(t.string) }, header: false }),
    content: textOf('', lineOf(written, numberText, written)),
    fields: ['a', 'n', 'b'],
  });

  it('takes records apart as the definition says', () => {
    const content = textOf('', lineOf(written, written, written));
    fc.assert(
      fc.property(
        fc.oneof(
          mutated(content),
          content.map((text) => Buffer.from(text)),
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          const text = bytes.toString('latin1');
          const { records, bad } = parse(abc, text, { encoding: 'latin1' });
          expect({ records: records.map((record) => Object.values(record)), bad: bad.length }).toEqual(oracle(text, 3));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives back what was written', () => {
    const tables = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string(), fc.string()), { maxLength: 20 });
    fc.assert(
      fc.property(tables, (table) => {
        const text = table.map((fields) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')).join('\r\n');
        expect(rows(abc, text)).toEqual(table.map((fields) => fields.map((field) => Buffer.from(field).toString())));
      }),
    );
  });

  it('loses and invents nothing, however bad text comes in', () => {
    const cut = mutated(textOf('', lineOf(written, written, written))).chain((bytes) =>
      fc.tuple(fc.constant(bytes), fc.nat(bytes.length), fc.nat(bytes.length)),
    );
    fc.assert(
      fc.property(cut, fc.constantFrom(1, 2, 1024), ([bytes, a, b], batchRows) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const chunks = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
        expect(parseChunks(abc, chunks, { batchRows }).records).toEqual(parse(abc, Buffer.from(bytes)).records);
      }),
      { numRuns: 300 },
    );
  });
});

describe('with a header', () => {
  describesLines({
    format: formats.csv({ columns: { a: t.string, n: t.nullable(t.float64), b: t.nullable(t.string) } }),
    content: textOf('b,"x",n,a\r\n', lineOf(written, written, numberText, written)),
    fields: ['a', 'n', 'b'],
  });
});

describe('without quotes', () => {
  const plain = fc.string({ unit: fc.constantFrom('a', 'é', '"', ' ', '1'), minLength: 1, maxLength: 6 });
  describesLines({
    format: formats.tsv({ columns: { a: t.string, b: t.string } }),
    content: textOf(
      'b\ta\n',
      fc.tuple(plain, plain).map((fields) => fields.join('\t')),
    ),
    fields: ['a', 'b'],
  });
});

/** All records of files, read split by split; each reader is left after every batch, and another goes on with its splits. */
async function readFiles(patterns: string[], options: FileSourceOptions<object>, limits = {}): Promise<unknown[]> {
  const context = sourceContext(limits);
  const source = fileSource(patterns, options);
  const records: unknown[] = [];
  for (let splits = [...(await source.enumerate(context))]; splits.length > 0; ) {
    const readerContext = new ReaderContext(context);
    const reader = source.createReader(readerContext);
    for (const split of splits) reader.addSplit(split);
    reader.noMoreSplits();
    let polled = reader.poll();
    for (; polled === 'pending'; polled = reader.poll()) await readerContext.awake();
    if (polled instanceof RecordBatch) {
      const read = recordReader(polled.type);
      for (let row = 0; row < polled.rowCount; row++) records.push(read(polled, row));
    }
    splits = structuredClone([...reader.splits()]);
    reader.close();
  }
  return records;
}

describe('files', () => {
  const format = formats.csv({ columns: { a: t.string, n: t.float64 } });
  const some = (count: number): string => Array.from({ length: count }, (_, i) => `"x\n,${i}",${i}\n`).join('');
  const expected = (count: number): unknown[] => Array.from({ length: count }, (_, i) => ({ a: `x\n,${i}`, n: i }));

  it('have headers of their own, plain or compressed, with a mark or without, wherever a reader stops', async () => {
    const directory = temporaryDirectory();
    const paths = ['1.csv', '2.csv', '3.csv.gz'].map((name) => join(directory, name));
    writeFileSync(paths[0] as string, `\ufeffa,n\n${some(20)}`);
    writeFileSync(paths[1] as string, 'n,b,a\n7,,z\n');
    writeFileSync(paths[2] as string, gzipSync(`a,n\n${some(20)}`));
    for (const splitBytes of [1, 5, 64, 1000]) {
      const records = await readFiles(paths, { format }, { splitBytes, splitBytesMin: splitBytes, batchRows: 7 });
      expect(records).toEqual([...expected(20), { a: 'z', n: 7 }, ...expected(20)]);
    }
  });

  it('without a column are an error that names file and header, whatever becomes of bad records', async () => {
    const path = join(temporaryDirectory(), 'some.csv');
    writeFileSync(path, `a,m\n${some(20)}`);
    for (const splitBytes of [16, 10_000]) {
      await expect(readFiles([path], { format, onError: 'skip' }, { splitBytes, splitBytesMin: 1 })).rejects.toThrow(
        /some\.csv': the record at byte 0 is not csv: the header has no column 'n': "a,m"$/,
      );
    }
  });

  it('are looked at for columns that are not declared', async () => {
    const path = join(temporaryDirectory(), 'some.csv');
    const content = '\ufeffid,zip,n,flag,text\n1,007,1.5,true,"1"\n2,12,,false,a b\n';
    for (const name of [path, `${path}.gz`]) {
      writeFileSync(name, name === path ? content : gzipSync(content));
      const source = fileSource([name], { format: formats.csv() });
      expect(source.type).toMatchObject({ names: ['id', 'zip', 'n', 'flag', 'text'] });
      expect(source.type?.columns.map(({ kind }) => kind)).toEqual(['float64', 'string', 'float64', 'bool', 'string']);
      expect(await readFiles([name], { format: formats.csv() })).toEqual([
        { id: 1, zip: '007', n: 1.5, flag: true, text: '1' },
        { id: 2, zip: '12', n: null, flag: false, text: 'a b' },
      ]);
    }
    expect(await readFiles([path.replace('some', '*')], { format: formats.csv({ header: false }) })).toHaveLength(3);
  });

  it('of bad text give the same records however they are divided', async () => {
    const path = join(temporaryDirectory(), 'some.csv');
    const texts = fc.sample(mutated(textOf('', lineOf(written, written, written))), { numRuns: 40, seed: 3 });
    for (const bytes of texts) {
      writeFileSync(path, bytes);
      const { records } = parse(abc, Buffer.from(bytes), { encoding: 'latin1' });
      const options = { format: abc, encoding: 'latin1', onError: 'skip' } as const;
      for (const splitBytes of [3, 20]) {
        expect(await readFiles([path], options, { splitBytes, splitBytesMin: 1, readBytes: 5 })).toEqual(records);
      }
    }
  });

  it('that do not tell their columns are refused', () => {
    const path = join(temporaryDirectory(), 'some.csv');
    const refused = (content: string, message: string): void => {
      writeFileSync(path, content);
      expect(() => fileSource([path], { format: formats.csv() })).toThrow(message);
    };
    refused('', 'there is no record at its beginning');
    refused('a,a\n', "'a' can be no field");
    refused('a,\n', "'' can be no field");
    expect(() => fileSource(['nowhere.csv'], { format: formats.csv() })).toThrow("no file matches 'nowhere.csv'");
    expect(() => formats.csv().createParser({} as never)).toThrow('say columns');
  });
});
