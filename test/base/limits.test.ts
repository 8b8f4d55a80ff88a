import { constants } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import {
  defaultLimits,
  type Limits,
  limitsWith,
  lineBytesMax,
  ringBytesFor,
  ringBytesMax,
  ringBytesMin,
  splitBytesMax,
} from '../../src/base/limits.ts';

const names = Object.keys(defaultLimits) as (keyof Limits)[];

describe('limits', () => {
  test('have defaults that agree with each other', () => {
    expect(limitsWith()).toEqual(defaultLimits);
  });

  test.each([1, 2, 7])('can be %d, but for the size of a ring', (value) => {
    for (const name of names) {
      if (name !== 'ringBytes') expect(limitsWith({ [name]: value })[name]).toBe(value);
    }
  });

  test.each(names)('%s is a whole number from 1', (name) => {
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined]) {
      expect(() => limitsWith({ [name]: value })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
      );
    }
  });

  test('have no others', () => {
    expect(() => limitsWith({ batchRow: 5 } as object)).toThrow("unknown limit 'batchRow'");
    expect(() => limitsWith({ toString: 5 } as object)).toThrow("unknown limit 'toString'");
  });

  test('let a ring be a power of two', () => {
    expect(limitsWith({ ringBytes: ringBytesMin }).ringBytes).toBe(ringBytesMin);
    for (const ringBytes of [ringBytesMin / 2, 300, 1000]) expect(() => limitsWith({ ringBytes })).toThrow('ringBytes');
  });

  test('end where counting does', () => {
    expect(limitsWith({ ringBytes: ringBytesMax }).ringBytes).toBe(ringBytesMax);
    expect(() => limitsWith({ ringBytes: 2 * ringBytesMax })).toThrow('ringBytes');
    expect(limitsWith({ lineBytes: lineBytesMax }).lineBytes).toBe(constants.MAX_STRING_LENGTH);
    expect(() => limitsWith({ lineBytes: lineBytesMax + 1 })).toThrow('lineBytes');
  });

  test('let a split be read with 32-bit offsets', () => {
    expect(() => limitsWith({ splitBytes: splitBytesMax + 1 })).toThrow('splitBytes');
  });
});

describe('the rings of an exchange', () => {
  test('shrink as their number grows, but not below the smallest', () => {
    const limits = limitsWith({ ringBytes: 2 ** 16, exchangeBytes: 2 ** 20 });
    expect([1, 16, 17, 32, 64, 10_000].map((channels) => ringBytesFor(limits, channels))).toEqual([
      2 ** 16,
      2 ** 16,
      2 ** 15,
      2 ** 15,
      2 ** 14,
      ringBytesMin,
    ]);
  });

  test('keep within their bytes together, and stay powers of two', () => {
    for (let channels = 1; channels <= 4096; channels *= 2) {
      const bytes = ringBytesFor(defaultLimits, channels);
      expect(bytes * channels).toBeLessThanOrEqual(defaultLimits.exchangeBytes);
      expect(Number.isInteger(Math.log2(bytes))).toBe(true);
    }
  });
});
