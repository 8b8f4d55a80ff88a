/** DuckDB over the events that the source makes: what it answers to the SQL of a query is what the query must come to. */

import { readFileSync } from 'node:fs';
import { DuckDBConnection, type DuckDBValue, timestampValue } from '@duckdb/node-api';
import { TestEnvironment } from 'millrace/testing';
import { type NexmarkEvent, nexmark, type Row, type Workload } from './suite.ts';

/** By table: the kind of its events, and their fields, in the order of the columns. */
const tables: Readonly<Record<string, { readonly kind: number; readonly fields: readonly string[] }>> = {
  person: { kind: 0, fields: ['id', 'name', 'emailAddress', 'creditCard', 'city', 'state', 'dateTime', 'extra'] },
  auction: {
    kind: 1,
    fields: ['id', 'itemName', 'description', 'initialBid', 'reserve', 'dateTime', 'expires', 'seller', 'category', 'extra'],
  },
  bid: { kind: 2, fields: ['auction', 'bidder', 'price', 'channel', 'url', 'dateTime', 'extra'] },
};

export class Oracle {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** @param sideInput a file of lines 'key,value' */
  static async of(events: readonly NexmarkEvent[], sideInput: string): Promise<Oracle> {
    const connection = await DuckDBConnection.create();
    for (const [table, { kind, fields }] of Object.entries(tables)) {
      await connection.run(`CREATE TABLE ${table} (${fields.map((field) => `${field} ${columnType(field, events)}`).join(', ')})`);
      await fill(
        connection,
        table,
        fields,
        events.filter((event) => event.kind === kind),
      );
    }
    await connection.run(`CREATE TABLE side_input AS
      SELECT * FROM read_csv('${sideInput.replaceAll("'", "''")}', header = false, columns = { 'key': 'BIGINT', 'value': 'VARCHAR' })`);
    return new Oracle(connection);
  }

  /** What the SQL of a query comes to, in no particular order. */
  async answer(query: string): Promise<Row[]> {
    const sql = readFileSync(new URL(`../../benchmarks/nexmark/queries/${query}.sql`, import.meta.url), 'utf8');
    const reader = await this.#connection.runAndReadAll(sql);
    const names = reader.deduplicatedColumnNames();
    return reader.getRows().map((values) => Object.fromEntries(values.map((value, i) => [names[i], plain(value)])));
  }

  close(): void {
    this.#connection.closeSync();
  }
}

/** All that the source makes. */
export function eventsOf(workload: Workload): Promise<NexmarkEvent[]> {
  const env = new TestEnvironment();
  return env.collect(env.fromSource(nexmark(workload)));
}

function columnType(field: string, [event]: readonly NexmarkEvent[]): string {
  if (field === 'dateTime' || field === 'expires') return 'TIMESTAMP';
  return typeof event[field] === 'string' ? 'VARCHAR' : 'BIGINT';
}

async function fill(
  connection: DuckDBConnection,
  table: string,
  fields: readonly string[],
  events: readonly NexmarkEvent[],
): Promise<void> {
  const appender = await connection.createAppender(table);
  for (const event of events) {
    for (const field of fields) {
      const value = event[field];
      if (typeof value === 'string') appender.appendVarchar(value);
      else if (field === 'dateTime' || field === 'expires') appender.appendTimestamp(timestampValue(BigInt(value) * 1000n));
      else appender.appendBigInt(BigInt(value));
    }
    appender.endRow();
  }
  appender.closeSync();
}

/** As a job has it: times are milliseconds since 1970, decimals and wide integers are numbers. */
function plain(value: DuckDBValue): string | number | null {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'object' && 'micros' in value && typeof value.micros === 'bigint') return Number(value.micros / 1000n);
  if (typeof value === 'object' && 'toDouble' in value) return value.toDouble();
  throw new Error(`the SQL has a column of a type that rows do not have: ${String(value)}; cast it`);
}
