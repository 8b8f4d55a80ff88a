/**
 * q11, user sessions: how many bids a bidder made without pausing for more than 10 seconds.
 *
 * Emits final rows when a session ends. Keeps a count for each bidder who is at it.
 */
import { count, eventTime } from 'millrace';
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q11(events) {
  return events
    .filter(isBid)
    .keyBy('bidder')
    .window(eventTime.session({ gap: '10s' }))
    .aggregate({ bids: count() }, ({ key, start, end, bids }) => ({ bidder: key, bid_count: bids, starttime: start, endtime: end }));
}
