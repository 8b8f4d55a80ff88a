/**
 * The questions about log files, asked of DuckDB. The clock starts before DuckDB is loaded and stops when the program has the rows, as JavaScript
 * objects: there every other program in Node stops it, too. `columnSeconds` says when DuckDB had them, in columns of its own.
 *
 *   node benchmarks/baselines/duckdb.mjs <question> <file> [threads]
 */
import { reportAnswer } from './answers.mjs';
import { secondsSince } from './shared.mjs';

const [question, file, threads = '2'] = process.argv.slice(2);
const text = `'${file.replaceAll("'", "''")}'`;
// Since the process began: starting is part of it.
const start = 0;

/** The fields of the combined format are those of a CSV file whose delimiter is a space; the time, in brackets, makes two. */
const log = `read_csv(${text}, delim = ' ', quote = '"', escape = '"', header = false, auto_detect = false, nullstr = '-', columns = {
  'ip': 'VARCHAR', 'ident': 'VARCHAR', 'user': 'VARCHAR', 'time': 'VARCHAR', 'zone': 'VARCHAR', 'request': 'VARCHAR',
  'status': 'SMALLINT', 'bytes': 'BIGINT', 'referrer': 'VARCHAR', 'agent': 'VARCHAR' })`;
/** No line has a NUL, so that each is one field. */
const lines = `read_csv(${text}, delim = '\\0', quote = '', escape = '', header = false, auto_detect = false, columns = { 'line': 'VARCHAR' })`;

/** @type {Record<string, string>} */
const statements = {
  'hits-by-url': `
    SELECT split_part(request, ' ', 2) AS url, count(*) AS hits, coalesce(sum(bytes), 0) AS bytes
    FROM ${log} GROUP BY ALL`,
  // Minutes are told apart as text, which is cheaper than to make a time of each line.
  'traffic-by-minute': `
    SELECT url, epoch(strptime(minute, '%d/%b/%Y:%H:%M')) / 60 AS minute, status, hits, clients, p99
    FROM (SELECT split_part(request, ' ', 2) AS url, substr(time, 2, 17) AS minute, status,
                 count(*) AS hits, count(DISTINCT ip) AS clients, quantile_disc(bytes, 0.99) AS p99
          FROM ${log} GROUP BY ALL)`,
  'bytes-by-route': `
    SELECT route, count(*) AS requests, sum(bytes) AS bytes
    FROM read_ndjson(${text}, columns = { 'route': 'VARCHAR', 'status': 'SMALLINT', 'bytes': 'BIGINT' })
    WHERE status = 200 GROUP BY route`,
  stations: `
    SELECT station, min(t) AS min, max(t) AS max, avg(t) AS mean, count(*) AS count
    FROM read_csv(${text}, delim = ';', quote = '', escape = '', header = false, auto_detect = false,
                  columns = { 'station': 'VARCHAR', 't': 'DOUBLE' })
    GROUP BY station`,
  'word-count': `
    SELECT word, count(*) AS times
    FROM (SELECT unnest(string_split(line, ' ')) AS word FROM ${lines}) GROUP BY word`,
};

const { DuckDBInstance } = await import('@duckdb/node-api');
const instance = await DuckDBInstance.create(':memory:', { threads });
const connection = await instance.connect();
const reader = await connection.runAndReadAll(statements[question]);
const columnSeconds = secondsSince(start);
const rows = rowsOf(reader.columnNames(), reader.getColumns());
const seconds = secondsSince(start);
reportAnswer({ program: 'duckdb', question: /** @type {'stations'} */ (question), file, seconds, columnSeconds, rows });

/**
 * An object for each row, by a literal with the names of the columns: that costs least. DuckDB's wide integers come as bigints.
 *
 * @param {readonly string[]} names
 * @param {readonly (readonly unknown[])[]} columns
 * @returns {object[]}
 */
function rowsOf(names, columns) {
  const plain = columns.map((values) => values.map((value) => (typeof value === 'bigint' ? Number(value) : value)));
  const literal = names.map((name, i) => `${JSON.stringify(name)}: columns[${i}][row]`).join(', ');
  const rowAt = /** @type {(columns: readonly (readonly unknown[])[], row: number) => object} */ (
    new Function('columns', 'row', `return { ${literal} };`)
  );
  return Array.from({ length: reader.currentRowCount }, (_, row) => rowAt(plain, row));
}
