/** Some fields of JSON lines of which nothing was declared: as `JSON.parse` makes them, with which all of this is compared. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import { json } from '../../src/formats/json.ts';
import type { ParserInput } from '../../src/formats/parser.ts';
import type { MembersRead } from '../../src/graph/source.ts';
import { ranges } from '../connectors/arbitraries.ts';
import { jsonPunctuation, mutated, type ParseChanges, parse, parseChunks } from './support.ts';

/** Of which names the fields are that are asked for. */
const names = ['a', 'b', 'né', 'q"', '', 'line\nfeed'] as const;

type Fields = Readonly<Record<string, unknown>>;

/** The fields of the records that the obvious way makes, and all that it tells. */
function expectedOf(bytes: Uint8Array, members: MembersRead) {
  const whole = parse(json(), Buffer.from(bytes));
  return { ...whole, records: whole.records.map((record) => selected(record, members)) };
}

/** All of a value that is no object, and of one the members that are read. */
function selected(value: unknown, members: MembersRead | undefined): unknown {
  if (members === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    [...members].map(([name, of]) => [name, Object.hasOwn(value, name) ? selected((value as Fields)[name], of) : undefined]),
  );
}

/** All of these fields. */
function membersOf(fields: readonly string[]): MembersRead {
  return new Map(fields.map((name) => [name, undefined]));
}

/** What is parsed anew: parsers learn from what they have seen. */
function parseNew(chunks: readonly Uint8Array[], members: MembersRead, changes: ParseChanges = {}) {
  return parseChunks(json(), chunks, { ...changes, fields: [...members.keys()], members });
}

function compare(content: string | Uint8Array, fields: readonly string[] | MembersRead = names): void {
  const bytes = Buffer.from(content as string);
  const members = fields instanceof Map ? fields : membersOf(fields as readonly string[]);
  expect(parseNew([Buffer.from(bytes)], members)).toStrictEqual(expectedOf(bytes, members));
}

describe('a value', () => {
  it.each([
    ...['1', '0', '-0', '-1.5', '1e3', '1E-400', '1e999', '0.1', '123456789.123456789', '12345678901234567890', '9007199254740993'],
    ...[
      '""',
      '"x"',
      '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
      '"\\u00e9"',
      '"\\ud83d\\ude00"',
      '"\\ud83d"',
      '"x\\ude00\\ud83d"',
      '"é € 😀"',
      '"\\u0000"',
    ],
    ...['"{\\"a\\":1}"', '"[]}"', 'true', 'false', 'null'],
    ...['{}', '[]', '{"a":1,"b":[{}]}', '[1,"]",{"b":"}"}]', '{"__proto__":{"x":1}}', ' [ 1 , { "x" : null } ] '],
  ])('is what it is: %s', (text) => {
    // As the first one, and behind one of each kind.
    compare(`{"a":${text}}`, ['a']);
    for (const other of ['1', '"s"', 'true', 'null', '{}']) compare(`{"a":${other}}\n{"a":${text},"b":1}\n{"a":${other}}\n{}`, ['a']);
  });

  it.each([
    ...['', '01', '-', '+1', '1.', '.5', '1e', '1e+', '0x1', 'NaN', '1 2', '1x', '-a', '--1', '00', '1_0'],
    ...['"', '"x', '"\\', '"\\"', '"\\x"', '"\\u12"', '"\\u12g4"', '"a\tb"', '"a\u0000b"', "'x'", '"x"y'],
    ...['tru', 'True', 'truex', 'nul', 'nullx', 'fals', 'falsey', 'undefined'],
    ...[
      '{',
      '[',
      '[1,]',
      '[,1]',
      '[1 2]',
      '{"x"}',
      '{"x":}',
      '{"x":1,}',
      '{,}',
      '{x:1}',
      '[}',
      '{]',
      '{"x" 1}',
      '{"x\\q":1}',
      '[[[]]',
      '[{"x":[}]',
    ],
  ])('that is none makes the line a bad one: %s', (text) => {
    for (const other of ['1', '"s"', 'true', 'null', '[]']) {
      compare(`{"a":${text}}\n{"a":${other}}\n{"a":${text}}\n{"a":${other},"u":${text}}\n{"a":${other}}`, ['a']);
      compare(`{"a":${other}}\n{"u":[${text}`, ['a']);
    }
  });
});

