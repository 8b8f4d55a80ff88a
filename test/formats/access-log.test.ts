/**
 * The common and combined log format, by Apache's mod_log_config (https://httpd.apache.org/docs/2.4/mod/mod_log_config.html) and nginx's
 * ngx_http_log_module (https://nginx.org/en/docs/http/ngx_http_log_module.html).
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CombinedLog, combinedLog, commonLog } from '../../src/formats/access-log.ts';
import { describesLines, linesIn, mutated, parse, parseLine } from './support.ts';

const common = commonLog();
const combined = combinedLog();

const front = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700]';
const line = `${front} "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"`;

/** The fields of the combined line with something else in the place of a part of it. */
function changed(part: string, to: string): CombinedLog | string {
  expect(line).toContain(part);
  return parseLine(combined, line.replace(part, to));
}

describe('the example of the documentation', () => {
  const expected = {
    ip: '127.0.0.1',
    user: 'frank',
    timestamp: Date.UTC(2000, 9, 10, 20, 55, 36),
    method: 'GET',
    url: '/apache_pb.gif',
    protocol: 'HTTP/1.0',
    status: 200,
    bytes: 2326,
  };

  it('in the common format', () => {
    const text = line.slice(0, line.indexOf(' "http:'));
    for (const end of ['', '\n', '\r\n']) expect(parseLine(common, text + end)).toEqual({ ...expected, raw: text });
  });

  it('in the combined format', () => {
    const record = {
      ...expected,
      referrer: 'http://www.example.com/start.html',
      userAgent: 'Mozilla/4.08 [en] (Win98; I ;Nav)',
      requestTime: null,
      raw: line,
    };
    for (const end of ['', '\n', '\r\n']) expect(parseLine(combined, line + end)).toEqual(record);
  });
});

describe('a client', () => {
  it.each(['::1', '2001:db8::ff00:42:8329', 'fe80::1%eth0', 'client.example.com', 'unix:'])('is %s', (ip) => {
    expect(changed('127.0.0.1', ip)).toMatchObject({ ip, user: 'frank' });
  });

  it('may have a name of identd, which is passed over', () => {
    expect(changed(' - frank', ' ident frank')).toMatchObject({ ip: '127.0.0.1', user: 'frank' });
  });

  it.each([
    ['-', null],
    ['""', '""'],
    ['frank smith', 'frank smith'],
    ['a[b', 'a[b'],
    ['--', '--'],
  ])('is the user %s', (text, user) => {
    expect(changed('frank', text)).toMatchObject({ user, method: 'GET' });
  });
});

describe('a request', () => {
  it.each([
    ['GET /a b c HTTP/1.1', { method: 'GET', url: '/a b c', protocol: 'HTTP/1.1' }],
    // HTTP/0.9 has no protocol.
    ['GET /', { method: 'GET', url: '/', protocol: null }],
    ['-', { method: null, url: '-', protocol: null }],
    ['', { method: null, url: '', protocol: null }],
    ['\\x16\\x03\\x01', { method: null, url: '\x16\x03\x01', protocol: null }],
    ['OPTIONS * HTTP/1.1', { method: 'OPTIONS', url: '*', protocol: 'HTTP/1.1' }],
    ['GET /?q="x" HTTP/1.1'.replaceAll('"', '\\"'), { method: 'GET', url: '/?q="x"', protocol: 'HTTP/1.1' }],
    ['GET /\\ HTTP/1.1'.replace('\\', '\\\\'), { method: 'GET', url: '/\\', protocol: 'HTTP/1.1' }],
  ])('is %j', (request, expected) => {
    expect(changed('GET /apache_pb.gif HTTP/1.0', request)).toMatchObject({ ...expected, status: 200, bytes: 2326 });
  });
});

