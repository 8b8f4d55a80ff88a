/** Which format samples of logs are recognised as, and with which fields. */

import { describe, expect, test } from 'vitest';
import { layout } from '../../src/cli/logs/code-layout.ts';
import { type DetectOptions, detectFormat, patternFormat, plainFormat } from '../../src/cli/logs/detect.ts';
import { parseSample } from '../../src/cli/logs/parse-sample.ts';
import { RecordLayout } from '../../src/cli/logs/record-layout.ts';

const plain: DetectOptions = { byTime: false };
/** That of a question that names nothing. */
const noFields = new RecordLayout([]);

function detected(sample: string, options: Partial<DetectOptions> = {}) {
  const { format, code, fields, time } = detectFormat(Buffer.from(sample), { ...plain, ...options });
  // The format reads what it was found in.
  expect(parseSample(format, Buffer.from(sample)).records.length).toBeGreaterThan(0);
  return { code: layout(code(noFields), -1000), fields, time: time?.name };
}

const access = '192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5';

describe('by its first lines', () => {
  test.each([
    ['common', `${access}\n${access}\n`, 'formats.commonLog()', 'timestamp'],
    ['combined', `${access} "-" "curl"\n`, 'formats.combinedLog()', 'timestamp'],
    ['combined with the time of requests', `${access} "-" "curl" 0.012\n${access} "-" "curl" 3\n`, 'formats.combinedLog()', 'timestamp'],
    ['combined with some lines of something else', `${`${access} "-" "x"\n`.repeat(30)}what\n`, 'formats.combinedLog()', 'timestamp'],
    ['syslog of RFC 3164', '<34>Oct 11 22:14:15 mymachine su: failed\n', 'formats.syslog()', 'timestamp'],
    ['syslog of RFC 5424', '<165>1 2003-10-11T22:14:15.003Z host app 12 ID47 - hi\n', 'formats.syslog()', 'timestamp'],
    ['syslog in files', 'Oct 11 22:14:15 mymachine su[12]: failed\n', 'formats.syslog()', 'timestamp'],
    [
      'of a load balancer',
      'http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"\n',
      'formats.elb()',
      'timestamp',
    ],
    [
      'of CloudFront',
      '#Version: 1.0\n#Fields: date time x-edge-location\n2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-\n',
      'formats.cloudFront()',
      'timestamp',
    ],
    ['text', 'hello world\nnothing here, really\n', 'formats.text()', undefined],
    ['text of one word', 'x\n', 'formats.text()', undefined],
    ['text with colons', 'Error: it failed\nat: line 5\n', 'formats.text()', undefined],
  ])('%s', (_, sample, code, time) => {
    expect(detected(sample)).toMatchObject({ code, time });
  });

  test('JSON lines, with fields of all kinds', () => {
    const sample = [
      {
        s: 'x',
        n: 1.5,
        i: 7,
        big: 1,
        b: true,
        o: { a: 1 },
        l: [1],
        z: null,
        mixed: 1,
        'a-b': 'y',
        '@timestamp': '2025-03-03T06:00:00.123456Z',
      },
      { s: null, n: 2, i: 8, b: false, mixed: 'x', late: 5 },
    ].map((record) => JSON.stringify(record).replace('"big":1', '"big":9007199254740993'));
    expect(detected(`${sample.join('\n')}\n`).code).toBe(
      "formats.json({ s: t.nullable(t.string), n: t.nullable(t.float64), i: t.nullable(t.float64), big: t.nullable(t.bigint64), b: t.nullable(t.bool), o: t.nullable(t.any), l: t.nullable(t.any), z: t.nullable(t.any), mixed: t.nullable(t.any), 'a-b': t.nullable(t.string), '@timestamp': t.nullable(t.string), late: t.nullable(t.float64) })",
    );
    expect(detected(`{"id":1}\n{"id":9007199254740993}\n{"id":2}\n`).code).toBe('formats.json({ id: t.nullable(t.bigint64) })');
    expect(detected(`{"id":1}\n{"id":1.5}\n`).code).toBe('formats.json({ id: t.nullable(t.float64) })');
  });

  test('logfmt and LTSV', () => {
    expect(detected('level=info msg="order taken" ms=12 cached user-id=007\nlevel=warn ms=1.5 msg=x\n').code).toBe(
      "formats.logfmt({ level: t.nullable(t.string), msg: t.nullable(t.string), ms: t.nullable(t.float64), cached: t.nullable(t.bool), 'user-id': t.nullable(t.string) })",
    );
    expect(detected('time:[28/Feb/2013:12:00:00 +0900]\tstatus:200\nhost:x\tstatus:-\n')).toMatchObject({
      code: 'formats.ltsv({ time: t.nullable(t.string), status: t.nullable(t.float64), host: t.nullable(t.string) })',
    });
  });

  test('CSV and TSV', () => {
    expect(detected('a,b\n1,x\n2,"y, z"\n')).toMatchObject({
      code: 'formats.csv({ columns: { a: t.nullable(t.float64), b: t.nullable(t.string) } })',
      fields: [
        { name: 'a', kind: 'number' },
        { name: 'b', kind: 'string' },
      ],
    });
    expect(detected('a\tb\n1\tx\n')).toMatchObject({
      code: 'formats.tsv({ columns: { a: t.nullable(t.float64), b: t.nullable(t.string) } })',
    });
    // A list of words with a comma in each is no table, if its head has names twice.
    expect(detected('a,a\nb,c\n')).toMatchObject({ code: 'formats.text()' });
  });
});

