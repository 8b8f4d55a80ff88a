/** Syslog; the sections in the names of tests are those of RFC 5424 and RFC 3164. */

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formats } from '../../src/api/formats.ts';
import { describesLines, linesIn, mutated, parse, parseLine } from './support.ts';

const format = formats.syslog({ year: 2003 });
const names = [
  'facility',
  'facilityName',
  'severity',
  'severityName',
  'timestamp',
  'host',
  'app',
  'procId',
  'msgId',
  'structuredData',
  'message',
  'raw',
];
const nothing = Object.fromEntries(names.map((name) => [name, null]));

describe('RFC 5424', () => {
  test('6.5, example 1: with a byte order mark and no structured data', () => {
    const line = "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8";
    expect(parseLine(format, line)).toEqual({
      facility: 4,
      facilityName: 'auth',
      severity: 2,
      severityName: 'crit',
      timestamp: Date.UTC(2003, 9, 11, 22, 14, 15, 3),
      host: 'mymachine.example.com',
      app: 'su',
      procId: null,
      msgId: 'ID47',
      structuredData: null,
      message: "'su root' failed for lonvick on /dev/pts/8",
      raw: line,
    });
  });

  test('6.5, example 2: microseconds and a zone', () => {
    const line = "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.";
    expect(parseLine(format, line)).toMatchObject({
      facilityName: 'local4',
      severityName: 'notice',
      timestamp: Date.UTC(2003, 7, 24, 12, 14, 15),
      host: '192.0.2.1',
      app: 'myproc',
      procId: '8710',
      msgId: null,
      message: "%% It's time to make the do-nuts.",
    });
  });

  test('6.5, examples 3 and 4: structured data', () => {
    const data = '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]';
    const front = `<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 ${data}`;
    expect(parseLine(format, front)).toMatchObject({ structuredData: data, message: null });
    expect(parseLine(format, `${front} An application event`)).toMatchObject({ structuredData: data, message: 'An application event' });
  });

  test('6.3.3: a quote, a bracket and a backslash are escaped in values', () => {
    const data = String.raw`[a b="\"]\\"][c d="x] y\]"]`;
    expect(parseLine(format, `<0>1 - - - - - ${data} m`)).toMatchObject({ structuredData: data, message: 'm' });
    expect(parseLine(format, '<0>1 - - - - - [a b="] m')).toBe("'structuredData' is neither - nor [elements]");
  });

  test('6.2: everything but priority and version may be missing', () => {
    const line = '<0>1 - - - - - -';
    expect(parseLine(format, line)).toEqual({
      ...nothing,
      facility: 0,
      facilityName: 'kern',
      severity: 0,
      severityName: 'emerg',
      raw: line,
    });
    expect(parseLine(format, `${line} \r\n`)).toMatchObject({ message: '' });
  });

  test.each([
    '<0>2 - - - - - -',
    '<192>1 - - - - - -',
    '<>1 - - - - - -',
    '<0000>1 - - - - - -',
    '<0>1 - - - - -',
    '<0>1 yesterday - - - - -',
    '<0>1 - - - -',
  ])('it is not: %s', (line) => expect(typeof parseLine(format, line)).toBe('string'));
});

