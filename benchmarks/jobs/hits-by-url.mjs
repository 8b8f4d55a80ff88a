/**
 * Hits and bytes of each URL of an access log in the combined format: one row for each, when all is read.
 *
 *   node benchmarks/jobs/hits-by-url.mjs <file> [parallelism]
 */
import { count, formats, StreamEnvironment, sum } from 'millrace';
import { reportAnswer } from '../baselines/answers.mjs';
import { secondsSince } from '../baselines/shared.mjs';

const [file, parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism) });
const urls = env
  .readFile(file, formats.combinedLog())
  .keyBy('url')
  .aggregate({ hits: count(), bytes: sum('bytes') });

// Since the process began: starting is part of it.
const start = 0;
const found = await urls.executeAndCollect('hits by URL').toArray();
const rows = found.map(({ key, hits, bytes }) => ({ url: key, hits, bytes: bytes ?? 0 }));
const seconds = secondsSince(start);
reportAnswer({ program: 'hits-by-url', question: 'hits-by-url', file, seconds, rows });
