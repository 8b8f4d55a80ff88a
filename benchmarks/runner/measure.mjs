/** Runs what the catalogue names, in rounds: comparisons pair by pair, figures as a program reports them. */
import { run } from './programs.mjs';
import { spreadOf } from './statistics.mjs';

/**
 * @typedef {import('./programs.mjs').Program} Program
 * @typedef {import('./programs.mjs').Report} Report
 * @typedef {import('./statistics.mjs').Spread} Spread
 */

/**
 * @typedef {object} Comparison one program, and others that do the same work
 * @property {'comparison'} kind
 * @property {string} name what to type to run it; several may share it
 * @property {string} title
 * @property {import('./data.mjs').DataFile} [data]
 * @property {string} unit of the work
 * @property {(results: Record<string, unknown>) => number} work how much was done
 * @property {Readonly<Record<string, number>>} [tolerances] by how much of itself a number that both report may differ; all else must be equal
 * @property {Program} subject
 * @property {readonly Program[]} others
 */

/**
 * @typedef {object} Figures a program that measures by itself; it reports `figures`
 * @property {'figures'} kind
 * @property {string} name
 * @property {string} title
 * @property {Program} subject
 */

/**
 * @typedef {{ name: string, value: number, unit: string, goal?: string }} Figure
 * @typedef {{ rounds: number, reuse?: boolean, profile?: string | undefined }} Options `reuse`: one run of the subject for all pairs
 * @typedef {{ label: string, rate: Spread, ratePerCore: number, ratio?: Spread, missing?: undefined } | { label: string, missing: string }} Compared
 * @typedef {{ kind: 'comparison', name: string, title: string, unit: string, rounds: number, programs: Compared[] }} ComparisonResult
 * @typedef {{ kind: 'figures', name: string, title: string, rounds: number, figures: (Omit<Figure, 'value'> & { value: Spread })[] }} FiguresResult
 */

/**
 * Runs the subject and another program in turn, A B A B …, so that both sides of a pair meet the same weather.
 *
 * @param {Comparison} comparison
 * @param {Options} options
 * @returns {Promise<ComparisonResult>}
 * @throws Error when two programs that should do the same work report different results
 */
export async function compare(comparison, options) {
  const { name, title, unit, subject, others } = comparison;
  const rate = (/** @type {Report} */ { seconds, results }) => comparison.work(results) / seconds;
  const subjectRates = [];
  const compared = [];
  const runSubject = runner(subject, options);
  for (const other of others) {
    const missing = other.missing();
    if (missing !== undefined) {
      compared.push({ label: other.label, missing });
      continue;
    }
    const pairs = await runPairs({ ...subject, run: runSubject }, other, options.rounds, comparison.tolerances);
    subjectRates.push(...pairs.map(([a]) => rate(a)));
    const ratio = spreadOf(pairs.map(([a, b]) => rate(a) / rate(b)));
    compared.push({
      ...rates(
        other,
        pairs.map(([, b]) => rate(b)),
      ),
      ratio,
    });
  }
  if (subjectRates.length === 0) subjectRates.push(...(await repeated(runSubject, options.rounds)).map(rate));
  return { kind: 'comparison', name, title, unit, rounds: options.rounds, programs: [rates(subject, subjectRates), ...compared] };
}

/**
 * @param {Program} program
 * @param {readonly number[]} values
 */
function rates({ label, cores }, values) {
  const rate = spreadOf(values);
  return { label, rate, ratePerCore: rate.median / cores };
}

/**
 * @param {Program} subject
 * @param {Options} options
 * @returns {() => Promise<Report>}
 */
function runner(subject, { reuse = false, profile }) {
  if (!reuse) return () => run(subject, { profile });
  /** @type {Promise<Report> | undefined} */
  let first;
  return () => {
    first ??= run(subject, { profile });
    return first;
  };
}

/**
 * @param {{ label: string, run: () => Promise<Report> }} subject
 * @param {Program} other
 * @param {number} rounds
 * @param {Comparison['tolerances']} tolerances
 * @returns {Promise<[Report, Report][]>}
 */
async function runPairs(subject, other, rounds, tolerances) {
  /** @type {[Report, Report][]} */
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    const a = await subject.run();
    const b = await run(other);
    requireSameResults([subject.label, a], [other.label, b], tolerances);
    pairs.push([a, b]);
  }
  return pairs;
}

/**
 * @param {() => Promise<Report>} run
 * @param {number} rounds
 */
async function repeated(run, rounds) {
  const reports = [];
  for (let round = 0; round < rounds; round++) reports.push(await run());
  return reports;
}

/**
 * What both have reported must be equal, or near to it where there is a tolerance; and something must be: a hash, or at least the totals.
 *
 * @param {[string, Report]} a
 * @param {[string, Report]} b
 * @param {Comparison['tolerances']} [tolerances]
 */
export function requireSameResults([labelA, a], [labelB, b], tolerances = {}) {
  const shared = Object.keys(a.results).filter((key) => key in b.results && !key.endsWith('PerSecond'));
  if (shared.length === 0) throw new Error(`${labelA} and ${labelB} report nothing that could be compared`);
  for (const key of shared) {
    if (isSame(a.results[key], b.results[key], tolerances[key])) continue;
    throw new Error(`the results differ: ${key} is ${a.results[key]} of ${labelA}, but ${b.results[key]} of ${labelB}`);
  }
}

/**
 * @param {unknown} a
 * @param {unknown} b
 * @param {number} [tolerance]
 */
function isSame(a, b, tolerance) {
  return a === b || (tolerance !== undefined && Math.abs(Number(a) - Number(b)) <= tolerance * Math.abs(Number(b)));
}

/**
 * @param {Figures} figures
 * @param {Options} options
 * @returns {Promise<FiguresResult>}
 */
export async function measureFigures({ name, title, subject }, options) {
  const reports = await repeated(runner(subject, options), options.rounds);
  const rounds = reports.map(({ results }) => /** @type {Figure[]} */ (results.figures));
  const figures = rounds[0].map((figure, i) => ({ ...figure, value: spreadOf(rounds.map((round) => round[i].value)) }));
  return { kind: 'figures', name, title, rounds: options.rounds, figures };
}
