/**
 * q22, url directories: every bid with the three directories of its url; '' for those that it has not.
 *
 * Emits final rows. Keeps no state.
 */
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q22(events) {
  return events.filter(isBid).map(({ auction, bidder, price, channel, url }) => {
    // A split would make six strings and an array. The scheme and the host are in front of the third slash.
    const first = behindSlash(url, behindSlash(url, behindSlash(url, 0)));
    const second = behindSlash(url, first);
    const third = behindSlash(url, second);
    const file = behindSlash(url, third);
    return {
      auction,
      bidder,
      price,
      channel,
      dir1: url.slice(first, second - 1),
      dir2: url.slice(second, third - 1),
      dir3: url.slice(third, file - 1),
    };
  });
}

/**
 * Where what stands behind the next slash begins; behind the last one, as if there were another at the end.
 *
 * @param {string} url
 * @param {number} from
 */
function behindSlash(url, from) {
  const slash = url.indexOf('/', from);
  return (slash === -1 ? url.length : slash) + 1;
}
