/**
 * How fast events are made, with nothing behind the source: readers are polled to their end, with all fields, and with those that single
 * queries read. Rates are by the time that the processor was at work.
 *
 *   node benchmarks/nexmark/generation.mjs [events] [eventsPerSecond]
 */
import { nexmark } from './source.mjs';

const [events = '20000000', eventsPerSecond = '100000'] = process.argv.slice(2);
const bid = ['kind', 'auction', 'bidder', 'price', 'dateTime', 'extra'];

/** What is read. @type {Readonly<Record<string, readonly string[] | undefined>>} */
const questions = {
  all: undefined,
  q0: bid,
  q2: ['kind', 'auction', 'price', 'dateTime'],
  q3: ['kind', 'id', 'name', 'city', 'state', 'seller', 'category', 'dateTime'],
  q5: ['kind', 'auction', 'dateTime'],
  q21: [...bid, 'channel', 'url'],
};

/**
 * @param {readonly string[] | undefined} fields
 * @returns {{ readonly eventsPerSecond: number, readonly rows: number }}
 */
function generate(fields) {
  const options = { events: Number(events), eventsPerSecond: Number(eventsPerSecond) };
  const source = fields === undefined ? nexmark(options) : nexmark(options).project?.(fields, []);
  const context = /** @type {any} */ ({ parallelism: 1, subtask: 0, limits: { batchRows: 1024 } });
  const reader = /** @type {import('millrace').Source<any, any>} */ (source).createReader(context);
  for (const split of /** @type {any} */ (source).enumerate(context)) reader.addSplit(split);
  reader.noMoreSplits();
  const begun = process.cpuUsage();
  let rows = 0;
  for (let batch = reader.poll(); batch !== 'end'; batch = reader.poll()) rows += /** @type {any} */ (batch).rowCount;
  const { user, system } = process.cpuUsage(begun);
  return { eventsPerSecond: Math.round((rows / (user + system)) * 1e6), rows };
}

const wanted = Object.entries(questions).map(([name, fields]) => ({ name, ...generate(fields) }));
const [{ rows, eventsPerSecond: rate }] = wanted;
console.log(
  JSON.stringify({
    program: 'nexmark-generation',
    events: rows,
    coreEventsPerSecond: rate,
    projected: Object.fromEntries(wanted.map((each) => [each.name, each.eventsPerSecond])),
  }),
);
