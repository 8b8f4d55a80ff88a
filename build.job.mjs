/** What the build runs once, so that V8's code of it is kept: the usual ways through the engine, over the lines of an access log. */
import { count, eventTime, formats, quantile, StreamEnvironment, sum, watermarks } from 'millrace';

const env = new StreamEnvironment();
const [file] = env.args;
const requests = env.readFile(file, formats.combinedLog());
requests
  .keyBy('url')
  .aggregate({ hits: count(), bytes: sum('bytes') })
  .print();
requests
  .filter(({ status }) => status >= 500)
  .map(({ url, bytes, timestamp }) => ({ url, kilobytes: (bytes ?? 0) / 1024, timestamp }))
  .assignTimestampsAndWatermarks(watermarks.monotonous({ timestamp: 'timestamp' }))
  .keyBy('url')
  .window(eventTime.tumbling('1m'))
  .aggregate({ failures: count(), half: quantile('kilobytes', 0.5) })
  .print();

await env.execute('build');
