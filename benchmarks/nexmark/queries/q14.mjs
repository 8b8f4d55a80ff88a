/**
 * q14, calculation: the bids between a million and fifty million euros, with the time of day, and how often there is a 'c' in what else is said.
 *
 * Emits final rows. Keeps no state.
 */
import { isBid } from '../events.mjs';

export const emits = 'rows';

const hourMs = 3_600_000;

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q14(events) {
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price: (price * 908) / 1000, dateTime, extra }))
    .filter(({ price }) => price > 1_000_000 && price < 50_000_000)
    .map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price,
      bidTimeType: timeOfDay(dateTime),
      dateTime,
      extra,
      c_counts: countChar(extra, 'c'),
    }));
}

/** @param {number} time milliseconds since 1970 */
function timeOfDay(time) {
  const hour = Math.floor(time / hourMs) % 24;
  if (hour >= 8 && hour <= 18) return 'dayTime';
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
}

/**
 * @param {string} text
 * @param {string} character
 */
function countChar(text, character) {
  const code = character.charCodeAt(0);
  let count = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === code) count++;
  return count;
}
