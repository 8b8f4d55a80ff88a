/** Runs what the catalogue names, in rounds: comparisons program by program, figures as a program reports them. */
import { provide } from './data.mjs';
import { checkHash } from './expected.mjs';
import { commandText, run } from './programs.mjs';
import { spreadOf } from './statistics.mjs';

/**
 * @typedef {import('./programs.mjs').Program} Program
 * @typedef {import('./programs.mjs').Report} Report
 * @typedef {import('./statistics.mjs').Spread} Spread
 */

/**
 * @typedef {object} Identity
 * @property {string} name what to type to run it: that of its group
 * @property {string} [member] what to type after it to run no other ones of the group
 * @property {string} title
 * @property {boolean} [byName] see `Named` in `command-line.mjs`
 */

/**
 * @typedef {Program & { role?: Role, sameResults?: boolean, data?: import('./data.mjs').DataFile, vain?: Vain }} Other `sameResults`: false where it
 *   does other work, or less, so that only rates can be compared; `data`: what this program alone reads; `vain`: why a run of it says nothing
 * @typedef {(results: Record<string, unknown>) => string | undefined} Vain undefined where it says something
 * @typedef {'variant' | 'generator' | 'peer'} Role a variant of the subject, what makes its records, or what others use instead, the default
 */

/**
 * @typedef {object} Comparison one program, and others that do the same work
 * @property {'comparison'} kind
 * @property {string} name as of `Identity`
 * @property {string} [member]
 * @property {string} title
 * @property {import('./data.mjs').DataFile} [data]
 * @property {string} unit of the work
 * @property {(results: Record<string, unknown>) => number} work how much was done
 * @property {(results: Record<string, unknown>) => unknown} [perCore] the work in a second of processor time, where programs report it
 * @property {Readonly<Record<string, number>>} [tolerances] by how much of itself a number that both report may differ; all else must be equal
 * @property {readonly string[]} [varying] what of the results is something else in each run, such as `rows`; never the hash of the subject
 * @property {number} [target] work in a second and core
 * @property {readonly Published[]} [published]
 * @property {Program} subject
 * @property {readonly Other[]} others
 */

/**
 * @typedef {Pick<Comparison, 'tolerances' | 'varying'>} Leeway
 *
 * @typedef {object} Published what others have published, on machines of theirs: not measured here
 * @property {string} label
 * @property {number} perCore work in a second and core
 */

/**
 * @typedef {object} Figures a program that measures by itself; it reports `figures`, and a `hash` of what it has computed meanwhile
 * @property {'figures'} kind
 * @property {string} name as of `Identity`
 * @property {string} [member]
 * @property {string} title
 * @property {Program} subject
 */

/**
 * @typedef {{ name: string, value: number, unit: string, goal?: string }} Figure
 */

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {string | undefined} [profile] a folder for the profiles of the subject
 * @property {import('./expected.mjs').Hashes} [hashes] that are expected
 * @property {boolean} [record] whether other hashes are right, too
 */

/**
 * @typedef {object} Measured
 * @property {string} label
 * @property {Role} [role]
 * @property {Spread} rate
 * @property {number} ratePerCore
 * @property {Spread} [ratio] how many times as fast the subject was
 * @property {undefined} [missing]
 *
 * @typedef {Measured | { label: string, role?: Role, missing: string }} Compared
 * @typedef {Identity & { rounds: number, checks: readonly import('./expected.mjs').HashCheck[] }} Outcome `checks`: of the subject, and of its variants
 * @typedef {Outcome & { kind: 'comparison', unit: string, work: number, target?: number, published?: readonly Published[], programs: [Measured, ...Compared[]] }} ComparisonResult
 * @typedef {Outcome & { kind: 'figures', figures: (Omit<Figure, 'value'> & { value: Spread })[] }} FiguresResult
 * @typedef {ComparisonResult | FiguresResult} Result
 */

/**
 * @param {Comparison | Figures} benchmark
 * @param {Options} options
 * @returns {Promise<Result>}
 * @throws Error when a program fails, or comes to a wrong result
 */
export async function measure(benchmark, options) {
  if (benchmark.kind === 'figures') return measureFigures(benchmark, options);
  if (benchmark.data !== undefined) await provide(benchmark.data);
  return compare(benchmark, options);
}

/**
 * Runs the subject and then each of the others, round after round, so that all of a round meet about the same weather.
 *
 * @param {Comparison} comparison
 * @param {Options} options
 * @returns {Promise<ComparisonResult>}
 * @throws Error when two programs that should do the same work report different results, or the subject reports no hash
 */
