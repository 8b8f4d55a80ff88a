import { expect, test } from 'vitest';
import { type DataSize, parseDataSize } from '../../src/base/data-size.ts';

test.each<[DataSize, number]>([
  [1, 1],
  [1000.4, 1000],
  ['64KB', 65_536],
  ['1.5MB', 1_572_864],
  ['2GB', 2 ** 31],
  ['1TB', 2 ** 40],
])('%s is %d bytes', (size, bytes) => {
  expect(parseDataSize(size, 'memory')).toBe(bytes);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '', '12', '5 MB', '5mb', '-1KB', '0KB', null, {}])('%s is no size', (size) => {
  expect(() => parseDataSize(size as DataSize, 'disk: memory')).toThrow(
    /^disk: memory: .* is not a size; write bytes as a number, or '64KB'/,
  );
});
