/**
 * q16, channel statistics: as q15, of each channel and day, and the minute of the last bid.
 *
 * Emits an update of its channel and day for every bid. Keeps the bidders and the auctions of each channel, day and rank for ever.
 */
import { count, countDistinct, filtered, max } from 'millrace';
import { dayOf, dayText, minuteOfDay, minuteText } from '../calendar.mjs';
import { isBid } from '../events.mjs';
import { isRank1, isRank2, isRank3 } from '../price-ranks.mjs';

export const emits = 'updates';
export const upsertKey = ['channel', 'day'];

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q16(events) {
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, channel, dateTime }) => {
      return { auction, bidder, price, channel, day: dayOf(dateTime), minute: minuteOfDay(dateTime) };
    })
    .keyBy(['channel', 'day'])
    .aggregate(
      {
        minute: max('minute'),
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
        channel: totals.key[0],
        day: dayText(totals.key[1]),
        minute: minuteText(totals.minute),
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
