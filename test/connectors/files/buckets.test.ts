/** Buckets of dates and times, against Intl. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BucketContext, buckets } from '../../../src/connectors/files/buckets.ts';

const at = (timestamp: number): BucketContext => ({ timestamp, processingTime: timestamp });

describe('buckets.path', () => {
  const moment = at(Date.UTC(2024, 2, 9, 7, 5, 1, 999));

  it.each<[string, unknown, string]>([
    ['{yyyy}-{MM}-{dd}/{HH}', null, '2024-03-09/07'],
    ['day={dd}/{status}/{mm}{ss}', { status: 'open' }, 'day=09/open/0501'],
    ['{status}', { status: 200 }, '200'],
    ['{a}{b}/{c}', { a: true, b: 7n, c: new Date(0) }, 'true7/1970-01-01T00%3A00%3A00.000Z'],
    ['{user id}', { 'user id': 'a/b\\c%d:\0é' }, 'a%2Fb%5Cc%25d%3A%00é'],
    ['{a}/{a}', { a: '..' }, '%2E./%2E.'],
    ['{0}', ['x'], 'x'],
  ])('of %s and %o', (pattern, record, expected) => {
    expect(buckets.path(pattern, { time: 'event' })(record, moment)).toBe(expected);
  });

  it('is that of the time of day unless told otherwise', () => {
    const context = { timestamp: Date.UTC(1999, 0, 1), processingTime: Date.UTC(2024, 0, 1) };
    expect(buckets.path('{yyyy}')(null, context)).toBe('2024');
    expect(buckets.path('{yyyy}', { time: 'event' })(null, context)).toBe('1999');
    expect(() => buckets.path('{dd}', { time: 'event' })(null, { ...context, timestamp: undefined })).toThrow(/no timestamp/);
  });

  it.each<[unknown, RegExp]>([
    [{}, /'\{status\}' needs a text.* in the field 'status' of each record, and one has none/],
    [null, /has none/],
    [{ status: null }, /has null/],
    [{ status: '' }, /has ''/],
    [{ status: { a: 1 } }, /has an object/],
  ])('refuses %o', (record, message) => {
    expect(() => buckets.path('{status}')(record, moment)).toThrow(message);
  });

  it.each(['{', 'a}', '{}', '{a{b}}', 'yyyy-MM'])('refuses the pattern %s', (pattern) => {
    expect(() => buckets.path(pattern)).toThrow(/has (a brace without its other|nothing in braces).*; it may have \{yyyy\}/);
  });
});

describe('buckets.dateTime', () => {
  it.each([
    ['yyyy-MM-dd--HH', '2024-03-09--07'],
    ['yyyy/MM/dd', '2024/03/09'],
    ["'day='yyyyMMdd'/hour='HH", 'day=20240309/hour=07'],
    ['HH:mm:ss', '07:05:01'],
    ["yyyy''MM", "2024'03"],
    ["'it''s' dd", "it's 09"],
    ['--', '--'],
  ])('writes %s', (pattern, expected) => {
    expect(buckets.dateTime(pattern)(null, at(Date.UTC(2024, 2, 9, 7, 5, 1, 999)))).toBe(expected);
  });

  it('says of any time what ISO 8601 does', () => {
    const bucket = buckets.dateTime("yyyy-MM-dd'T'HH:mm:ss", { time: 'event' });
    const hours = buckets.dateTime("yyyy-MM-dd'T'HH", { time: 'event' });
    const days = buckets.dateTime('yyyy-MM-dd', { time: 'event' });
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(0, 0, 1), max: Date.UTC(9999, 11, 31) }), (timestamp) => {
        const expected = new Date(timestamp).toISOString();
        expect(bucket(null, at(timestamp))).toBe(expected.slice(0, 19));
        expect(hours(null, at(timestamp))).toBe(expected.slice(0, 13));
        expect(days(null, at(timestamp))).toBe(expected.slice(0, 10));
      }),
    );
  });

  it.each([
    ['YYYY', /has 'YYYY'/],
    ['yyyy-M', /has 'M'/],
    ["yyyy 'open", /a quote without its end/],
    ['', /the pattern must be a text that is not empty/],
  ])('refuses %j', (pattern, message) => {
    expect(() => buckets.dateTime(pattern)).toThrow(message);
  });

  it('refuses options that make no sense', () => {
    expect(() => buckets.dateTime('yyyy', { time: 'now' } as never)).toThrow(/time must be 'event' or 'processing'/);
  });
});
