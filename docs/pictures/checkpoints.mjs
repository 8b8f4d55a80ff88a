/** The picture of docs/checkpoints.md: one checkpoint, from its trigger to the commit of the sinks. Time goes from left to right. */

import { colours, path, round, svg, text, width } from './svg.mjs';

const [height, left, right] = [250, 100, 15];

/** Where the lines of those who take part lie. */
const lane = { host: 50, source: 105, aggregate: 160, sink: 215 };

/** What each subtask does at its barrier: it stands still for a moment, then writes while records go on. */
const subtasks = [
  { y: lane.source, barrier: 150, written: 225 },
  { y: lane.aggregate, barrier: 235, written: 420 },
  { y: lane.sink, barrier: 310, written: 365 },
];

const [triggered, manifest, stored, committed] = [130, 440, 530, 640];

function box(x1, x2, y, { opacity, colour = colours.window }) {
  return `<rect x="${round(x1)}" y="${y - 8}" width="${round(x2 - x1)}" height="16" fill="${colour}" fill-opacity="${opacity}"/>`;
}

function arrow(x1, y1, x2, y2, options) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = Math.hypot(dx, dy);
  const [ux, uy] = [dx / length, dy / length];
  const side = (turn) => `${round(x2 - 7 * ux + turn * 3.5 * uy)} ${round(y2 - 7 * uy - turn * 3.5 * ux)}`;
  return [path(`M${x1} ${y1}L${x2} ${y2}`, options), path(`M${side(1)}L${x2} ${y2}L${side(-1)}`, { ...options, dashes: '' })];
}

export function checkpointPicture() {
  const parts = [];
  for (const [name, y] of Object.entries(lane)) {
    parts.push(text(left - 10, y + 4, name, { anchor: 'end', size: 12 }), path(`M${left} ${y}H${width - right}`));
  }
  parts.push(text(triggered, lane.host - 14, 'trigger'), ...arrow(triggered, lane.host, subtasks[0].barrier - 6, lane.source - 9));
  let before;
  for (const { y, barrier, written } of subtasks) {
    parts.push(box(barrier, barrier + 7, y, { opacity: 1 }), box(barrier + 7, written, y, { opacity: 0.25 }));
    if (before !== undefined)
      parts.push(...arrow(before.barrier + 7, before.y + 8, barrier, y - 9, { colour: colours.record, thickness: 2 }));
    parts.push(...arrow(written, y - 8, written, lane.host + 2, { dashes: '3 3' }));
    before = { y, barrier };
  }
  parts.push(text(172, 138, 'barrier', { anchor: 'end', colour: colours.record }));
  parts.push(
    text(330, lane.aggregate + 4, 'writes while records go on'),
    text(234, lane.aggregate + 24, 'stands still', { anchor: 'end' }),
  );
  parts.push(text(424, 84, 'stored', { anchor: 'start' }));
  parts.push(
    box(manifest, stored, lane.host, { opacity: 0.25, colour: colours.record }),
    text((manifest + stored) / 2, lane.host + 4, 'manifest'),
  );
  parts.push(path(`M${stored} 22V${height - 18}`, { colour: colours.late, dashes: '4 3' }));
  parts.push(text(stored + 6, 26, 'a crash goes back to this one', { anchor: 'start' }));
  parts.push(
    ...arrow(stored, lane.host, stored + 28, lane.sink - 9),
    box(stored + 28, committed, lane.sink, { opacity: 0.25, colour: colours.record }),
  );
  parts.push(text((stored + 28 + committed) / 2, lane.sink + 4, 'commit'));
  return svg(height, 'One checkpoint: the barrier goes through the job, states are written, then the manifest, then sinks commit', parts);
}
