/**
 * The source of Nexmark's events. They are the same whatever the parallelism: readers take blocks of events in turn, so that event time
 * keeps in step, and what an event is follows from the seed and its number.
 */
import { ColumnBatch, t } from 'millrace';
import { eventType } from './events.mjs';
import { EventGenerator } from './generator.mjs';

/** Ids are 32 bits. */
const eventsMax = 2 ** 31 - 10_000;

/**
 * @typedef {object} NexmarkOptions
 * @property {number} events how many there are
 * @property {number} [eventsPerSecond] of event time, whatever the speed at which they are made. 100,000 by default, as in the newer one of
 *   the two published workloads; in the older one it is 10,000,000
 * @property {number} [seed] 1 by default
 * @property {number} [startTime] epoch milliseconds; the beginning of 2024 by default
 * @property {number} [blockEvents] events that one reader makes before it is the turn of the next one, 1000 by default: where events come as time
 *   goes by, that keeps the others waiting
 */

/**
 * Events from `next` on up to the end of their block, and the same of each block that is `stride` events behind.
 *
 * @typedef {{ readonly next: number, readonly stride: number }} Part
 */

/** @typedef {{ readonly id: string, readonly parts: readonly Part[] }} BlockSplit */

/**
 * @param {NexmarkOptions} options
 * @returns {import('millrace').Source<import('./events.mjs').NexmarkEvent, BlockSplit>}
 */
export function nexmark({ events, eventsPerSecond = 100_000, seed = 1, startTime = Date.UTC(2024, 0, 1), blockEvents = 1000 }) {
  if (!Number.isInteger(events) || events < 0 || events > eventsMax)
    throw new Error(`nexmark: events must be a whole number up to ${eventsMax}, not ${events}`);
  if (!(eventsPerSecond > 0)) throw new Error(`nexmark: eventsPerSecond must be more than 0, not ${eventsPerSecond}`);
  return sourceOf({ events, eventsPerSecond, seed, startTime, blockEvents }, eventType);
}

/**
 * @param {Required<NexmarkOptions>} options
 * @param {import('millrace').Type<any>} type of the events, or of some of their fields
 * @returns {import('millrace').Source<any, BlockSplit>}
 */
function sourceOf(options, type) {
  return {
    name: 'nexmark',
    bounded: true,
    type: type.record,
    details: { ...options },
    enumerate: ({ parallelism }) => divide(options, parallelism),
    divideAgain: (splits, parallelism) => divideAgain(splits, parallelism, options.blockEvents),
    project: (fields) => sourceOf(options, t.pick(type, fields)),
    createReader: ({ limits }) => new NexmarkReader(type, options, limits.batchRows),
  };
}

/**
 * @param {Required<NexmarkOptions>} options
 * @param {number} parallelism
 * @returns {BlockSplit[]}
 */
function divide({ events, blockEvents }, parallelism) {
  const count = Math.min(parallelism, Math.ceil(events / blockEvents));
  const stride = count * blockEvents;
  return Array.from({ length: count }, (_, i) => ({ id: `blocks-${i}`, parts: [{ next: i * blockEvents, stride }] }));
}

/**
 * More readers have fewer blocks each, and fewer readers have several parts each.
 *
 * @param {readonly BlockSplit[]} splits
 * @param {number} parallelism
 * @param {number} blockEvents
 * @returns {BlockSplit[]}
 */
function divideAgain(splits, parallelism, blockEvents) {
  const parts = splits.flatMap((split) => split.parts);
  const pieces = parts.flatMap((part) => dividePart(part, Math.ceil(parallelism / parts.length), blockEvents));
  return Array.from({ length: Math.min(parallelism, pieces.length) }, (_, i) => ({
    id: `blocks-${i}`,
    parts: pieces.filter((_, piece) => piece % parallelism === i),
  }));
}

/**
 * @param {Part} part
 * @param {number} count
 * @param {number} blockEvents
 * @returns {Part[]}
 */
function dividePart({ next, stride }, count, blockEvents) {
  const block = next - (next % blockEvents);
  return Array.from({ length: count }, (_, i) => ({ next: i === 0 ? next : block + i * stride, stride: stride * count }));
}

/** @implements {import('millrace').SourceReader<any, BlockSplit>} */
class NexmarkReader {
  #events;
  #blockEvents;
  #rows;
  #generator;
  /** @type {string | undefined} */
  #split;
  /** @type {Part[]} those of which events are left */
  #parts = [];
  #complete = false;

  /**
   * @param {import('millrace').Type<any>} type
   * @param {Required<NexmarkOptions>} options
   * @param {number} rows
   */
  constructor(type, options, rows) {
    this.#events = options.events;
    this.#blockEvents = options.blockEvents;
    this.#rows = Math.min(rows, options.blockEvents);
    this.#generator = new EventGenerator(new ColumnBatch(type, { rows: this.#rows, timestamps: true }), options);
  }

  /** @param {BlockSplit} split */
  addSplit({ id, parts }) {
    this.#split = id;
    this.#parts.push(...parts.filter(({ next }) => next < this.#events));
  }

  noMoreSplits() {
    this.#complete = true;
  }

  poll() {
    // One split for each reader: a second one, of a reader that has not begun, would begin far behind the event time that this one has reached.
    if (this.#parts.length === 0)
      return this.#complete || this.#split !== undefined ? /** @type {const} */ ('end') : /** @type {const} */ ('needs-split');
    const index = this.#earliest();
    const { next, stride } = this.#parts[index];
    const block = this.#blockEvents;
    const behind = Math.min(next - (next % block) + block, this.#events);
    const count = Math.min(this.#rows, behind - next);
    const batch = this.#generator.generate(next, count);
    const following = next + count < behind ? next + count : behind - block + stride;
    if (following < this.#events) this.#parts[index] = { next: following, stride };
    else this.#parts.splice(index, 1);
    return batch;
  }

  /** The part that is the least far: several are read side by side. */
  #earliest() {
    let earliest = 0;
    for (let i = 1; i < this.#parts.length; i++) if (this.#parts[i].next < this.#parts[earliest].next) earliest = i;
    return earliest;
  }

  /** @returns {BlockSplit[]} */
  splits() {
    return this.#split === undefined || this.#parts.length === 0 ? [] : [{ id: this.#split, parts: [...this.#parts] }];
  }

  close() {}
}