describe('text most lines of which are something else is told of', () => {
  const hint = (sample: string): string | undefined => detectFormat(Buffer.from(sample), plain).hint;

  test.each([
    ['JSON', `> app@1.0 start\n> node server.js\n${'{"a":1}\n'.repeat(20)}`, '20 of 22 lines are JSON; --format json reads them'],
    ['an access log', `x\n${`${access}\n`.repeat(3)}x\n`, '3 of 5 lines are of an access log; --format common reads them'],
    ['logfmt', `starting\n${'level=info ms=5\n'.repeat(3)}`, '3 of 4 lines are logfmt; --format logfmt reads them'],
  ])('%s', (_, sample, expected) => {
    expect(hint(sample)).toBe(expected);
  });

  test('but not where these are few', () => {
    expect(hint('{"a":1}\n{"a":1}\nx\n')).toBe(undefined);
    expect(hint(`${'{"a":1}\n'.repeat(3)}${'x\n'.repeat(4)}`)).toBe(undefined);
    expect(hint(`${'{"a:1}\n'.repeat(20)}x\n`)).toBe(undefined);
    expect(hint('Once, there was\na word, and\nanother, too\n'.repeat(5))).toBe(undefined);
  });
});

describe('the time of a record', () => {
  const json = '{"at":5,"time":"2025-03-03T06:00:00Z","n":1}\n{"time":"2025-03-03 06:00:01.5+01:00","n":2}\n';

  test('is a text as it stands there, unless the job goes by it', () => {
    expect(detected(json)).toMatchObject({
      code: 'formats.json({ at: t.nullable(t.float64), time: t.nullable(t.string), n: t.nullable(t.float64) })',
    });
    expect(detected(json, { byTime: true })).toMatchObject({
      code: 'formats.json({ at: t.nullable(t.float64), time: t.timestamp, n: t.nullable(t.float64) })',
      time: 'time',
      fields: [{ name: 'at' }, { name: 'time', kind: 'time', nullable: false }, { name: 'n' }],
    });
  });

  test.each([
    ['time=2025-03-03T06:00:00Z n=1\n', 'formats.logfmt({ time: t.timestamp, n: t.nullable(t.float64) })', 'time'],
    ['time:[28/Feb/2013:12:00:00 +0900]\tn:1\n', 'formats.ltsv({ time: t.timestamp, n: t.nullable(t.float64) })', 'time'],
    ['n,date\n1,2025-03-03\n2,2025-03-04\n', 'formats.csv({ columns: { n: t.nullable(t.float64), date: t.timestamp } })', 'date'],
    ['{"ts":1741003200.5}\n', 'formats.json({ ts: t.float64 })', 'ts'],
    ['{"ts":1741003200500}\n', 'formats.json({ ts: t.float64 })', 'ts'],
    ['{"ts":5}\n', 'formats.json({ ts: t.nullable(t.float64) })', undefined],
    ['{"time":"6 o clock"}\n', 'formats.json({ time: t.nullable(t.string) })', undefined],
    ['{"@timestamp":"2025-03-03T06:00:00Z"}\n', "formats.json({ '@timestamp': t.timestamp })", '@timestamp'],
    ['n,ts\n1,1741003200\n2,1741003201\n', 'formats.csv({ columns: { n: t.nullable(t.float64), ts: t.float64 } })', 'ts'],
  ])('of %j', (sample, code, time) => {
    expect(detected(sample, { byTime: true })).toMatchObject({ code, time });
  });

  test('in seconds and milliseconds', () => {
    const kind = (sample: string) => detectFormat(Buffer.from(sample), { byTime: true }).time?.kind;
    expect([kind('{"ts":1741003200.5}\n'), kind('{"ts":1741003200500}\n'), kind('n,ts\n1,1741003200\n')]).toEqual([
      'seconds',
      'millis',
      'seconds',
    ]);
  });

  test('is the one that is named', () => {
    const sample = '{"time":"2025-03-03T06:00:00Z","done":"2025-03-03T07:00:00Z","n":5}\n';
    expect(detected(sample, { byTime: true, time: 'done' })).toMatchObject({ time: 'done' });
    const refused = (time: string, message: string): void => {
      expect(() => detectFormat(Buffer.from(sample), { byTime: true, time })).toThrow(message);
    };
    refused('n', "--time: 'n' holds no times in ISO 8601, and no seconds or milliseconds since 1970");
    refused('don', "--time: there is no field 'don'; did you mean 'done'?");
  });
});

