/**
 * Draws the picture of docs/time.md: `node docs/pictures/watermarks.mjs`. Colours are legible on light and dark ground.
 */

import { writeFileSync } from 'node:fs';

const [width, height, left, bottom] = [720, 240, 60, 200];
const colours = { axis: '#808890', record: '#d9730d', late: '#c0392b', watermark: '#2f7fbf' };

/** Event times in the order in which the records come, in seconds; the watermark follows after each. */
const records = [2, 4, 3, 7, 6, 10, 8, 12, 5, 15, 14, 18];
const outOfOrderness = 4;

const x = (place) => left + 30 + place * 52;
const y = (time) => bottom - time * 9;
const text = (atX, atY, content, anchor, colour = colours.axis) =>
  `<text x="${atX}" y="${atY}" text-anchor="${anchor}" font-size="11" fill="${colour}">${content}</text>`;

const parts = [
  `<path d="M${left} 20V${bottom}H${width - 15}" stroke="${colours.axis}" fill="none"/>`,
  text(left + 6, 16, 'event time, in seconds', 'start'),
  text(width - 15, bottom + 30, 'order of arrival →', 'end'),
  ...[0, 5, 10, 15, 20].map((time) => text(left - 8, y(time) + 4, String(time), 'end')),
];
let latest = 0;
let stairs = '';
records.forEach((time, i) => {
  const isLate = i > 0 && time <= latest - outOfOrderness;
  const colour = isLate ? colours.late : colours.record;
  parts.push(`<circle cx="${x(i)}" cy="${y(time)}" r="5" fill="${colour}"/>`);
  if (isLate) parts.push(text(x(i), y(time) + 20, 'late', 'middle', colour));
  latest = Math.max(latest, time);
  const [from, level] = [x(i) + 8, y(Math.max(0, latest - outOfOrderness))];
  stairs += `${i === 0 ? 'M' : 'L'}${from} ${level}H${x(i + 1) + 8}`;
});
parts.push(`<path d="${stairs}" stroke="${colours.watermark}" stroke-width="2" fill="none"/>`);
parts.push(text(x(records.length - 1) - 60, y(latest - outOfOrderness) + 40, 'watermark', 'start', colours.watermark));

const title = "Records out of order, and the watermark of boundedOutOfOrderness('4s')";
const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif">`;
writeFileSync(new URL('watermarks.svg', import.meta.url), [open, `<title>${title}</title>`, ...parts, '</svg>', ''].join('\n'));
