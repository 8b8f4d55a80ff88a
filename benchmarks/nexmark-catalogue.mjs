/**
 * Nexmark: each query as a job, on one core, with the generator in it; beside it the same with checkpoints, the generator alone, and
 * DuckDB. Targets and published figures are events in a second and core.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdbMissing } from './runner/duckdb.mjs';
import { outputOf } from './runner/processes.mjs';
import { script } from './runner/programs.mjs';

/**
 * @typedef {import('./runner/measure.mjs').Comparison} Comparison
 * @typedef {import('./runner/measure.mjs').Figures} Figures
 * @typedef {import('./runner/measure.mjs').Other} Other
 */

/**
 * @typedef {object} Query
 * @property {string} name
 * @property {string} asks
 * @property {number} lasting millions of events that take some seven seconds: two checkpoints
 * @property {keyof NexmarkSizes['events']} weight
 * @property {number} [target]
 * @property {readonly [older: number, newer: number]} [flink] published, of both workloads
 * @property {number} [feldera] published
 * @property {readonly string[]} [varying] what depends on the clock of the machine
 * @property {boolean} [updates] whether it emits updates, where DuckDB has the last of them alone
 */

/** What Flink's own runs of the suite have come to, by the CPU time of its workers: samples in github.com/nexmark/nexmark, GUIDE_V1 and GUIDE_V2. */
const flinkLabels = ['Flink, 10 M/s', 'Flink, 100 k/s'];
/** Queries by hand in Rust on 16 cores: github.com/feldera/feldera, benchmark/README.md. Sixteen more threads made the events, and are not counted. */
const felderaLabel = 'Feldera, Rust';

/** The heavier a query is the fewer events it gets: a run takes some seconds. @type {readonly Query[]} */
const queries = [
  { name: 'q0', asks: 'pass through', lasting: 28, weight: 'light', target: 2e6, flink: [155e3, 378e3], feldera: 436e3 },
  { name: 'q1', asks: 'currency conversion', lasting: 16, weight: 'light', target: 2e6, flink: [158e3, 395e3], feldera: 412e3 },
  { name: 'q2', asks: 'selection', lasting: 200, weight: 'light', target: 2e6, flink: [175e3, 414e3], feldera: 422e3 },
  { name: 'q3', asks: 'local item suggestion', lasting: 77, weight: 'light', target: 1.5e6, flink: [152e3, 219e3], feldera: 413e3 },
  {
    name: 'q4',
    asks: 'average price of a category',
    lasting: 20,
    weight: 'heavy',
    target: 300e3,
    flink: [34e3, 28e3],
    feldera: 265e3,
    updates: true,
  },
  { name: 'q5', asks: 'hot items', lasting: 28, weight: 'medium', target: 1e6, flink: [22e3, 75e3], feldera: 412e3 },
  { name: 'q6', asks: 'average selling price of a seller', lasting: 8, weight: 'heavy', feldera: 250e3 },
  { name: 'q7', asks: 'highest bid', lasting: 21, weight: 'medium', target: 1e6, flink: [12e3, 23e3], feldera: 196e3 },
  { name: 'q8', asks: 'monitor new users', lasting: 28, weight: 'light', target: 1.5e6, flink: [146e3, 162e3], feldera: 415e3 },
  { name: 'q9', asks: 'winning bids', lasting: 6, weight: 'heavy', target: 200e3, flink: [14e3, 14e3], feldera: 57e3 },
  { name: 'q10', asks: 'log to the file system', lasting: 10, weight: 'medium', flink: [58e3, 133e3] },
  { name: 'q11', asks: 'user sessions', lasting: 18, weight: 'medium', target: 1e6, flink: [40e3, 46e3] },
  {
    name: 'q12',
    asks: 'windows of processing time',
    lasting: 63,
    weight: 'light',
    target: 1.5e6,
    flink: [76e3, 194e3],
    feldera: 418e3,
    varying: ['rows'],
  },
  { name: 'q13', asks: 'bounded side input', lasting: 70, weight: 'light', target: 1.5e6, flink: [131e3, 188e3], feldera: 230e3 },
  { name: 'q14', asks: 'calculation', lasting: 20, weight: 'light', target: 2e6, flink: [161e3, 259e3], feldera: 429e3 },
  {
    name: 'q15',
    asks: 'statistics of bids',
    lasting: 10,
    weight: 'heavy',
    target: 200e3,
    flink: [72e3, 168e3],
    feldera: 221e3,
    updates: true,
  },
  {
    name: 'q16',
    asks: 'statistics of channels',
    lasting: 3,
    weight: 'heavy',
    target: 200e3,
    flink: [19e3, 45e3],
    feldera: 51e3,
    updates: true,
  },
  {
    name: 'q17',
    asks: 'statistics of auctions',
    lasting: 9,
    weight: 'medium',
    target: 1e6,
    flink: [117e3, 161e3],
    feldera: 242e3,
    updates: true,
  },
  { name: 'q18', asks: 'last bid', lasting: 3, weight: 'heavy', target: 300e3, flink: [54e3, 65e3], feldera: 85e3, updates: true },
  {
    name: 'q19',
    asks: 'top ten of the prices of an auction',
    lasting: 4,
    weight: 'heavy',
    target: 300e3,
    flink: [44e3, 43e3],
    feldera: 75e3,
    updates: true,
  },
  { name: 'q20', asks: 'bids with their auctions', lasting: 6, weight: 'heavy', target: 300e3, flink: [19e3, 18e3], feldera: 85e3 },
  { name: 'q21', asks: 'channel ids', lasting: 16, weight: 'light', target: 2e6, flink: [98e3, 147e3], feldera: 415e3 },
  { name: 'q22', asks: 'directories of URLs', lasting: 16, weight: 'light', target: 2e6, flink: [130e3, 211e3], feldera: 394e3 },
];