describe('RFC 3164', () => {
  test('5.4, example 1', () => {
    const line = "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8";
    expect(parseLine(format, line)).toEqual({
      ...nothing,
      facility: 4,
      facilityName: 'auth',
      severity: 2,
      severityName: 'crit',
      timestamp: Date.UTC(2003, 9, 11, 22, 14, 15),
      host: 'mymachine',
      app: 'su',
      message: "'su root' failed for lonvick on /dev/pts/8",
      raw: line,
    });
  });

  test('4.1.3: the tag ends with what is no letter or digit, and may have a process', () => {
    const front = 'Feb  5 17:32:18 10.0.0.99';
    expect(parseLine(format, `${front} CRON[17]: (root) CMD`)).toMatchObject({
      facility: null,
      severityName: null,
      app: 'CRON',
      procId: '17',
      message: '(root) CMD',
    });
    expect(parseLine(format, `${front} postfix/smtpd[1] connect`)).toMatchObject({ app: 'postfix/smtpd', procId: '1', message: 'connect' });
    expect(parseLine(format, `${front} kernel: [ 1.5] x: y`)).toMatchObject({ app: 'kernel', procId: null, message: '[ 1.5] x: y' });
    expect(parseLine(format, `${front} Use the BFG!`)).toMatchObject({ app: null, procId: null, message: 'Use the BFG!' });
    expect(parseLine(format, `${front} a[b c`)).toMatchObject({ app: null, procId: null, message: 'a[b c' });
    expect(parseLine(format, `${front} [x]: y`)).toMatchObject({ app: null, message: '[x]: y' });
  });

  test('with a time as files of today have it', () => {
    const line = '2023-10-11T22:14:15.003123+02:00 host sshd[4]: Accepted';
    expect(parseLine(format, line)).toMatchObject({
      timestamp: Date.UTC(2023, 9, 11, 20, 14, 15, 3),
      host: 'host',
      app: 'sshd',
      procId: '4',
      message: 'Accepted',
    });
  });

  test('clocks may be ahead of UTC', () => {
    const ahead = formats.syslog({ year: 2024, utcOffset: '+02:00' });
    expect(parseLine(ahead, 'Jan  1 00:30:00 host m')).toMatchObject({ timestamp: Date.UTC(2023, 11, 31, 22, 30) });
    expect(() => formats.syslog({ utcOffset: '2' })).toThrow("'+02:00'");
    expect(() => formats.syslog({ utcOffset: '+24:00' })).toThrow('more than a day');
  });

  test.each([
    'Oct 11 22:14:15',
    'Oct 32 22:14:15 host m',
    'Okt 11 22:14:15 host m',
    'Oct 11 24:14:15 host m',
    'no syslog at all',
    '1990 Oct 22 10:52:01 TZ-6 x',
  ])('it is not: %s', (line) => expect(typeof parseLine(format, line)).toBe('string'));
});

const text = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ':', '[', ']', '"', '\\', '7'), maxLength: 8 });
const token = fc.string({ unit: fc.constantFrom('a', 'é', '7', '-', '.', '/'), minLength: 1, maxLength: 6 });
const priority = fc.nat(191).map((n) => `<${n}>`);
const modern = fc
  .tuple(
    priority,
    fc.constantFrom('-', '2003-10-11T22:14:15.003Z', '2003-10-11T22:14:15+01:00'),
    token,
    token,
    token,
    token,
    fc.constantFrom('-', '[a b="\\"]"]'),
    fc.option(text),
  )
  .map(
    ([pri, time, host, app, proc, id, data, message]) =>
      `${pri}1 ${time} ${host} ${app} ${proc} ${id} ${data}${message === null ? '' : ` ${message}`}`,
  );
const old = fc
  .tuple(
    fc.oneof(priority, fc.constant('')),
    fc.constantFrom('Oct 11 22:14:15', 'Feb  5 17:32:18', '2003-10-11T22:14:15.003Z'),
    token,
    fc.constantFrom('su: ', 'su[7]: ', ''),
    text,
  )
  .map(([pri, time, host, tag, message]) => `${pri}${time} ${host} ${tag}${message}`);
const content = fc.array(fc.oneof(modern, old), { maxLength: 5 }).map((lines) => lines.join('\n'));

describe('both', () => {
  describesLines({ format, content, fields: names });

  it('makes a record or a bad record of every line', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          mutated(content),
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          const { records, bad } = parse(format, Buffer.from(bytes), { encoding: 'latin1' });
          expect(records.length + bad.length).toBe(linesIn(bytes).length);
          expect(records.every((record) => linesIn(bytes).includes(record.raw))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
