/**
 * Three of the twelve fields of JSON lines: how many requests and bytes each route had, of those that were answered with 200.
 *
 *   node benchmarks/jobs/bytes-by-route.mjs <file> [parallelism]
 */
import { count, formats, StreamEnvironment, sum, t } from 'millrace';
import { reportAnswer } from '../baselines/answers.mjs';
import { secondsSince } from '../baselines/shared.mjs';

const [file, parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism) });
const routes = env
  .readFile(file, formats.json({ route: t.string, status: t.int32, bytes: t.int32 }))
  .filter(({ status }) => status === 200)
  .keyBy('route')
  .aggregate({ requests: count(), bytes: sum('bytes') });

// Since the process began: starting is part of it.
const start = 0;
const found = await routes.executeAndCollect('bytes by route').toArray();
const rows = found.map(({ key, requests, bytes }) => ({ route: key, requests, bytes }));
const seconds = secondsSince(start);
reportAnswer({ program: 'bytes-by-route', question: 'bytes-by-route', file, seconds, rows });
