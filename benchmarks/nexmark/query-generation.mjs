/**
 * What making the events costs of a query: those fields alone which the query reads, with nothing behind the source. Its readers are
 * polled to their end. The time, and the CPU time of the whole process, are those of polling.
 *
 *   node benchmarks/nexmark/query-generation.mjs <query> [events] [rate]
 */
import { StreamEnvironment, watermarks } from 'millrace';
import { loadQuery } from './queries.mjs';
import { sideInputFile } from './side-input.mjs';
import { nexmark } from './source.mjs';

const [name = 'q0', events = '10000000', rate = '100000'] = process.argv.slice(2);
const options = { events: Number(events), eventsPerSecond: Number(rate) };
const source = await sourceOf(name);
const context = /** @type {any} */ ({ parallelism: 1, subtask: 0, limits: { batchRows: 1024 } });
const reader = source.createReader(context);
for (const split of await source.enumerate(context)) reader.addSplit(split);
reader.noMoreSplits();

const cpu = process.cpuUsage();
const began = performance.now();
let rows = 0;
for (let batch = reader.poll(); batch !== 'end'; batch = reader.poll()) rows += /** @type {{ rowCount: number }} */ (batch).rowCount;
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    query: name,
    events: rows,
    rate: options.eventsPerSecond,
    fields: source.type?.names,
    seconds,
    eventsPerSecond: Math.round(rows / seconds),
    coreEventsPerSecond: Math.round(rows / ((user + system) / 1e6)),
  }),
);

/**
 * @param {string} query
 * @returns {Promise<any>} the source with the fields that the engine asks it for
 */
async function sourceOf(query) {
  const { build } = await loadQuery(query);
  const all = nexmark(options);
  let asked = all;
  const observed = {
    ...all,
    /** @type {NonNullable<typeof all.project>} */
    project(fields, keys) {
      asked = all.project?.(fields, keys) ?? all;
      return asked;
    },
  };
  const env = new StreamEnvironment({ parallelism: 1, runtimeMode: 'streaming' });
  const stream = env.fromSource(observed, { watermarks: watermarks.boundedOutOfOrderness('4s', { timestamp: 'dateTime' }) });
  build(stream, { sideInput: sideInputFile() }).sinkTo({ name: 'nothing', createWriter: () => ({ write() {} }) });
  // To plan the job is to ask its source.
  env.explain();
  return asked;
}
