/**
 * How fast events are made, with nothing behind the source: with all fields, and with those that single queries read. Rates are by the
 * time that the processor was at work.
 *
 *   node benchmarks/nexmark/generation.mjs [events] [eventsPerSecond]
 */
import { pollToEnd, sourceFor } from './generating.mjs';
import { nexmark } from './source.mjs';

const [events = '20000000', eventsPerSecond = '100000'] = process.argv.slice(2);
const options = { events: Number(events), eventsPerSecond: Number(eventsPerSecond) };

const all = await pollToEnd(nexmark(options));
/** @type {Record<string, number>} */
const projected = { all: all.coreEventsPerSecond };
for (const query of ['q0', 'q2', 'q3', 'q5', 'q21'])
  projected[query] = (await pollToEnd(await sourceFor(query, options))).coreEventsPerSecond;
console.log(JSON.stringify({ program: 'nexmark-generation', events: all.rows, coreEventsPerSecond: all.coreEventsPerSecond, projected }));
