/**
 * The events of Nexmark: persons that join an online auction house, auctions that they open, and bids. They come as one stream of flat
 * records: `kind` says which of the three it is, and what an event does not have is 0 or ''.
 */
import { t } from 'millrace';

export const kinds = /** @type {const} */ ({ person: 0, auction: 1, bid: 2 });

/** All fields of all events. Times are epoch milliseconds; `dateTime` is the event's own, and its timestamp. */
export const eventType = t.object({
  kind: t.int32,
  id: t.int32,
  name: t.string,
  emailAddress: t.string,
  creditCard: t.string,
  city: t.string,
  state: t.string,
  itemName: t.string,
  description: t.string,
  initialBid: t.int32,
  reserve: t.int32,
  expires: t.float64,
  seller: t.int32,
  category: t.int32,
  auction: t.int32,
  bidder: t.int32,
  price: t.int32,
  channel: t.string,
  url: t.string,
  dateTime: t.float64,
  extra: t.string,
});

/** @typedef {import('millrace').TypeOf<typeof eventType>} NexmarkEvent */
/** @typedef {Pick<NexmarkEvent, 'kind' | 'id' | 'name' | 'emailAddress' | 'creditCard' | 'city' | 'state' | 'dateTime' | 'extra'>} Person */
/** @typedef {Pick<NexmarkEvent, 'kind' | 'id' | 'itemName' | 'description' | 'initialBid' | 'reserve' | 'dateTime' | 'expires' | 'seller' | 'category' | 'extra'>} Auction */
/** @typedef {Pick<NexmarkEvent, 'kind' | 'auction' | 'bidder' | 'price' | 'channel' | 'url' | 'dateTime' | 'extra'>} Bid */

/** @param {Pick<NexmarkEvent, 'kind'>} event */
export const isPerson = (event) => event.kind === 0;

/** @param {Pick<NexmarkEvent, 'kind'>} event */
export const isAuction = (event) => event.kind === 1;

/** @param {Pick<NexmarkEvent, 'kind'>} event */
export const isBid = (event) => event.kind === 2;
