/** Lines that the kernel takes apart are what the generated loop makes of them, whatever stands in them. */

import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import { combinedLog, commonLog } from '../../src/formats/access-log.ts';
import type { Format } from '../../src/formats/format.ts';
import type { BadRecord } from '../../src/formats/parser.ts';
import { pattern } from '../../src/formats/pattern.ts';
import { PlainLines } from '../../src/formats/plain-lines.ts';
import { mutated } from './support.ts';

interface Options {
  readonly fields: readonly string[];
  readonly batchRows?: number;
  /** Whether the bytes lie where the kernel can reach them. */
  readonly inKernel: boolean;
}

/** Holds the records, complaints and places of lines by the kernel against those by the loop. */
function holdAgainstLoop(format: Format<unknown>, fields: readonly string[], lines: fc.Arbitrary<Buffer>, numRuns: number): void {
  const byKernel = reader(format, { fields, inKernel: true });
  const byCode = reader(format, { fields, inKernel: false });
  fc.assert(
    fc.property(lines, (bytes) => {
      expect(byKernel(bytes)).toEqual(byCode(bytes));
    }),
    { numRuns },
  );
}

/** A parser that is used for one input after the other. */
function reader(format: Format<unknown>, { fields, batchRows = 7, inKernel }: Options) {
  let bad: BadRecord[] = [];
  let invalid: number[] = [];
  const parser = format.createParser({
    batchRows,
    fields,
    keys: ['key', 'url'],
    encoding: 'utf8',
    onInvalid: (offset) => invalid.push(offset),
    onBad: (record) => bad.push(record),
  });
  const batch = new RecordBatch(parser.type, { capacity: batchRows, timestamps: false, hashes: false });
  const read = recordReader(parser.type);
  return (content: Buffer) => {
    [bad, invalid] = [[], []];
    parser.begin?.(true);
    const memory = inKernel ? parser.inputMemory?.(content.length + 64) : undefined;
    expect(memory !== undefined).toBe(inKernel);
    const bytes = memory ?? Buffer.alloc(content.length + 64);
    bytes.fill(0xff);
    content.copy(bytes);
    bytes[content.length] = 10;
    const input = { bytes, start: 0, filled: content.length, startsBefore: Infinity, ended: true, origin: 0, searched: 0 };
    const batches: unknown[][] = [];
    for (;;) {
      batch.clear();
      const end = parser.parse(batch, input);
      if (end === input.start) break;
      input.start = end;
      batches.push(Array.from({ length: batch.rowCount }, (_, row) => read(batch, row)));
    }
    return { batches, bad, invalid, end: input.start };
  };
}

const plainNumber = fc
  .tuple(fc.constantFrom('', '-'), fc.nat(999_999), fc.constantFrom('', '.'), fc.nat(9999))
  .map(([sign, whole, point, fraction]) => `${sign}${whole}${point}${point === '' ? '' : fraction}`);
const oddNumber = fc.oneof(
  fc.double().map(String),
  fc.constantFrom('', '-', '.', '-.', '5.', '.5', '-.5', '-0', '0', '-0.0', '007', '+5', '--5', '1e3', '-1E-3', '1.2.3', '1-2', '0x10'),
  fc.constantFrom(
    '12345678',
    '123456789',
    '1234567.8',
    '-1234567.8',
    '12345678.9',
    '123456789012345',
    '1234567890123456',
    '12345678901234.5',
  ),
  fc.constantFrom(
    ' 7',
    '7 ',
    '\r',
    '7\r',
    '\r7',
    '/',
    ':',
    '1:',
    '/1',
    '٣',
    '1\u0080',
    'NaN',
    '12345678901234.',
    '.12345678901234',
    '0.1234567890123456',
  ),
);
const text = fc.oneof(
  fc.constantFrom('a', 'Tromsø', '', 'x'.repeat(15), 'y'.repeat(31), 'z'.repeat(32), 'w'.repeat(33), 'v'.repeat(100), '\r', 'q\r'),
  fc.string().map((each) => each.replace(/[\n;]/g, '')),
);
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n');

