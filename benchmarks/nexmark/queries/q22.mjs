/**
 * q22, url directories: every bid with the three directories of its url.
 *
 * Emits final rows. Keeps no state.
 */
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q22(events) {
  return events.filter(isBid).map(({ auction, bidder, price, channel, url }) => ({
    auction,
    bidder,
    price,
    channel,
    dir1: splitIndex(url, '/', 3),
    dir2: splitIndex(url, '/', 4),
    dir3: splitIndex(url, '/', 5),
  }));
}

/**
 * `text.split(delimiter)[index]`, without an array and the strings of it that nobody asks for; null behind the last.
 *
 * @param {string} text
 * @param {string} delimiter one character
 * @param {number} index
 */
function splitIndex(text, delimiter, index) {
  let start = 0;
  for (let i = 0; i < index; i++) {
    start = text.indexOf(delimiter, start) + 1;
    if (start === 0) return null;
  }
  const end = text.indexOf(delimiter, start);
  return end === -1 ? text.slice(start) : text.slice(start, end);
}
