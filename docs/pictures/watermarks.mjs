/** The picture of docs/time.md: records in the order in which they come, and the watermark that follows them. */

import { colours, dot, path, svg, text, width } from './svg.mjs';

const [height, left, right, bottom] = [240, 60, 15, 200];

/** Event times in the order in which the records come, in seconds: those of the program below the picture. */
const records = [2, 4, 3, 7, 6, 10, 8, 12, 5, 15, 14, 18];
const outOfOrderness = 4;

const x = (place) => left + 25 + place * 52;
const y = (time) => bottom - time * 9;

export function watermarksPicture() {
  const parts = [
    path(`M${left} 20V${bottom}H${width - right}`),
    text(left + 6, 16, 'event time, in seconds', { anchor: 'start' }),
    text(width - right, bottom + 22, 'order of arrival →', { anchor: 'end' }),
    ...[0, 5, 10, 15, 20].map((time) => text(left - 8, y(time) + 4, String(time), { anchor: 'end' })),
  ];
  let latest = 0;
  let stairs = '';
  for (const [i, time] of records.entries()) {
    const isLate = time < latest - outOfOrderness;
    parts.push(dot(x(i), y(time), isLate ? colours.late : colours.record));
    if (isLate) parts.push(text(x(i), y(time) + 20, 'late', { colour: colours.late }));
    latest = Math.max(latest, time);
    const watermark = latest - outOfOrderness;
    const next = Math.min(x(i + 1) + 8, width - right);
    if (watermark > 0) stairs += `${stairs === '' ? `M${x(i) + 8} ${bottom}` : ''}V${y(watermark)}H${next}`;
  }
  parts.push(path(stairs, { colour: colours.watermark, thickness: 2 }));
  parts.push(
    text(x(records.length - 2) + 14, y(latest - outOfOrderness) + 44, 'watermark', { anchor: 'start', colour: colours.watermark }),
  );
  return svg(height, "Records out of order, and the watermark of boundedOutOfOrderness('4s')", parts);
}
