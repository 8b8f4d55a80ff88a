/** The pictures of docs/windows.md: windows above an axis of time, with records on it. */

import { colours, dot, path, round, svg, text, width } from './svg.mjs';

const [left, right, row] = [90, 20, 26];

/** Time from 0 to `until`. Windows that reach beyond it are cut off there. */
function timeline({ title, until, ticks, rows, records, marks = [] }) {
  const scale = (time) => left + (time / until) * (width - left - right);
  const axis = 48 + rows.length * row;
  const parts = [text(left, 16, title, { anchor: 'start', size: 13 })];
  for (const [i, { label = '', windows }] of rows.entries()) {
    const y = 28 + i * row;
    if (label !== '') parts.push(text(left - 8, y + 13, label, { anchor: 'end' }));
    for (const window of windows) parts.push(...bar({ ...window, y, scale, until }));
  }
  parts.push(path(`M${left} ${axis}H${width - right}`));
  for (const tick of ticks) {
    parts.push(path(`M${round(scale(tick))} ${axis - 3}V${axis + 3}`));
    parts.push(text(scale(tick), axis + 20, String(tick)));
  }
  for (const { at, name = '' } of records) {
    parts.push(dot(scale(at), axis, colours.record));
    if (name !== '') parts.push(text(scale(at), axis - 9, name, { size: 10 }));
  }
  for (const { at, name } of marks) {
    parts.push(path(`M${round(scale(at))} 26V${axis}`, { colour: colours.late, dashes: '4 3' }));
    parts.push(text(scale(at) + 4, axis - 6, name, { anchor: 'start', size: 10 }));
  }
  return svg(axis + 30, title, parts);
}

/** A window, with a side left open where it is cut off. */
function bar({ from, to, name, isOpen = false, y, scale, until }) {
  const [cutLeft, cutRight] = [from < 0, to > until];
  const [x1, x2] = [scale(Math.max(0, from)) + (cutLeft ? 0 : 1), scale(Math.min(until, to)) - (cutRight ? 0 : 1)].map(round);
  const style = `fill="${colours.window}" fill-opacity="0.12"`;
  const box = `<rect x="${x1}" y="${y}" width="${round(x2 - x1)}" height="18" ${style}/>`;
  const [begin, end] = [cutLeft ? '' : `V${y}`, cutRight ? `M${x2} ${y + 18}` : `V${y + 18}`];
  const outline = `M${x1} ${y + 18}${begin}${cutLeft ? `M${x1} ${y}` : ''}H${x2}${end}H${x1}`;
  return [box, path(outline, { colour: colours.window, dashes: isOpen ? '5 4' : '' }), text((x1 + x2) / 2, y + 13, name)];
}

/** Windows `[from, to)`. */
const windows = (...bounds) => bounds.map(([from, to]) => ({ from, to, name: `[${from}, ${to})` }));

const some = [1, 3, 8, 11, 13, 21, 24, 26, 37].map((at) => ({ at }));
const tens = [0, 10, 20, 30, 40];
const tumbling = windows([0, 10], [10, 20], [20, 30], [30, 40]);

export const tumblingPicture = () =>
  timeline({ title: "eventTime.tumbling('10s')", until: 40, ticks: tens, rows: [{ windows: tumbling }], records: some });

export const slidingPicture = () =>
  timeline({
    title: "eventTime.sliding('10s', '5s')",
    until: 40,
    ticks: tens,
    rows: [{ windows: tumbling }, { windows: windows([-5, 5], [5, 15], [15, 25], [25, 35], [35, 45]) }],
    records: some,
  });

export const sessionPicture = () =>
  timeline({
    title: "eventTime.session({ gap: '5s' })",
    until: 45,
    ticks: tens,
    rows: [{ windows: windows([1, 18], [21, 31], [37, 42]) }],
    records: some,
  });

export const mergingPicture = () =>
  timeline({
    title: 'A record that comes last makes one session of two (gap 5)',
    until: 20,
    ticks: [0, 5, 10, 15, 20],
    rows: [
      { label: 'record 1', windows: windows([1, 6]) },
      { label: 'record 2', windows: windows([9, 14]) },
      { label: 'record 3', windows: windows([5, 10]).map((window) => ({ ...window, isOpen: true })) },
      { label: 'after it', windows: windows([1, 14]) },
    ],
    records: [
      { at: 1, name: '1' },
      { at: 9, name: '2' },
      { at: 5, name: '3' },
    ],
  });

export const latenessPicture = () =>
  timeline({
    title: 'The window [0, 10) with an allowed lateness of 5, by the time of the watermark',
    until: 20,
    ticks: [0, 5, 10, 15, 20],
    rows: [
      { label: 'gathers', windows: [{ from: 0, to: 9, name: 'until the watermark is 9' }] },
      { label: 'stays', windows: [{ from: 9, to: 14, name: 'fires for each record', isOpen: true }] },
    ],
    records: [],
    marks: [
      { at: 9, name: 'fires' },
      { at: 14, name: 'ends' },
    ],
  });
