/**
 * Where the time of a query goes: V8's profile of its worker thread, by the file of the source that was at work, in nanoseconds for each event.
 *
 *   node benchmarks/nexmark/where-time-goes.mjs [query] [events] [--files]
 *
 * A function of V8 or Node belongs to whoever called it; loading and compiling are a step of their own, small where there are many events. `--files`
 * tells every file instead of the steps. On a machine that is busy with other things the caches are theirs, too, and all is slower.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantity, table } from '../runner/text.mjs';

/** The steps of an event, by the file or the generated loop that does them: the first that fits. */
const steps = /** @type {const} */ ([
  ['the garbage collector', /^\(garbage collector\)$/],
  ['the sink', /nexmark\/checksum\.mjs/],
  ['making columns of events', /benchmarks\/nexmark\//],
  [
    'loading and compiling',
    /src\/(compiler\/(?!exchange|route)|api|cluster|graph)|node_modules|dist\/chunks|millrace\.worker|^\(program\)$/,
  ],
  ['the loop of the first stage: filter, time, its window', /^millrace:stage-0\/.*\/run\.js/],
  [
    'windows that end: rows and what they leave',
    /^millrace:.*\/(due|finish)-\d+\.js|src\/(time\/windows|time\/timer|operators\/window\/(?!slices))/,
  ],
  ['the loops of later stages', /^millrace:stage-/],
  ['slots of keys', /src\/(state|base)\//],
  ['counts by key and slice', /src\/operators\/(window\/slices|aggregat)/],
  ['the exchange', /^millrace:exchange\/|src\/(channel|wire|batch)\/|src\/compiler\/(exchange|route)/],
  ['steps, marks and metrics between batches', /src\/(runtime|time|platform|metrics|operators)\//],
]);

/** Of files of the package. @type {Map<string, SourceMap | undefined>} */
const maps = new Map();

const { values, positionals } = parseArgs({ allowPositionals: true, options: { files: { type: 'boolean', default: false } } });
const [query = 'q5', events = '20000000'] = positionals;

const times = profiled(Number(events));
const places = [...times.keys()].filter((place) => place !== '(idle)');
const perEvent = (/** @type {string} */ place) => ((times.get(place) ?? 0) * 1000) / Number(events);
const rows = values.files ? places.map((place) => ({ name: place, ns: perEvent(place) })) : bySteps(places);
const total = rows.reduce((sum, { ns }) => sum + ns, 0);
console.log(`${query}, one worker, ${events} events: ${quantity(total)} ns an event\n`);
const shown = rows.filter(({ ns }) => Math.abs(ns) >= total / 1000).sort((a, b) => b.ns - a.ns);
console.log(table([['', 'ns', '%'], ...shown.map(({ name, ns }) => [name, ns.toFixed(1), ((100 * ns) / total).toFixed(1)])]));

/** @param {readonly string[]} places */
function bySteps(places) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const place of places) {
    const [step] = steps.find(([, pattern]) => pattern.test(place)) ?? ['all else'];
    sums.set(step, (sums.get(step) ?? 0) + perEvent(place));
  }
  return [...sums].map(([name, ns]) => ({ name, ns }));
}

/**
 * @param {number} count of events
 * @returns {Map<string, number>} microseconds that the worker was seen at each place
 */
function profiled(count) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-profile-'));
  try {
    const job = fileURLToPath(new URL('./job.mjs', import.meta.url));
    const flags = ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', directory];
    const { status } = spawnSync(process.execPath, [...flags, job, query, '--events', String(count)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`${query} ended with ${status}`);
    const profiles = readdirSync(directory).map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')));
    const times = profiles.map(timesByPlace);
    // The host waits while the worker works.
    return times.reduce((a, b) => ((b.get('(idle)') ?? 0) < (a.get('(idle)') ?? 0) ? b : a));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @typedef {{ functionName: string, url: string, lineNumber: number, columnNumber: number }} Frame
 * @typedef {{ id: number, callFrame: Frame, children?: readonly number[] }} ProfileNode
 */

/**
 * @param {{ nodes: readonly ProfileNode[], samples: readonly number[], timeDeltas: readonly number[] }} profile
 * @returns {Map<string, number>}
 */
function timesByPlace({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Map<number, string>} */
  const places = new Map();
  // The root comes first, and callers before whom they call.
  const visit = [{ node: nodes[0], caller: '(program)' }];
  for (let next = visit.pop(); next !== undefined; next = visit.pop()) {
    const place = placeOf(next.node.callFrame) ?? next.caller;
    places.set(next.node.id, place);
    for (const child of next.node.children ?? []) visit.push({ node: /** @type {ProfileNode} */ (byId.get(child)), caller: place });
  }
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const [i, sample] of samples.entries()) {
    const place = places.get(sample) ?? '(program)';
    times.set(place, (times.get(place) ?? 0) + timeDeltas[i]);
  }
  return times;
}

/**
 * @param {Frame} frame
 * @returns {string | undefined} a file of the source or the name of a generated loop; undefined where it belongs to its caller
 */
function placeOf({ functionName, url, lineNumber, columnNumber }) {
  if (url === '') return /^\((garbage collector|idle|program)\)$/.test(functionName) ? functionName : undefined;
  if (url.startsWith('millrace:')) return decodeURIComponent(url);
  if (!url.startsWith('file:')) return undefined;
  const entry = mapOf(fileURLToPath(url))?.findEntry(lineNumber, columnNumber);
  const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : url;
  return source.replace(/^.*\/(?=(src|benchmarks)\/)/, '');
}

/** @param {string} file */
function mapOf(file) {
  if (!maps.has(file))
    maps.set(file, existsSync(`${file}.map`) ? new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8'))) : undefined);
  return maps.get(file);
}
