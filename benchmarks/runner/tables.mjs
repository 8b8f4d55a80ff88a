/** Results as rows of text, the first of which is the head: ratios first, absolutes second. Pure. */
import { quantity } from './text.mjs';

/**
 * @typedef {import('./measure.mjs').ComparisonResult} ComparisonResult
 * @typedef {import('./measure.mjs').FiguresResult} FiguresResult
 * @typedef {import('./measure.mjs').Measured} Measured
 * @typedef {import('./statistics.mjs').Spread} Spread
 * @typedef {readonly string[]} Cells
 */

/** Behind what others have published. */
export const elsewhere = '†';

/**
 * Whether a result belongs in a table of one line for each: it has more to be measured by than other programs.
 *
 * @param {ComparisonResult} result
 */
export function isQuery({ target, published, programs }) {
  return target !== undefined || published !== undefined || programs.some(({ role }) => role === 'generator');
}

/**
 * A line for each pair of programs.
 *
 * @param {readonly ComparisonResult[]} results at least one
 * @returns {Cells[]}
 */
export function comparisonRows(results) {
  /** @type {Cells[]} */
  const rows = [['', 'against', 'ratio', '(min – max)', `${results[0].unit}/s`, 'per core', 'the other']];
  for (const { title, programs } of results) {
    const [subject, ...others] = programs;
    const own = [quantity(subject.rate.median), quantity(subject.ratePerCore)];
    if (others.length === 0) rows.push([title, '', '', '', ...own, '']);
    for (const [i, other] of others.entries()) {
      const head = i === 0 ? title : '';
      if (other.missing !== undefined) rows.push([head, other.label, other.missing, '', ...own, '']);
      else rows.push([head, other.label, ...ratioCells(other.ratio), ...own, quantity(other.rate.median)]);
    }
  }
  return rows;
}

/** @param {Spread | undefined} ratio */
export function ratioCells(ratio) {
  return ratio === undefined ? ['', ''] : [quantity(ratio.median), range(ratio)];
}

/** @param {Spread} spread */
export function range({ min, max }) {
  return min === max ? '' : `(${quantity(min)} – ${quantity(max)})`;
}

/**
 * A line for each query. All ratios are of rates per core, as what is published is by core, and so are all rates but the last one.
 *
 * @param {readonly ComparisonResult[]} results at least one
 * @returns {Cells[]}
 */
export function queryRows(results) {
  const { unit } = results[0];
  const others = results.flatMap(({ programs: [, ...rest] }) => rest);
  const peers = labelsOf(others.filter(({ role }) => role === undefined || role === 'peer'));
  const variants = labelsOf(others.filter(({ role }) => role === 'variant'));
  const published = labelsOf(results.flatMap((result) => result.published ?? []));
  const head = [
    '',
    ...peers.map((label) => `× ${label}`),
    ...published.map((label) => `× ${label} ${elsewhere}`),
    '× target',
    `${unit}/s per core`,
    'without generator',
    ...variants,
    'target',
    `${unit}/s`,
    unit,
  ];
  return [head, ...results.map((result) => queryCells(result, { peers, variants, published }))];
}

/**
 * @param {readonly { label: string }[]} all
 * @returns {string[]}
 */
function labelsOf(all) {
  return [...new Set(all.map(({ label }) => label))];
}

/**
 * @param {ComparisonResult} result
 * @param {Readonly<Record<'peers' | 'variants' | 'published', readonly string[]>>} columns
 * @returns {Cells}
 */
function queryCells(result, { peers, variants, published }) {
  const { name, member, target, work, programs } = result;
  const [subject] = programs;
  const without = withoutGenerator(result);
  return [
    member ?? name,
    ...peers.map((label) => optional(ratioTo(subject, measuredOf(result, label)?.ratePerCore))),
    ...published.map((label) => optional(ratioTo(subject, result.published?.find((each) => each.label === label)?.perCore))),
    target === undefined ? '' : `${quantity(subject.ratePerCore / target)}${isReached(result) ? ' ✓' : ''}`,
    quantity(subject.ratePerCore),
    optional(without),
    ...variants.map((label) => optional(measuredOf(result, label)?.ratePerCore)),
    optional(target),
    quantity(subject.rate.median),
    quantity(work),
  ];
}

/**
 * @param {ComparisonResult} result
 * @param {string} label
 * @returns {Measured | undefined}
 */
function measuredOf({ programs }, label) {
  const program = programs.find((each) => each.label === label);
  return program?.missing === undefined ? program : undefined;
}

/**
 * @param {Measured} subject
 * @param {number | undefined} perCore
 */
function ratioTo({ ratePerCore }, perCore) {
  return perCore === undefined ? undefined : ratePerCore / perCore;
}

/** @param {number | undefined} value */
function optional(value) {
  return value === undefined ? '' : quantity(value);
}

/** @param {ComparisonResult} result */
export function isReached({ target, programs: [subject] }) {
  return target !== undefined && subject.ratePerCore >= target;
}

/**
 * The rate per core if the records cost nothing: the time of a record less that of making it.
 *
 * @param {ComparisonResult} result
 * @returns {number | undefined} undefined where the generator was not measured, or takes all of the time
 */
export function withoutGenerator({ programs }) {
  const generator = programs.find(({ role }) => role === 'generator');
  if (generator === undefined || generator.missing !== undefined) return undefined;
  const secondsLeft = 1 / programs[0].ratePerCore - 1 / generator.ratePerCore;
  return secondsLeft > 0 ? 1 / secondsLeft : undefined;
}

/**
 * @param {FiguresResult} result
 * @returns {Cells[]}
 */
export function figureRows({ figures }) {
  return [
    ['', 'median', '', '(min – max)', 'goal'],
    ...figures.map(({ name, value, unit, goal = '' }) => [name, quantity(value.median), unit, range(value), goal]),
  ];
}
