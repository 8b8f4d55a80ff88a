/**
 * q4, average price for a category: what the auctions of each category went for, on average.
 *
 * Emits an update of its category whenever an auction closes that somebody bid on; see winning-bids.mjs for when that is. Keeps the open
 * auctions with their best bid, and a sum and a count for each category.
 */
import { avg } from 'millrace';
import { isAuction, isBid } from '../events.mjs';
import { winningBid } from '../winning-bids.mjs';

export const emits = 'updates';
export const upsertKey = ['category'];
/** Which averages there are in between depends on when watermarks come. */
export const repeats = false;

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q4(events) {
  const auctions = events.filter(isAuction).map(({ id, category, dateTime, expires }) => ({ id, category, dateTime, expires }));
  const bids = events.filter(isBid).map(({ auction, price, dateTime }) => ({ auction, price, dateTime }));

  return auctions
    .keyBy('id')
    .connect(bids.keyBy('auction'))
    .process(winningBid((bid, best) => bid.price > best.price))
    .map(({ auction, bid }) => ({ category: auction.category, price: bid.price }))
    .keyBy('category')
    .aggregate({ average: avg('price') }, ({ key, average }) => ({ category: key, average }));
}
