/**
 * Runs the benchmarks; `benchmarks/README.md` says what they are and how to read them.
 *
 *   npm run bench -- [names…] [--rounds <n>] [--smoke] [--json] [--profile]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { catalogue } from './catalogue.mjs';
import { provide } from './runner/data.mjs';
import { machine, machineText } from './runner/machine.mjs';
import { compare, measureFigures } from './runner/measure.mjs';
import { show } from './runner/show.mjs';

const usage = `usage: npm run bench -- [names…] [options]
  --rounds <n>  runs of each program, 5 by default
  --smoke       one round on tiny data: whether the benchmarks work, not how fast anything is
  --json        the results as JSON, at the end
  --profile     leave V8's profiles of all threads of Millrace in benchmarks/data/profiles`;

/** A mistake on the command line; the message is for the user. */
class UsageError extends Error {}

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        smoke: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const rounds = Number(values.rounds ?? (values.smoke ? 1 : 5));
    if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError(`--rounds must be a whole number from 1, not '${values.rounds}'`);
    return { ...values, names: positionals, rounds };
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

/**
 * @param {readonly string[]} names all of them when empty
 * @param {boolean} smoke
 */
function chosen(names, smoke) {
  const all = catalogue({ smoke });
  const known = new Set(all.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new UsageError(`there is no benchmark '${unknown}'; there are ${[...known].join(', ')}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/**
 * @param {ReturnType<typeof catalogue>[number]} benchmark
 * @param {import('./runner/measure.mjs').Options} options
 */
function measure(benchmark, options) {
  if (benchmark.kind === 'figures') return measureFigures(benchmark, options);
  if (benchmark.data !== undefined) provide(benchmark.data);
  return compare(benchmark, options);
}

async function main() {
  const { names, smoke, json, profile, help, rounds } = readCommandLine();
  if (help) {
    console.log(usage);
    return;
  }
  const benchmarks = chosen(names, smoke);
  const options = { rounds, reuse: smoke, profile: profile ? fileURLToPath(new URL('data/profiles', import.meta.url)) : undefined };
  const print = json ? () => {} : console.log;

  const host = machine();
  print(`${machineText(host)}\n`);
  const results = [];
  const failures = [];
  for (const benchmark of benchmarks) {
    try {
      const result = await measure(benchmark, options);
      results.push(result);
      print(show(result));
    } catch (error) {
      // The others may still be measured.
      failures.push({ name: benchmark.name, title: benchmark.title, error: String(error) });
      print(`${benchmark.name}: ${benchmark.title}\n  failed: ${error}\n`);
    }
  }
  if (json) console.log(JSON.stringify({ machine: host, smoke, results, failures }, undefined, 2));
  if (failures.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 1;
}
