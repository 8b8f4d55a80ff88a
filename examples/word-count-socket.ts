/**
 * Counts the words that come over a TCP connection. Nobody knows when that ends, so the job runs in streaming mode: each word
 * brings a line with its count so far.
 *
 *   nc -lk 9999                                                   in one terminal: type here
 *   millrace run examples/word-count-socket.ts -- localhost 9999  in another
 */
import { count, StreamEnvironment } from 'millrace';

const env = new StreamEnvironment();
const [host = 'localhost', port = '9999'] = env.args as string[];

env
  .socketTextStream(host, Number(port))
  .flatMap((line) => line.split(/\s+/))
  .filter((word) => word !== '')
  .keyBy((word) => word)
  .aggregate({ times: count() })
  .map(({ key, times }) => `${key}: ${times}`)
  .print();

await env.execute('word count over a socket');
