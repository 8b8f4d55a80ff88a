/**
 * What a record costs the garbage collector on its way through windows: a whole job on one thread under V8's sampling heap profiler,
 * objects that were collected meanwhile included. Two runs of different lengths are subtracted, so that starting and compiling do not
 * count. What is left belongs to batches and to rows that windows emit: a thousand keys a window of 100,000 records.
 *
 *   node benchmarks/pieces/window-allocation.mjs [ms]
 */
import { Session } from 'node:inspector/promises';
import { count, eventTime, sum, watermarks } from 'millrace';
import { TestEnvironment } from 'millrace/testing';
import { report, timeOfArguments } from './timing.mjs';

const unit = timeOfArguments() >= 100 ? 500_000 : 20_000;
/** Bytes between two samples, on average. */
const samplingInterval = 4096;

const session = new Session();
session.connect();
await allocated('tumbling', unit);
const figures = [];
for (const kind of ['tumbling', 'sliding']) {
  const short = await allocated(kind, unit);
  const long = await allocated(kind, 4 * unit);
  const perRecord = (long - short) / (3 * unit);
  figures.push({ name: `${kind} windows`, value: Math.max(0, perRecord), unit: 'bytes a record', goal: '≤ 16' });
}
session.disconnect();
report('window-allocation', figures);

/**
 * @param {string} kind
 * @param {number} records
 * @returns {Promise<number>} bytes
 */
async function allocated(kind, records) {
  const env = new TestEnvironment({ runtimeMode: 'streaming' });
  let rows = 0;
  env
    .fromSequence(0, records - 1)
    .map((i) => ({ key: (i * 31) % 1000, value: i % 997, at: Math.floor(i / 10) }))
    .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(100, { timestamp: 'at' }))
    .keyBy('key')
    .window(kind === 'sliding' ? eventTime.sliding('10s', '5s') : eventTime.tumbling('10s'))
    .aggregate({ n: count(), s: sum('value') })
    .sinkTo({ name: 'rows', createWriter: () => ({ write: () => void rows++ }) });
  await session.post('HeapProfiler.startSampling', {
    samplingInterval,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await env.execute();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  if (process.env.VERBOSE !== undefined) show(profile.head);
  return sizeOf(profile.head);
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
