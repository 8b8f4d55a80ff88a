/**
 * Hits and bytes of each URL of an access log in the combined format, as one would write it in Node: `readline`, a regular expression
 * and a `Map`.
 *
 *   node benchmarks/baselines/hits-by-url-readline.mjs <file>
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { reportAnswer } from './answers.mjs';
import { secondsSince } from './shared.mjs';

const format = /^(\S+) \S+ (\S+) \[([^\]]+)\] "(\S+) (\S+) (\S+)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"$/;
const file = process.argv[2];

// Since the process began: starting is part of it.
const start = 0;
/** @type {Map<string, { url: string, hits: number, bytes: number }>} */
const rows = new Map();
const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
lines.on('line', (line) => {
  const match = format.exec(line);
  if (match === null) throw new Error(`not in the combined format: ${line}`);
  const url = match[5];
  const bytes = match[8] === '-' ? 0 : Number(match[8]);
  const row = rows.get(url);
  if (row === undefined) rows.set(url, { url, hits: 1, bytes });
  else {
    row.hits += 1;
    row.bytes += bytes;
  }
});
await once(lines, 'close');
const seconds = secondsSince(start);
reportAnswer({ program: 'hits-by-url-readline', question: 'hits-by-url', file, seconds, rows: rows.values() });
