/** Auctions: how each of their fields is made. */
import { Choice } from './chance.mjs';
import { firstEventId, firstId, hotOf, lastAuction, lastPerson, personsAround } from './neighbourhood.mjs';
import { padding } from './padding.mjs';
import { priceOf } from './price.mjs';
import { copyLetters, copySlack } from './text-column.mjs';

const averageBytes = 500;
const numberBytes = 8 + 40;
const firstCategory = 10;
const categories = 5;
/** Texts are shorter than that. */
const nameBytes = 20;
const descriptionBytes = 100;
/** An auction lasts as long as it takes to open a hundred others, on average. */
const lastingEvents = Math.floor((100 * 50) / 3);

/**
 * @param {import('./generator.mjs').Making} making
 * @returns {import('./generator.mjs').FillsByField}
 */
export function auctionFills({ seed, letters, words, timeOf }) {
  const itemName = new Choice(seed, 'auction.itemName');
  const description = new Choice(seed, 'auction.description');
  const initialBid = new Choice(seed, 'auction.initialBid');
  const reserve = new Choice(seed, 'auction.reserve');
  const expires = new Choice(seed, 'auction.expires');
  const seller = new Choice(seed, 'auction.seller');
  const category = new Choice(seed, 'auction.category');
  const extra = new Choice(seed, 'auction.extra');

  /** @type {(choice: Choice, max: number) => import('./generator.mjs').FillOf<import('./text-column.mjs').TextColumn>} */
  const piece = (choice, max) => (column) => (row, end, n) => {
    let at = column.reserve(row, (end - row) * max + copySlack);
    for (; row < end; row++, n++) {
      words.take(choice.word(n), max);
      copyLetters(words.view, words.start, words.length, column.view, at);
      at += words.length;
      column.offsets[row + 1] = at;
    }
  };

  /** @param {number} n */
  const sizeOf = (n) => {
    words.take(itemName.word(n), nameBytes);
    const nameLength = words.length;
    words.take(description.word(n), descriptionBytes);
    return numberBytes + nameLength + words.length;
  };

  return {
    id: (values) => (row, end, n) => {
      for (; row < end; row++, n++) values[row] = firstId + lastAuction(n + firstEventId);
    },
    itemName: piece(itemName, nameBytes),
    description: piece(description, descriptionBytes),
    initialBid: (values) => (row, end, n) => {
      for (; row < end; row++, n++) values[row] = priceOf(initialBid.word(n));
    },
    reserve: (values) => (row, end, n) => {
      for (; row < end; row++, n++) values[row] = priceOf(initialBid.word(n)) + priceOf(reserve.word(n));
    },
    expires: (values) => (row, end, n) => {
      for (; row < end; row++, n++) {
        const begin = timeOf(n);
        values[row] = begin + 1 + expires.below(n, Math.max(2 * (timeOf(n + lastingEvents) - begin), 1));
      }
    },
    // Three of four are the hot seller's.
    seller: (values) => (row, end, n) => {
      const last = lastPerson(n + firstEventId);
      const { from, count } = personsAround(n + firstEventId);
      const scale = count * 2 ** -30;
      for (; row < end; row++, n++) {
        const word = seller.word(n);
        values[row] = firstId + ((word & 3) !== 0 ? hotOf(last) : from + Math.floor((word >>> 2) * scale));
      }
    },
    category: (values) => (row, end, n) => {
      for (; row < end; row++, n++) values[row] = firstCategory + category.below(n, categories);
    },
    extra: padding({ letters, choice: extra, sizeOf, averageBytes }),
  };
}
