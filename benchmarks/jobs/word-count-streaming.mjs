/**
 * Counts the words of a file in streaming mode: every word brings a row with its count so far, into a sink that adds them up. The hash is
 * over those rows whose count is a power of two, so that it costs next to nothing: each word has some, however often it comes.
 *
 *   node benchmarks/jobs/word-count-streaming.mjs <file> [parallelism]
 */
import { count, StreamEnvironment } from 'millrace';
import { perSecond } from '../baselines/shared.mjs';
import { Checksum, totalOf } from '../runner/checksum.mjs';
import { leaveNumbers, takeNumbers } from './subtask-numbers.mjs';

/** @type {import('millrace').Sink<{ key: string, times: number }>} */
const adding = {
  name: 'adding',
  createWriter({ subtask }) {
    const sum = new Checksum();
    let words = 0;
    let rollingSum = 0;
    return {
      write(row) {
        const { times } = row;
        words += 1;
        rollingSum += times;
        if ((times & (times - 1)) === 0) sum.add(row);
      },
      finish: () => leaveNumbers(subtask, [...sum.parts, words, rollingSum]),
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
const left = takeNumbers();
const { hash } = totalOf(left);
const [words, rollingSum] = [3, 4].map((at) => left.reduce((all, numbers) => all + numbers[at], 0));
console.log(
  JSON.stringify({ program: 'word-count-streaming', words, seconds, wordsPerSecond: perSecond(words, seconds), rollingSum, hash }),
);
