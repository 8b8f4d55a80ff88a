/**
 * q2, selection: the bids on every 123rd auction.
 *
 * Emits final rows. Keeps no state.
 */
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q2(events) {
  return events
    .filter(isBid)
    .filter(({ auction }) => auction % 123 === 0)
    .map(({ auction, price }) => ({ auction, price }));
}
