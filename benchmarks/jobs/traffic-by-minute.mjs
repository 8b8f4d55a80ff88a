/**
 * For each URL, minute and status of an access log in the combined format: the hits, how many clients there were, and how many bytes
 * 99 % of the answers had at most. Minutes are windows of event time.
 *
 *   node benchmarks/jobs/traffic-by-minute.mjs <file> [parallelism]
 */
import { count, countDistinct, eventTime, formats, quantile, StreamEnvironment, watermarks } from 'millrace';
import { reportAnswer } from '../baselines/answers.mjs';
import { secondsSince } from '../baselines/shared.mjs';

const [file, parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism) });
const traffic = env
  .readFile(file, formats.combinedLog())
  .assignTimestampsAndWatermarks(watermarks.monotonous({ timestamp: 'timestamp' }))
  .keyBy(['url', 'status'])
  .window(eventTime.tumbling('1m'))
  .aggregate({ hits: count(), clients: countDistinct('ip'), p99: quantile('bytes', 0.99) });

// Since the process began: starting is part of it.
const began = 0;
const found = await traffic.executeAndCollect('traffic by minute').toArray();
const rows = found.map(({ key, start, hits, clients, p99 }) => ({
  url: key[0],
  status: key[1],
  minute: start / 60_000,
  hits,
  clients,
  p99,
}));
const seconds = secondsSince(began);
reportAnswer({ program: 'traffic-by-minute', question: 'traffic-by-minute', file, seconds, rows });
