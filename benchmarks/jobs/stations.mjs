/**
 * Minimum, mean and maximum of each weather station, of lines such as `Tromsø;-12.3`.
 *
 *   node benchmarks/jobs/stations.mjs <file> [parallelism]
 */
import { avg, count, formats, max, min, StreamEnvironment } from 'millrace';
import { reportAnswer } from '../baselines/answers.mjs';
import { secondsSince } from '../baselines/shared.mjs';

const [file, parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism) });
const stations = env
  .readFile(file, formats.pattern('%{string:station};%{number:t}'))
  .keyBy('station')
  .aggregate({ min: min('t'), mean: avg('t'), max: max('t'), count: count() });

// Since the process began: starting is part of it.
const start = 0;
const found = await stations.executeAndCollect('stations').toArray();
const rows = found.map(({ key, ...row }) => ({ station: key, ...row }));
const seconds = secondsSince(start);
reportAnswer({ program: 'stations', question: 'stations', file, seconds, rows });
