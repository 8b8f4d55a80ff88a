/** Results as tables. Pure. */
import { quantity, table } from './text.mjs';

/**
 * @typedef {import('./measure.mjs').ComparisonResult} ComparisonResult
 * @typedef {import('./measure.mjs').FiguresResult} FiguresResult
 * @typedef {import('./statistics.mjs').Spread} Spread
 */

/**
 * @param {ComparisonResult | FiguresResult} result
 * @returns {string}
 */
export function show(result) {
  const rounds = result.rounds === 1 ? '1 round' : `${result.rounds} rounds`;
  const body = result.kind === 'comparison' ? comparison(result) : figures(result);
  return `${result.name}: ${result.title} (${rounds})\n${body}\n`;
}

/** @param {ComparisonResult} result */
function comparison({ unit, programs }) {
  const rows = [['', `${unit}/s`, 'per core', 'ratio', '(min – max)']];
  const notes = [];
  for (const program of programs) {
    if (program.missing !== undefined) {
      notes.push(`  ${program.label} was not run: ${program.missing}`);
      continue;
    }
    const { label, rate, ratePerCore, ratio } = program;
    rows.push([label, quantity(rate.median), quantity(ratePerCore), ...ratioCells(ratio)]);
  }
  return [table(rows), ...notes].join('\n');
}

/** @param {Spread | undefined} ratio */
function ratioCells(ratio) {
  return ratio === undefined ? ['', ''] : [quantity(ratio.median), range(ratio)];
}

/** @param {FiguresResult} result */
function figures({ figures: all }) {
  const rows = [['', 'median', '', '(min – max)', 'goal']];
  for (const { name, value, unit, goal = '' } of all) rows.push([name, quantity(value.median), unit, range(value), goal]);
  return table(rows);
}

/** @param {Spread} spread */
function range({ min, max }) {
  if (min === max) return '';
  return `(${quantity(min)} – ${quantity(max)})`;
}
