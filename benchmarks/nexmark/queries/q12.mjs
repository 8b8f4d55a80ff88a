/**
 * q12, processing time windows: how many bids of each bidder came in each 10 seconds by the clock of the machine.
 *
 * Emits final rows when a window ends. How many windows there are, and which, is another matter in every run; but the counts of a
 * bidder add up to all of the bidder's bids. Keeps a count for each bidder.
 */
import { count, processingTime } from 'millrace';
import { isBid } from '../events.mjs';

export const emits = 'rows';
export const repeats = false;
export const addsUp = { of: 'bidder', count: 'bid_count' };

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q12(events) {
  return events
    .filter(isBid)
    .keyBy('bidder')
    .window(processingTime.tumbling('10s'))
    .aggregate({ bids: count() }, ({ key, start, end, bids }) => ({ bidder: key, bid_count: bids, starttime: start, endtime: end }));
}
