/**
 * Counts the words of text files. Files end, so the job runs in batch mode: one line for each word, when all is read.
 *
 *   millrace run examples/word-count.ts -- 'books/*.txt'
 */
import { count, StreamEnvironment } from 'millrace';

const env = new StreamEnvironment();
const [files = 'README.md'] = env.args as string[];

env
  .readTextFile(files)
  .flatMap((line) => line.split(/\s+/))
  .filter((word) => word !== '')
  .keyBy((word) => word)
  .aggregate({ times: count() })
  .map(({ key, times }) => `${key}: ${times}`)
  .print();

await env.execute('word count');
