/**
 * How long a record is on its way: events at a steady rate, each with the time at which it was made, through one exchange by
 * key and a rolling aggregation to a sink that looks at the clock. The first fifth of the events, while V8 compiles, is left out.
 *
 *   node benchmarks/jobs/latency.mjs [events] [per second] [buffer timeout in ms, or default]
 *
 * It reports the events that went to the other thread and, beside them, those that stayed on theirs. The hash is over the keys and numbers of all rows.
 */
import { threadId } from 'node:worker_threads';
import { last, StreamEnvironment } from 'millrace';
import { Checksum, totalOf } from '../runner/checksum.mjs';
import { quantileOf } from '../runner/statistics.mjs';
import { leaveNumbers, takeNumbers } from './subtask-numbers.mjs';

const [events = '1000000', perSecond = '100000', bufferTimeout = 'default'] = process.argv.slice(2);
const parallelism = 2;
const firstCounted = Math.floor(Number(events) / 5);

/** The same clock on all threads, unlike `performance.now()`, which starts with its thread. */
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** @type {import('millrace').Sink<{ key: number, index: number, madeAt: number, madeBy: number }>} */
const stopwatch = {
  name: 'stopwatch',
  createWriter({ subtask }) {
    /** @type {number[][]} */
    const latencies = [[], []];
    const sum = new Checksum();
    return {
      write({ key, index, madeAt, madeBy }) {
        sum.add({ key, index });
        if (index < firstCounted) return;
        latencies[madeBy === threadId ? 1 : 0].push(nowMs() - madeAt);
      },
      finish: () => leaveNumbers(subtask, [...sum.parts, latencies[0].length, ...latencies.flat()]),
    };
  },
};

const env = new StreamEnvironment({
  parallelism,
  runtimeMode: 'streaming',
  ...(bufferTimeout === 'default' ? {} : { bufferTimeout: Number(bufferTimeout) }),
});
env
  .generate({
    count: Number(events),
    ratePerSecond: Number(perSecond),
    create: (index) => ({ key: (index * 31) % 1009, index, madeAt: nowMs(), madeBy: threadId }),
  })
  .keyBy('key')
  .aggregate({ index: last('index'), madeAt: last('madeAt'), madeBy: last('madeBy') })
  .sinkTo(stopwatch);

await env.execute('latency');
const left = takeNumbers();
const { rows, hash } = totalOf(left);
if (rows !== Number(events)) throw new Error(`${events} events went in, and ${rows} rows came out`);
const latencies = left.map((numbers) => ({ crossed: numbers[3], all: numbers.subarray(4) }));
const figures = [
  ...figuresOf(
    'to the other thread',
    latencies.map(({ crossed, all }) => all.subarray(0, crossed)),
  ),
  ...figuresOf(
    'on the same thread',
    latencies.map(({ crossed, all }) => all.subarray(crossed)),
  ),
];
console.log(JSON.stringify({ program: 'latency', figures, hash }));

/**
 * @param {string} name
 * @param {readonly Float64Array[]} parts
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function figuresOf(name, parts) {
  const all = Float64Array.from(parts.flatMap((part) => [...part])).sort();
  return Object.entries({ p50: 0.5, p99: 0.99, 'p99.9': 0.999, max: 1 }).map(([quantile, share]) => ({
    name: `${quantile} ${name}`,
    value: quantileOf(all, share),
    unit: 'ms',
  }));
}
