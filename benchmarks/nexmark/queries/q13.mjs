/**
 * q13, bounded side input: every bid with what a file says about its auction.
 *
 * Emits final rows. Keeps no state: the 10,000 lines of the file are read before the job begins, and are in memory.
 */
import { readFileSync } from 'node:fs';
import { isBid } from '../events.mjs';

export const emits = 'rows';

/**
 * @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events
 * @param {import('../queries.mjs').QueryContext} context
 */
export function q13(events, { sideInput }) {
  const values = readLookup(sideInput);
  return events
    .filter(isBid)
    .map(({ auction, bidder, price, dateTime }) => ({ auction, bidder, price, dateTime, value: values.get(auction % 10_000) ?? '' }))
    .filter(({ value }) => value !== '');
}

/**
 * @param {string} file lines of a number and a value, 'i,i'
 * @returns {ReadonlyMap<number, string>}
 */
function readLookup(file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(',')).map(([key, value]) => [Number(key), value]));
}
