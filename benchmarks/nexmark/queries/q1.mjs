/**
 * q1, currency conversion: every bid with its price in euros, at 0.908 for a dollar, to a tenth of a cent.
 *
 * Emits final rows. Keeps no state.
 */
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q1(events) {
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price: (price * 908) / 1000, dateTime, extra }));
}
