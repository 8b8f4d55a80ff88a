/**
 * Where the time of a query goes: V8's profiles of its worker threads, by the file of the source that was at work, in nanoseconds of a core for each event.
 *
 *   node benchmarks/nexmark/where-time-goes.mjs [query] [events] [parallelism] [--files]
 *
 * Profiles see the clock, so the processor time of the process is divided by the shares that they have seen. A function of V8 or Node belongs to whoever
 * called it; loading and compiling are a step of their own, small where there are many events. `--files` tells every file instead of the steps. On a
 * machine that is busy with other things the caches are theirs, too, and all is slower.
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
  ['the sink', /(jobs\/checksum-sink|runner\/checksum)\.mjs/],
  ['making columns of events', /benchmarks\/nexmark\//],
  ['loading and compiling', /src\/(compiler\/(?!exchange|route)|api|cluster|graph|worker\.ts)|node_modules|dist\/|^\(program\)$/],
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
const [query = 'q5', events = '20000000', parallelism = '2'] = positionals;

const { times, coreNs } = profiled();
const places = [...times.keys()].filter((place) => place !== '(idle)');
const seen = places.reduce((sum, place) => sum + (times.get(place) ?? 0), 0);
const perEvent = (/** @type {string} */ place) => ((times.get(place) ?? 0) / seen) * coreNs;
const rows = values.files ? places.map((place) => ({ name: place, ns: perEvent(place) })) : bySteps(places);
console.log(`${query} × ${parallelism}, ${events} events: ${quantity(coreNs)} ns of a core for each\n`);
const shown = rows.filter(({ ns }) => ns >= coreNs / 1000).sort((a, b) => b.ns - a.ns);
console.log(table([['', 'ns', '%'], ...shown.map(({ name, ns }) => [name, ns.toFixed(1), ((100 * ns) / coreNs).toFixed(1)])]));

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
 * @returns {{ times: Map<string, number>, coreNs: number }} microseconds that workers were seen at each place, and nanoseconds of processor time for an
 * event
 */
function profiled() {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-profile-'));
  try {
    const job = fileURLToPath(new URL('./job.mjs', import.meta.url));
    const flags = ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', directory];
    const args = [...flags, job, query, '--events', events, '--parallelism', parallelism];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (status !== 0) throw new Error(`${query} ended with ${status}`);
    // The name of a profile ends with its thread and a number; thread 0 is the host, which waits.
    const files = readdirSync(directory).filter((file) => !/\.0\.\d+\.cpuprofile$/.test(file));
    /** @type {Map<string, number>} */
    const times = new Map();
    for (const file of files) addTimes(times, JSON.parse(readFileSync(join(directory, file), 'utf8')));
    const { coreEventsPerSecond } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    return { times, coreNs: 1e9 / coreEventsPerSecond };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @typedef {{ functionName: string, url: string, lineNumber: number, columnNumber: number }} Frame
 * @typedef {{ id: number, callFrame: Frame, children?: readonly number[] }} ProfileNode
 */

/**
 * @param {Map<string, number>} times
 * @param {{ nodes: readonly ProfileNode[], samples: readonly number[], timeDeltas: readonly number[] }} profile
 */
function addTimes(times, { nodes, samples, timeDeltas }) {
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
  for (const [i, sample] of samples.entries()) {
    const place = places.get(sample) ?? '(program)';
    times.set(place, (times.get(place) ?? 0) + timeDeltas[i]);
  }
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