describe('a time that is named is one of the format that is recognised', () => {
  const request = 'http 2018-07-02T22:23:00.186641Z app/my/50dc 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366';
  const elb = `${request} "GET http://x:80/ HTTP/1.1" "curl" - - arn "Root=1" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "-" "-" "-" "-"\n`;

  test.each([
    ['CSV', 'name,when\nA,2025-03-03T06:00:01Z\nB,2025-03-03T06:00:02Z\n', 'when'],
    ['TSV', 'name\twhen\nA\t2025-03-03T06:00:01Z\n', 'when'],
    ['logfmt', 'name=A when=2025-03-03T06:00:01Z\n', 'when'],
    ['LTSV', 'name:A\ttime:2025-03-03T06:00:01Z\n', 'time'],
    ['ELB', elb, 'requestTimestamp'],
  ])('%s', (_, sample, time) => {
    expect(detected(sample, { byTime: true, time })).toMatchObject({ time });
  });
});

test('objects in JSON have fields themselves', () => {
  const lines = ['{"a":{"n":1,"t":"2025-03-03","b":{"ts":1741003200}},"l":[1],"z":null,"o":{}}', '{"a":{"n":"x","m":true},"o":5}'];
  const { fields } = detected(`${lines.join('\n')}\n`);
  const members = (name: string) => fields.find((field) => field.name === name)?.members;
  expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
    ['a', 'object'],
    ['l', 'array'],
    ['z', 'null'],
    ['o', 'any'],
  ]);
  expect(members('a')).toMatchObject([
    { name: 'a.n', path: ['a', 'n'], kind: 'any' },
    { name: 'a.t', path: ['a', 't'], kind: 'string' },
    { name: 'a.b', kind: 'object', members: [{ name: 'a.b.ts', path: ['a', 'b', 'ts'], kind: 'number', numbersAre: 'seconds' }] },
    { name: 'a.m', kind: 'bool' },
  ]);
});

test('columns of CSV are what they are read as, not what some of their values look like', () => {
  expect(detected('n,ts\n-,1741003200\n5,1741003201\n', { byTime: true })).toMatchObject({
    code: 'formats.csv({ columns: { n: t.nullable(t.string), ts: t.float64 } })',
  });
  // A number that may be a time is none unless windows go by it.
  expect(detected('n,ts\n1,1741003200\n').fields[1]).toMatchObject({ name: 'ts', kind: 'number', numbersAre: 'seconds' });
});

test('a format that is named is taken at its word', () => {
  expect(detected('a=1\n', { only: 'logfmt' }).code).toBe('formats.logfmt({ a: t.nullable(t.float64) })');
  expect(detected('a\n1\n', { only: 'csv' }).code).toBe('formats.csv({ columns: { a: t.nullable(t.float64) } })');
  const refused = (sample: string, only: string, message: string): void => {
    expect(() => detectFormat(Buffer.from(sample), { ...plain, only })).toThrow(message);
  };
  refused('x\n', 'json', '--format json: its fields are found in the first lines, and there are none: the first line is "x"');
  refused('', 'json', '--format json: its fields are found in the first lines, and there are none: there is nothing');
  refused('a,a\n1,2\n', 'csv', '--format csv: its columns cannot be told');
  expect(detectFormat(Buffer.from(''), plain).code(noFields)).toBe('formats.text()');
});

test('a pattern has the times that it names', () => {
  const { code, fields, time } = patternFormat("%{timestamp:when} %{epoch?:sent} it's %{number:ms}", { byTime: true, time: 'when' });
  expect(layout(code(noFields), 0)).toBe("formats.pattern('%{timestamp:when} %{epoch?:sent} it\\'s %{number:ms}')");
  expect(fields).toEqual([
    { name: 'when', kind: 'millis', nullable: false },
    { name: 'sent', kind: 'millis', nullable: true },
    { name: 'ms', kind: 'number', nullable: false },
    { name: 'raw', kind: 'string', nullable: false, isLine: true },
  ]);
  expect(time?.name).toBe('when');
  expect(plainFormat('text', plain).fields).toEqual([{ name: 'line', nullable: false, kind: 'string' }]);
});
