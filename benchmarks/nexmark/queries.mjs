/**
 * The queries of Nexmark by name. Each is a file in `queries/` with a function of its name, from the stream of events to a stream
 * of rows; beside it lies the same question in SQL, over the tables `person`, `auction`, `bid` and `side_input`.
 */

/**
 * What a query may need besides the events.
 *
 * @typedef {object} QueryContext
 * @property {string} sideInput the file that q13 looks up, see side-input.mjs
 */

/**
 * @typedef {object} QueryModule
 * @property {'rows' | 'updates'} emits final rows, or updates of which the last one of each key counts
 * @property {readonly string[]} [upsertKey] the fields that are that key
 * @property {boolean} [repeats] false where rows depend on the clock of the machine; the last ones by `upsertKey`, or what `addsUp`, do not
 * @property {import('../jobs/checksum-sink.mjs').Essence['addsUp']} [addsUp]
 * @property {(directory: string) => import('millrace').Sink<any>} [sink] where the query itself says to what its rows are written
 */

/**
 * A row: its fields are the columns of the SQL, times are milliseconds since 1970.
 *
 * @typedef {Readonly<Record<string, string | number | null>>} Row
 */

/**
 * @typedef {QueryModule & {
 *   name: string,
 *   build(events: import('millrace').DataStream<import('./events.mjs').NexmarkEvent>, context: QueryContext): import('millrace').DataStream<Row>,
 * }} Query
 */

export const queryNames = Array.from({ length: 23 }, (_, i) => `q${i}`);

/**
 * @param {string} name
 * @returns {Promise<Query>}
 * @throws Error when there is no such query
 */
export async function loadQuery(name) {
  if (!queryNames.includes(name)) throw new Error(`there is no query '${name}'; there are q0 to q${queryNames.length - 1}`);
  const query = await import(`./queries/${name}.mjs`);
  return { ...query, name, build: query[name] };
}
