/**
 * What making the events costs of a query: those fields alone which the query reads, with nothing behind the source.
 *
 *   node benchmarks/nexmark/query-generation.mjs <query> [events] [rate]
 */
import { pollToEnd, sourceFor } from './generating.mjs';

const [query = 'q0', events = '10000000', rate = '100000'] = process.argv.slice(2);
const options = { events: Number(events), eventsPerSecond: Number(rate) };
const source = await sourceFor(query, options);
const { rows, ...speed } = await pollToEnd(source);
console.log(JSON.stringify({ query, events: rows, rate: options.eventsPerSecond, fields: source.type?.names, ...speed }));
