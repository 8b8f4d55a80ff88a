/**
 * Bar charts as SVG: a bar for each row, and marks on the same scale, for a target and for peers. An axis reaches as far as bars and
 * targets; marks that lie beyond it stand at its end, with an arrow. Pure. Colours follow the reader's preference for light or dark.
 */

/**
 * @typedef {object} Mark
 * @property {string} label what the legend says; marks of the same label look the same
 * @property {number} value
 */

/**
 * @typedef {object} Row
 * @property {string} label
 * @property {number} value
 * @property {string} text the value for people, and what else belongs beside it
 * @property {number} [target]
 * @property {readonly Mark[]} [marks]
 */

/**
 * @typedef {object} Panel
 * @property {string} [title]
 * @property {'shared' | 'own'} scale one for all rows, with an axis; or each row its own, where they cannot be compared
 * @property {readonly Row[]} rows
 */

/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} [subtitle]
 * @property {string} bar what the legend says of the bars
 * @property {(value: number) => string} tick a value on an axis
 * @property {readonly Panel[]} panels
 */

const width = 820;
const margin = 12;
const barsEnd = 630;
const textStart = barsEnd + 26;
/** Longer labels stand above their bars. */
const labelLengthMax = 24;
const rowHeight = 24;
const tallRowHeight = 38;
const barHeight = 12;

const shapes = [
  (/** @type {number} */ x, /** @type {number} */ y) => `<circle cx="${x}" cy="${y}" r="4"/>`,
  (/** @type {number} */ x, /** @type {number} */ y) => `<path d="M${x} ${y - 5.5}l5 5.5l-5 5.5l-5-5.5z"/>`,
  (/** @type {number} */ x, /** @type {number} */ y) => `<path d="M${x} ${y - 5}l5 9h-10z"/>`,
  (/** @type {number} */ x, /** @type {number} */ y) => `<rect x="${x - 4}" y="${y - 4}" width="8" height="8"/>`,
  (/** @type {number} */ x, /** @type {number} */ y) => `<path d="M${x} ${y + 5}l5-9h-10z"/>`,
];

/** Colours that also those tell apart who see few of them; those of marks are for both backgrounds. */
const style = `text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}.quiet{fill:#656d76}
.bar{fill:#4c8dda}.target{stroke:#24292f;stroke-width:2}.grid{stroke:#d0d7de}
.mark{stroke:#fff;stroke-width:1}.m0{fill:#d55e00}.m1{fill:#009e73}.m2{fill:#cc79a7}.m3{fill:#e69f00}.m4{fill:#8250df}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9198a1}.bar{fill:#3f78bd}.target{stroke:#e6edf3}.grid{stroke:#3d444d}.mark{stroke:#0d1117}}`;

/**
 * @param {Chart} chart
 * @returns {string} a whole file
 */
export function svgOf(chart) {
  const labels = [...new Set(chart.panels.flatMap(({ rows }) => rows.flatMap(({ marks = [] }) => marks.map(({ label }) => label))))];
  const head = headOf(chart, labels);
  /** @type {string[]} */
  const parts = [];
  let y = head.height;
  for (const panel of chart.panels) {
    const drawn = panelAt(y, panel, { labels, tick: chart.tick });
    parts.push(drawn.svg);
    y += drawn.height;
  }
  const height = Math.ceil(y + margin);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(chart.title)}</title>
