/** What becomes of the series that a soak has measured: a verdict for each, and a table. Pure. */
import { driftOf } from '../runner/drift.mjs';
import { quantity, table } from '../runner/text.mjs';

/**
 * @typedef {import('../runner/drift.mjs').Measured} Measured
 * @typedef {object} Watched
 * @property {string} name
 * @property {string} unit
 * @property {'median' | 'min'} block see `driftOf`
 * @property {number} tolerance what it may gain from the end of the warm-up to the end of the run, however long that is
 */

/**
 * What is watched. Tolerances are above what a run of five minutes gains on a machine that others use, too; what a leak gains goes on, so it is
 * found by a longer run if not by a short one.
 */
export const watched = /** @type {const} */ ({
  rss: { name: 'memory of the process', unit: 'MB', block: 'median', tolerance: 64 },
  heap: { name: 'heaps of all threads, after the collector', unit: 'MB', block: 'min', tolerance: 32 },
  external: { name: 'memory outside of the heaps', unit: 'MB', block: 'min', tolerance: 32 },
  p50: { name: 'latency, p50', unit: 'ms', block: 'median', tolerance: 10 },
  p99: { name: 'latency, p99', unit: 'ms', block: 'median', tolerance: 100 },
  checkpointMs: { name: 'time of a checkpoint', unit: 'ms', block: 'median', tolerance: 150 },
  checkpointMegabytes: { name: 'bytes of a checkpoint', unit: 'MB', block: 'median', tolerance: 4 },
});

/** @typedef {keyof typeof watched} WatchedName */

/**
 * @param {Readonly<Record<WatchedName, readonly Measured[]>>} series of the whole run
 * @param {number} steadyAt what was measured earlier is the warm-up, and left out
 */
export function driftsOf(series, steadyAt) {
  return Object.entries(watched).map(([key, watch]) => {
    const steady = series[/** @type {WatchedName} */ (key)].filter(({ at }) => at >= steadyAt);
    return { ...watch, ...driftOf(steady, watch) };
  });
}

/** @param {ReturnType<typeof driftsOf>} drifts */
export function driftTable(drifts) {
  const head = ['', 'unit', 'first third', 'last third', 'gained', 'an hour', 'tolerated', 'beyond chance', ''];
  const rows = drifts.map(({ name, unit, from, to, growth, perHour, tolerance, z, drifts }) => [
    name,
    unit,
    ...[from, to, growth, perHour, tolerance].map(signed),
    `${z.toFixed(1)} σ`,
    drifts ? 'DRIFTS' : 'steady',
  ]);
  return table([head, ...rows]);
}

/** @param {number} value */
function signed(value) {
  return value < 0 ? `-${quantity(-value)}` : quantity(value);
}

/**
 * @param {ReturnType<typeof driftsOf>} drifts
 * @returns {string[]} a sentence for each that drifts
 */
export function driftSentences(drifts) {
  return drifts
    .filter(({ drifts }) => drifts)
    .map(
      ({ name, unit, growth, tolerance }) => `${name} drifts: it gained ${quantity(growth)} ${unit}, tolerated are ${tolerance} ${unit}`,
    );
}
