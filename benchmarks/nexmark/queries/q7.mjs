/**
 * q7, highest bid: the bids of the highest price in each 10 seconds.
 *
 * Emits final rows when a window ends. Of several bids of that price each is a row. A window ends before its last instant: the published
 * SQL, which joins with BETWEEN, would count a bid at that very instant to both sides. Keeps the bids that lead.
 */
import { eventTime } from 'millrace';
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @typedef {{ auction: number, price: number, bidder: number, dateTime: number, extra: string }} HighestBid */

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q7(events) {
  return events
    .filter(isBid)
    .windowAll(eventTime.tumbling('10s'))
    .aggregate({
      createAccumulator: () => /** @type {HighestBid[]} */ ([]),
      add: ({ auction, price, bidder, dateTime, extra }, highest) =>
        price < highest[0]?.price ? highest : leading(highest, [{ auction, price, bidder, dateTime, extra }]),
      merge: leading,
      getResult: (highest) => highest,
    })
    .flatMap((highest) => highest);
}

/**
 * Those of both that have the highest price.
 *
 * @param {HighestBid[]} some all of one price
 * @param {HighestBid[]} others all of one price
 */
function leading(some, others) {
  if (some.length === 0 || others[0]?.price > some[0].price) return others;
  if (others[0]?.price === some[0].price) for (const each of others) some.push(each);
  return some;
}
