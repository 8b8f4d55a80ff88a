/** Bids: how each of their fields is made. All bids of an epoch have the same neighbourhood. */
import { Choice } from './chance.mjs';
import { hotChannels, otherChannels } from './channels.mjs';
import { upTo } from './letters.mjs';
import { auctionsAround, firstEventId, firstId, hotOf, lastAuction, lastPerson, personsAround } from './neighbourhood.mjs';
import { paddings } from './padding.mjs';
import { priceOf } from './price.mjs';
import { copyLetters, copySlack } from './text-column.mjs';

const averageBytes = 100;
/** Channel and url are not counted. */
const idBytes = 32;

/**
 * @param {import('./generator.mjs').Making} making
 * @returns {import('./generator.mjs').FillsByField}
 */
export function bidFills({ seed, letters }) {
  const auction = new Choice(seed, 'bid.auction');
  const bidder = new Choice(seed, 'bid.bidder');
  const price = new Choice(seed, 'bid.price');
  const channel = new Choice(seed, 'bid.channel');
  const extra = new Choice(seed, 'bid.extra');

  // Every second bid comes by a hot channel. A url has the same number as its channel, and 0 is ''.
  /** @type {import('./generator.mjs').FillOf<Int32Array>} */
  const channels = (ids) => (row, end, n) => {
    const scale = otherChannels * 2 ** -31;
    const firstOther = 1 + hotChannels.length;
    for (; row < end; row++, n++) {
      const word = channel.word(n);
      ids[row] = (word & 1) !== 0 ? 1 + (word >>> 30) : firstOther + Math.floor((word >>> 1) * scale);
    }
  };

  return {
    // Every second bid is on the hot auction.
    auction: (values) => (row, end, n) => {
      const id = n + firstEventId;
      const hot = firstId + hotOf(lastAuction(id));
      const { from, count } = auctionsAround(id);
      const first = firstId + from;
      const scale = count * 2 ** -31;
      for (; row < end; row++, n++) {
        const word = auction.word(n);
        values[row] = (word & 1) !== 0 ? hot : first + Math.floor((word >>> 1) * scale);
      }
    },
    // Three of four are the hot bidder's. The published generator adds the first id twice, so bidders are other people than persons.
    bidder: (values) => (row, end, n) => {
      const id = n + firstEventId;
      const hot = 2 * firstId + hotOf(lastPerson(id)) + 1;
      const { from, count } = personsAround(id);
      const first = 2 * firstId + from;
      const scale = count * 2 ** -30;
      for (; row < end; row++, n++) {
        const word = bidder.word(n);
        values[row] = (word & 3) !== 0 ? hot : first + Math.floor((word >>> 2) * scale);
      }
    },
    price: (values) => (row, end, n) => {
      for (; row < end; row++, n++) values[row] = priceOf(price.word(n));
    },
    channel: channels,
    url: channels,
    extra: (column) => (row, end, n) => {
      const { least, count } = paddings(idBytes, averageBytes);
      let at = column.reserve(row, (end - row) * (least + count) + copySlack);
      const { view, offsets } = column;
      for (; row < end; row++, n++) {
        const word = extra.word(n);
        const length = least + upTo(word, count);
        copyLetters(letters.view, word >>> 16, length, view, at);
        at += length;
        offsets[row + 1] = at;
      }
    },
  };
}
