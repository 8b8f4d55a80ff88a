/**
 * q19, auction top 10: the ten highest bids on each auction.
 *
 * Of equal ones the earlier is in front, then the bidder with the lower id, and in the end the `extra` that comes first in order. Emits an
 * update for each rank of an auction that has another bid than before. Keeps ten bids for each auction for ever.
 */
import { valueState } from 'millrace';
import { isBid } from '../events.mjs';

export const emits = 'updates';
export const upsertKey = ['auction', 'rank_number'];

/** @typedef {{ auction: number, bidder: number, price: number, channel: string, url: string, dateTime: number, extra: string }} Bid */

const ranks = 10;

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q19(events) {
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, channel, url, dateTime, extra }) => ({ auction, bidder, price, channel, url, dateTime, extra }))
    .keyBy('auction')
    .process({
      state: { top: /** @type {import('millrace').ValueStateDescriptor<Bid[]>} */ (valueState()) },
      processElement(bid, { state }, /** @type {(row: Bid & { rank_number: number }) => void} */ out) {
        const top = state.top.value ?? [];
        const place = placeOf(bid, top);
        if (place === ranks) return;
        top.splice(place, 0, bid);
        if (top.length > ranks) top.pop();
        state.top.update(top);
        for (let i = place; i < top.length; i++) out(ranked(/** @type {Bid} */ (top[i]), i + 1));
      },
    });
}

/**
 * How many bids are in front of one.
 *
 * @param {Bid} bid
 * @param {readonly Bid[]} top the highest first
 */
function placeOf(bid, top) {
  let place = top.length;
  while (place > 0 && isHigher(bid, /** @type {Bid} */ (top[place - 1]))) place--;
  return place;
}

/**
 * @param {Bid} bid
 * @param {Bid} other
 */
function isHigher(bid, other) {
  if (bid.price !== other.price) return bid.price > other.price;
  if (bid.dateTime !== other.dateTime) return bid.dateTime < other.dateTime;
  return bid.bidder === other.bidder ? bid.extra < other.extra : bid.bidder < other.bidder;
}

/**
 * @param {Bid} bid
 * @param {number} rank_number
 */
function ranked({ auction, bidder, price, channel, url, dateTime, extra }, rank_number) {
  return { auction, bidder, price, channel, url, dateTime, extra, rank_number };
}
