/**
 * q20, expand bid: the bids on auctions of category 10, with all that is known of the auction.
 *
 * A join without windows: a bid may come in front of its auction or long after. Emits final rows, one for each bid. Keeps the auctions of
 * this category for ever, of the others that they are others, and bids until their auction has come.
 */
import { listState, valueState } from 'millrace';
import { isAuction, isBid } from '../events.mjs';

export const emits = 'rows';

/** @typedef {{ auction: number, bidder: number, price: number, channel: string, url: string, dateTime: number, extra: string }} Bid */
/**
 * @typedef {{
 *   itemName: string, description: string, initialBid: number, reserve: number, dateTime: number, expires: number, seller: number,
 *   category: number, extra: string,
 * }} Auction
 */

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q20(events) {
  const auctions = events
    .filter(isAuction)
    .map(({ id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra }) => {
      return { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra };
    });
  const bids = events
    .filter(isBid)
    .map(({ auction, bidder, price, channel, url, dateTime, extra }) => ({ auction, bidder, price, channel, url, dateTime, extra }));

  return auctions
    .keyBy('id')
    .connect(bids.keyBy('auction'))
    .process({
      state: {
        auction: /** @type {import('millrace').ValueStateDescriptor<Auction | 'other'>} */ (valueState()),
        waiting: /** @type {import('millrace').ListStateDescriptor<Bid>} */ (listState()),
      },
      processElement1(auction, { state }, /** @type {(row: ReturnType<typeof expanded>) => void} */ out) {
        const isWanted = auction.category === 10;
        state.auction.update(isWanted ? auction : 'other');
        if (isWanted) for (const bid of state.waiting.get()) out(expanded(bid, auction));
        state.waiting.clear();
      },
      processElement2(bid, { state }, out) {
        const auction = state.auction.value;
        if (auction === undefined) state.waiting.add(bid);
        else if (auction !== 'other') out(expanded(bid, auction));
      },
    });
}

/**
 * @param {Bid} bid
 * @param {Auction} auction
 */
function expanded(bid, auction) {
  return {
    auction: bid.auction,
    bidder: bid.bidder,
    price: bid.price,
    channel: bid.channel,
    url: bid.url,
    bid_dateTime: bid.dateTime,
    bid_extra: bid.extra,
    itemName: auction.itemName,
    description: auction.description,
    initialBid: auction.initialBid,
    reserve: auction.reserve,
    auction_dateTime: auction.dateTime,
    expires: auction.expires,
    seller: auction.seller,
    category: auction.category,
    auction_extra: auction.extra,
  };
}
