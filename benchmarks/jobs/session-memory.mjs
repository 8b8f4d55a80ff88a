/**
 * Whether memory stays flat: session windows over many records, with as many keys alive at a time, of which new ones come and old
 * ones end all the time. Prints the memory of the process over time.
 *
 *   node benchmarks/jobs/session-memory.mjs [records] [live keys] [parallelism]
 *
 * Record `i` is of key `i % live` of generation `⌊i / (4 · live)⌋`: each key gets four records and never comes back. A millisecond
 * of event time passes with every 100 records, and sessions end after a gap of one and a half rounds over the keys. Every session
 * must have counted exactly four records, or the job fails. The hash is over all sessions: keys, times and counts.
 */
import { count, eventTime, StreamEnvironment, watermarks } from 'millrace';
import { Checksum, totalOf } from '../runner/checksum.mjs';
import { leaveNumbers, takeNumbers } from './subtask-numbers.mjs';

const [records = '50000000', live = '1000000', parallelism = '2'] = process.argv.slice(2);
const sources = Number(parallelism);
/** Each source makes a range of numbers, of which every n-th record is made, so that they keep in step. */
const perSource = Math.floor(Number(records) / sources);
const total = perSource * sources;
const keys = Number(live);
const perMs = 100;
const roundMs = Math.ceil(keys / perMs);
/** Between two looks at the memory. */
const lookMs = 1000;

/** @type {import('millrace').Sink<{ key: number, start: number, end: number, n: number }>} */
const counting = {
  name: 'counting',
  createWriter({ subtask }) {
    const sum = new Checksum();
    let counted = 0;
    return {
      write(session) {
        sum.add(session);
        counted += session.n;
      },
      finish: () => leaveNumbers(subtask, [...sum.parts, counted]),
    };
  },
};

/** @param {number} number */
function create(number) {
  const i = (number % perSource) * sources + Math.floor(number / perSource);
  return { key: (i % keys) + keys * Math.floor(i / (4 * keys)), at: Math.floor(i / perMs) };
}

// A source that runs ahead of the others would have its sessions held until they follow.
const inStep = { group: 'sources', maxDrift: roundMs };
const env = new StreamEnvironment({ parallelism: sources, runtimeMode: 'streaming' });
env
  .generate({ count: total, create })
  .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(0, { timestamp: 'at', alignment: inStep }))
  .keyBy('key')
  .window(eventTime.session({ gap: Math.ceil(roundMs * 1.5) }))
  .aggregate({ n: count() })
  .sinkTo(counting);

/** @type {number[]} megabytes */
const memory = [];
const looking = setInterval(() => {
  memory.push(Math.round(process.memoryUsage.rss() / 1e6));
  if (process.stderr.isTTY) console.error(`${memory.length} s: ${memory.at(-1)} MB`);
}, lookMs);
const began = performance.now();
await env.execute('session memory');
clearInterval(looking);
const seconds = (performance.now() - began) / 1000;
const left = takeNumbers();
const { rows: sessions, hash } = totalOf(left);
const counted = left.reduce((all, numbers) => all + numbers[3], 0);
if (counted !== total) throw new Error(`${total} records went in, and ${counted} were counted in ${sessions} sessions`);
// The first third is what it takes to have all keys. Behind it the line goes up and down with the collector, so peaks are compared.
const settled = memory.slice(Math.floor(memory.length / 3));
const half = Math.ceil(settled.length / 2);
const grown = settled.length < 2 ? 1 : Math.max(...settled.slice(half)) / Math.max(...settled.slice(0, half));
console.log(
  JSON.stringify({
    program: 'session-memory',
    records: total,
    sessions,
    seconds,
    hash,
    megabytes: memory,
    figures: [
      { name: 'records', value: total / seconds, unit: 'records/s' },
      { name: 'memory at most', value: Math.max(...memory, 0), unit: 'MB' },
      { name: 'most memory in the last third of the time, as a multiple of that in the second', value: grown, unit: '×', goal: '≤ 1.1' },
    ],
  }),
);