test('a point between fields may be that of a number, whatever else is in the batch', () => {
  const format = pattern('%{number:n}.%{string:key}') as Format<unknown>;
  const lines = Buffer.from('1.5.x\n1.5.x\n2e1.y\n1.5.x\n10.0.0.1\n');
  const { batches } = reader(format, { fields: ['n', 'key'], inKernel: true })(lines);
  expect(batches.flat()).toEqual([
    { n: 1.5, key: 'x' },
    { n: 1.5, key: 'x' },
    { n: 20, key: 'y' },
    { n: 1.5, key: 'x' },
    { n: 10, key: '0.1' },
  ]);
  expect(reader(format, { fields: ['n', 'key'], inKernel: false })(lines).batches).toEqual(batches);
});

describe.each([
  ['%{string:key};%{number:n}', ['key', 'n']],
  ['%{string:key};%{number:n}', ['key']],
  ['%{number:n};%{string:key}', ['n', 'key']],
  ['%{number:n};%{string:other};%{string:key};%{number:m}', ['n', 'key', 'm']],
  ['%{string:other};%{number:n};%{string:key};%{number:m}', ['key']],
  ['%{string};%{number};%{string:key}', ['key']],
  ['%{string:key}', ['key']],
])('%s of which %j are asked for', (text_, fields) => {
  const format = pattern(text_) as Format<unknown>;
  const kinds = [...text_.matchAll(/%\{(\w+)/g)].map(([, kind]) => kind);
  const plainLine = fc.tuple(...kinds.map((kind) => (kind === 'number' ? plainNumber : text))).map((parts) => parts.join(';'));
  const oddLine = fc.array(fc.oneof(text, plainNumber, oddNumber), { maxLength: 5 }).map((parts) => parts.join(';'));
  const line = fc.oneof({ weight: 5, arbitrary: plainLine }, { weight: 1, arbitrary: oddLine });
  const content = fc
    .array(fc.tuple(line, lineEnd), { maxLength: 25 })
    .chain((lines) => fc.boolean().map((open) => Buffer.from(lines.map((each) => each.join('')).join('') + (open ? 'k;1' : ''))));

  test('the same records, complaints and places', () => holdAgainstLoop(format, fields, content, 150));

  test('the same where bytes are no UTF-8, in some batches and inputs', () => {
    const lines = fc.array(fc.constantFrom('k;1;k;1\n', 'l\xff;2;l\xff;2\n', 'ø;3\n', '\xff;4\n', '\xff\n', '\xff;x\n', '1;\xff;1;1\n'), {
      maxLength: 20,
    });
    const content = lines.map((all) => Buffer.from(all.join(''), 'latin1'));
    const inputs = fc.array(
      fc.oneof(
        content,
        content.map((bytes) => Buffer.from(bytes.toString())),
      ),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(inputs, (all) => {
        const [kernel, code] = [true, false].map((inKernel) => reader(format, { fields, inKernel }));
        for (const bytes of all) expect(kernel?.(bytes)).toEqual(code?.(bytes));
      }),
      { numRuns: 8 },
    );
  });
});

/** Pieces of lines of formats with quotes, times and requests: those that mostly stand there, and others. */
interface Pieces {
  readonly plain: fc.Arbitrary<string>;
  readonly odd: fc.Arbitrary<string>;
}

const word = fc.constantFrom('10.0.0.1', '-', 'frank', 'a b', 'é', '', '::1', 'x'.repeat(70), '"q"', 'back\\slash', '[', '] "', '\r');
const pieces: Readonly<Record<string, Pieces>> = {
  text: { plain: fc.constantFrom('10.0.0.1', '-', 'frank', 'é', '2001:db8::1', 'x'.repeat(64), 'y'.repeat(130)), odd: word },
  time: {
    plain: fc.constantFrom('10/Oct/2000:13:55:36 -0700', '10/Oct/2000:13:55:37 -0700', '01/Jan/2025:00:00:00 +0000'),
    odd: fc.constantFrom('10/Oct/2000:13:55:36', '32/Oct/2000:13:55:36 -0700', '10/Oct/2000:13:5\n:36 -0700', '', '-', 'x'.repeat(26)),
  },
  request: {
    plain: fc.constantFrom('GET / HTTP/1.1', 'POST /a?b=c HTTP/2.0', `GET /${'z'.repeat(60)} HTTP/1.0`, `GET /${'w'.repeat(140)} HTTP/1.1`),
    odd: fc.constantFrom(
      'GET /a b HTTP/1.1',
      'GET /',
      '-',
      '',
      'GET /\\"q\\" HTTP/1.1',
      'GET  HTTP/1.1',
      '"',
      '\\x16\\x03',
      'GET /\n HTTP/1.1',
      '  ',
    ),
  },
  count: {
    plain: fc.oneof(fc.nat(999).map(String), fc.nat(99_999_999).map(String), fc.nat(999_999_999_999).map(String), fc.constant('-')),
    odd: fc.constantFrom('\0', '', '--', '1a', '-1', '+1', '1.5', ' 1', '123456789012345', '1234567890123456', '1 2', '٣', '\r'),
  },
  quoted: {
    plain: fc.constantFrom('-', '', 'Mozilla/5.0 (X11; Linux) Gecko/20100101', 'https://example.com/', 'é'.repeat(40), 'u'.repeat(150)),
    odd: fc.constantFrom('a \\" b', 'a"b', 'a\\\\', '\\', 'a\nb', '" "'),
  },
  rest: { plain: fc.constantFrom('', ' 0.123', ' 17', ' -'), odd: fc.constantFrom(' x', '0.5', ' 1 2', ' "y"', '  1', ' 1e3', '\r') },
};

/** Lines of a layout in which `%text` and so on stand for pieces. */
function linesOf(layout: string): fc.Arbitrary<string> {
  const parts = layout.split(/%(\w+)/);
  const line = (oddness: number): fc.Arbitrary<string> =>
    fc
      .tuple(
        ...parts.map((part, i) => {
          if (i % 2 === 0) return fc.constant(part);
          const { plain, odd } = pieces[part] as Pieces;
          return oddness === 0 ? plain : fc.oneof({ weight: 6, arbitrary: plain }, { weight: oddness, arbitrary: odd });
        }),
      )
      .map((all) => all.join(''));
  const cut = fc.tuple(line(1), fc.nat(200)).map(([text_, length]) => text_.slice(0, length));
  const any = fc.oneof({ weight: 20, arbitrary: line(0) }, { weight: 3, arbitrary: line(1) }, { weight: 1, arbitrary: cut });
  return fc.array(fc.tuple(any, lineEnd), { maxLength: 30 }).map((all) => all.map((each) => each.join('')).join(''));
}

const common = '%text %text %text [%time] "%request" %count %count';
const combined = `${common} "%quoted" "%quoted"%rest`;

describe.each<[string, Format<unknown>, readonly string[], string]>([
  ['combined: url and bytes', combinedLog() as Format<unknown>, ['url', 'bytes'], combined],
  ['combined: request', combinedLog() as Format<unknown>, ['method', 'url', 'protocol'], combined],
  ['combined: ip, user, time', combinedLog() as Format<unknown>, ['ip', 'user', 'timestamp', 'status'], combined],
  ['combined: all texts', combinedLog() as Format<unknown>, ['ip', 'user', 'method', 'url', 'protocol', 'referrer', 'userAgent'], combined],
  ['combined: request time', combinedLog() as Format<unknown>, ['url', 'requestTime'], combined],
  ['common: bytes', commonLog() as Format<unknown>, ['url', 'bytes'], common],
  ['common: address', commonLog() as Format<unknown>, ['ip'], common],
  [
    'beginning with a text',
    pattern('[%{httpdate:time}] %{ip:key}: %{quoted:q}') as Format<unknown>,
    ['time', 'key', 'q'],
    '[%time] %text: "%quoted"',
  ],
  ['a time passed over', pattern('[%{httpdate}] %{ip:key}') as Format<unknown>, ['key'], '[%time] %text'],
  ['ending with digits', pattern('%{ip:key} - %{int:n}') as Format<unknown>, ['key', 'n'], '%text - %count'],
  [
    'digits and texts of several bytes',
    pattern('%{int:n} -> %{string:key} -> %{int:m};') as Format<unknown>,
    ['n', 'key', 'm'],
    '%count -> %text -> %count;',
  ],
  [
    'times of any length',
    pattern('%{epochms:time} %{string:key} %{epoch:t}') as Format<unknown>,
    ['time', 'key', 't'],
    '%count %text %count',
  ],
  ['quotes at the ends', pattern('%{quoted:key} %{quoted:q}') as Format<unknown>, ['key', 'q'], '"%quoted" "%quoted"'],
  [
    'more separators than are looked for',
    pattern('%{string:key};%{string:a}|%{string:b},%{string:c}=%{int:n}') as Format<unknown>,
    ['key', 'n'],
    '%text;%text|%text,%text=%count',
  ],
])('%s', (_, format, fields, layout) => {
  const lines = linesOf(layout);
  const bytes = lines.map((all) => Buffer.from(all));

  test('the same records, complaints and places', () => holdAgainstLoop(format, fields, bytes, 100));

  test('the same where bytes change', () => holdAgainstLoop(format, fields, mutated(lines), 60));
});

test("lines that are plain are the kernel's, to the last", () => {
  const line = '10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 2326 "-" "Mozilla/5.0 (X11; Linux)" 0.123\n';
  const taken: number[] = [];
  const { take } = PlainLines.prototype;
  onTestFinished(() => {
    PlainLines.prototype.take = take;
  });
  PlainLines.prototype.take = function (...region) {
    const end = take.apply(this, region);
    taken.push(end);
    return end;
  };
  const fields = ['ip', 'user', 'timestamp', 'method', 'url', 'protocol', 'status', 'bytes', 'referrer', 'userAgent', 'requestTime'];
  const content = Buffer.from(line.repeat(100));
  expect(reader(combinedLog() as Format<unknown>, { fields, inKernel: true, batchRows: 128 })(content).batches.flat()).toHaveLength(100);
  expect(taken).toEqual([content.length]);
});

test('a time that is passed over does not run over the end of its line', () => {
  const lines =
    '10.0.0.1 - - [\n10.0.0.2 a b [10/Oct/2000] "GET / HTTP/1.1" 200 5\n10.0.0.3 - - [10/Oct/2000:13:55:36 -0700] "GET /x HTTP/1.1" 200 5\n';
  for (const inKernel of [true, false]) {
    const { batches, bad } = reader(commonLog() as Format<unknown>, { fields: ['url'], inKernel })(Buffer.from(lines));
    expect(batches.flat()).toEqual([{ url: '/x' }]);
    expect(bad.map(({ offset }) => offset)).toEqual([0, 15]);
  }
});

test('numbers are those that Number makes of the text, to the last bit', () => {
  const take = reader(pattern('%{string:key};%{number:n}') as Format<unknown>, { fields: ['key', 'n'], inKernel: true, batchRows: 1024 });
  const digits = fc.stringMatching(/^[0-9]{1,12}$/);
  const number = fc
    .tuple(fc.constantFrom('', '-'), digits, fc.option(fc.stringMatching(/^[0-9]{0,9}$/)))
    .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}`);
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 100 }), (all) => {
      const { batches } = take(Buffer.from(all.map((each) => `k;${each}\n`).join('')));
      expect(batches.flat().map((record) => (record as { n: number }).n)).toEqual(all.map(Number));
    }),
    { numRuns: 200 },
  );
});

test('every number of up to three digits on each side of the point', () => {
  const take = reader(pattern('%{string:key};%{number:n}') as Format<unknown>, { fields: ['key', 'n'], inKernel: true, batchRows: 1024 });
  const all = Array.from(
    { length: 20_000 },
    (_, i) => `${i % 2 === 0 ? '' : '-'}${(i * 7919) % 1000}.${String((i * 104_729) % 1000).slice(0, 1 + (i % 3))}`,
  );
  const { batches, bad } = take(Buffer.from(all.map((each) => `k;${each}\n`).join('')));
  expect(bad).toEqual([]);
  expect(batches.flat().map((record) => (record as { n: number }).n)).toEqual(all.map(Number));
});

test('lines that the kernel can never take are left to the code', () => {
  const take = reader(pattern('%{string:key};%{number:n}') as Format<unknown>, { fields: ['key', 'n'], inKernel: true, batchRows: 1024 });
  const odd = Buffer.from('k;1e3\n'.repeat(40_000));
  const { batches } = take(odd);
  expect(batches.flat().length).toBe(40_000);
  expect(take(Buffer.from('k;5\n')).batches).toEqual([[{ key: 'k', n: 5 }]]);
});
