/** Results as charts: what of them is a bar, and what a mark. Pure. */
import { elsewhere, isQuery } from './tables.mjs';
import { quantity, shortQuantity } from './text.mjs';

/**
 * @typedef {import('./chart.mjs').Chart} Chart
 * @typedef {import('./chart.mjs').Panel} Panel
 * @typedef {import('./chart.mjs').Row} Row
 * @typedef {import('./measure.mjs').ComparisonResult} ComparisonResult
 * @typedef {import('./measure.mjs').FiguresResult} FiguresResult
 * @typedef {import('./measure.mjs').Result} Result
 */

/**
 * @param {string} name of the group
 * @param {readonly Result[]} results of the group
 * @returns {Chart | undefined} undefined where there is nothing to draw
 */
export function chartOf(name, results) {
  const comparisons = results.filter((result) => result.kind === 'comparison');
  const queries = comparisons.filter(isQuery);
  if (queries.length > 0) return queryChart(name, queries);
  if (comparisons.length > 0) return comparisonChart(name, comparisons);
  return figureChart(
    name,
    results.filter((result) => result.kind === 'figures'),
  );
}

/**
 * @param {string} name
 * @param {readonly ComparisonResult[]} results
 * @returns {Chart}
 */
function queryChart(name, results) {
  const { unit } = results[0];
  return {
    title: `${name}: ${unit} per second and core`,
    subtitle: 'What was published elsewhere (†) was measured on other machines. → lies beyond the scale.',
    bar: 'Millrace',
    tick: shortQuantity,
    panels: [{ scale: 'shared', rows: results.map(queryRow) }],
  };
}

/**
 * @param {ComparisonResult} result
 * @returns {Row}
 */
function queryRow({ name, member, target, published = [], programs: [subject, ...others] }) {
  const peers = others.flatMap((other) =>
    other.missing === undefined && other.role === undefined ? [{ label: other.label, value: other.ratePerCore }] : [],
  );
  return {
    label: member ?? name,
    value: subject.ratePerCore,
    text:
      target === undefined
        ? quantity(subject.ratePerCore)
        : `${quantity(subject.ratePerCore)}, ${quantity(subject.ratePerCore / target)} × target`,
    ...(target === undefined ? {} : { target }),
    marks: [...peers, ...published.map(({ label, perCore }) => ({ label: `${label} ${elsewhere}`, value: perCore }))],
  };
}

/**
 * @param {string} name
 * @param {readonly ComparisonResult[]} results
 * @returns {Chart}
 */
function comparisonChart(name, results) {
  const rows = results.map(comparisonRow);
  // Where all have others beside them, it is these that each is to be compared with.
  const isOwn = rows.every(({ marks = [] }) => marks.length > 0);
  return {
    title: `${name}: ${results[0].unit} per second`,
    ...(isOwn && rows.length > 1 ? { subtitle: 'Each line has a scale of its own, from 0 to the fastest.' } : {}),
    bar: 'Millrace',
    tick: shortQuantity,
    panels: [{ scale: isOwn ? 'own' : 'shared', rows }],
  };
}

/**
 * @param {ComparisonResult} result
 * @returns {Row}
 */
function comparisonRow({ name, member, unit, programs: [subject, ...others] }) {
  return {
    label: member ?? name,
    value: subject.rate.median,
    text: `${quantity(subject.rate.median)} ${unit}/s`,
    marks: others.flatMap((other) => (other.missing === undefined ? [{ label: other.label, value: other.rate.median }] : [])),
  };
}

/**
 * A panel for each result and unit: only what has the same unit can be compared.
 *
 * @param {string} name
 * @param {readonly FiguresResult[]} results
 * @returns {Chart | undefined}
 */
function figureChart(name, results) {
  const panels = results.flatMap(({ title, figures }) => {
    const units = [...new Set(figures.map(({ unit }) => unit))];
    return units.map((unit) =>
      figurePanel(
        `${title} (${unit})`,
        figures.filter((figure) => figure.unit === unit),
      ),
    );
  });
  if (panels.length === 0) return undefined;
  return { title: name, bar: 'Millrace, median', tick: shortQuantity, panels };
}

/**
 * @param {string} title
 * @param {FiguresResult['figures']} figures of one unit
 * @returns {Panel}
 */
function figurePanel(title, figures) {
  return {
    title,
    scale: 'shared',
    rows: figures.map(({ name, value, goal }) => {
      const target = goal === undefined ? undefined : goalOf(goal);
      return {
        label: name,
        value: value.median,
        text: `${quantity(value.median)}${goal === undefined ? '' : `, goal ${goal}`}`,
        ...(target === undefined ? {} : { target }),
      };
    }),
  };
}

/** @type {Readonly<Record<string, number>>} */
const multiples = { k: 1e3, M: 1e6, G: 1e9 };

/**
 * @param {string} goal such as `≥ 0.8`, `< 2,000` or `≥ 2 M`
 * @returns {number | undefined}
 */
export function goalOf(goal) {
  const [, digits, unit] = /^[<>≤≥] ?([\d.,]+)(?: ?([kMG]))?$/.exec(goal) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits.replaceAll(',', '')) * (multiples[unit] ?? 1);
}
