/** Results for the terminal. Pure. */
import { elsewhere, figureRows, isQuery, isReached, queryRows, ratioCells, withoutGenerator } from './tables.mjs';
import { quantity, table } from './text.mjs';

/**
 * @typedef {import('./measure.mjs').ComparisonResult} ComparisonResult
 * @typedef {import('./measure.mjs').FiguresResult} FiguresResult
 * @typedef {import('./against-base.mjs').AgainstBase} AgainstBase
 */

/**
 * @param {ComparisonResult | FiguresResult} result
 * @returns {string}
 */
export function show(result) {
  const rounds = result.rounds === 1 ? '1 round' : `${result.rounds} rounds`;
  const body = result.kind === 'comparison' ? comparison(result) : table(figureRows(result));
  return `${headOf(result)} (${rounds})\n${[body, ...notes(result)].join('\n')}\n`;
}

/** @param {import('./measure.mjs').Identity} identity */
export function headOf({ name, member, title }) {
  return `${member === undefined ? name : `${name} ${member}`}: ${title}`;
}

/** @param {ComparisonResult} result */
function comparison({ unit, programs }) {
  const rows = [['', `${unit}/s`, 'per core', 'ratio', '(min – max)']];
  for (const program of programs) {
    if (program.missing !== undefined) continue;
    const { label, rate, ratePerCore, ratio } = program;
    rows.push([label, quantity(rate.median), quantity(ratePerCore), ...ratioCells(ratio)]);
  }
  return table(rows);
}

/** @param {ComparisonResult | FiguresResult} result */
function notes(result) {
  const lines = [];
  if (result.kind === 'comparison') lines.push(...comparisonNotes(result));
  for (const { command, hash, state } of result.checks)
    if (state === 'not recorded') lines.push(`the hash of the result, ${hash} of ${command}, is not recorded: see --record`);
  return lines.map((line) => `  ${line}`);
}

/** @param {ComparisonResult} result */
function comparisonNotes(result) {
  const { target, published = [], programs } = result;
  const lines = programs.flatMap(({ label, missing }) => (missing === undefined ? [] : [`${label}: ${missing}`]));
  const without = withoutGenerator(result);
  if (without !== undefined) lines.push(`${quantity(without)} per core without the generator`);
  if (target !== undefined) lines.push(`target ${quantity(target)} per core: ${isReached(result) ? 'reached' : 'not reached'}`);
  for (const { label, perCore } of published) lines.push(`${label}: ${quantity(perCore)} per core, published elsewhere`);
  return lines;
}

/**
 * @param {AgainstBase} result
 * @returns {string}
 */
export function showAgainstBase(result) {
  if (result.missing !== undefined) return `${headOf(result)}\n  not compared: ${result.missing}\n`;
  if (result.judged.length === 0) return `${headOf(result)}\n  not compared: it reports nothing of which less or more is better\n`;
  const rows = [['', 'base', 'now', '', 'ratio', '(min – max)', 'by chance', 'pairs', '']];
  for (const { what, unit, base, tree, ratio, chance, pairs, outcome } of result.judged) {
    rows.push([what, quantity(base), quantity(tree), unit, ...ratioCells(ratio), quantity(chance), String(pairs), outcome]);
  }
  return `${headOf(result)}\n${table(rows)}\n`;
}

/**
 * @param {string} base
 * @param {readonly AgainstBase[]} results
 * @returns {string} what became worse, and of what nothing is known
 */
export function showVerdict(base, results) {
  const named = (/** @type {readonly AgainstBase[]} */ some) =>
    some.map(({ name, member = '' }) => `${name} ${member}`.trimEnd()).join(', ');
  const worse = results.filter(isWorse);
  const few = results.filter(({ judged }) => judged.some(({ outcome }) => outcome === 'too few pairs'));
  const missing = results.filter(({ judged }) => judged.length === 0);
  const known = few.length + missing.length === 0 ? 'nothing became worse' : 'nothing is known to have become worse';
  return [
    worse.length === 0 ? known : `worse than ${base}: ${named(worse)}`,
    ...(few.length === 0 ? [] : [`too few pairs: ${named(few)}`]),
    ...(missing.length === 0 ? [] : [`not compared: ${named(missing)}`]),
  ].join('; ');
}

/** @param {AgainstBase} result */
export function isWorse({ judged }) {
  return judged.some(({ outcome }) => outcome === 'worse');
}

/**
 * A table for each group, with a line for each query, where several ran.
 *
 * @param {readonly (ComparisonResult | FiguresResult)[]} results
 * @returns {string[]}
 */
export function showSummary(results) {
  const queries = results.filter((result) => result.kind === 'comparison').filter(isQuery);
  return [...new Set(queries.map(({ name }) => name))].flatMap((name) => {
    const own = queries.filter((query) => query.name === name);
    if (own.length < 2) return [];
    return [`${name}: × is how many times as fast Millrace was, by core; ${elsewhere} published elsewhere\n${table(queryRows(own))}\n`];
  });
}
