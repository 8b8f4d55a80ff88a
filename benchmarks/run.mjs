/** Runs the benchmarks; `benchmarks/README.md` says what they are and how to read them, `--help` what to type. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { catalogue, workloads } from './catalogue.mjs';
import { againstBase } from './runner/against-base.mjs';
import { withBaseTree } from './runner/base-tree.mjs';
import { svgOf } from './runner/chart.mjs';
import { choose, listing, parseCommandLine, UsageError, usage } from './runner/command-line.mjs';
import { readHashes, writeHashes } from './runner/expected.mjs';
import { machine, machineText } from './runner/machine.mjs';
import { commandsOf, measure } from './runner/measure.mjs';
import { chartOf } from './runner/pictures.mjs';
import { readProfiles, showProfiles } from './runner/profiles.mjs';
import { sectionOf, withSections } from './runner/results-page.mjs';
import { headOf, isWorse, show, showAgainstBase, showSummary, showVerdict } from './runner/show.mjs';

/**
 * @typedef {import('./runner/command-line.mjs').CommandLine} CommandLine
 * @typedef {import('./runner/machine.mjs').Machine} Machine
 * @typedef {import('./runner/measure.mjs').Comparison | import('./runner/measure.mjs').Figures} Benchmark
 * @typedef {import('./runner/measure.mjs').Result} Result
 * @typedef {import('./runner/against-base.mjs').AgainstBase} AgainstBase
 * @typedef {import('./runner/measure.mjs').Identity & { error: string }} Failure
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const page = new URL('RESULTS.md', import.meta.url);
const charts = new URL('charts/', import.meta.url);
const profiles = fileURLToPath(new URL('data/profiles/', import.meta.url));

/** @type {(text: string) => void} */
let print = console.log;

/**
 * All of them, whatever happens to some.
 *
 * @template T
 * @param {readonly Benchmark[]} benchmarks
 * @param {(benchmark: Benchmark) => Promise<{ result: T, text: string }>} each
 * @returns {Promise<{ results: T[], failures: Failure[] }>}
 */
async function runAll(benchmarks, each) {
  const results = [];
  const failures = [];
  for (const benchmark of benchmarks) {
    const start = performance.now();
    try {
      const { result, text } = await each(benchmark);
      results.push(result);
      print(`${text.trimEnd()}\n  took ${secondsSince(start)} s\n`);
    } catch (error) {
      const { name, member, title } = benchmark;
      failures.push({ name, ...(member === undefined ? {} : { member }), title, error: String(error) });
      print(`${headOf(benchmark)}\n  failed: ${error}\n`);
    }
  }
  return { results, failures };
}

/** @param {number} start of `performance.now()` */
function secondsSince(start) {
  return ((performance.now() - start) / 1000).toFixed(1);
}

/**
 * @param {readonly Benchmark[]} benchmarks
 * @param {CommandLine} options
 * @param {Machine} host
 */
async function measureAll(benchmarks, options, host) {
  const hashes = readHashes();
  const { results, failures } = await runAll(benchmarks, async (benchmark) => {
    if (!options.profile) {
      const result = await measure(benchmark, { ...options, profile: undefined, hashes });
      return { result, text: show(result) };
    }
    const profile = folderOf(benchmark);
    rmSync(profile, { recursive: true, force: true });
    const result = await measure(benchmark, { ...options, profile, hashes });
    const summaries = readProfiles(profile);
    return { result: { ...result, profiles: summaries }, text: `${show(result)}${showProfiles(summaries)}` };
  });
  for (const summary of showSummary(results)) print(summary);
  if (options.record) record(results);
  if (options.write) write(results, failures, { options, host });
  return { results, failures };
}

/** @param {Benchmark} benchmark */
function folderOf({ name, member, title }) {
  return `${profiles}${name}-${member ?? title.replaceAll(/\W+/g, '-')}`;
}