/**
 * The two published workloads, which differ in how much event time passes.
 *
 * @typedef {object} Workload
 * @property {string} name of the group
 * @property {number} eventsPerSecond of event time
 * @property {readonly string[]} flinkLabels of which published runs are shown
 * @property {boolean} byName
 */

/** @type {Workload} */
const newer = { name: 'nexmark', eventsPerSecond: 100_000, flinkLabels, byName: false };
/** As long again as the other one. @type {Workload} */
const older = { name: 'nexmark-10m', eventsPerSecond: 10_000_000, flinkLabels: flinkLabels.slice(0, 1), byName: true };
const { eventsPerSecond } = newer;

/**
 * @typedef {object} NexmarkSizes
 * @property {Readonly<Record<'light' | 'medium' | 'heavy', number>>} events
 * @property {boolean} lasting whether the runs with checkpoints are long enough for some
 * @property {number} madeEvents by the generator alone
 * @property {number} tableEvents in the tables of DuckDB
 * @property {number} generationEvents
 * @property {readonly (string | number)[]} underLoad seconds of a run, and where no highest rate is to be found the rate to take for it
 * @property {number} workersEvents
 * @property {readonly [events: number, interval: string]} checkpointCost
 * @property {number} memoryKeys
 * @property {boolean} whole whether all queries are measured in all ways, or only q5
 */

/** @type {NexmarkSizes} */
export const fullNexmark = {
  events: { light: 10_000_000, medium: 6_000_000, heavy: 2_000_000 },
  lasting: true,
  madeEvents: 4_000_000,
  tableEvents: 2_000_000,
  generationEvents: 5_000_000,
  underLoad: [8],
  workersEvents: 6_000_000,
  checkpointCost: [10_000_000, '2s'],
  memoryKeys: 1_000_000,
  whole: true,
};

