/**
 * One benchmark of the working tree against the same of a base commit: only what Millrace does, in fresh processes, in pairs whose order
 * is turned round each time, A B B A.
 */
import { provide } from './data.mjs';
import { checkHash } from './expected.mjs';
import { requireSameResults } from './measure.mjs';
import { inTree, run } from './programs.mjs';
import { directionOf, judge } from './verdict.mjs';

/**
 * @typedef {import('./measure.mjs').Comparison} Comparison
 * @typedef {import('./measure.mjs').Figure} Figure
 * @typedef {import('./measure.mjs').Figures} Figures
 * @typedef {import('./programs.mjs').Program} Program
 * @typedef {import('./programs.mjs').Report} Report
 * @typedef {import('./verdict.mjs').Verdict} Verdict
 */

/**
 * @typedef {Verdict & { what: string, unit: string }} Judged
 * @typedef {import('./measure.mjs').Identity & { kind: 'against-base', judged: readonly Judged[], missing?: string }} AgainstBase
 */

/**
 * What seems to differ is measured again, and judged by all pairs: of many benchmarks some will look slower once, by chance.
 *
 * @param {Comparison | Figures} benchmark
 * @param {{ base: string, rounds: number, hashes?: import('./expected.mjs').Hashes }} options `base`: the folder of the other tree; `hashes` that are expected
 * @returns {Promise<AgainstBase>}
 * @throws Error when the program of the working tree fails, or comes to another result than is expected
 */
export async function againstBase(benchmark, { base, rounds, hashes = {} }) {
  const { name, member, title, subject } = benchmark;
  const identity = { name, ...(member === undefined ? {} : { member }), title };
  if (benchmark.kind === 'comparison' && benchmark.data !== undefined) await provide(benchmark.data);
  const other = inTree(subject, base);
  const absent = other.missing();
  if (absent !== undefined) return { ...identity, kind: 'against-base', judged: [], missing: `${absent} in the base` };
  const pairs = await runPairs(other, subject, rounds);
  if (typeof pairs === 'string') return { ...identity, kind: 'against-base', judged: [], missing: pairs };
  const results = pairs.map(([, tree]) => tree.results);
  checkHash(subject, results, hashes, {});
  const different = benchmark.kind === 'comparison' ? difference(pairs, benchmark) : undefined;
  if (different !== undefined) return { ...identity, kind: 'against-base', judged: [], missing: different };
  if (judgements(benchmark, pairs).some(({ outcome }) => outcome === 'worse')) {
    const more = await runPairs(other, subject, rounds);
    if (typeof more !== 'string') pairs.push(...more);
  }
  return { ...identity, kind: 'against-base', judged: judgements(benchmark, pairs) };
}

/**
 * @param {Program} base
 * @param {Program} tree
 * @param {number} rounds
 * @returns {Promise<[base: Report, tree: Report][] | string>} why not, where the base fails
 */
async function runPairs(base, tree, rounds) {
  /** @type {[Report, Report][]} */
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    /** @type {Report | undefined} */
    let mine;
    if (round % 2 === 1) mine = await run(tree);
    let other;
    try {
      other = await run(base);
    } catch (error) {
      return `the base fails: ${error instanceof Error ? error.message : error}`;
    }
    pairs.push([other, mine ?? (await run(tree))]);
  }
  return pairs;
}

/**
 * @param {readonly [Report, Report][]} pairs
 * @param {Comparison} leeway
 */
function difference(pairs, leeway) {
  try {
    for (const [base, tree] of pairs) requireSameResults(['the base', base], ['the working tree', tree], leeway);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {Comparison | Figures} benchmark
 * @param {readonly [Report, Report][]} pairs
 * @returns {Judged[]}
 */
function judgements(benchmark, pairs) {
  if (benchmark.kind === 'figures') return judgedFigures(pairs);
  const seconds = pairs.map(([base, tree]) => /** @type {const} */ ([base.seconds, tree.seconds]));
  return [{ what: 'time', unit: 's', ...judge(seconds, { better: 'lower', secondsPerUnit: 1 }) }];
}

/** @param {readonly [Report, Report][]} pairs */
function judgedFigures(pairs) {
  const all = pairs.map(([base, tree]) => [base, tree].map(({ results }) => /** @type {Figure[]} */ (results.figures)));
  return all[0][1].flatMap(({ name, unit }) => {
    const direction = directionOf(unit);
    const values = all.map((sides) =>
      sides.map((figures) => figures.find((figure) => figure.name === name && figure.unit === unit)?.value),
    );
    // A figure that one side lacks, or that is 0, has no ratio.
    const known = values.flatMap(([base, tree]) => (base && tree ? [/** @type {const} */ ([base, tree])] : []));
    return direction === undefined || known.length === 0 ? [] : [{ what: name, unit, ...judge(known, direction) }];
  });
}
