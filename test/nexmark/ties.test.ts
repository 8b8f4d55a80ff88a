/** Several rows that are best: generated bids hardly ever have the same price. */

import { watermarks } from 'millrace';
import { TestEnvironment } from 'millrace/testing';
import { expect, it } from 'vitest';
import { loadQuery, type Row } from './suite.ts';

/** Bids at seconds, of a price, on an auction. */
async function rowsOf(query: string, bids: readonly (readonly [at: number, auction: number, price: number])[]): Promise<Row[]> {
  const env = new TestEnvironment();
  const events = env.fromData(
    bids.map(([at, auction, price]) => ({ kind: 2, auction, bidder: 1, price, dateTime: at * 1000, extra: '' })),
    { watermarks: watermarks.monotonous({ timestamp: 'dateTime' }) },
  );
  const { build } = await loadQuery(query);
  const rows = await env.collect(build(events, { sideInput: '' }));
  return rows.sort((a, b) => Number(a.auction) - Number(b.auction));
}

it('q7 has all bids of the highest price, each in its window', async () => {
  const rows = await rowsOf('q7', [
    [1, 10, 5],
    [2, 11, 7],
    [3, 12, 7],
    [9, 13, 6],
    [10, 14, 7],
  ]);
  expect(rows.map(({ auction, price }) => [auction, price])).toEqual([
    [11, 7],
    [12, 7],
    [14, 7],
  ]);
});

it('q5 has all auctions with the most bids, in each of the five windows of a bid', async () => {
  const rows = await rowsOf('q5', [
    [1, 10, 1],
    [1, 11, 1],
    [1, 11, 1],
    [2, 10, 1],
    [3, 12, 1],
  ]);
  const twice = (auction: number, times: number): number[][] => Array.from({ length: times }, () => [auction, 2]);
  // In the window that ends first there are only the bids of its last two seconds, and in the one that ends last those of its first two.
  expect(rows.map(({ auction, num }) => [auction, num])).toEqual([...twice(10, 4), [10, 1], ...twice(11, 5), [12, 1]]);
});
