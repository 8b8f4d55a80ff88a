/**
 * q10, log to the file system: all bids as CSV, in directories by day and by minute of their event time.
 *
 * Emits final rows. Keeps the files that are being written; with checkpoints, every row is in a file exactly once. A directory that is
 * complete has no mark that says so.
 */
import { buckets, files } from 'millrace';
import { isBid } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q10(events) {
  return events.filter(isBid).map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price, dateTime, extra }));
}

/**
 * @param {string} directory
 * @returns {import('millrace').Sink<any>}
 */
export function sink(directory) {
  return files.sink(directory, {
    format: 'csv',
    bucket: buckets.path('dt={yyyy}-{MM}-{dd}/hm={HH}-{mm}', { time: 'event' }),
    rolling: { interval: '1m' },
  });
}
