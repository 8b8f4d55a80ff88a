/**
 * Events of Nexmark as they happen: each comes when it is due by the clock, which is its event time. The schedule is fixed from the start. A job that
 * falls behind gets its events later, with the times at which they were due, so what waits is seen in the latencies of all that wait behind it.
 */
import { nowMs } from '../../soak/clock.mjs';
import { epochEvents } from '../neighbourhood.mjs';
import { nexmark } from '../source.mjs';

/** Batches of this much time, so that no event waits for longer until its batch is full, and no reader until it is its turn. */
const batchMs = 1;
const blockEventsMax = 1000;

/**
 * @typedef {{ events: number, eventsPerSecond: number, startTime: number }} Pace `startTime`: by `nowMs`, a whole number
 * @typedef {import('../source.mjs').BlockSplit} BlockSplit
 * @typedef {import('millrace').Source<any, BlockSplit>} EventSource
 * @typedef {import('millrace').SourceReader<any, BlockSplit>} EventReader
 */

/**
 * @param {Pace} pace
 * @returns {import('millrace').Source<import('../events.mjs').NexmarkEvent, BlockSplit>}
 */
export function liveNexmark(pace) {
  const epochs = Math.ceil((pace.eventsPerSecond * batchMs) / 1000 / epochEvents);
  return paced(nexmark({ ...pace, blockEvents: Math.min(epochs * epochEvents, blockEventsMax) }), pace);
}

/**
 * @param {EventSource} source
 * @param {Pace} pace
 * @returns {EventSource}
 */
function paced(source, pace) {
  const { project } = source;
  return {
    ...source,
    ...(project === undefined ? {} : { project: (fields, keys) => paced(project(fields, keys), pace) }),
    createReader(context) {
      const rows = Math.ceil((pace.eventsPerSecond * batchMs) / 1000);
      const limits = { ...context.limits, batchRows: Math.min(rows, context.limits.batchRows) };
      return new PacedReader(source.createReader({ ...context, limits }), { ...pace, rows: limits.batchRows, context });
    },
  };
}

/** @implements {EventReader} */
class PacedReader {
  #reader;
  #pace;
  /** @type {import('millrace').Timer | undefined} */
  #timer;

  /**
   * @param {EventReader} reader
   * @param {Pace & { rows: number, context: import('millrace').SourceReaderContext }} pace
   */
  constructor(reader, pace) {
    this.#reader = reader;
    this.#pace = pace;
  }

  /** @param {BlockSplit} split */
  addSplit(split) {
    this.#reader.addSplit(split);
  }

  noMoreSplits() {
    this.#reader.noMoreSplits();
  }

  poll() {
    if (this.#timer !== undefined) return /** @type {const} */ ('pending');
    const waitMs = this.#dueAt() - nowMs();
    return waitMs > 0 ? this.#wait(waitMs) : this.#reader.poll();
  }

  /** When all events of the next batch are there. */
  #dueAt() {
    const [split] = this.#reader.splits();
    if (split === undefined) return 0;
    const { startTime, events, eventsPerSecond, rows } = this.#pace;
    const next = split.parts.reduce((least, part) => Math.min(least, part.next), events);
    return startTime + (Math.min(next + rows, events) * 1000) / eventsPerSecond;
  }

  /** @param {number} waitMs */
  #wait(waitMs) {
    this.#timer = this.#pace.context.system.timers.after(Math.max(1, waitMs), () => {
      this.#timer = undefined;
      this.#pace.context.wake();
    });
    return /** @type {const} */ ('pending');
  }

  splits() {
    return this.#reader.splits();
  }

  close() {
    this.#timer?.cancel();
    this.#reader.close();
  }
}
