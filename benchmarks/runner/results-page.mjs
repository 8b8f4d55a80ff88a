/**
 * The page of results, `RESULTS.md`: a section for each group, between markers, which is replaced as a whole; what stands outside of them
 * is written by hand and stays. Pure.
 */
import { machineText } from './machine.mjs';
import { comparisonRows, elsewhere, figureRows, isQuery, queryRows } from './tables.mjs';

/**
 * @typedef {import('./measure.mjs').Result} Result
 */

/**
 * @typedef {object} Group
 * @property {string} name
 * @property {string} [about] the workload, where titles do not say it
 * @property {readonly Result[]} results all of the group
 * @property {boolean} hasChart
 * @property {readonly string[]} [notes]
 */

/**
 * @typedef {object} Run
 * @property {import('./machine.mjs').Machine} machine
 * @property {string} command that repeats it
 * @property {string} date
 */

/**
 * @param {Group} group
 * @param {Run} run
 * @returns {string} between its markers
 */
export function sectionOf({ name, about, results, hasChart }, { machine, command, date }) {
  const comparisons = results.filter((result) => result.kind === 'comparison');
  const queries = comparisons.filter(isQuery);
  const others = comparisons.filter((result) => !isQuery(result));
  const published = queries.some((result) => result.published !== undefined);
  const rounds = Math.max(...results.map((result) => result.rounds));
  return [
    startOf(name),
    `### ${name}`,
    ...(about === undefined ? [] : [about]),
    `\`${command}\`, ${date}, ${rounds === 1 ? '1 round' : `medians of ${rounds} rounds`}: ${machineText(machine)}.`,
    ...(hasChart ? [`![${name}](charts/${name}.svg)`] : []),
    ...(queries.length === 0 ? [] : [markdownTable(queryRows(queries))]),
    ...(published ? [`${elsewhere} By core, against what others have published of machines of theirs; not measured here.`] : []),
    ...(others.length === 0 ? [] : [markdownTable(comparisonRows(others))]),
    ...results.flatMap((result) => (result.kind === 'figures' ? [`**${result.title}**`, markdownTable(figureRows(result))] : [])),
    endOf(name),
  ].join('\n\n');
}

/** @param {string} name */
function startOf(name) {
  return `<!-- ${name}: written by npm run bench -- --write -->`;
}

/** @param {string} name */
function endOf(name) {
  return `<!-- end of ${name} -->`;
}

/**
 * @param {readonly (readonly string[])[]} rows the first one is the head
 * @returns {string} the first column aligned to the left, the others to the right
 */
export function markdownTable([head, ...rows]) {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

const regionStart = '<!-- results -->';
const regionEnd = '<!-- end of results -->';

/**
 * @param {string} page
 * @param {Readonly<Record<string, string>>} sections by group
 * @param {readonly string[]} order of all groups
 * @returns {string} the page with these sections, those of other groups as they are
 * @throws Error where the page has no place for them
 */
export function withSections(page, sections, order) {
  const from = page.indexOf(regionStart);
  const to = page.indexOf(regionEnd);
  if (from < 0 || to < from) throw new Error(`RESULTS.md has no lines ${regionStart} and ${regionEnd}, between which results belong`);
  const old = sectionsIn(page.slice(from, to));
  const all = { ...old, ...sections };
  // What the catalogue does not know any more has no results.
  const body = order.flatMap((name) => all[name] ?? []);
  return `${page.slice(0, from)}${[regionStart, ...body, ''].join('\n\n').trimEnd()}\n\n${page.slice(to)}`;
}

/**
 * @param {string} region
 * @returns {Record<string, string>}
 */
function sectionsIn(region) {
  const section = /<!-- (\S+): written by [^\n]* -->[\s\S]*?<!-- end of \1 -->/g;
  return Object.fromEntries([...region.matchAll(section)].map(([text, name]) => [name, text]));
}
