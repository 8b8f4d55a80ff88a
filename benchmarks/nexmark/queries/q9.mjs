/**
 * q9, winning bids: every auction that somebody bid on, with the bid that won it.
 *
 * The highest price wins, of equal ones the earliest; at the same time the bidder with the lower id, and in the end the `extra` that comes
 * first in order. Emits final rows, one for each auction when it closes; see winning-bids.mjs for when that is. Keeps the open auctions
 * with their best bid.
 */
import { isAuction, isBid } from '../events.mjs';
import { winningBid } from '../winning-bids.mjs';

export const emits = 'rows';

/** @typedef {{ price: number, dateTime: number, bidder: number, extra: string }} Bid */

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q9(events) {
  const auctions = events
    .filter(isAuction)
    .map(({ id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra }) => {
      return { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra };
    });
  const bids = events.filter(isBid).map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price, dateTime, extra }));

  return auctions
    .keyBy('id')
    .connect(bids.keyBy('auction'))
    .process(winningBid(isBetter))
    .map(({ auction: { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra }, bid }) => ({
      id,
      itemName,
      description,
      initialBid,
      reserve,
      dateTime,
      expires,
      seller,
      category,
      extra,
      auction: bid.auction,
      bidder: bid.bidder,
      price: bid.price,
      bid_dateTime: bid.dateTime,
      bid_extra: bid.extra,
    }));
}

/**
 * @param {Bid} bid
 * @param {Bid} best
 */
function isBetter(bid, best) {
  if (bid.price !== best.price) return bid.price > best.price;
  if (bid.dateTime !== best.dateTime) return bid.dateTime < best.dateTime;
  return bid.bidder === best.bidder ? bid.extra < best.extra : bid.bidder < best.bidder;
}
