/**
 * The job that soaks: windows, state that expires, files exactly once, and checkpoints all the while. `env.args` are those of `soak.mjs`.
 *
 *   events ─┬─▶ windows of 10 s by customer ─▶ files
 *           └─▶ the fourth event of an order, by state of 10 s ─┬─▶ files, of every 50th order
 *                                                              └─▶ latencies
 */
import { count, eventTime, files, StreamEnvironment, sum, valueState, watermarks } from 'millrace';
import { observer } from './observer.mjs';
import { checkOf, customerOf, eventsPerOrder, isFiled, orderOf } from './orders.mjs';
import { dueAt, pacedNumbers } from './paced-numbers.mjs';

/**
 * @typedef {import('./paced-numbers.mjs').Pace & { alive: number, directory: string, checkpointMs: number, observeMs: number, leakBytes: number }} SoakArgs
 * @typedef {import('./orders.mjs').OrderEvent} OrderEvent
 */

const args = /** @type {SoakArgs} */ (new StreamEnvironment().args);
const { alive, directory, ratePerSecond, startAt } = args;
const rolling = /** @type {const} */ ({ interval: '30s' });

const env = new StreamEnvironment({
  runtimeMode: 'streaming',
  checkpoint: { interval: args.checkpointMs },
  stateDir: `${directory}/state`,
  // However much of the time checkpoints take, they come at their interval: what grows shows in the time of each.
  limits: { checkpointPercentMax: 100 },
});
const events = env.fromSource(pacedNumbers(args, env.parallelism)).map((number) => ({
  number,
  at: dueAt(number, { ratePerSecond, startAt }),
  customer: customerOf(number),
  order: orderOf(number, alive),
  check: checkOf(number),
}));

events
  .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness('1s', { timestamp: 'at' }))
  .keyBy('customer')
  .window(eventTime.tumbling('10s'))
  .aggregate({ events: count(), checks: sum('check') })
  .map(({ events, checks }) => ({ events, checks }))
  .sinkTo(files.sink(`${directory}/windows`, { format: 'csv', csv: { header: false }, rolling }));

const complete = events.keyBy('order').process({
  // Nobody clears it: that it goes away again is what is watched.
  state: { seen: valueState({ default: 0, ttl: '10s' }) },
  processElement({ at, order }, ctx, /** @type {(row: { order: number, at: number }) => void} */ out) {
    const seen = ctx.state.seen.value + 1;
    ctx.state.seen.update(seen);
    if (seen === eventsPerOrder) out({ order, at });
  },
});
complete.sinkTo(observer({ everyMs: args.observeMs, leakBytes: args.leakBytes }));
complete
  .filter(({ order }) => isFiled(order))
  .map(({ order }) => String(order))
  .sinkTo(files.sink(`${directory}/orders`, { format: 'text', rolling }));

await env.execute('soak');
