/**
 * Makes events, a column at a time, into a batch that has all fields or some. Events of one kind stand in runs, 1 person, 3 auctions and
 * 46 bids long: what a column needs to know of their neighbourhood is found once a run, and behind that is a loop over numbers.
 */
import { auctionFills } from './auction.mjs';
import { bidFills } from './bid.mjs';
import { channelNames, channelUrls } from './channels.mjs';
import { kinds } from './events.mjs';
import { Letters } from './letters.mjs';
import { epochAuctions, epochEvents, epochPersons, firstEventId } from './neighbourhood.mjs';
import { dictionaryOf, personFills, personWords } from './person.mjs';
import { TextColumn } from './text-column.mjs';

/**
 * Fills rows, from one on up to `end` without it, with events from number `n` on.
 *
 * @typedef {(row: number, end: number, n: number) => void} Fill
 */
/**
 * @template C
 * @typedef {(column: C) => Fill} FillOf
 */
/** @typedef {Readonly<Record<string, FillOf<any>>>} FillsByField what is not in it an event of the kind does not have */

/**
 * What events are made of.
 *
 * @typedef {object} Making
 * @property {number} seed
 * @property {Letters} letters
 * @property {Letters} words letters with spaces in between
 * @property {(n: number) => number} timeOf the event's, in epoch milliseconds
 */

/**
 * @typedef {object} Workload
 * @property {number} seed
 * @property {number} eventsPerSecond of event time
 * @property {number} startTime epoch milliseconds
 */

export class EventGenerator {
  /** @type {readonly Fill[][]} by kind */
  #fills;
  #batch;

  /**
   * @param {import('millrace').ColumnBatch} batch with fields of `eventType`, and timestamps
   * @param {Workload} workload
   */
  constructor(batch, { seed, eventsPerSecond, startTime }) {
    this.#batch = batch;
    const timeOf = clockOf(eventsPerSecond, startTime);
    const making = { seed, letters: new Letters(seed, ''), words: new Letters(seed, ' '), timeOf };
    const tables = [personFills(making), auctionFills(making), bidFills(making)];
    const columns = batch.type.names.map((name) => ({ name, column: columnOf(batch, name, seed) }));
    this.#fills = Object.values(kinds).map((kind) => [
      times(batch.timestamps, timeOf),
      ...columns.map(({ name, column }) => {
        if (name === 'kind') return constant(column, kind);
        if (name === 'dateTime') return times(column, timeOf);
        return tables[kind][name]?.(column) ?? (column instanceof TextColumn ? empty(column) : constant(column, 0));
      }),
    ]);
  }

  /**
   * The events from one number on.
   *
   * @param {number} first
   * @param {number} count at most the rows of the batch
   */
  generate(first, count) {
    for (let row = 0; row < count; ) {
      const { kind, left } = runAt(first + row);
      const end = Math.min(count, row + left);
      for (const fill of this.#fills[kind]) fill(row, end, first + row);
      row = end;
    }
    return this.#batch.finish(count);
  }
}

/**
 * The kind of an event, and for how many events from it on it is the same.
 *
 * @param {number} n
 */
function runAt(n) {
  const place = (n + firstEventId) % epochEvents;
  if (place < epochPersons) return { kind: kinds.person, left: epochPersons - place };
  const bids = epochPersons + epochAuctions;
  return place < bids ? { kind: kinds.auction, left: bids - place } : { kind: kinds.bid, left: epochEvents - place };
}

/**
 * As in the published generator, microseconds and milliseconds are whole, and the first event is one event late.
 *
 * @param {number} eventsPerSecond
 * @param {number} startTime
 * @returns {(n: number) => number}
 */
function clockOf(eventsPerSecond, startTime) {
  const delayUs = 1e6 / eventsPerSecond;
  return (n) => startTime + Math.floor(Math.floor((n + 1) * delayUs) / 1000);
}

/**
 * The memory of a column.
 *
 * @param {import('millrace').ColumnBatch} batch
 * @param {string} name
 * @param {number} seed
 * @returns {Int32Array | Float64Array | TextColumn}
 */
function columnOf(batch, name, seed) {
  const { kind } = batch.type.columns[batch.type.names.indexOf(name)];
  if (kind !== 'string') return kind === 'int32' ? batch.int32(name) : batch.float64(name);
  const words = wordsOf(name, seed);
  return words === undefined ? new TextColumn(batch.latin1(name)) : batch.ids(name, dictionaryOf(words));
}

/**
 * All that a field may be, where it is not made of random letters.
 *
 * @param {string} name
 * @param {number} seed
 * @returns {readonly string[] | undefined}
 */
function wordsOf(name, seed) {
  if (name === 'channel') return channelNames;
  if (name === 'url') return channelUrls(seed);
  return name in personWords ? personWords[/** @type {keyof typeof personWords} */ (name)] : undefined;
}

/**
 * @param {any} values
 * @param {number} value
 * @returns {Fill}
 */
function constant(values, value) {
  return (row, end) => {
    for (; row < end; row++) values[row] = value;
  };
}

/**
 * @param {any} values
 * @param {(n: number) => number} timeOf
 * @returns {Fill}
 */
function times(values, timeOf) {
  return (row, end, n) => {
    for (; row < end; row++, n++) values[row] = timeOf(n);
  };
}

/**
 * @param {TextColumn} column
 * @returns {Fill}
 */
function empty({ offsets }) {
  return (row, end) => {
    const at = offsets[row];
    for (; row < end; row++) offsets[row + 1] = at;
  };
}
