/**
 * A soak: a job at a fixed rate for as long as one likes, and whether its memory, latency and checkpoints stay as they are.
 *
 *   npm run soak -- [--minutes <n>] [--rate <n>] [--json]
 *
 * The first quarter is the warm-up. Fails where something drifts over the rest, or the job's files are not what they must be.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalCluster } from 'millrace';
import { quantity } from './runner/text.mjs';
import { nowMs } from './soak/clock.mjs';
import { Observing } from './soak/observing.mjs';
import { eventsPerOrder } from './soak/orders.mjs';
import { hashOfOutput, outputFaults } from './soak/output.mjs';
import { driftSentences, driftsOf, driftTable } from './soak/verdict.mjs';

/**
 * @typedef {import('./runner/latency-histogram.mjs').LatencyHistogram} LatencyHistogram
 * @typedef {{ seconds: number, rate: number, json: boolean, leakBytes: number }} Options
 */

const usage = `usage: npm run soak -- [options]
  --minutes <n>  how long, 5 by default
  --rate <n>     events a second, 100,000 by default
  --json         what was found as JSON`;

/** Between two events of an order. */
const orderMs = 100;
/** Before the first event, for the threads to load the job. */
const startMs = 1000;
const shares = { p50: 0.5, p99: 0.99, 'p99.99': 0.9999, max: 1 };

/** @returns {Options} */
function readCommandLine() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      rate: { type: 'string', default: '100000' },
      json: { type: 'boolean', default: false },
      // Megabytes a second that the job keeps for ever: for the test that they are noticed.
      leak: { type: 'string', default: '0' },
    },
  });
  const [minutes, rate, leak] = [values.minutes, values.rate, values.leak].map(Number);
  if (!(minutes > 0)) throw new TypeError(`--minutes must be a number above 0, not '${values.minutes}'`);
  if (!(rate > 0) || rate % 10 !== 0) throw new TypeError(`--rate must be a multiple of 10, not '${values.rate}'`);
  // Whole orders.
  const seconds = (Math.ceil((minutes * 60_000) / (orderMs * eventsPerOrder)) * orderMs * eventsPerOrder) / 1000;
  return { seconds, rate, json: values.json, leakBytes: leak * 1e6 };
}

/** How often is looked: a short run must have enough to compare, too. @param {number} seconds */
function intervalsOf(seconds) {
  return { observeMs: Math.min(1000, seconds * 8), checkpointMs: Math.min(5000, seconds * 16) };
}

/** @param {Options} options */
async function soak(options) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
  const { seconds, rate } = options;
  const startAt = Math.ceil(nowMs()) + startMs;
  try {
    const observing = await observed(options, directory, startAt);
    const drifts = driftsOf(observing.series, startAt + (seconds * 1000) / 4);
    const faults = [...observing.faults, ...outputFaults(directory, Math.round(seconds * rate)), ...driftSentences(drifts)];
    print(options, { drifts, faults, latencies: observing.latencies, hash: hashOfOutput(directory) });
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Runs the job to its end.
 *
 * @param {Options} options
 * @param {string} directory for its files
 * @param {number} startAt when the first event is due, by `nowMs`
 */
async function observed({ seconds, rate, leakBytes }, directory, startAt) {
  const { observeMs, checkpointMs } = intervalsOf(seconds);
  const cluster = new LocalCluster();
  const observing = new Observing(cluster.slots, () => progress(observing, { seconds, startAt }));
  try {
    /** @type {import('./soak/soak.job.mjs').SoakArgs} */
    const args = {
      count: Math.round(seconds * rate),
      ratePerSecond: rate,
      startAt,
      alive: (rate * orderMs) / 1000,
      directory,
      checkpointMs,
      observeMs,
      leakBytes: (leakBytes * observeMs) / 1000 / cluster.slots,
    };
    const job = await cluster.submit(new URL('./soak/soak.job.mjs', import.meta.url), { args });
    observing.watch(job);
    await job.result();
    return observing;
  } finally {
    observing.close();
    await cluster.close();
  }
}

/**
 * @param {Observing} observing
 * @param {{ seconds: number, startAt: number }} run
 */
function progress({ series }, { seconds, startAt }) {
  if (!process.stderr.isTTY) return;
  const last = (/** @type {keyof typeof series} */ name) => quantity(series[name].at(-1)?.value ?? Number.NaN);
  const passed = Math.max(0, Math.round((nowMs() - startAt) / 1000));
  process.stderr.write(
    `\r\x1b[K${clockOf(passed)} of ${clockOf(seconds)}  latency p50 ${last('p50')} ms, p99 ${last('p99')} ms  ` +
      `memory ${last('rss')} MB  checkpoint ${last('checkpointMs')} ms, ${last('checkpointMegabytes')} MB`,
  );
}

/** @param {number} seconds */
function clockOf(seconds) {
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}

/**
 * @param {Options} options
 * @param {{ drifts: ReturnType<typeof driftsOf>, faults: readonly string[], latencies: LatencyHistogram, hash: string }} found
 */
function print({ json, seconds, rate }, { drifts, faults, latencies, hash }) {
  const quantiles = Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, latencies.quantile(share)]));
  if (json) {
    console.log(JSON.stringify({ program: 'soak', seconds, rate, latencyMs: quantiles, drifts, faults, hash }));
    return;
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const told = Object.entries(quantiles).map(([name, ms]) => `${name} ${quantity(ms)} ms`);
  console.log(`${quantity(seconds * rate)} events in ${clockOf(seconds)}; latency, warm-up included: ${told.join(', ')}\n`);
  console.log(`${driftTable(drifts)}\n`);
  console.log(faults.length === 0 ? `nothing drifts, and the output is right: its hash is ${hash}` : faults.join('\n'));
}

try {
  await soak(readCommandLine());
} catch (error) {
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 1;
}
