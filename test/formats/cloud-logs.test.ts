/** The examples are in the manner of those in the documentation of Elastic Load Balancing and of CloudFront. */

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formats } from '../../src/api/formats.ts';
import type { Format } from '../../src/formats/format.ts';
import { describesLines, linesIn, mutated, parse, parseLine } from './support.ts';

const elb = formats.elb();
const cloudFront = formats.cloudFront();

const front =
  'https 2018-07-02T22:23:00.186641Z app/my-lb/50dc 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 404 34 57 ' +
  '"GET https://www.example.com:443/a b HTTP/1.1" "curl/7.46.0 \\x22x\\x22" ECDHE-RSA TLSv1.2 arn:aws:tg/73e2 "Root=1-58337281" ' +
  '"www.example.com" "arn:aws:acm:cert" 1 2018-07-02T22:22:48.364000Z';
const row = [
  ...['2019-12-04', '21:02:31', 'LAX1', '392', '192.0.2.100', 'GET', 'd111.cloudfront.net', '/index.html', '200', '-'],
  ...['Mozilla/5.0%20(x;%20%22y%22%25)%C3%A9%2', '-', '-', 'Hit', 'SOX4==', 'd111.cloudfront.net', 'https', '23', '0.001', '-', 'TLSv1.2'],
  ...['ECDHE-RSA', 'Hit', 'HTTP/2.0'],
];
const newer = ['-', '-', '11040', '0.001', 'Hit', 'text/html', '78', '-', '-'];

describe('Application Load Balancers', () => {
  test('a request', () => {
    const line = `${front} "authenticate,forward" "-" "-" "10.0.0.1:80 10.0.0.2:80" "200" "-" "-" TID_1234`;
    expect(parseLine(elb, line)).toEqual({
      type: 'https',
      timestamp: Date.UTC(2018, 6, 2, 22, 23, 0, 186),
      elb: 'app/my-lb/50dc',
      ip: '192.168.131.39',
      port: 2817,
      targetIp: '10.0.0.1',
      targetPort: 80,
      requestTime: 0.086,
      targetTime: 0.048,
      responseTime: 0.037,
      status: 200,
      targetStatus: 404,
      requestBytes: 34,
      bytes: 57,
      method: 'GET',
      url: 'https://www.example.com:443/a b',
      protocol: 'HTTP/1.1',
      userAgent: 'curl/7.46.0 "x"',
      sslCipher: 'ECDHE-RSA',
      sslProtocol: 'TLSv1.2',
      targetGroup: 'arn:aws:tg/73e2',
      traceId: 'Root=1-58337281',
      domain: 'www.example.com',
      certificate: 'arn:aws:acm:cert',
      rulePriority: 1,
      requestTimestamp: Date.UTC(2018, 6, 2, 22, 22, 48, 364),
      actions: 'authenticate,forward',
      redirectUrl: null,
      errorReason: null,
      targets: '10.0.0.1:80 10.0.0.2:80',
      targetStatuses: '200',
      classification: null,
      classificationReason: null,
      connectionId: 'TID_1234',
      raw: line,
    });
  });

  test('one that was refused', () => {
    const line =
      'http 2018-11-30T22:23:00.186641Z app/my-lb/50dc [2001:db8::1]:2817 - -1 -1 -1 502 - 34 366 "- http://example.com:80- -" "-" - - - "-" "-" "-" - ' +
      '2018-11-30T22:22:48.364000Z "-" "-" "LambdaTimeout"\r';
    expect(parseLine(elb, line)).toMatchObject({
      ip: '[2001:db8::1]',
      port: 2817,
      targetIp: null,
      targetPort: null,
      requestTime: -1,
      targetStatus: null,
      method: null,
      url: 'http://example.com:80-',
      protocol: null,
      userAgent: null,
      sslCipher: null,
      traceId: null,
      rulePriority: null,
      actions: null,
      errorReason: 'LambdaTimeout',
      targets: null,
      connectionId: null,
    });
  });

  test('fields that were added since, and others that may be', () => {
    expect(parseLine(elb, front)).toMatchObject({ actions: null, connectionId: null });
    expect(parseLine(elb, `${front} "a" "b" "c" "d" "e" "f" "g" TID "h" x "y z"`)).toMatchObject({ actions: 'a', connectionId: 'TID' });
    expect(parseLine(elb, front.replace('"www', 'www'))).toBe('\'domain\' does not stand in quotes, or no " " follows');
    expect(parseLine(elb, front.replace(/\S+$/, 'x'))).toContain("'requestTimestamp' is no time in ISO 8601");
  });
});