describe('a line', () => {
  it.each([
    ...[
      '{}',
      ' {} ',
      '\t{\t"a"\t:\t1\t,\r"b"\r:\r"x"\r}\t\r',
      '{"a":1}\r',
      '{"a":1}\r\r',
      '',
      '\r',
      '  ',
      '{"a":1} x',
      '{"a":1}{}',
      '{"a":1},',
    ],
    ...[
      '[1]',
      '[{"a":1}]',
      '1',
      '"a"',
      'null',
      'true',
      'x',
      '{',
      '}',
      '{"a"',
      '{"a":1',
      '{"a":1,',
      '{"a":1,}',
      '{,"a":1}',
      '{"a":1 "b":2}',
    ],
    ...[
      '{"a":1,"a":"x"}',
      '{"a":"x\\n","a":"y"}',
      '{"a":"y","a":"x\\n"}',
      '{"a":1,"\\u0061":2}',
      '{"\\u0061":[],"a":{}}',
      '{"a":1,"a":null}',
    ],
    ...[
      '{"__proto__":1,"a":2}',
      '{"constructor":1,"a":{"toString":3}}',
      '{"n\\u00e9":1,"q\\"":2,"":3,"line\\nfeed":4}',
      '{"aa":1,"A":2,"u":{"a":3}}',
    ],
    ...['{"u\\q":1}', '{"u\tv":1}', '{"u', '{"u\\', '{"a":1,"u\\u12":2}', '\ufeff{"a":1}', '{"a":1}\u00a0', '{"a":1}\u000b'],
  ])('is taken as JSON.parse takes it: %j', (line) => {
    compare(line);
    compare(`{"a":1,"b":"x"}\n${line}\n{"a":2,"b":"y"}\n`);
    compare(`{"a":"x","b":true}\n${line}\n{"a":"y","b":false}\n`);
  });

  it('may be nested deeper than a stack', () => {
    for (const depth of [63, 64, 65, 66, 20_000]) {
      const nested = `${'[{"x":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;
      for (const value of [nested, nested.slice(1), nested.slice(0, -1), nested.replace('1', '1,'), nested.replace('1', '')])
        expect(parse(json(), `{"u":${value},"a":1}`, { fields: ['a'] }).records).toEqual(isJson(value) ? [{ a: 1 }] : []);
    }
  });

  it('that is no UTF-8 is told of as ever', () => {
    for (const bytes of ['{"a":"x","u":"\xff"}', '{"a":"\xff\xe9"}', '{"a":"\\n\xc3"}\n{"a":"\xc3\\u00e9\xa9"}', '{"a":1,"\xff":2}'])
      for (const first of ['', '{"a":"y"}\n', '{"a":1}\n', '{"a":null}\n']) compare(Buffer.from(first + bytes, 'latin1'), ['a']);
  });
});

it('has more fields than bits', () => {
  const many = Array.from({ length: 64 }, (_, i) => `f${i}`);
  const record = Object.fromEntries(many.map((name, i) => [name, i % 2 === 0 ? i : `${i}`]));
  compare(`${JSON.stringify(record)}\n{}\n${JSON.stringify({ ...record, f40: 'x', f63: 1 })}`, many);
});

describe('members of members', () => {
  const members: MembersRead = new Map([
    [
      'a',
      new Map([
        ['b', undefined],
        ['c', new Map([['b', undefined]])],
      ]),
    ],
    ['b', undefined],
  ]);

  it.each([
    ...['{}', '{"b":1}', '{"x":1,"b":{"b":2}}', '{"b":1,"c":{"b":2,"a":3}}', '{"c":null}', '{"c":[{"b":1}]}', '{"c":{}}', '{"\\u0062":1}'],
    ...[
      '{"b":1,"b":2}',
      '{"c":{"b":1},"c":{}}',
      '{"c":{"b":1},"c":7}',
      '{ "c" : { "b" : [ 1 ] , "x" : 0 } , "b" : "\\n" }',
      '{"__proto__":{"b":1}}',
    ],
    ...[
      'null',
      '1',
      '"x"',
      'true',
      '[]',
      '[{"b":1}]',
      '{"b":}',
      '{"b":1,}',
      '{"c":{"b":01}}',
      '{"c":{"x":tru}}',
      '{"c":{"b":1}',
      '{"b" 1}',
    ],
  ])('of %s', (text) => {
    compare(`{"a":${text}}`, members);
    compare(`{"a":{"b":1},"b":{"b":2}}\n{"a":${text},"b":${text}}\n{"a":${text},"a":{}}\n{"a":{"b":1},"a":${text}}\n{}`, members);
  });
});

describe('columns', () => {
  /** Of the batches that lines make. */
  function kindsOf(...lines: readonly string[]): string[] {
    const text = lines.map((line) => `${line}\n`).join('');
    const bytes = Buffer.alloc(text.length + 16);
    bytes.write(text);
    const parser = json().createParser({ batchRows: 4, fields: ['a', 'b'], encoding: 'utf8', onInvalid: () => {}, onBad: () => {} });
    const batch = new RecordBatch(parser.type, { capacity: 4, timestamps: false, hashes: false });
    const kinds: string[] = [];
    for (let start = 0; start < text.length; ) {
      const input: ParserInput = { bytes, start, filled: text.length, startsBefore: text.length, ended: true, origin: 0, searched: 0 };
      batch.clear();
      start = parser.parse(batch, input);
      if (batch.rowCount > 0) kinds.push(`${batch.rowCount} ${batch.type.columns.map(({ kind }) => kind).join(' ')}`);
    }
    return kinds;
  }

  it('are of the kinds of the first values', () => {
    expect(kindsOf('{"a":1,"b":"x"}', '{"b":"y","a":2}')).toEqual(['2 float64 string']);
    expect(kindsOf('{"a":true,"b":null}', '{"a":false}')).toEqual(['2 bool any']);
  });

  it('take any values from the line on that has others', () => {
    const lines = ['{"a":1,"b":"x"}', '{"a":2,"b":"y"}', '{"a":"3","b":"z"}', '{"a":4,"b":"v"}', '{"a":5}', '{"a":6,"b":"w"}'];
    expect(kindsOf(...lines)).toEqual(['2 float64 string', '2 any string', '2 any any']);
  });

  it('are none the wider for lines that are bad', () => {
    expect(kindsOf('[]', '{"a":1,"b":"x"}', '{"a":"2', '{"a":3,"b":"y"}', '{"a":null')).toEqual(['2 float64 string']);
  });
});

/** Keys as they may be written: some are asked for, some are the same. */
const key = fc.constantFrom(
  '"a"',
  '"a"',
  '"b"',
  '"né"',
  '"n\\u00e9"',
  '"\\u0061"',
  '"q\\""',
  '""',
  '"line\\nfeed"',
  '"u"',
  '"u\\u0000"',
  '"__proto__"',
);
const space = fc.constantFrom('', '', '', '', ' ', '\t', ' \r');
const scalar = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? '-0' : JSON.stringify(value))),
  fc.integer().map(String),
  fc.constantFrom('1e3', '-0.0', '1E+2', '12345678901234567890', 'true', 'false', 'null', '"\\ud83d"', '"\\ud83d\\ude00"', '"\\n"', '"x"'),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.string({ unit: fc.constantFrom('é', '€', '😀', '"', '\\', '\n', 'u') }).map((text) => JSON.stringify(text)),
);

const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
  object: fc
    .array(
      fc.tuple(space, key, space, space, tie('value'), space).map(([a, name, b, c, of, d]) => `${a}${name}${b}:${c}${of}${d}`),
      { maxLength: 4 },
    )
    .map((members) => `{${members.join(',')}}`),
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'nested' },
    scalar,
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => `[${values.join(' , ')}]`),
  ),
}));

/** Objects whose members are mostly of the same kind from line to line. */
const line = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.integer().map((number) => `"a":${number}`) },
      { weight: 3, arbitrary: fc.string({ unit: 'grapheme' }).map((text) => `"b":${JSON.stringify(text)}`) },
      { weight: 1, arbitrary: fc.tuple(space, key, space, value, space).map(([a, name, b, of, c]) => `${a}${name}:${b}${of}${c}`) },
    ),
    { maxLength: 6 },
  )
  .map((members) => `{${members.join(',')}}`);
const content = fc.array(fc.oneof({ weight: 5, arbitrary: line }, value), { maxLength: 12 }).map((lines) => lines.join('\n'));

function someMembers(inner: fc.Arbitrary<MembersRead | undefined>): fc.Arbitrary<MembersRead> {
  const entries = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), inner), { minLength: 1, maxLength: 3, selector: ([name]) => name });
  return entries.map((some) => new Map(some));
}
const all = fc.constant(undefined);
const asked = someMembers(fc.oneof({ weight: 3, arbitrary: all }, someMembers(fc.oneof({ weight: 3, arbitrary: all }, someMembers(all)))));

/** However the bytes come in. */
function check(bytes: Buffer, members: MembersRead, parts: readonly { start: number; end: number }[], batchRows: number): void {
  const chunks = parts.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)));
  const { invalid, ...expected } = expectedOf(bytes, members);
  const parsed = parseNew(chunks, members, { batchRows });
  expect({ records: parsed.records, bad: parsed.bad }).toStrictEqual(expected);
  if (expected.bad.length === 0) expect(parsed.invalid).toEqual(invalid);
}

function checkAny(of: fc.Arbitrary<Buffer>, numRuns: number): void {
  const cut = of.chain((bytes) => fc.tuple(fc.constant(bytes), asked, ranges(bytes.length), fc.constantFrom(1, 2, 7, 1024)));
  fc.assert(
    fc.property(cut, ([bytes, members, parts, batchRows]) => check(bytes, members, parts, batchRows)),
    { numRuns },
  );
}

describe('any lines', () => {
  it('give the fields that JSON.parse gives', () => {
    checkAny(
      content.map((text) => Buffer.from(text)),
      120,
    );
  });

  it('give them, or are told of, when they are damaged', () => {
    checkAny(mutated(content), 120);
  });

  it('are told of when they are random', () => {
    const pieces = [...jsonPunctuation, '"a":', '"b":1', '"u":{"v":{', 'null', 'tru', '\n', '\r', ' ', 'é', '\\u00', '-', '1e', '"x"'];
    const piece = fc.oneof(
      fc.constantFrom(...pieces).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
    );
    checkAny(
      fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.concat(parts)),
      120,
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
