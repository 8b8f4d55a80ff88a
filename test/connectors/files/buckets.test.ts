/** Buckets of dates and times, against Intl. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BucketContext, buckets } from '../../../src/connectors/files/buckets.ts';

const at = (timestamp: number): BucketContext => ({ timestamp, processingTime: timestamp });

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