describe('escapes', () => {
  // "Exceptions from this rule are " and \, which are escaped by prepending a backslash, and all whitespace characters, which are written
  // in their C-style notation (\n, \t, etc)." nginx's `default` writes " and \ and what is no printable ASCII as \xXX.
  it.each([
    ['\\"', '"'],
    ['\\\\', '\\'],
    ['\\b\\n\\r\\t\\v\\f', '\b\n\r\t\v\f'],
    ['\\x22\\x5C\\x5c\\x09', '"\\\\\t'],
    ['\\xc3\\xa9', 'é'],
    ['\\xE6\\x97\\xA5', '日'],
    ['\\\\x41', '\\x41'],
    // What is no escape stays.
    ['\\q\\x4g\\x', '\\q\\x4g\\x'],
    ['a\\', 'a\\'],
  ])('%s are undone', (text, value) => {
    if (text.endsWith('a\\')) return expect(changed('Mozilla/4.08', 'a\\')).toMatchObject({ userAgent: 'a\\ [en] (Win98; I ;Nav)' });
    expect(changed('Mozilla/4.08 [en] (Win98; I ;Nav)', text)).toMatchObject({ userAgent: value });
    expect(changed('http://www.example.com/start.html', text)).toMatchObject({ referrer: value });
    expect(changed('/apache_pb.gif', text)).toMatchObject({ url: value });
  });

  it('do not stand in raw', () => {
    const escaped = line.replace('apache', '\\"');
    expect(parse(combined, escaped).records[0]?.raw).toBe(escaped);
    expect(parse(combined, escaped, { fields: ['url', 'raw'] }).records).toEqual([{ url: '/"_pb.gif', raw: escaped }]);
  });

  it('of bytes that are no UTF-8 become U+FFFD', () => {
    expect(changed('/apache_pb.gif', '/\\xff')).toMatchObject({ url: '/\ufffd' });
  });
});

describe('what is not there', () => {
  it('is null', () => {
    const text = `127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "-" 408 - "-" "-"`;
    expect(parseLine(combined, text)).toMatchObject({
      user: null,
      method: null,
      protocol: null,
      status: 408,
      referrer: null,
      userAgent: null,
      requestTime: null,
    });
  });

  it('is no byte of an answer', () => {
    expect(changed('2326', '-')).toMatchObject({ bytes: 0 });
  });

  it('is empty where it stands there', () => {
    expect(changed('http://www.example.com/start.html', '')).toMatchObject({ referrer: '' });
  });
});

describe('behind the combined format', () => {
  // nginx: $request_time, "request processing time in seconds with a milliseconds resolution".
  it.each([
    [' 0.123', 0.123],
    [' 12', 12],
    [' 0.000 "-" upstream', 0],
    [' "-"', null],
    [' -', null],
    [' "10.0.0.1:80" 0.5', null],
    ['x', null],
    ['0.5', null],
    [' 1e-3', 0.001],
    [' ', null],
  ])('%j stands a time: %j', (text, requestTime) => {
    const userAgent = 'Mozilla/4.08 [en] (Win98; I ;Nav)';
    for (const end of ['', '\n', '\r\n']) expect(parseLine(combined, line + text + end)).toMatchObject({ userAgent, requestTime });
    expect(parse(combined, `${line}${text}\n${line}`, { fields: ['requestTime'] }).records).toEqual([
      { requestTime },
      { requestTime: null },
    ]);
    expect(parse(combined, `${line}${text}\n${line}`, { fields: ['userAgent'] }).records).toEqual([{ userAgent }, { userAgent }]);
  });
});

describe('records that are none', () => {
  it.each([
    ['127.0.0.1 - frank', 'no " [" behind \'user\''],
    ['x', 'no " " behind \'ip\''],
    [line.replace('10/Oct', '10/Foo'), '\'timestamp\' is no time like 10/Oct/2000:13:55:36 -0700, or no "] \\"" follows'],
    [line.replace('Oct/2000', '31/2000'), '\'timestamp\' is no time like 10/Oct/2000:13:55:36 -0700, or no "] \\"" follows'],
    [line.replace(' 200 ', ' OK '), '\'status\' is no whole number, or no " " follows'],
    [line.replace(' 2326 ', ' x '), '\'bytes\' is no whole number, or no " " follows'],
    [line.replace(' "http', ' http'), '\'referrer\' does not stand in quotes, or no " " follows'],
    [line.slice(0, -1), "'userAgent' does not stand in quotes"],
    [front, '\'timestamp\' is no time like 10/Oct/2000:13:55:36 -0700, or no "] \\"" follows'],
    [`${front} "GET / HTTP/1.1`, 'no quote behind the request'],
  ])('%s', (text, reason) => {
    expect(parseLine(combined, text)).toBe(reason);
    const { records, bad } = parse(combined, `${line}\n${text}\r\n${line}`);
    expect(records.length).toBe(2);
    expect(bad).toEqual([{ reason, offset: line.length + 1, text: text.slice(0, 200) }]);
  });

  it('of the common format go on behind the bytes', () => {
    expect(parseLine(common, line)).toBe("'bytes' is no whole number, or the line does not end behind it");
  });

  it('are taken where what is wrong is not asked for', () => {
    expect(parse(combined, line.replace('2326', 'x'), { fields: ['status'] }).records).toEqual([{ status: 200 }]);
  });
});

