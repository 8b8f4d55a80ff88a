import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Duration, parseDuration } from '../../src/base/duration.ts';

describe('durations', () => {
  test.each<[Duration, number]>([
    [0, 0],
    [1.5, 1.5],
    ['0ms', 0],
    ['250ms', 250],
    ['0.5ms', 0.5],
    ['5s', 5000],
    ['1.5s', 1500],
    ['1.001s', 1001],
    ['0.0001s', 0.1],
    ['1m', 60_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['007s', 7000],
  ])('%j is %d milliseconds', (duration, milliseconds) => {
    expect(parseDuration(duration, 'size')).toBe(milliseconds);
  });

  test.each([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '5',
    's',
    '',
    '-5s',
    '5 s',
    ' 5s',
    '5S',
    '5sec',
    '1e3ms',
    '1_000ms',
    '.5s',
    '5.s',
    '1h30m',
    `${'9'.repeat(400)}s`,
    null,
    undefined,
    {},
    5n,
  ])('%s is none, and the error names the option', (duration) => {
    const parse = (): number => parseDuration(duration as Duration, 'window size');
    expect(parse).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/^window size: .* is not a duration; write/) }),
    );
  });

  test('of whole milliseconds are whole, in whatever unit they are written', () => {
    fc.assert(fc.property(fc.nat(10 ** 10), (milliseconds) => parseDuration(`${milliseconds / 1000}s`, 'x') === milliseconds));
  });
});
