/**
 * Counts the words of a file as `native-bench/word-count.c` does, without making a text of each line first.
 *
 *   node benchmarks/jobs/split-words.mjs <file> [parallelism]
 */
import { count, StreamEnvironment, splitWords } from 'millrace';
import { reportAnswer } from '../baselines/answers.mjs';
import { secondsSince } from '../baselines/shared.mjs';

const [file, parallelism = '2'] = process.argv.slice(2);
const env = new StreamEnvironment({ parallelism: Number(parallelism) });
const words = env
  .readTextFile(file)
  .flatMap(splitWords())
  .keyBy((word) => word)
  .aggregate({ times: count() });

// Since the process began: starting is part of it.
const start = 0;
const found = await words.executeAndCollect('words').toArray();
const rows = found.map(({ key, times }) => ({ word: key, times }));
const seconds = secondsSince(start);
reportAnswer({ program: 'split-words', question: 'word-count', file, seconds, rows });
