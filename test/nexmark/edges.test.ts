/**
 * Every query beside its SQL on events that the generator hardly ever makes: prices and times that are the same or lie on a bound, all hours of a day,
 * urls without directories, auctions that the side input does not know.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watermarks } from 'millrace';
import { TestEnvironment } from 'millrace/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/system.ts';
import { Oracle } from './oracle.ts';
import { nothing } from './reference-events.ts';
import { difference, essenceOf } from './rows.ts';
import { loadQuery, type NexmarkEvent, queryNames } from './suite.ts';

const second = 1000;
const hour = 3_600_000;
const startTime = Date.UTC(2024, 0, 1);
/** In an hour: around the ends of windows, and of sessions. */
const moments = [0, 1, 1999, 2000, 9999, 10_000, 10_001, 20_000, 20_001, 30_001, 60_000, 119_999];
const prices = [100, 9999, 10_000, 10_001, 999_999, 1_000_000, 1_000_001, 1_101_321, 1_101_322, 55_066_079, 55_066_080];
/** Bids with the same `extra` are of one channel, so that only bids with nothing to tell them apart are of one rank. */
const channels = [
  { extra: '', channel: 'Google', url: 'https://www.nexmark.com/a/b/c/item.htm?query=1' },
  { extra: 'c', channel: 'APPLE', url: '' },
  { extra: 'occc', channel: 'baidu', url: 'https://host/a' },
  { extra: 'x', channel: 'facebook', url: 'https://host/a/b/' },
  { extra: 'cxc', channel: 'channel-1', url: 'https://host/a//c/d?x=1&channel_id=77&y' },
  { extra: 'y', channel: 'channel-2', url: 'channel_id=5&/b/c/d/e/f' },
  { extra: 'z', channel: 'channel-3', url: '/a/b/c/d/e?channel_id=9' },
  { extra: 'zz', channel: 'channel-4', url: 'https://host/a/b/c/d?x=1&channel_id=' },
];
const states = ['OR', 'ID', 'CA', 'WA'];

/** Persons and auctions have ids of their own; who sells, and what bids are on, is there before, comes later or never. */
function edgeEvents(random: Random): NexmarkEvent[] {
  const below = (bound: number): number => Math.floor(random.next() * bound);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const person = (id: number) => ({ kind: 0, id, name: `person ${below(2)}`, city: oneOf(['Bend', 'Kent']), state: oneOf(states) });
  const auction = (id: number, dateTime: number) => ({
    kind: 1,
    id,
    itemName: `item ${id}`,
    initialBid: oneOf(prices),
    expires: dateTime + oneOf([0, 1, 9999, 10_000, hour]),
    seller: persons + below(5) - 3,
    category: 10 + below(2),
  });
  const bid = (auctions: number) => ({
    kind: 2,
    auction: oneOf([below(auctions), below(auctions) + 10_000, auctions + 2 - below(6)]),
    bidder: below(4),
    price: oneOf(prices),
    ...oneOf(channels),
  });

  const times = Array.from({ length: 3000 }, () => startTime + below(26) * hour + oneOf(moments)).sort((a, b) => a - b);
  let [persons, auctions] = [0, 0];
  return times.map((dateTime) => {
    const kind = below(20);
    const event = kind === 0 ? person(persons++) : kind < 4 ? auction(auctions++, dateTime) : bid(auctions);
    return { ...nothing, extra: '', ...event, dateTime };
  });
}

const events = edgeEvents(seededRandom(1));
const directory = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
const sideInput = join(directory, 'side-input.csv');
writeFileSync(sideInput, Array.from({ length: 200 }, (_, i) => `${2 * i},value ${i}\n`).join(''));

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.of(events, sideInput);
});
afterAll(() => {
  oracle.close();
  rmSync(directory, { recursive: true });
});

// What q10 adds to its rows is in the paths of its files.
it.each(queryNames.filter((name) => name !== 'q10'))('%s', async (name) => {
  const query = await loadQuery(name);
  const env = new TestEnvironment();
  const stream = env.fromData(events, {
    watermarks: watermarks.boundedOutOfOrderness(4 * second, { timestamp: ({ dateTime }: NexmarkEvent) => dateTime as number }),
  });
  const rows = await env.collect(query.build(stream, { sideInput }));
  const expected = await oracle.answer(name);
  expect(expected.length).toBeGreaterThan(1);
  expect(difference(expected, essenceOf(query, rows))).toBe('');
});
