/**
 * How late rows are: a query over live events, at the highest rate that it keeps up with for long, and at 10, 50 and 90 % of that.
 *
 *   node benchmarks/nexmark/latency.mjs [windows | q0 … q22] [seconds] [checkpoint interval | off] [rate]
 *
 * An event's time is when it was due by the clock, whether the job was ready for it or not. A row's latency is the time from its event time to its
 * arrival at the sink: for rows of single events that of the event, for those of windows the end of the window. Events are in order, so
 * watermarks are of the latest event, and are made every 10 ms; batches wait for 10 ms at most, the default. Events come by the millisecond.
 *
 * `windows` is the first half of q5: the bids of each auction, in windows of 2 seconds every 500 ms. A rate that is named is taken for the highest
 * one. Each run begins with a warm-up of a quarter of its time, which is left out.
 *
 * How many bids all rows have counted must be as many as were made. The hash is over those of the first hundred auctions, which are the same at
 * all rates: all runs that are long enough must come to the same one.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import { takeNumbers } from '../jobs/subtask-numbers.mjs';
import { nowMs } from '../soak/clock.mjs';
import { hashedEvents, timesOf } from './live/stopwatch.mjs';
import { highestRate, keptUp } from './live/sustainable.mjs';
import { epochAuctions, epochEvents, epochPersons, firstEventId } from './neighbourhood.mjs';

/**
 * @typedef {import('../runner/measure.mjs').Figure} Figure
 * @typedef {import('./live/stopwatch.mjs').Times} Times
 */

const [query = 'windows', seconds = '12', checkpoint = 'off', givenRate] = process.argv.slice(2);
const spanMs = Number(seconds) * 1000;
/** Runs of the search are shorter: a rate that cannot be held shows soon. */
const searchMs = Math.min(spanMs, 5000);
const halvings = spanMs >= 5000 ? 4 : 1;
const firstRate = 125_000;
const warmUpShare = 1 / 4;
/** Before the first event, for the threads to load the job. */
const startMs = 500;
/** @type {Readonly<Record<string, number>>} */
const rowsOfBid = { q0: 1, q1: 1, q17: 1, q18: 1, windows: 4 };
const shares = { p50: 0.5, p99: 0.99, 'p99.99': 0.9999, max: 1 };

/** Of the runs that had all bids of the first auctions. @type {Set<string>} */
const hashes = new Set();

const stateDir = join(tmpdir(), `millrace-latency-${process.pid}`);
const cluster = new LocalCluster();
try {
  const { highest, at90 } = await highestThatHolds(givenRate === undefined ? await search() : Number(givenRate));
  const runs = { 10: await run(highest * 0.1, spanMs), 50: await run(highest * 0.5, spanMs), 90: at90 };
  /** @type {Figure[]} */
  const figures = [
    { name: 'highest sustainable rate', value: highest, unit: 'events/s' },
    ...Object.entries(runs).flatMap(([percent, times]) => figuresOf(percent, times)),
  ];
  if (hashes.size > 1) throw new Error(`${query} comes to another result in each run: its hash is ${[...hashes].join(' and ')}`);
  console.log(JSON.stringify({ program: 'nexmark-latency', query, checkpoint, figures, hash: [...hashes][0] }));
} finally {
  await cluster.close();
  rmSync(stateDir, { recursive: true, force: true });
}

/** @returns {Promise<number>} events a second */
function search() {
  return highestRate(firstRate, halvings, async (rate) => keptUp((await run(rate, searchMs)).slices));
}

/**
 * What holds in a short run may not hold in a long one: then 90 % of it shows.
 *
 * @param {number} found
 * @returns {Promise<{ highest: number, at90: Times }>}
 */
async function highestThatHolds(found) {
  for (let highest = found; ; highest *= 0.9) {
    const at90 = await run(highest * 0.9, spanMs);
    if (givenRate !== undefined || keptUp(at90.slices)) return { highest: Math.round(highest), at90 };
    if (highest < found / 4) throw new Error(`the job kept up with ${found} events/s for a while, and not with a quarter of it for long`);
  }
}

/**
 * @param {number} rate events a second
 * @param {number} measuredMs
 * @returns {Promise<Times>}
 */
async function run(rate, measuredMs) {
  const eventsPerSecond = Math.round(rate);
  const startTime = Math.ceil(nowMs()) + startMs;
  const warmUpMs = measuredMs * warmUpShare;
  const span = { from: startTime + warmUpMs, to: startTime + warmUpMs + measuredMs };
  const events = Math.round(((warmUpMs + measuredMs) * eventsPerSecond) / 1000);
  /** @type {import('./live/latency.job.mjs').LatencyArgs} */
  const args = {
    query,
    events,
    eventsPerSecond,
    startTime,
    span,
    stateDir,
    ...(checkpoint === 'off' ? {} : { checkpoint: every(checkpoint) }),
  };
  const job = await cluster.submit(new URL('./live/latency.job.mjs', import.meta.url), { args });
  await job.result();
  rmSync(stateDir, { recursive: true, force: true });
  const times = timesOf(span, takeNumbers());
  checkResult(times, events);
  return times;
}

/**
 * Where it is known what must come out of the bids: for each one row, or one in each of its windows.
 *
 * @param {Times} times
 * @param {number} events
 */
function checkResult({ counted, hash }, events) {
  if (!(query in rowsOfBid)) return;
  if (events >= hashedEvents) hashes.add(hash);
  const expected = bidsOf(events) * rowsOfBid[query];
  if (counted !== expected) throw new Error(`${query} has counted ${counted} bids instead of ${expected}`);
}

/** @param {number} events */
function bidsOf(events) {
  let bids = 0;
  for (let n = 0; n < events; n++) if ((n + firstEventId) % epochEvents >= epochPersons + epochAuctions) bids++;
  return bids;
}

/** @param {string} interval */
function every(interval) {
  return /** @type {import('millrace').Duration} */ (interval);
}

/**
 * @param {string} percent of the highest rate
 * @param {Times} times
 * @returns {Figure[]}
 */
function figuresOf(percent, { latencies }) {
  return Object.entries(shares).map(([name, share]) => ({ name: `${name} at ${percent} %`, value: latencies.quantile(share), unit: 'ms' }));
}
