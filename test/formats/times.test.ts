import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EpochTime } from '../../src/formats/epoch-time.ts';
import { IsoTime } from '../../src/formats/iso-time.ts';
import { SyslogTime } from '../../src/formats/syslog-time.ts';
import type { TimeReader } from '../../src/formats/times.ts';

/** The time of a text that stands between others. */
function read(reader: TimeReader, text: string): number {
  return reader.read(Buffer.from(`7${text}7`), 1, text.length + 1);
}

describe('ISO 8601', () => {
  const reader = new IsoTime();

  // The examples of RFC 3339, section 5.8, and what else is in use.
  test.each([
    ['1985-04-12T23:20:50.52Z', Date.UTC(1985, 3, 12, 23, 20, 50, 520)],
    ['1996-12-19T16:39:57-08:00', Date.UTC(1996, 11, 20, 0, 39, 57)],
    ['1990-12-31T23:59:60Z', Date.UTC(1991, 0, 1)],
    ['1990-12-31T15:59:60-08:00', Date.UTC(1991, 0, 1)],
    ['1937-01-01T12:00:27.87+00:20', Date.UTC(1937, 0, 1, 11, 40, 27, 870)],
    ['2024-02-29 00:00:00,123456789+0130', Date.UTC(2024, 1, 28, 22, 30, 0, 123)],
    ['2024-02-29t23:59z', Date.UTC(2024, 1, 29, 23, 59)],
    ['2024-02-29T23:59:01+02', Date.UTC(2024, 1, 29, 21, 59, 1)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['0001-01-01T00:00:00Z', Date.parse('0001-01-01T00:00:00Z')],
  ])('%s', (text, expected) => {
    expect(read(reader, text)).toBe(expected);
  });

  test.each([
    ...['', '2024', '2024-02', '2023-02-29', '2024-02-29T24:00:00Z', '2024-02-29T23:60:00Z', '2024-02-29T23:59:61Z', '2024-02-29T23:59:1Z'],
    ...[
      '2024-02-29T23:59:01.Z',
      '2024-02-29T23:59:01ZZ',
      '2024-02-29T23:59:01+2',
      '2024-02-29T23:59:01+24:00',
      '2024-02-29T23:59:01+02:',
      '2024-02-29T23:59:01 ',
    ],
  ])('%s is none', (text) => {
    read(reader, '2024-02-29T23:59:00Z');
    expect(read(reader, text)).toBeNaN();
  });

  test('every time is the one that JavaScript reads, whatever was read before', () => {
    const dates = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        expect(read(reader, date.toISOString())).toBe(date.getTime());
      }),
    );
    for (let ms = 0; ms < 200_000; ms += 997) expect(read(reader, new Date(1e12 + ms).toISOString())).toBe(1e12 + ms);
  });
});

describe('what passed since 1970', () => {
  test.each([
    [1000, '1697062455', 1697062455000],
    [1000, '1697062455.0039', 1697062455003],
    [1000, '-1.5', -1500],
    [1000, '0', 0],
    [1, '1697062455003', 1697062455003],
    [1, '1697062455003.9', 1697062455003],
  ] as const)('in units of %d ms: %s', (unitMs, text, expected) => {
    expect(read(new EpochTime(unitMs), text)).toBe(expected);
  });

  test.each(['', '-', '.5', '1.', '1e3', '1.5x', '1234567890123456'])('%s is none', (text) => {
    expect(read(new EpochTime(1000), text)).toBeNaN();
  });
});

describe('RFC 3164', () => {
  const at = (now: string): SyslogTime => new SyslogTime({ year: undefined, zoneMs: 0, now: () => Date.parse(now) });

  test.each([
    ['2024-01-01T00:00:00Z', 'Dec 31 23:59:59', '2023-12-31T23:59:59Z'],
    ['2023-12-31T23:59:59Z', 'Jan  1 00:00:10', '2024-01-01T00:00:10Z'],
    ['2023-12-31T12:00:00Z', 'Jan  1 12:01:00', '2023-01-01T12:01:00Z'],
    ['2024-06-15T12:00:00Z', 'Jun 16 12:00:00', '2024-06-16T12:00:00Z'],
    ['2024-06-15T12:00:00Z', 'Jun 16 12:01:00', '2023-06-16T12:01:00Z'],
    ['2024-06-15T12:00:00Z', 'Jul 01 00:00:00', '2023-07-01T00:00:00Z'],
    ['2026-06-15T12:00:00Z', 'Feb 29 00:00:00', '2024-02-29T00:00:00Z'],
    ['1903-06-15T12:00:00Z', 'Feb 29 00:00:00', '1896-02-29T00:00:00Z'],
  ])('seen at %s, %s is %s', (now, text, expected) => {
    expect(read(at(now), text)).toBe(Date.parse(expected));
  });

  test.each([
    'Feb 30 00:00:00',
    'feb  1 00:00:00',
    'Foo  1 00:00:00',
    'Feb  1 24:00:00',
    'Feb  1 00:60:00',
    'Feb  1 00:00:61',
    'Feb  1 00:00-00',
    'Feb 1 00:00:00',
  ])('%s is none', (text) => {
    const reader = at('2024-06-15T12:00:00Z');
    read(reader, 'Feb  1 00:00:00');
    expect(read(reader, text)).toBeNaN();
  });

  test('a zone and a year may be given', () => {
    const reader = new SyslogTime({ year: 2001, zoneMs: 3_600_000, now: () => 0 });
    expect(read(reader, 'Jan  1 00:30:00')).toBe(Date.parse('2000-12-31T23:30:00Z'));
    expect(read(reader, 'Jan  1 00:30:07')).toBe(Date.parse('2000-12-31T23:30:07Z'));
  });
});
