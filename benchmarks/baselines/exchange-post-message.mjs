/**
 * The usual way to hand records to another thread in Node: arrays of objects, cloned by `postMessage`. A worker makes the
 * records of `native-bench/exchange.c` and sends them in batches of 1024, the main thread keeps a count and a sum per key.
 *
 *   node benchmarks/baselines/exchange-post-message.mjs [records] [keys]
 *
 * At most eight batches are under way at a time, as the queue of a message port has no limit of its own: the main thread
 * sends the worker credits, first eight, then one for each batch it has added. The seconds are those of all records at the speed
 * of the last nine tenths.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { addToSum, exchangeArguments, exchangeRecord, hashOfSums, perSecond, SteadyClock } from './shared.mjs';

const ROWS = 1024;
const BATCHES_UNDER_WAY = 8;

if (isMainThread) consume(exchangeArguments());
else produce(workerData);

/** @param {{ records: number, keys: number }} options */
function consume({ records, keys }) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { records, keys } });
  /** @type {Map<number, import('./shared.mjs').KeyedSum>} */
  const sums = new Map();
  const clock = new SteadyClock(records);
  let added = 0;
  worker.on('message', (message) => {
    if (message === 'ready') {
      worker.postMessage(BATCHES_UNDER_WAY);
    } else if (message === 'end') {
      report(records, clock.end(), sums);
    } else {
      for (const record of message) addToSum(sums, record);
      added += message.length;
      clock.at(added);
      worker.postMessage(1);
    }
  });
}

/**
 * @param {number} records
 * @param {number} seconds
 * @param {Map<number, import('./shared.mjs').KeyedSum>} sums
 */
function report(records, seconds, sums) {
  const recordsPerSecond = perSecond(records, seconds);
  console.log(
    JSON.stringify({
      program: 'exchange-post-message',
      records,
      seconds,
      recordsPerSecond,
      hash: hashOfSums(sums),
    }),
  );
}

/** @param {{ records: number, keys: number }} options */
function produce({ records, keys }) {
  let next = 0;
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  port.on('message', (credits) => {
    for (let i = 0; i < credits && next < records; i++) {
      const rows = Math.min(ROWS, records - next);
      port.postMessage(makeBatch(next, rows, keys));
      next += rows;
    }
    if (next === records) {
      port.postMessage('end');
      port.close();
    }
  });
  port.postMessage('ready');
}

/**
 * @param {number} first the number of the first record
 * @param {number} rows
 * @param {number} keys
 * @returns {import('./shared.mjs').ExchangeRecord[]}
 */
function makeBatch(first, rows, keys) {
  const batch = [];
  for (let i = first; i < first + rows; i++) batch.push(exchangeRecord(i, keys));
  return batch;
}
