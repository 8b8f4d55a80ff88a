/**
 * q5, hot items: which auctions had the most bids in the last 10 seconds, every 2 seconds.
 *
 * Emits final rows when a window ends. Of several auctions with as many bids each is a row. Keeps a count for each auction and 2 seconds,
 * and of each window that is being compared the auctions that lead.
 */
import { count, eventTime } from 'millrace';
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @typedef {{ auction: number, num: number }} AuctionBids */

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q5(events) {
  return (
    events
      .filter(isBid)
      .keyBy('auction')
      .window(eventTime.sliding('10s', '2s'))
      .aggregate({ num: count() }, ({ key, num }) => ({ auction: key, num }))
      // A count has the last millisecond of its window as its time: those of one window, and no others, meet in these 2 seconds.
      .windowAll(eventTime.tumbling('2s'))
      .aggregate({
        createAccumulator: () => /** @type {AuctionBids[]} */ ([]),
        add: ({ auction, num }, hottest) => (num < hottest[0]?.num ? hottest : leading(hottest, [{ auction, num }])),
        merge: leading,
        getResult: (hottest) => hottest,
      })
      .flatMap((leaders) => leaders)
  );
}

/**
 * Those of both that have the most bids.
 *
 * @param {AuctionBids[]} some all with as many
 * @param {AuctionBids[]} others all with as many
 */
function leading(some, others) {
  if (some.length === 0 || others[0]?.num > some[0].num) return others;
  if (others[0]?.num === some[0].num) for (const each of others) some.push(each);
  return some;
}
