/** Making events with nothing behind the source: its readers are polled to their end. */
import { StreamEnvironment, watermarks } from 'millrace';
import { TestEnvironment } from 'millrace/testing';
import { Checksum, totalOf } from '../runner/checksum.mjs';
import { loadQuery } from './queries.mjs';
import { sideInputFile } from './side-input.mjs';
import { nexmark } from './source.mjs';

/** @typedef {import('./source.mjs').NexmarkOptions} NexmarkOptions */

/**
 * The source with the fields that the engine asks it for, for a query.
 *
 * @param {string} query
 * @param {NexmarkOptions} options
 * @returns {Promise<import('millrace').Source<any, any>>}
 */
export async function sourceFor(query, options) {
  const { build } = await loadQuery(query);
  const all = nexmark(options);
  /** @type {import('millrace').Source<any, any>} */
  let asked = all;
  const observed = {
    ...all,
    /** @type {NonNullable<typeof all.project>} */
    project(fields, keys) {
      asked = all.project?.(fields, keys) ?? all;
      return asked;
    },
  };
  const env = new StreamEnvironment({ parallelism: 1, runtimeMode: 'streaming' });
  const stream = env.fromSource(observed, { watermarks: watermarks.boundedOutOfOrderness('4s', { timestamp: 'dateTime' }) });
  build(stream, { sideInput: sideInputFile() }).sinkTo({ name: 'nothing', createWriter: () => ({ write() {} }) });
  // To plan the job is to ask its source.
  env.explain();
  return asked;
}

/**
 * What the source makes, whose time is not taken.
 *
 * @param {import('millrace').Source<any, any>} source
 */
export async function hashOfSource(source) {
  const sum = new Checksum();
  const env = new TestEnvironment();
  env.fromSource(source).sinkTo({ name: 'checksum', createWriter: () => ({ write: (event) => sum.add(event) }) });
  await env.execute();
  return totalOf([sum.parts]).hash;
}

/**
 * The time, and the CPU time of the whole process, are those of polling.
 *
 * @param {import('millrace').Source<any, any>} source
 */
export async function pollToEnd(source) {
  const context = /** @type {any} */ ({ parallelism: 1, subtask: 0, limits: { batchRows: 1024 } });
  const reader = source.createReader(context);
  for (const split of await source.enumerate(context)) reader.addSplit(split);
  reader.noMoreSplits();
  const cpu = process.cpuUsage();
  const began = performance.now();
  let rows = 0;
  for (let batch = reader.poll(); batch !== 'end'; batch = reader.poll()) rows += /** @type {{ rowCount: number }} */ (batch).rowCount;
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    rows,
    seconds,
    eventsPerSecond: Math.round(rows / seconds),
    coreEventsPerSecond: Math.round(rows / ((user + system) / 1e6)),
  };
}
