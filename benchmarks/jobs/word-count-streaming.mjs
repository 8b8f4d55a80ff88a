/**
 * Counts the words of a file in streaming mode: every word brings a row with its count so far, into a sink that adds them up.
 *
 *   node benchmarks/jobs/word-count-streaming.mjs <file> [parallelism]
 */
import { count, StreamEnvironment } from 'millrace';
import { perSecond } from '../baselines/shared.mjs';
import { leaveNumbers, takeNumbers } from './subtask-numbers.mjs';

/** @type {import('millrace').Sink<{ times: number }>} */
const adding = {
  name: 'adding',
  createWriter({ subtask }) {
    let words = 0;
    let rollingSum = 0;
    return {
      write({ times }) {
        words += 1;
        rollingSum += times;
      },
      finish: () => leaveNumbers(subtask, [words, rollingSum]),
    };
  },
};

const [file, parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism), runtimeMode: 'streaming' });
env
  .readTextFile(file)
  .flatMap((line) => line.split(' '))
  .keyBy((word) => word)
  .aggregate({ times: count() })
  .sinkTo(adding);

const { runtimeMs } = await env.execute('streaming word count');
const seconds = runtimeMs / 1000;
const [words, rollingSum] = takeNumbers().reduce(([words, sum], [moreWords, moreSum]) => [words + moreWords, sum + moreSum], [0, 0]);
console.log(JSON.stringify({ program: 'word-count-streaming', words, seconds, wordsPerSecond: perSecond(words, seconds), rollingSum }));
