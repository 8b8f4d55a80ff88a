/**
 * q21, add channel id: the bids whose channel has an id, either by its name or in the url.
 *
 * Emits final rows. Keeps no state.
 */
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q21(events) {
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, channel, url }) => ({ auction, bidder, price, channel, channel_id: channelId(channel, url) }))
    .filter(({ channel_id }) => channel_id !== null);
}

/**
 * @param {string} channel
 * @param {string} url
 */
function channelId(channel, url) {
  switch (channel.toLowerCase()) {
    case 'apple':
      return '0';
    case 'google':
      return '1';
    case 'facebook':
      return '2';
    case 'baidu':
      return '3';
    default:
      return /(&|^)channel_id=([^&]*)/.exec(url)?.[2] ?? null;
  }
}