describe('CloudFront', () => {
  test('a request, behind comments', () => {
    const line = [...row, ...newer].join('\t');
    const { records, bad } = parse(cloudFront, `#Version: 1.0\n#Fields: date time\n${line}\n`);
    expect(bad).toEqual([]);
    expect(records).toEqual([
      {
        timestamp: Date.UTC(2019, 11, 4, 21, 2, 31),
        edge: 'LAX1',
        bytes: 392,
        ip: '192.0.2.100',
        method: 'GET',
        domain: 'd111.cloudfront.net',
        url: '/index.html',
        status: 200,
        referrer: null,
        userAgent: 'Mozilla/5.0 (x; "y"%)é%2',
        query: null,
        cookie: null,
        result: 'Hit',
        requestId: 'SOX4==',
        host: 'd111.cloudfront.net',
        scheme: 'https',
        requestBytes: 23,
        requestTime: 0.001,
        forwardedFor: null,
        sslProtocol: 'TLSv1.2',
        sslCipher: 'ECDHE-RSA',
        responseResult: 'Hit',
        protocol: 'HTTP/2.0',
        encryptionStatus: null,
        encryptedFields: null,
        port: 11040,
        firstByteTime: 0.001,
        detailedResult: 'Hit',
        contentType: 'text/html',
        contentLength: 78,
        rangeStart: null,
        rangeEnd: null,
        raw: line,
      },
    ]);
  });

  test('of an older log', () => {
    expect(parseLine(cloudFront, `${row.join('\t')}\r`)).toMatchObject({ protocol: 'HTTP/2.0', encryptionStatus: null, rangeEnd: null });
    // Columns were added behind the 19th, which is `time-taken`.
    for (const columns of [19, 20, 21, 22, 23, 24]) {
      const record = parseLine(cloudFront, row.slice(0, columns).join('\t'));
      expect(record).toMatchObject({
        requestTime: 0.001,
        sslProtocol: columns < 21 ? null : 'TLSv1.2',
        responseResult: columns < 23 ? null : 'Hit',
        protocol: columns < 24 ? null : 'HTTP/2.0',
      });
    }
    expect(parseLine(cloudFront, row.slice(0, 18).join('\t'))).toBe('\'requestBytes\' is no whole number, or no "\\t" follows');
    expect(parseLine(cloudFront, row.with(18, '-').join('\t'))).toBe("'requestTime' is no number");
  });
});

const elbLines = fc
  .array(fc.constantFrom(front, `${front} "a é" "-"`, `${front} "a" "b" "c" "d" "e" "f" "g" T x\r`), { maxLength: 2 })
  .map((lines) => lines.join('\n'));
const cloudFrontLines = fc
  .array(
    fc.constantFrom(
      '#Version: 1.0',
      row.slice(0, 19).join('\t'),
      row.join('\t'),
      [...row, ...newer].join('\t'),
      [...row, ...newer, 'x\r'].join('\t'),
    ),
    {
      maxLength: 2,
    },
  )
  .map((lines) => lines.join('\n'));

describe.each([
  ['elb', elb, elbLines],
  ['cloudFront', cloudFront, cloudFrontLines],
])('%s', (_, format: Format<unknown>, content) => {
  describesLines({ format, content, fields: format.type.names });

  it('makes a record or a bad record of every line', () => {
    fc.assert(
      fc.property(mutated(content), (bytes) => {
        const { records, bad } = parse(format, Buffer.from(bytes), { encoding: 'latin1' });
        expect(records.length + bad.length).toBe(linesIn(bytes).filter((line) => !line.startsWith('#')).length);
      }),
      { numRuns: 100 },
    );
  });
});