const quoted = fc.string({ unit: fc.constantFrom('a', '/', '?', ' ', '"', '\\', '\t', '\n', 'é', '日', '-', '%', 'x4') });
const word = fc.stringMatching(/^[\w./:]{1,12}$/);
const path = quoted.map((text) => `/${text.replaceAll(' ', '_')}`);

const request = fc.record({
  ip: word,
  user: fc.option(word.filter((text) => text !== '-')),
  timestamp: fc.integer({ min: 0, max: 4_102_444_799 }).map((seconds) => seconds * 1000),
  method: fc.constantFrom('GET', 'POST'),
  url: path,
  protocol: fc.constantFrom('HTTP/1.1', 'HTTP/2.0'),
  status: fc.integer({ min: 100, max: 599 }),
  bytes: fc.nat(),
  referrer: fc.option(quoted.filter((text) => text !== '-')),
  userAgent: fc.option(quoted.filter((text) => text !== '-')),
  requestTime: fc.option(fc.nat({ max: 99_999 }).map((ms) => ms / 1000)),
});

/** As Apache or nginx write it. */
function escaped(text: string | null, hex: boolean): string {
  if (text === null) return '-';
  const letters: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '"': '\\"', '\\': '\\\\' };
  const byHex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
  if (!hex) return text.replace(/[\t\n"\\]/g, (letter) => letters[letter] as string);
  return [...Buffer.from(text)]
    .map((byte) => (byte < 32 || byte > 126 || byte === 34 || byte === 92 ? byHex(byte) : String.fromCharCode(byte)))
    .join('');
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function written(record: Omit<CombinedLog, 'raw'>, hex: boolean): string {
  const time = new Date(record.timestamp).toISOString();
  const day = `${time.slice(8, 10)}/${months[Number(time.slice(5, 7)) - 1]}/${time.slice(0, 4)}`;
  return (
    `${record.ip} - ${record.user ?? '-'} [${day}:${time.slice(11, 19)} +0000] "${record.method} ${escaped(record.url, hex)} ${record.protocol}" ` +
    `${record.status} ${record.bytes} "${escaped(record.referrer, hex)}" "${escaped(record.userAgent, hex)}"` +
    (record.requestTime === null ? '' : ` ${record.requestTime}`)
  );
}

const rows = fc.array(fc.tuple(request, fc.boolean()), { maxLength: 8 });
const content = rows.map((all) => all.map(([record, hex]) => written(record, hex)).join('\n'));

describe('any records', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const lines = all.map(([record, hex]) => written(record, hex));
        const records = all.map(([record], i) => ({ ...record, raw: lines[i] }));
        expect(parse(combined, lines.map((text) => `${text}\r\n`).join(''))).toEqual({ records, bad: [], invalid: [] });
      }),
      { numRuns: 50 },
    );
  });

  describesLines({ format: combined, content, fields: combined.type.names });
});

/** What a record looks like, slowly: no part can be taken in two ways. */
const oracle = new RegExp(
  [
    /^[^ ]* [^ ]* (?:(?! \[).)* /,
    /\[(?<day>\d\d)\/(?<month>[A-Z][a-z]{2})\/(?<year>\d{4}):(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60) [+-]\d\d[0-5]\d\] /,
    /"(?:[^"\\]|\\.)*" \d{1,15} (?:\d{1,15}|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"/,
  ]
    .map(({ source }) => source)
    .join(''),
  's',
);

function isRecord(text: string): boolean {
  const { day, month = '', year } = oracle.exec(text)?.groups ?? {};
  const date = new Date(Date.UTC(Number(year), months.indexOf(month), Number(day)));
  return months.includes(month) && date.getUTCDate() === Number(day);
}

describe('lines that may be anything', () => {
  function check(bytes: Buffer): void {
    const lines = linesIn(bytes);
    const { records, bad } = parse(combined, Buffer.from(bytes), { encoding: 'latin1' });
    expect(records.map(({ raw }) => raw)).toEqual(lines.filter(isRecord));
    expect(bad.map(({ text }) => text)).toEqual(lines.filter((text) => !isRecord(text)).map((text) => text.slice(0, 200)));
  }

  it('are records or bad', () => {
    fc.assert(fc.property(mutated(content), check), { numRuns: 100 });
    const piece = fc.constantFrom(
      '- - - [',
      '10/Oct/2000:13:55:36 -0700',
      '] "',
      '"',
      'GET / x',
      ' ',
      '" 200 ',
      '2 "',
      '\\',
      'x',
      '\n',
      '\r',
      'é',
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