/** @param {readonly Result[]} results */
function record(results) {
  const found = Object.fromEntries(results.flatMap(({ checks }) => checks.map(({ command, hash }) => [command, hash])));
  writeHashes(found, commandsOf([...catalogue({ smoke: true }), ...catalogue({ smoke: false })]));
  print(`${Object.keys(found).length} hashes are recorded in benchmarks/expected.json\n`);
}

/**
 * The page and the charts of the groups that ran without a failure.
 *
 * @param {readonly Result[]} results
 * @param {readonly Failure[]} failures
 * @param {{ options: CommandLine, host: Machine }} run
 */
function write(results, failures, { options: { names, rounds }, host }) {
  const failed = new Set(failures.map(({ name }) => name));
  const order = groupsOf(catalogue({ smoke: false }));
  const command = ['npm run bench --', ...names, '--rounds', rounds].join(' ');
  const date = new Date().toISOString().slice(0, 10);
  mkdirSync(charts, { recursive: true });
  /** @type {Record<string, string>} */
  const sections = {};
  for (const name of groupsOf(results).filter((each) => !failed.has(each))) {
    const own = results.filter((result) => result.name === name);
    const chart = chartOf(name, own);
    if (chart !== undefined) writeFileSync(new URL(`${name}.svg`, charts), svgOf(chart));
    const group = { name, results: own, hasChart: chart !== undefined, about: workloads[name] };
    sections[name] = sectionOf(group, { machine: host, command, date });
  }
  writeFileSync(page, withSections(readFileSync(page, 'utf8'), sections, order));
  print(`${Object.keys(sections).join(', ')}: written into benchmarks/RESULTS.md and benchmarks/charts\n`);
}

/** @param {readonly { name: string }[]} all */
function groupsOf(all) {
  return [...new Set(all.map(({ name }) => name))];
}

/**
 * @param {readonly Benchmark[]} benchmarks
 * @param {CommandLine & { compare: string }} options
 */
function compareAll(benchmarks, { compare, rounds }) {
  print(`building ${compare} beside this tree\n`);
  const hashes = readHashes();
  return withBaseTree(root, compare, async ({ folder, commit }) => {
    print(`against ${commit}, ${rounds} pairs each\n`);
    const outcome = await runAll(benchmarks, async (benchmark) => {
      const result = await againstBase(benchmark, { base: folder, rounds, hashes });
      return { result, text: showAgainstBase(result) };
    });
    print(showVerdict(compare, outcome.results));
    return { ...outcome, base: commit, worse: outcome.results.filter(isWorse).length };
  });
}

async function main() {
  const options = parseCommandLine(process.argv.slice(2));
  const all = catalogue(options);
  if (options.help) {
    console.log(`${usage}\n\ngroups, and their members:\n${listing(all)}`);
    return;
  }
  const benchmarks = choose(all, options.names);
  if (options.write) requireWholeGroups(all, benchmarks);
  if (options.json) print = () => {};
  const host = machine();
  print(`${machineText(host)}\n`);
  const start = performance.now();
  const { compare } = options;
  const outcome =
    compare === undefined ? await measureAll(benchmarks, options, host) : await compareAll(benchmarks, { ...options, compare });
  print(`${secondsSince(start)} s in all`);
  if (options.json) console.log(JSON.stringify({ machine: host, smoke: options.smoke, ...outcome }, undefined, 2));
  if (outcome.failures.length > 0 || ('worse' in outcome && outcome.worse > 0)) process.exitCode = 1;
}

/**
 * @param {readonly Benchmark[]} all
 * @param {readonly Benchmark[]} chosen
 */
function requireWholeGroups(all, chosen) {
  const partly = groupsOf(chosen).find((name) => all.some((each) => each.name === name && !chosen.includes(each)));
  if (partly !== undefined) throw new UsageError(`--write replaces whole groups: name ${partly} without its members`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 1;
}
