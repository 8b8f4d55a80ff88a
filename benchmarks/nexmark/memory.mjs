/**
 * What a key costs in memory, by the kind of its state: each in a process of its own, in which key after key gets its first record.
 *
 *   node benchmarks/nexmark/memory.mjs [keys] [state]
 *
 * The thread of the job looks at its memory behind a full collection when half of the keys are there, and again when all are: what the second half took
 * is divided among its keys, so that what is there anyway does not count. Tables double as they grow, and are as full both times. State is on the heap, of
 * one subtask; `total` is V8's heap and array buffers, `rss` what the operating system has given the process.
 *
 * The hash is over all rows of all jobs: what windows and timers find in the state at the end, and what is read of other state behind each update.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { count, eventTime, mapState, StreamEnvironment, sum, valueState, watermarks } from 'millrace';
import { leaveNumbers, takeNumbers } from '../jobs/subtask-numbers.mjs';
import { Checksum, hashOfRows, totalOf } from '../runner/checksum.mjs';

/**
 * @typedef {{ key: number | string, value: number, at: number }} Row
 * @typedef {import('millrace').KeyedStream<Row, number | string>} Keyed
 * @typedef {{ total: number, rss: number, rows: number, hash: string }} Measured bytes a key, and what the job came to
 * @typedef {{ strings?: boolean, keep: (keyed: Keyed) => import('millrace').DataStream<unknown> }} Kind
 */

/** @type {Record<string, Kind>} */
const kinds = {
  'tumbling window, count and sum': { keep: (keyed) => keyed.window(eventTime.tumbling('1h')).aggregate({ n: count(), s: sum('value') }) },
  'tumbling window, count and sum, of a string': {
    strings: true,
    keep: (keyed) => keyed.window(eventTime.tumbling('1h')).aggregate({ n: count(), s: sum('value') }),
  },
  'session, count and sum': { keep: (keyed) => keyed.window(eventTime.session({ gap: '1h' })).aggregate({ n: count(), s: sum('value') }) },
  'rolling aggregate, count and sum': { keep: (keyed) => keyed.aggregate({ n: count(), s: sum('value') }) },
  'rolling aggregate, count and sum, of a string': { strings: true, keep: (keyed) => keyed.aggregate({ n: count(), s: sum('value') }) },
  'valueState of a number': {
    keep: (keyed) =>
      keyed.process({
        state: { last: valueState() },
        processElement({ value }, ctx, out) {
          ctx.state.last.update(value);
          out({ key: ctx.key, last: ctx.state.last.value });
        },
      }),
  },
  'valueState of an object of three numbers': {
    keep: (keyed) =>
      keyed.process({
        state: { last: valueState() },
        processElement({ value, at }, ctx, out) {
          ctx.state.last.update({ value, at, times: 1 });
          out({ key: ctx.key, ...ctx.state.last.value });
        },
      }),
  },
  'mapState of three entries': {
    keep: (keyed) =>
      keyed.process({
        state: { entries: mapState() },
        processElement({ value }, ctx, out) {
          for (const name of ['a', 'b', 'c']) ctx.state.entries.set(name, value);
          const [a, b, c] = ['a', 'b', 'c'].map((name) => ctx.state.entries.get(name));
          out({ key: ctx.key, a, b, c });
        },
      }),
  },
  'valueState of a number and a timer': {
    keep: (keyed) =>
      keyed.process({
        state: { last: valueState() },
        processElement({ value, at }, ctx) {
          ctx.state.last.update(value);
          ctx.timers.registerEventTime(at + 3_600_000);
        },
        onTimer: (_time, ctx, out) => out({ key: ctx.key, last: ctx.state.last.value }),
      }),
  },
};

const [keys = '1000000', name] = process.argv.slice(2);
if (name === undefined) {
  const results = Object.keys(kinds).map((each) => inProcess(each));
  const hash = hashOfRows(results.map(({ kind, rows, hash }) => ({ kind, rows, hash })));
  console.log(JSON.stringify({ program: 'memory', figures: results.flatMap(figuresOf), hash }));
} else console.log(JSON.stringify(await measure(kinds[name], Number(keys))));

/**
 * @param {string} kind
 * @returns {Measured & { kind: string }}
 */
function inProcess(kind) {
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), keys, kind], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the process for '${kind}' ended with ${status}`);
  return { kind, ...JSON.parse(stdout) };
}

/**
 * @param {ReturnType<typeof inProcess>} measured
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function figuresOf({ kind, total, rss }) {
  return [
    { name: kind, value: total, unit: 'bytes a key' },
    { name: `${kind}, of the process`, value: rss, unit: 'bytes a key' },
  ];
}

/**
 * @param {Kind} kind
 * @param {number} keys
 * @returns {Promise<Measured>}
 */
async function measure({ strings = false, keep }, keys) {
  const half = Math.floor(keys / 2);
  // What is aggregated in front of the exchange is there for a moment only.
  const env = new StreamEnvironment({ parallelism: 1, runtimeMode: 'streaming', localAggregation: false });
  /** @type {number[]} */
  const looks = [];
  const rows = env.generate({
    // Some more, so that the last look is one of many records on their way, like the first.
    count: keys + half,
    create(i) {
      if (i === half || i === keys) looks.push(...look());
      // As a format that reads text has them; V8 would keep a template literal as a pair of strings.
      const key = strings ? Buffer.from(`customer-${i}`).toString('latin1') : i;
      return { key: /** @type {number | string} */ (key), value: i % 997, at: 1_700_000_000_000 };
    },
  });
  const keyed = rows.assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(0, { timestamp: 'at' })).keyBy('key');
  keep(keyed).sinkTo({
    name: 'checksum',
    createWriter() {
      const sum = new Checksum();
      return {
        write: (row) => sum.add(row),
        finish: () => leaveNumbers(0, [...sum.parts, ...looks]),
      };
    },
  });
  await env.execute('memory');
  const [numbers] = takeNumbers();
  const [totalBefore, rssBefore, total, rss] = numbers.subarray(3);
  return { total: (total - totalBefore) / (keys - half), rss: (rss - rssBefore) / (keys - half), ...totalOf([numbers]) };
}

/** @returns {[total: number, rss: number]} of this thread, and of the process */
function look() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  // Twice: what a first one finds unreachable by a finalizer is gone behind the second.
  collect();
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return [heapUsed + arrayBuffers, rss];
}