/** @type {NexmarkSizes} */
export const smokeNexmark = {
  events: { light: 20_000, medium: 20_000, heavy: 20_000 },
  lasting: false,
  madeEvents: 20_000,
  tableEvents: 20_000,
  generationEvents: 20_000,
  underLoad: [0.4, 'off', 100_000],
  workersEvents: 20_000,
  checkpointCost: [20_000, '300ms'],
  memoryKeys: 2_000,
  whole: false,
};

const measuredAs = `Rates per core are by the CPU time of the
whole process from the submission of the job on, the start of its threads included, and all ratios are of rates per core. q4 and q9
have a row for each auction that closes, where Flink has an update whenever another bid leads. Without the generator: less the CPU time of making the fields that the query reads. DuckDB answers on one thread, as a batch over tables of ${fullNexmark.tableEvents.toLocaleString('en')} events that are there already.`;

/** @param {Workload} workload */
function eventsOf({ eventsPerSecond }) {
  return `Each query at parallelism 1, in streaming mode, generator included: persons, auctions and bids at
${eventsPerSecond.toLocaleString('en')} a second of event time`;
}

/** What each group is about. */
export const aboutNexmark = {
  [newer.name]: `${eventsOf(newer)}, as in the newer one of the two published workloads; Flink's older one has 10,000,000, so that hardly a window
ends. ${measuredAs}`,
  [older.name]: `${eventsOf(older)}, as in the older one of the two published workloads: hardly a window ends before the events do. ${measuredAs}`,
};

/**
 * @param {NexmarkSizes} sizes
 * @returns {(Comparison | Figures)[]}
 */
export function nexmark(sizes) {
  return [
    ...queries.map((query) => comparison(query, sizes, newer)),
    ...queries.map((query) => comparison(query, sizes, older)),
    generation(sizes),
    ...figures(sizes),
  ];
}

/**
 * @param {Query} query
 * @param {NexmarkSizes} sizes
 * @param {Workload} workload
 * @returns {Comparison}
 */
function comparison(query, sizes, workload) {
  const { name, asks, lasting, weight, target, varying, updates = false } = query;
  const { eventsPerSecond, byName } = workload;
  const published = publishedOf(query, workload);
  const events = sizes.events[weight];
  const job = (/** @type {string} */ label, /** @type {number} */ count, /** @type {string[]} */ ...options) =>
    script(label, ['benchmarks/nexmark/job.mjs', name, '--events', count, '--rate', eventsPerSecond, ...options]);
  const lastingEvents = sizes.lasting ? lasting * 1e6 : events;
  const peer = { ...duckdb(name, sizes.tableEvents, eventsPerSecond), sameResults: events === sizes.tableEvents && !updates };
  const others = [
    {
      ...job('checkpoints each 3 s', lastingEvents, '--checkpoint', '3s'),
      role: /** @type {const} */ ('variant'),
      sameResults: lastingEvents === events,
      vain: withoutCheckpoints,
    },
    generator(name, sizes.madeEvents, eventsPerSecond),
    peer,
  ];
  return {
    kind: 'comparison',
    name: workload.name,
    member: name,
    title: asks,
    ...(byName ? { byName } : {}),
    unit: 'events',
    work: (results) => Number(results.events),
    perCore: ({ coreEventsPerSecond }) => coreEventsPerSecond,
    ...(varying === undefined ? {} : { varying }),
    ...(target === undefined ? {} : { target }),
    ...(published.length === 0 ? {} : { published }),
    subject: job('Millrace × 1', events),
    others: sizes.whole || name === 'q5' ? others : [],
  };
}

/**
 * @param {Query} query
 * @param {Workload} workload
 * @returns {import('./runner/measure.mjs').Published[]}
 */
function publishedOf({ flink, feldera }, { flinkLabels }) {
  const ofFlink = flink === undefined ? [] : flinkLabels.map((label, i) => ({ label, perCore: flink[i] }));
  return feldera === undefined ? ofFlink : [...ofFlink, { label: felderaLabel, perCore: feldera }];
}

