/**
 * q18, last bid: the last bid that each bidder made on each auction.
 *
 * Of several at the same time the highest is the last, and of equal ones the `extra` that comes last in order. Emits an update of its
 * bidder and auction for every bid. Keeps a bid for each of these for ever.
 */
import { isBid } from '../events.mjs';

export const emits = 'updates';
export const upsertKey = ['bidder', 'auction'];

/** @typedef {{ price: number, dateTime: number, extra: string }} Bid */

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q18(events) {
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, channel, url, dateTime, extra }) => ({ auction, bidder, price, channel, url, dateTime, extra }))
    .keyBy(['bidder', 'auction'])
    .reduce((last, bid) => (isLater(bid, last) ? bid : last));
}

/**
 * @param {Bid} bid
 * @param {Bid} other
 */
function isLater(bid, other) {
  if (bid.dateTime !== other.dateTime) return bid.dateTime > other.dateTime;
  return bid.price === other.price ? bid.extra > other.extra : bid.price > other.price;
}
