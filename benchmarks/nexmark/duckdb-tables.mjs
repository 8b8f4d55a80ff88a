/**
 * Makes the tables that duckdb.mjs is asked about: a file with the events by kind, and the side input of q13.
 *
 *   node benchmarks/nexmark/duckdb-tables.mjs <database> [events] [rate]
 */
import { DuckDBDataChunk, DuckDBInstance, timestampValue } from '@duckdb/node-api';
import { StreamEnvironment } from 'millrace';
import { eventType, kinds } from './events.mjs';
import { sideInputFile } from './side-input.mjs';
import { nexmark } from './source.mjs';

/** Of a chunk, as DuckDB's vectors have them. */
const chunkRows = 2048;
const times = new Set(['dateTime', 'expires']);
/** The fields of each kind of event, in the order of the columns. */
const fields = {
  person: ['id', 'name', 'emailAddress', 'creditCard', 'city', 'state', 'dateTime', 'extra'],
  auction: ['id', 'itemName', 'description', 'initialBid', 'reserve', 'dateTime', 'expires', 'seller', 'category', 'extra'],
  bid: ['auction', 'bidder', 'price', 'channel', 'url', 'dateTime', 'extra'],
};

/** Rows of one kind of event on their way into their table. */
class Table {
  #appender;
  #names;
  /** @type {Record<string, string | number>[]} */
  #rows = [];

  /**
   * @param {import('@duckdb/node-api').DuckDBAppender} appender
   * @param {readonly string[]} names
   */
  constructor(appender, names) {
    this.#appender = appender;
    this.#names = names;
  }

  /** @param {Record<string, string | number>} row */
  add(row) {
    if (this.#rows.push(row) === chunkRows) this.#append();
  }

  close() {
    if (this.#rows.length > 0) this.#append();
    this.#appender.closeSync();
  }

  #append() {
    const types = this.#names.map((_, i) => this.#appender.columnType(i));
    const chunk = DuckDBDataChunk.create(types, this.#rows.length);
    chunk.setColumns(this.#names.map((name) => this.#rows.map((row) => columnValue(name, row[name]))));
    this.#appender.appendDataChunk(chunk);
    this.#rows = [];
  }
}

const [database, events = '2000000', rate = '100000'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: 1 });
const stream = env.fromSource(nexmark({ events: Number(events), eventsPerSecond: Number(rate) }));
/** @type {Awaited<ReturnType<typeof openTables>> | undefined} */
let opened;
for await (const event of stream.executeAndCollect('events')) {
  // Not before the first event: threads of the job load this module, too.
  opened ??= await openTables();
  opened.tables[event.kind].add(event);
}
if (opened !== undefined) await close(opened);

async function openTables() {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  /** @type {Table[]} */
  const tables = [];
  for (const [name, kind] of Object.entries(kinds)) {
    const names = fields[/** @type {keyof typeof fields} */ (name)];
    await connection.run(`CREATE TABLE ${name} (${names.map((field) => `${field} ${columnType(field)}`).join(', ')})`);
    tables[kind] = new Table(await connection.createAppender(name), names);
  }
  return { instance, connection, tables };
}

/** @param {Awaited<ReturnType<typeof openTables>>} opened */
async function close({ instance, connection, tables }) {
  for (const table of tables) table.close();
  await connection.run(`CREATE TABLE side_input AS
    SELECT * FROM read_csv('${sideInputFile().replaceAll("'", "''")}', header = false, columns = { 'key': 'BIGINT', 'value': 'VARCHAR' })`);
  await connection.run(`CREATE TABLE events AS SELECT ${Number(events)} AS count`);
  connection.closeSync();
  instance.closeSync();
}

/** @param {string} field */
function columnType(field) {
  if (times.has(field)) return 'TIMESTAMP';
  const { names, columns } = eventType.record;
  return columns[names.indexOf(field)].kind === 'string' ? 'VARCHAR' : 'BIGINT';
}

/**
 * @param {string} field
 * @param {string | number} value
 */
function columnValue(field, value) {
  if (typeof value === 'string') return value;
  return times.has(field) ? timestampValue(BigInt(value) * 1000n) : BigInt(value);
}
