import { describe, expect, it } from 'vitest';
import { difference, lastByKey } from './rows.ts';

describe('the comparison of rows', () => {
  const rows = [
    { key: 'a', mean: 8 },
    { key: 'b', mean: 1 / 3 },
    { key: 'b', mean: 1 / 3 },
  ];

  it('finds no difference in another order, and none but rounding', () => {
    const others = [
      { key: 'b', mean: 0.33333333333334 },
      { key: 'a', mean: 8 },
      { key: 'b', mean: 0.33333333333332 },
    ];
    expect(difference(rows, others)).toBe('');
    expect(difference([], [])).toBe('');
  });

  it.each([
    ['a row that is missing', rows.slice(1), '2 rows, not 3; missing {"key":"a","mean":8}'],
    ['a row too many', [...rows, { key: 'c', mean: 1 }], '4 rows, not 3; surplus {"key":"c","mean":1}'],
    [
      'a row more often than another',
      [rows[0], rows[0], rows[1]],
      '{"key":"a","mean":8} where there should be {"key":"b","mean":0.3333333333333333}',
    ],
    ['another whole number', [{ key: 'a', mean: 9 }, ...rows.slice(1)], '{"key":"a","mean":9} where there should be {"key":"a","mean":8}'],
    [
      'a field too many',
      [{ key: 'a', mean: 8, more: null }, ...rows.slice(1)],
      '{"key":"a","mean":8,"more":null} where there should be {"key":"a","mean":8}',
    ],
  ])('tells of %s', (_, others, what) => {
    expect(difference(rows, others)).toBe(what);
  });

  it('takes the last update of each key', () => {
    const updates = [
      { id: 1, n: 1 },
      { id: 2, n: 1 },
      { id: 1, n: 2 },
    ];
    expect(lastByKey(updates, ['id'])).toEqual([
      { id: 1, n: 2 },
      { id: 2, n: 1 },
    ]);
  });
});
