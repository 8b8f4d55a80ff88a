/**
 * A query asked of DuckDB, as a batch over tables of the same events: `queries/*.sql`, on one thread.
 *
 *   node benchmarks/nexmark/duckdb.mjs <query> <database>
 *
 * The clock starts when the file of duckdb-tables.mjs is open, and stops when every column of every row of the answer has gone into
 * a hash, as the rows of a job do.
 */
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { secondsSince } from '../baselines/shared.mjs';

const [query, database] = process.argv.slice(2);
const instance = await DuckDBInstance.create(database, { access_mode: 'READ_ONLY', threads: '1' });
const connection = await instance.connect();
const sql = readFileSync(new URL(`queries/${query}.sql`, import.meta.url), 'utf8');
const [[events]] = (await connection.runAndReadAll('SELECT count FROM events')).getRows();

const cpu = process.cpuUsage();
const start = performance.now();
const reader = await connection.runAndReadAll(`SELECT count(*), bit_xor(hash(answer)) FROM (${sql}) AS answer`);
const seconds = secondsSince(start);
const { user, system } = process.cpuUsage(cpu);
const [[rows]] = reader.getRows();
console.log(
  JSON.stringify({
    query,
    events: Number(events),
    seconds,
    coreEventsPerSecond: Math.round(Number(events) / ((user + system) / 1e6)),
    rows: Number(rows),
  }),
);
