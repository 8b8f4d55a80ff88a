/**
 * q15, bidding statistics: of each day how many bids there were, of how many bidders and on how many auctions, in all and by rank of price.
 *
 * Emits an update of its day for every bid. Keeps the bidders and the auctions of each day and rank for ever. All bids of a day
 * meet in one subtask.
 */
import { count, countDistinct, filtered } from 'millrace';
import { dayOf, dayText } from '../calendar.mjs';
import { isBid } from '../events.mjs';
import { isRank1, isRank2, isRank3 } from '../price-ranks.mjs';

export const emits = 'updates';
export const upsertKey = ['day'];

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q15(events) {
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, dateTime }) => ({ auction, bidder, price, day: dayOf(dateTime) }))
    .keyBy('day')
    .aggregate(
      {
        total_bids: count(),
        rank1_bids: filtered(count(), isRank1),
        rank2_bids: filtered(count(), isRank2),
        rank3_bids: filtered(count(), isRank3),
        total_bidders: countDistinct('bidder'),
        rank1_bidders: filtered(countDistinct('bidder'), isRank1),
        rank2_bidders: filtered(countDistinct('bidder'), isRank2),
        rank3_bidders: filtered(countDistinct('bidder'), isRank3),
        total_auctions: countDistinct('auction'),
        rank1_auctions: filtered(countDistinct('auction'), isRank1),
        rank2_auctions: filtered(countDistinct('auction'), isRank2),
        rank3_auctions: filtered(countDistinct('auction'), isRank3),
      },
      (totals) => ({
        day: dayText(totals.key),
        total_bids: totals.total_bids,
        rank1_bids: totals.rank1_bids,
        rank2_bids: totals.rank2_bids,
        rank3_bids: totals.rank3_bids,
        total_bidders: totals.total_bidders,
        rank1_bidders: totals.rank1_bidders,
        rank2_bidders: totals.rank2_bidders,
        rank3_bidders: totals.rank3_bidders,
        total_auctions: totals.total_auctions,
        rank1_auctions: totals.rank1_auctions,
        rank2_auctions: totals.rank2_auctions,
        rank3_auctions: totals.rank3_auctions,
      }),
    );
}
