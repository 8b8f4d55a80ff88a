/** A query of Nexmark over events that come when they are due. `env.args` are those of `latency.mjs`. */
import { count, eventTime, StreamEnvironment, watermarks } from 'millrace';
import { isBid } from '../events.mjs';
import { loadQuery } from '../queries.mjs';
import { sideInputFile } from '../side-input.mjs';
import { liveNexmark } from './paced.mjs';
import { stopwatch } from './stopwatch.mjs';

/**
 * @typedef {import('./paced.mjs').Pace & { query: string, span: import('./stopwatch.mjs').Span, checkpoint?: import('millrace').Duration, stateDir: string }} LatencyArgs
 */

const { query, span, checkpoint, stateDir, ...pace } = /** @type {LatencyArgs} */ (new StreamEnvironment().args);

const env = new StreamEnvironment({
  runtimeMode: 'streaming',
  autoWatermarkInterval: '10ms',
  ...(checkpoint === undefined ? {} : { stateDir, checkpoint: { interval: checkpoint } }),
});
const events = env.fromSource(liveNexmark(pace), { watermarks: watermarks.boundedOutOfOrderness(0, { timestamp: 'dateTime' }) });
const rows = query === 'windows' ? bidsOfAuctions(events) : (await loadQuery(query)).build(events, { sideInput: sideInputFile() });
rows.sinkTo(stopwatch(span));

await env.execute(`latency-${query}`);

/**
 * What q5 counts, and all of it: bids of each auction. Windows are shorter, so that there are many in a short run.
 *
 * @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events
 * @returns {import('millrace').DataStream<any>}
 */
function bidsOfAuctions(events) {
  return events
    .filter(isBid)
    .keyBy('auction')
    .window(eventTime.sliding('2s', '500ms'))
    .aggregate({ num: count() }, ({ key, num }) => ({ auction: key, num }));
}
