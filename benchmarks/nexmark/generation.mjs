/**
 * How fast events are made, with nothing behind the source: with all fields, and with those that single queries read. Rates are by the
 * time that the processor was at work. The hash is over the first events with all of these fields, made once more.
 *
 *   node benchmarks/nexmark/generation.mjs [events] [eventsPerSecond]
 */
import { hashOfRows } from '../runner/checksum.mjs';
import { hashOfSource, pollToEnd, sourceFor } from './generating.mjs';
import { nexmark } from './source.mjs';

const [events = '20000000', eventsPerSecond = '100000'] = process.argv.slice(2);
const options = { events: Number(events), eventsPerSecond: Number(eventsPerSecond) };
const hashed = { ...options, events: Math.min(options.events, 20_000) };

const all = await pollToEnd(nexmark(options));
/** @type {Record<string, number>} */
const projected = { all: all.coreEventsPerSecond };
const results = [{ query: 'all', made: all.rows, hash: await hashOfSource(nexmark(hashed)) }];
for (const query of ['q0', 'q2', 'q3', 'q5', 'q21']) {
  const { rows, coreEventsPerSecond } = await pollToEnd(await sourceFor(query, options));
  projected[query] = coreEventsPerSecond;
  results.push({ query, made: rows, hash: await hashOfSource(await sourceFor(query, hashed)) });
}
const { rows: made, coreEventsPerSecond } = all;
console.log(JSON.stringify({ program: 'nexmark-generation', events: made, coreEventsPerSecond, projected, hash: hashOfRows(results) }));
