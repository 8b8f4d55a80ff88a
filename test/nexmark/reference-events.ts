/**
 * The events of Nexmark one at a time and in the obvious way: what the generator, which makes them by columns, must come to. It shares with
 * that what is random, and the lists of words; all else is written down a second time.
 */

import type { NexmarkEvent, Workload } from './suite.ts';

const directory = new URL('../../benchmarks/nexmark/', import.meta.url).href;
const { Choice } = await import(`${directory}chance.mjs`);
const { Letters } = await import(`${directory}letters.mjs`);
const { cities, firstNames, lastNames, states } = await import(`${directory}person.mjs`);
const { channelNames, channelUrls } = await import(`${directory}channels.mjs`);

export type EventAt = (n: number) => NexmarkEvent;

/** What an event does not have. */
export const nothing = {
  id: 0,
  name: '',
  emailAddress: '',
  creditCard: '',
  city: '',
  state: '',
  itemName: '',
  description: '',
  initialBid: 0,
  reserve: 0,
  expires: 0,
  seller: 0,
  category: 0,
  auction: 0,
  bidder: 0,
  price: 0,
  channel: '',
  url: '',
};

export function referenceEvents({ seed, eventsPerSecond, startTime }: Omit<Workload, 'events'>): EventAt {
  const letters: string = new Letters(seed, '').bytes.toString('latin1');
  const words: string = new Letters(seed, ' ').bytes.toString('latin1');
  const urls: readonly string[] = channelUrls(seed);
  const choices = new Map<string, { word(n: number): number }>();
  const choice = (name: string): { word(n: number): number } => {
    const known = choices.get(name) ?? new Choice(seed, name);
    choices.set(name, known);
    return known;
  };
  const word = (name: string, n: number): number => choice(name).word(n) >>> 0;
  const below = (name: string, n: number, bound: number): number => Math.floor((word(name, n) / 2 ** 32) * bound);
  /** A length below `max`, by the lower half of a word, and a place to begin at, by the higher one. */
  const lowerHalf = (value: number, bound: number): number => Math.floor(((value % 2 ** 16) * bound) / 2 ** 16);
  const text = (name: string, n: number, max: number): string => {
    const start = Math.floor(word(name, n) / 2 ** 16);
    return words.substring(start, start + 3 + lowerHalf(word(name, n), max - 3)).trim();
  };
  const padding = (name: string, n: number, size: number, average: number): string => {
    if (size > average) return '';
    const delta = Math.round((average - size) * 0.2);
    const start = Math.floor(word(name, n) / 2 ** 16);
    return letters.substring(start, start + average - size - delta + lowerHalf(word(name, n), 2 * delta));
  };
  const price = (name: string, n: number): number => Math.round(10 ** ((word(name, n) / 2 ** 32) * 6) * 100);
  const timeOf = (n: number): number => startTime + Math.floor(Math.floor((n + 1) * (1e6 / eventsPerSecond)) / 1000);

  const person = (n: number, epoch: number): object => {
    const name = below('person.name', n, firstNames.length * lastNames.length);
    const fields = {
      name: `${firstNames[Math.floor(name / lastNames.length)]} ${lastNames[name % lastNames.length]}`,
      emailAddress: `${text('person.emailAddress.user', n, 7)}@${text('person.emailAddress.host', n, 5)}.com`,
      creditCard: [0, 1, 2, 3].map((group) => String(below(`person.creditCard.${group}`, n, 10_000)).padStart(4, '0')).join(' '),
      city: cities[below('person.city', n, cities.length)],
      state: states[below('person.state', n, states.length)],
    };
    const size = 8 + Object.values(fields).join('').length;
    return { id: 1000 + epoch, ...fields, extra: padding('person.extra', n, size, 200) };
  };

  /** Chance decides by the lowest bits whether it is the hot one, and by the others which else. */
  const nextPerson = (value: number, epoch: number): number => {
    const persons = epoch + 1;
    const active = Math.min(persons, 1000);
    return persons - active + Math.floor((Math.floor(value / 4) / 2 ** 30) * (active + 10));
  };

  const auction = (n: number, epoch: number, place: number): object => {
    const seller = word('auction.seller', n);
    const initialBid = price('auction.initialBid', n);
    const [itemName, description] = [text('auction.itemName', n, 20), text('auction.description', n, 100)];
    return {
      id: 1000 + epoch * 3 + place - 1,
      itemName,
      description,
      initialBid,
      reserve: initialBid + price('auction.reserve', n),
      expires: timeOf(n) + 1 + below('auction.expires', n, Math.max(2 * (timeOf(n + 1666) - timeOf(n)), 1)),
      seller: 1000 + (seller % 4 > 0 ? Math.floor(epoch / 100) * 100 : nextPerson(seller, epoch)),
      category: 10 + below('auction.category', n, 5),
      extra: padding('auction.extra', n, 48 + itemName.length + description.length, 500),
    };
  };

  const bid = (n: number, epoch: number): object => {
    const last = epoch * 3 + 2;
    const first = Math.max(last - 100, 0);
    const [onAuction, byBidder, through] = [word('bid.auction', n), word('bid.bidder', n), word('bid.channel', n)];
    const other = Math.floor((Math.floor(onAuction / 2) / 2 ** 31) * (last - first + 1 + 10));
    const channel = through % 2 > 0 ? Math.floor(through / 2 ** 30) : 4 + Math.floor((Math.floor(through / 2) / 2 ** 31) * 10_000);
    return {
      auction: 1000 + (onAuction % 2 > 0 ? Math.floor(last / 100) * 100 : first + other),
      bidder: 2000 + (byBidder % 4 > 0 ? Math.floor(epoch / 100) * 100 + 1 : nextPerson(byBidder, epoch)),
      price: price('bid.price', n),
      channel: channelNames[channel],
      url: urls[channel],
      extra: padding('bid.extra', n, 32, 100),
    };
  };

  return (n) => {
    const epoch = Math.floor((n + 2) / 50);
    const place = (n + 2) % 50;
    const kind = place < 1 ? 0 : place < 4 ? 1 : 2;
    const fields = [person, auction, bid][kind]?.(n, epoch, place);
    return { kind, ...nothing, dateTime: timeOf(n), extra: '', ...fields };
  };
}
