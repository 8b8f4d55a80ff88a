/**
 * What a record costs the garbage collector on its way through windows: a whole job on one thread under V8's sampling heap profiler,
 * objects that were collected meanwhile included. Two runs of different lengths are subtracted, so that starting and compiling do not
 * count. What is left belongs to batches and to rows that windows emit: a thousand keys a window of 100,000 records. The hash is over the rows of a run
 * that is not profiled, and over how many there are in those that are.
 *
 *   node benchmarks/pieces/window-allocation.mjs [ms]
 */
import { Session } from 'node:inspector/promises';
import { count, eventTime, sum, watermarks } from 'millrace';
import { TestEnvironment } from 'millrace/testing';
import { Checksum, totalOf } from '../runner/checksum.mjs';
import { report, timeOfArguments } from './timing.mjs';

const unit = timeOfArguments() >= 100 ? 500_000 : 20_000;
/** Bytes between two samples, on average. */
const samplingInterval = 4096;

const session = new Session();
session.connect();
await allocated('tumbling', unit);
const figures = [];
const results = [];
for (const kind of ['tumbling', 'sliding']) {
  const short = await allocated(kind, unit);
  const long = await allocated(kind, 4 * unit);
  results.push({ kind, hash: await hashOf(kind, unit), short: short.rows, long: long.rows });
  const perRecord = (long.bytes - short.bytes) / (3 * unit);
  figures.push({ name: `${kind} windows`, value: Math.max(0, perRecord), unit: 'bytes a record', goal: '≤ 16' });
}
session.disconnect();
report('window-allocation', { figures, results });

/**
 * @param {string} kind
 * @param {number} records
 * @returns {Promise<{ bytes: number, rows: number }>}
 */
async function allocated(kind, records) {
  let rows = 0;
  const env = windowsInto(() => void rows++, { kind, records });
  await session.post('HeapProfiler.startSampling', {
    samplingInterval,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await env.execute();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  if (process.env.VERBOSE !== undefined) show(profile.head);
  return { bytes: sizeOf(profile.head), rows };
}

/**
 * @param {string} kind
 * @param {number} records
 */
async function hashOf(kind, records) {
  const sum = new Checksum();
  await windowsInto((row) => sum.add(row), { kind, records }).execute();
  return totalOf([sum.parts]).hash;
}

/**
 * @param {(row: object) => void} write
 * @param {{ kind: string, records: number }} options
 */
function windowsInto(write, { kind, records }) {
  const env = new TestEnvironment({ runtimeMode: 'streaming' });
  env
    .fromSequence(0, records - 1)
    .map((i) => ({ key: (i * 31) % 1000, value: i % 997, at: Math.floor(i / 10) }))
    .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(100, { timestamp: 'at' }))
    .keyBy('key')
    .window(kind === 'sliding' ? eventTime.sliding('10s', '5s') : eventTime.tumbling('10s'))
    .aggregate({ n: count(), s: sum('value') })
    .sinkTo({ name: 'rows', createWriter: () => ({ write }) });
  return env;
}

/** @param {import('node:inspector').HeapProfiler.SamplingHeapProfileNode} node */
function sizeOf({ selfSize, children }) {
  return children.reduce((size, child) => size + sizeOf(child), selfSize);
}

/** @param {import('node:inspector').HeapProfiler.SamplingHeapProfileNode} head */
function show(head) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  const visit = (/** @type {typeof head} */ { callFrame, selfSize, children }) => {
    const name = `${callFrame.functionName || '(anonymous)'} ${callFrame.url.split('/').at(-1)}:${callFrame.lineNumber + 1}`;
    sizes.set(name, (sizes.get(name) ?? 0) + selfSize);
    for (const child of children) visit(child);
  };
  visit(head);
  for (const [name, size] of [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 12)) console.error(`${Math.round(size / 1024)} KiB ${name}`);
}
