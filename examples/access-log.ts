/**
 * Hits, bytes and errors of each URL of a web server's access log (the combined format of Apache and nginx), as a report of the
 * busiest URLs.
 *
 *   node examples/generate.mjs access-log --lines 200000 --out examples/data/access.log
 *   millrace run examples/access-log.ts -- examples/data/access.log
 */
import { collect, count, StreamEnvironment, sum } from 'millrace';
import { parseHit } from './access-log/hit.ts';
import { report } from './access-log/report.ts';

const env = new StreamEnvironment();
const [files = 'examples/data/access.log'] = env.args as string[];

env
  .readTextFile(files)
  .map(parseHit)
  .keyBy('url')
  .aggregate({ hits: count(), bytes: sum('bytes'), errors: sum('errors') })
  // One key for all of them: the rows meet in one place.
  .keyBy(() => 'all')
  .aggregate({ rows: collect() })
  .map(({ rows }) => report(rows))
  .print()
  .setParallelism(1);

await env.execute('access log');
