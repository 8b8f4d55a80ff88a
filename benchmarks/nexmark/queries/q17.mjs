/**
 * q17, auction statistics: of each auction and day how many bids there were, in all and by rank of price, and the lowest, the highest, the
 * average and the sum of the prices.
 *
 * Emits an update of its auction and day for every bid. Keeps eight numbers for each of them for ever.
 */
import { avg, count, filtered, max, min, sum } from 'millrace';
import { dayOf, dayText } from '../calendar.mjs';
import { isBid } from '../events.mjs';
import { isRank1, isRank2, isRank3 } from '../price-ranks.mjs';

export const emits = 'updates';
export const upsertKey = ['auction', 'day'];

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q17(events) {
  return events
    .filter(isBid)
    .map(({ auction, price, dateTime }) => ({ auction, price, day: dayOf(dateTime) }))
    .keyBy(['auction', 'day'])
    .aggregate(
      {
        total_bids: count(),
        rank1_bids: filtered(count(), isRank1),
        rank2_bids: filtered(count(), isRank2),
        rank3_bids: filtered(count(), isRank3),
        min_price: min('price'),
        max_price: max('price'),
        avg_price: avg('price'),
        sum_price: sum('price'),
      },
      ({ key: [auction, day], total_bids, rank1_bids, rank2_bids, rank3_bids, min_price, max_price, avg_price, sum_price }) => ({
        auction,
        day: dayText(day),
        total_bids,
        rank1_bids,
        rank2_bids,
        rank3_bids,
        min_price,
        max_price,
        avg_price,
        sum_price,
      }),
    );
}