<style>${style}</style>
${head.svg}
${parts.join('\n')}
</svg>
`;
}

/**
 * Title and legend.
 *
 * @param {Chart} chart
 * @param {readonly string[]} labels
 */
function headOf({ title, subtitle, bar, panels }, labels) {
  const lines = [text(margin, 24, title, 'title')];
  let y = 24;
  if (subtitle !== undefined) {
    y += 18;
    lines.push(text(margin, y, subtitle, 'quiet'));
  }
  y += 22;
  let x = margin;
  const entry = (/** @type {string} */ picture, /** @type {string} */ label) => {
    lines.push(picture, text(x + 18, y, label, 'quiet'));
    // Text has no width here; this is that of wide letters.
    x += 34 + label.length * 6.6;
  };
  entry(`<rect class="bar" x="${x}" y="${y - 10}" width="12" height="${barHeight}"/>`, bar);
  if (panels.some(({ rows }) => rows.some(({ target }) => target !== undefined))) entry(targetAt(x + 6, y - 12), 'target');
  for (const [i, label] of labels.entries()) entry(markAt(x + 6, y - 4, i), label);
  return { svg: lines.join('\n'), height: y + 14 };
}

/**
 * @param {number} top
 * @param {Panel} panel
 * @param {{ labels: readonly string[], tick: (value: number) => string }} look
 */
function panelAt(top, { title, scale, rows }, { labels, tick }) {
  const parts = [];
  let y = top;
  if (title !== undefined) {
    parts.push(text(margin, y + 16, title));
    y += 26;
  }
  const isTall = rows.some(({ label }) => label.length > labelLengthMax);
  const start = isTall ? margin : margin + 8 + 6.6 * Math.max(...rows.map(({ label }) => label.length));
  const step = isTall ? tallRowHeight : rowHeight;
  const axis = scale === 'shared' ? axisOf(Math.max(...rows.map(({ value, target = 0 }) => Math.max(value, target)))) : undefined;
  const end = y + step * rows.length;
  const xOf = (/** @type {number} */ value, /** @type {number} */ most) => start + (barsEnd - start) * Math.min(1, value / most);
  for (const value of axis?.ticks ?? []) {
    const x = xOf(value, axis?.most ?? 1);
    parts.push(`<path class="grid" d="M${rounded(x)} ${rounded(y)}V${rounded(end)}"/>`, text(x, end + 14, tick(value), 'quiet', 'middle'));
  }
  for (const [i, row] of rows.entries()) {
    const most = axis?.most ?? (largestOf(row) || 1);
    parts.push(rowAt(y + step * i, row, { start, isTall, labels, most, xOf: (value) => xOf(value, most) }));
  }
  return { svg: parts.join('\n'), height: end - top + (axis === undefined ? 8 : 26) };
}

/**
 * @param {number} top
 * @param {Row} row
 * @param {{ start: number, isTall: boolean, labels: readonly string[], most: number, xOf: (value: number) => number }} place
 */
function rowAt(top, { label, value, text: beside, target, marks = [] }, { start, isTall, labels, most, xOf }) {
  const bar = top + (isTall ? 20 : 6);
  const middle = bar + barHeight / 2;
  const parts = [
    isTall ? text(margin, top + 14, label) : text(rounded(start - 8), middle + 4, label, '', 'end'),
    `<rect class="bar" x="${rounded(start)}" y="${bar}" width="${rounded(xOf(value) - start)}" height="${barHeight}"/>`,
    text(textStart, middle + 4, beside),
  ];
  if (target !== undefined) parts.push(targetAt(xOf(target), bar - 2));
  for (const mark of marks) {
    parts.push(markAt(xOf(mark.value), middle, labels.indexOf(mark.label)));
    if (mark.value > most) parts.push(text(barsEnd + 7, middle + 4, '→', 'quiet'));
  }
  return `<g>${parts.join('')}</g>`;
}

/** @param {Row} row */
function largestOf({ value, target = 0, marks = [] }) {
  return Math.max(value, target, ...marks.map((mark) => mark.value));
}

/**
 * @param {number} most that is to be shown
 * @returns {{ most: number, ticks: readonly number[] }} two to five steps of 1, 2 or 5 times a power of ten, from 0
 */
export function axisOf(most) {
  if (!(most > 0)) return { most: 1, ticks: [0] };
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.5, 1, 2].map((each) => each * power).find((each) => most / each <= 5) ?? 5 * power;
  const steps = Math.ceil(most / step);
  return { most: steps * step, ticks: Array.from({ length: steps + 1 }, (_, i) => i * step) };
}

/**
 * @param {number} x
 * @param {number} y its upper end
 */
function targetAt(x, y) {
  return `<path class="target" d="M${rounded(x)} ${rounded(y)}v${barHeight + 4}"/>`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} i of the label
 */
function markAt(x, y, i) {
  return `<g class="mark m${i % 5}">${shapes[i % shapes.length](rounded(x), rounded(y))}</g>`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} [kind]
 * @param {string} [anchor]
 */
function text(x, y, content, kind = '', anchor = '') {
  const attributes = `${kind === '' ? '' : ` class="${kind}"`}${anchor === '' ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${rounded(x)}" y="${rounded(y)}"${attributes}>${escaped(content)}</text>`;
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 10) / 10;
}

/** @param {string} content */
function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
