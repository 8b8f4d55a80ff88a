/**
 * Draws the pictures of docs/windows.md: `node docs/pictures/draw.mjs`. With `--check` it says which are not up to date.
 * Colours are legible on light and dark ground.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [width, left, right, row] = [720, 90, 20, 26];
const colours = { axis: '#808890', record: '#d9730d', late: '#c0392b', window: '#2f7fbf', text: '#808890' };

/** A picture of time from 0 to `until`: rows of windows above an axis with records on it. */
function timeline({ title, until, ticks, rows, records, marks = [] }) {
  const scale = (time) => left + (time / until) * (width - left - right);
  const axis = 34 + rows.length * row + 14;
  const parts = [text(left, 16, title, 'start', 13)];
  rows.forEach(({ label, windows }, i) => {
    const y = 28 + i * row;
    parts.push(text(left - 8, y + 13, label, 'end'));
    for (const { from, to, name = '', open = false } of windows) parts.push(bar(scale(from), scale(to), y, name, open));
  });
  parts.push(`<path d="M${left} ${axis}H${width - right}" stroke="${colours.axis}"/>`);
  for (const tick of ticks) parts.push(text(scale(tick), axis + 30, String(tick)), line(scale(tick), axis - 3, axis + 3));
  for (const { at, name = '', isLate = false } of records) {
    parts.push(`<circle cx="${round(scale(at))}" cy="${axis}" r="5" fill="${isLate ? colours.late : colours.record}"/>`);
    if (name !== '') parts.push(text(scale(at), axis + 17, name, 'middle', 10));
  }
  for (const { at, name } of marks) {
    parts.push(`<path d="M${round(scale(at))} 26V${axis}" stroke="${colours.late}" stroke-dasharray="4 3"/>`);
    parts.push(text(scale(at) + 4, axis - 6, name, 'start', 10));
  }
  return svg(axis + 40, title, parts);
}

function svg(height, title, parts) {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif">`;
  return [open, `<title>${title}</title>`, ...parts, '</svg>', ''].join('\n');
}

function bar(from, to, y, name, open) {
  const dashes = open ? ' stroke-dasharray="5 4"' : '';
  const box = `<rect x="${round(from + 1)}" y="${y}" width="${round(to - from - 2)}" height="18" rx="3" fill="${colours.window}" fill-opacity="0.22" stroke="${colours.window}"${dashes}/>`;
  return name === '' ? box : `${box}${text((from + to) / 2, y + 13, name)}`;
}

function text(x, y, content, anchor = 'middle', size = 11) {
  return `<text x="${round(x)}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${colours.text}">${content}</text>`;
}

function line(x, from, to) {
  return `<path d="M${round(x)} ${from}V${to}" stroke="${colours.axis}"/>`;
}

function round(n) {
  return Math.round(n * 10) / 10;
}

const some = [1, 3, 8, 11, 13, 21, 24, 26, 37].map((at) => ({ at }));
const tens = [0, 10, 20, 30, 40];

const pictures = {
  'windows-tumbling.svg': timeline({
    title: "eventTime.tumbling('10s')",
    until: 40,
    ticks: tens,
    rows: [{ label: '', windows: [0, 10, 20, 30].map((from) => ({ from, to: from + 10, name: `[${from}, ${from + 10})` })) }],
    records: some,
  }),
  'windows-sliding.svg': timeline({
    title: "eventTime.sliding('10s', '5s')",
    until: 40,
    ticks: tens,
    rows: [
      { label: '', windows: [0, 10, 20, 30].map((from) => ({ from, to: from + 10, name: `[${from}, ${from + 10})` })) },
      { label: '', windows: [5, 15, 25].map((from) => ({ from, to: from + 10, name: `[${from}, ${from + 10})` })) },
    ],
    records: some,
  }),
  'windows-session.svg': timeline({
    title: "eventTime.session({ gap: '5s' })",
    until: 45,
    ticks: [0, 10, 20, 30, 40],
    rows: [
      {
        label: '',
        windows: [
          [1, 18],
          [21, 31],
          [37, 42],
        ].map(([from, to]) => ({ from, to, name: `[${from}, ${to})` })),
      },
    ],
    records: some,
  }),
  'windows-merging.svg': timeline({
    title: 'A record that comes last makes one session of two (gap 5)',
    until: 20,
    ticks: [0, 5, 10, 15, 20],
    rows: [
      { label: 'record 1', windows: [{ from: 1, to: 6, name: '[1, 6)' }] },
      { label: 'record 2', windows: [{ from: 9, to: 14, name: '[9, 14)' }] },
      { label: 'record 3', windows: [{ from: 5, to: 10, name: '[5, 10)', open: true }] },
      { label: 'after it', windows: [{ from: 1, to: 14, name: '[1, 14)' }] },
    ],
    records: [
      { at: 1, name: '1' },
      { at: 9, name: '2' },
      { at: 5, name: '3' },
    ],
  }),
  'windows-lateness.svg': timeline({
    title: 'The life of the window [0, 10) with an allowed lateness of 5; time is that of the watermark',
    until: 20,
    ticks: [0, 5, 10, 15, 20],
    rows: [
      { label: 'gathers', windows: [{ from: 0, to: 9, name: 'until the watermark is 9' }] },
      { label: 'is late', windows: [{ from: 9, to: 14, name: 'fires again', open: true }] },
    ],
    records: [],
    marks: [
      { at: 9, name: 'fires' },
      { at: 14, name: 'ends' },
    ],
  }),
};

const isCheck = process.argv.includes('--check');
for (const [name, picture] of Object.entries(pictures)) {
  const file = new URL(name, import.meta.url);
  const isSame = existsSync(file) && readFileSync(file, 'utf8') === picture;
  if (!isCheck) writeFileSync(file, picture);
  else if (!isSame) {
    process.exitCode = 1;
    process.stdout.write(`${name} is not what draw.mjs draws\n`);
  }
}
