/**
 * Windows of event time over generated records, by key: a count and a sum of each key and window.
 *
 *   node benchmarks/jobs/windows.mjs [records] [keys] [tumbling | sliding] [numbers | strings] [even | skewed | in-turn] [parallelism] [local | direct]
 *
 * Records come about in order, a million a second of event time (half as many for more than 10,000 keys), in windows of 10 seconds;
 * sliding ones slide by 100 ms. A key that comes ten times in a slide would have one result for every ten records, and then it is
 * the results that are measured: of 1,000 keys each comes a hundred times. `skewed`: 90 % of the records are of one key; `in-turn`: one key
 * comes after the other, as from a table that is read again and again, and so does their memory. `local` aggregates in front of the exchange too; `direct` does
 * not. The hash is over all rows, whatever their order; `coreRecordsPerSecond` goes by the time that all threads were at work, with what
 * it takes to start them.
 */
import { count, eventTime, StreamEnvironment, sum, watermarks } from 'millrace';
import { leaveNumbers, takeNumbers } from './subtask-numbers.mjs';

const [records = '40000000', keys = '100000', kind = 'tumbling', form = 'numbers', spread = 'even', parallelism = '1', where = 'local'] =
  process.argv.slice(2);
const sources = Number(parallelism);
/** Each source makes a range of numbers, of which every n-th record is made, so that they keep in step. */
const perSource = Math.floor(Number(records) / sources);
const total = perSource * sources;
const keyCount = Number(keys);
const perMs = keyCount > 10_000 ? 500 : 1000;
const start = 1_700_000_000_000;
const inTurn = spread === 'in-turn';
const hot = spread === 'skewed' ? Math.floor(0.9 * 2 ** 31) : 0;

const env = new StreamEnvironment({ parallelism: sources, runtimeMode: 'streaming', localAggregation: where === 'local' });

/** @param {number} number */
function numbered(number) {
  const i = sources === 1 ? number : (number % perSource) * sources + Math.floor(number / perSource);
  let x = Math.imul(i, 2654435761);
  x ^= x >>> 15;
  x = Math.imul(x, 2246822519);
  x = (x ^ (x >>> 13)) & 0x7fffffff;
  return { key: inTurn ? i % keyCount : x < hot ? 0 : x % keyCount, value: x % 997, at: start + Math.floor(i / perMs) - (x % 100) };
}

/**
 * Made once, so that what it takes to make a string is no part of the numbers; and decoded from bytes, as a format that reads text has
 * them: V8 would keep a template literal of 13 characters and more as a pair of strings, each with a place in memory to go to.
 */
const names = form === 'strings' ? Array.from({ length: keyCount }, (_, i) => Buffer.from(`customer-${i}`).toString('latin1')) : [];

/** @param {number} number */
function named(number) {
  const i = sources === 1 ? number : (number % perSource) * sources + Math.floor(number / perSource);
  let x = Math.imul(i, 2654435761);
  x ^= x >>> 15;
  x = Math.imul(x, 2246822519);
  x = (x ^ (x >>> 13)) & 0x7fffffff;
  return { key: names[inTurn ? i % keyCount : x < hot ? 0 : x % keyCount], value: x % 997, at: start + Math.floor(i / perMs) - (x % 100) };
}

/** @type {import('millrace').Sink<{ key: number | string, start: number, n: number, s: number }>} */
const checksum = {
  name: 'checksum',
  createWriter({ subtask }) {
    let rows = 0;
    let hash = 0;
    return {
      write({ key, start, n, s }) {
        rows++;
        const number = typeof key === 'number' ? key : Number(key.slice(9));
        hash = (hash + Math.imul(number ^ Math.imul(start % 2 ** 31, 31), 2654435761) + Math.imul(n, 40503) + Math.imul(s, 69069)) | 0;
      },
      finish: () => leaveNumbers(subtask, [rows, hash]),
    };
  },
};

const window = kind === 'sliding' ? eventTime.sliding('10s', '100ms') : eventTime.tumbling('10s');
env
  .generate({ count: total, create: form === 'strings' ? named : numbered })
  .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(100, { timestamp: 'at' }))
  .keyBy('key')
  .window(window)
  .aggregate({ n: count(), s: sum('value') })
  .sinkTo(checksum);

const cpu = process.cpuUsage();
const began = performance.now();
await env.execute('windows');
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
const left = takeNumbers();
const rows = left.reduce((all, [each]) => all + each, 0);
const hash = left.reduce((all, [, each]) => (all + each) | 0, 0);
const cpuSeconds = (user + system) / 1e6;
console.log(
  JSON.stringify({
    program: 'windows',
    records: total,
    rows,
    seconds,
    recordsPerSecond: Math.round(total / seconds),
    coreRecordsPerSecond: Math.round(total / cpuSeconds),
    hash: (hash >>> 0).toString(16).padStart(8, '0'),
  }),
);