export async function compare(comparison, { rounds, profile, hashes = {}, record }) {
  const { subject, others } = comparison;
  const missing = new Map(others.map((other) => [other, other.missing()]));
  /** @type {Map<Program, Report[]>} */
  const reports = new Map([subject, ...others].map((program) => [program, []]));
  for (let round = 0; round < rounds; round++) {
    const mine = await run(subject, { profile });
    reports.get(subject)?.push(mine);
    for (const other of others) {
      if (missing.get(other) !== undefined) continue;
      if (other.data !== undefined) await provide(other.data);
      const report = await run(other);
      reports.get(other)?.push(report);
      if (other.sameResults !== false) requireSameResults([subject.label, mine], [other.label, report], comparison);
    }
  }
  const own = reports.get(subject) ?? [];
  return {
    ...identityOf(comparison),
    kind: 'comparison',
    unit: comparison.unit,
    work: comparison.work(own[0].results),
    ...(comparison.target === undefined ? {} : { target: comparison.target }),
    ...(comparison.published === undefined ? {} : { published: comparison.published }),
    rounds,
    checks: hashedOf(comparison).map((program) => {
      const found = (reports.get(program) ?? []).map((report) => report.results);
      return checkHash(program, found, hashes, { record });
    }),
    programs: [
      measured(comparison, subject, own),
      ...others.map((other) => {
        const why = missing.get(other) ?? vainOf(other, reports.get(other) ?? []);
        if (why !== undefined) return { ...labels(other), missing: why };
        return measured(comparison, other, reports.get(other) ?? [], own);
      }),
    ],
  };
}

/**
 * @param {Other} other
 * @param {readonly Report[]} reports
 */
function vainOf({ vain }, reports) {
  return reports.map(({ results }) => vain?.(results)).find((why) => why !== undefined);
}

/**
 * Those whose results have hashes that are expected: the subject, and variants of it, whose work may be another.
 *
 * @param {Comparison | Figures} benchmark
 * @returns {readonly Program[]}
 */
export function hashedOf(benchmark) {
  const variants = benchmark.kind === 'comparison' ? benchmark.others.filter(({ role }) => role === 'variant') : [];
  return [benchmark.subject, ...variants];
}

/** @param {Identity} identity */
function identityOf({ name, member, title }) {
  return { name, ...(member === undefined ? {} : { member }), title };
}

/** @param {Other} other */
function labels({ label, role }) {
  return { label, ...(role === undefined ? {} : { role }) };
}

/**
 * @param {Comparison} comparison
 * @param {Other} program
 * @param {readonly Report[]} reports
 * @param {readonly Report[]} [own] those of the subject, where the program is another one
 * @returns {Measured}
 */
function measured({ work, perCore }, program, reports, own) {
  const rateOf = (/** @type {Report} */ { seconds, results }) => work(results) / seconds;
  const rates = reports.map(rateOf);
  const rate = spreadOf(rates);
  const perCores = reports.map(({ results }) => perCore?.(results)).filter((each) => typeof each === 'number');
  return {
    ...labels(program),
    rate,
    ratePerCore: perCores.length === reports.length ? spreadOf(perCores).median : rate.median / program.cores,
    ...(own === undefined ? {} : { ratio: spreadOf(own.map((report, i) => rateOf(report) / rates[i])) }),
  };
}

/**
 * What both have reported must be equal, or near to it where there is a tolerance; and something must be: a hash, or at least the totals.
 *
 * @param {[string, Report]} a
 * @param {[string, Report]} b
 * @param {Leeway} [leeway]
 */
export function requireSameResults([labelA, a], [labelB, b], { tolerances = {}, varying = [] } = {}) {
  const shared = Object.keys(a.results).filter((key) => key in b.results && !isMeasurement(key) && !varying.includes(key));
  if (shared.length === 0) throw new Error(`${labelA} and ${labelB} report nothing that could be compared`);
  for (const key of shared) {
    if (isSame(a.results[key], b.results[key], tolerances[key])) continue;
    throw new Error(`the results differ: ${key} is ${a.results[key]} of ${labelA}, but ${b.results[key]} of ${labelB}`);
  }
}

/** @param {string} key of what a program reports */
function isMeasurement(key) {
  return /(PerSecond|[sS]econds)$/.test(key);
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
 * @param {Figures} benchmark
 * @param {Options} options
 * @returns {Promise<FiguresResult>}
 * @throws Error when the program reports no hash, or another one than is expected
 */
export async function measureFigures(benchmark, { rounds, profile, hashes = {}, record }) {
  const { subject } = benchmark;
  const reports = [];
  for (let round = 0; round < rounds; round++) reports.push((await run(subject, { profile })).results);
  const figures = reports.map((results) => /** @type {Figure[]} */ (results.figures));
  return {
    ...identityOf(benchmark),
    kind: 'figures',
    rounds,
    checks: [checkHash(subject, reports, hashes, { record })],
    figures: figures[0].map((figure, i) => ({ ...figure, value: spreadOf(figures.map((round) => round[i].value)) })),
  };
}

/**
 * All commands whose results have hashes.
 *
 * @param {readonly (Comparison | Figures)[]} benchmarks
 * @returns {ReadonlySet<string>}
 */
export function commandsOf(benchmarks) {
  return new Set(benchmarks.flatMap((benchmark) => hashedOf(benchmark).flatMap((program) => commandText(program) ?? [])));
}