/** @param {Record<string, unknown>} results */
function withoutCheckpoints({ checkpoints }) {
  return checkpoints === 0 ? 'the run was over before its first checkpoint' : undefined;
}

/**
 * @param {string} query
 * @param {number} events
 * @param {number} eventsPerSecond
 * @returns {Other}
 */
function generator(query, events, eventsPerSecond) {
  const made = script('the generator alone', ['benchmarks/nexmark/query-generation.mjs', query, events, eventsPerSecond]);
  return { ...made, role: 'generator', sameResults: false };
}

/**
 * @param {string} query
 * @param {number} events
 * @param {number} eventsPerSecond
 * @returns {Other}
 */
function duckdb(query, events, eventsPerSecond) {
  const data = tables(events, eventsPerSecond);
  return { ...script('DuckDB × 1', ['benchmarks/nexmark/duckdb.mjs', query, data.path]), missing: duckdbMissing, data };
}

/**
 * The database that DuckDB is asked about. When the generator changes it is made anew.
 *
 * @param {number} events
 * @param {number} eventsPerSecond
 * @returns {import('./runner/data.mjs').DataFile}
 */
function tables(events, eventsPerSecond) {
  const folder = new URL('nexmark/', import.meta.url);
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) if (name.endsWith('.mjs')) hash.update(readFileSync(new URL(name, folder)));
  const prefix = `nexmark-${eventsPerSecond}-${events}-`;
  return {
    path: fileURLToPath(new URL(`data/${prefix}${hash.digest('hex').slice(0, 12)}.duckdb`, import.meta.url)),
    async write(path) {
      mkdirSync(dirname(path), { recursive: true });
      for (const old of readdirSync(dirname(path))) if (old.startsWith(prefix)) rmSync(join(dirname(path), old));
      const { label, command } = script('the tables', ['benchmarks/nexmark/duckdb-tables.mjs', path, events, eventsPerSecond]);
      await outputOf(label, command, { cwd: fileURLToPath(folder) });
    },
  };
}

/**
 * @param {NexmarkSizes} sizes
 * @returns {Figures}
 */
function generation({ generationEvents }) {
  const program = script('Millrace', ['benchmarks/nexmark/generation.mjs', generationEvents, eventsPerSecond]);
  return {
    kind: 'figures',
    name: 'generation',
    title: 'making the events of Nexmark, on one core, with all fields and with those that single queries read',
    subject: { ...program, read: (stdout) => generationFigures(program.read(stdout)) },
  };
}

/**
 * What else there is to know of a job that takes the events of Nexmark.
 *
 * @param {NexmarkSizes} sizes
 * @returns {Figures[]}
 */
function figures({ underLoad, workersEvents, checkpointCost, memoryKeys }) {
  const latency =
    'from event time to the row at 10, 50 and 90 % of the highest rate that the job holds: bids of each auction in sliding windows';
  /** @type {[name: string, title: string, file: string, ...args: (string | number)[]][]} */
  const programs = [
    ['latency-under-load', latency, 'latency', 'windows', ...underLoad],
    ['workers', 'q5 on one worker, on a worker for each core, and on more', 'scaling', 'q5', workersEvents],
    ['checkpoint-cost', 'q5 with checkpoints to files of this machine, and without', 'checkpoint-cost', 'q5', ...checkpointCost],
    ['memory', 'what a key costs in memory, by the kind of its state', 'memory', memoryKeys],
  ];
  return programs.map(([name, title, file, ...args]) => ({
    kind: 'figures',
    name,
    title,
    subject: script('Millrace', [`benchmarks/nexmark/${file}.mjs`, ...args], 2),
  }));
}

/** @param {Record<string, any>} report */
function generationFigures({ events, projected, hash }) {
  const figures = Object.entries(projected).map(([name, value]) => ({
    name: name === 'all' ? 'all fields' : `the fields of ${name}`,
    value,
    unit: 'events/s',
    ...(name === 'all' ? { goal: '≥ 4 M' } : {}),
  }));
  return { events, figures, hash };
}
