/**
 * Hits for each minute of a web server's access log, with checkpoints: kill the job at any moment and start it again, and in the end the
 * files hold every minute once.
 *
 *   node examples/generate.mjs access-log --lines 2000000 --out examples/data/access.log
 *   millrace run examples/hits-per-minute.ts -- examples/data/access.log hits     kill -9 it on the way
 *   millrace run examples/hits-per-minute.ts -- examples/data/access.log hits     it goes on
 */
import { count, countDistinct, eventTime, files, StreamEnvironment, watermarks } from 'millrace';
import { parseVisit } from './access-log/visit.ts';

const env = new StreamEnvironment({ checkpoint: { interval: '200ms' } });
const [log = 'examples/data/access.log', directory = 'hits'] = env.args as string[];

// What has state has a uid: so it is found again when the job has been changed.
env
  .readTextFile(log, { uid: 'log' })
  .map(parseVisit)
  .filter(({ address }) => address !== '')
  .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness('1m', { timestamp: 'first' }))
  .uid('times')
  .keyBy(() => 'all')
  .window(eventTime.tumbling('1m'))
  .aggregate({ hits: count(), visitors: countDistinct('address') })
  .uid('minutes')
  .map(({ start, hits, visitors }) => `${new Date(start).toISOString().slice(0, 16)} ${hits} hits of ${visitors} visitors`)
  // Exactly once: what a checkpoint has not confirmed does not show.
  .sinkTo(files.sink(directory, { format: 'text' }))
  .uid('files');

await env.execute('hits per minute');
