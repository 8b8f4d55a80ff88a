/** What is measured, against what, and on how much data. */
import { hashOfLines } from './baselines/shared.mjs';
import { largeLogComparisons, logComparisons } from './log-catalogue.mjs';
import { aboutNexmark, nexmark } from './nexmark-catalogue.mjs';
import { accessLog, textFile } from './runner/data.mjs';
import { mawk, native, script } from './runner/programs.mjs';
import { full, smoke } from './sizes.mjs';

/**
 * @typedef {import('./runner/measure.mjs').Comparison} Comparison
 * @typedef {import('./runner/measure.mjs').Figures} Figures
 */

/** The workload of a group where titles do not say it. @type {Readonly<Record<string, string>>} */
export const workloads = aboutNexmark;

/**
 * @param {{ smoke: boolean }} options
 * @returns {(Comparison | Figures)[]}
 */
export function catalogue(options) {
  const sizes = options.smoke ? smoke : full;
  return [
    ...nexmark(sizes.nexmark),
    ...wordCount(sizes),
    ...exchange(sizes),
    scaling(sizes),
    intervalJoin(sizes),
    accessLogReport(sizes),
    ...logComparisons(sizes.logMegabytes),
    ...largeLogComparisons({ megabytes: sizes.largeLogMegabytes, logMegabytes: sizes.logMegabytes, times: sizes.logTimes }),
    start(sizes),
    habits(sizes),
    ...latency(sizes),
    ...windows(sizes),
    sessionMemory(sizes),
    diskState(sizes),
    ...checkpoints(sizes),
    ...backPressure(sizes),
    ...pieces(sizes),
  ];
}

/**
 * @param {typeof full} sizes
 * @returns {Comparison[]}
 */
function wordCount({ textMegabytes, streamedMegabytes }) {
  const text = textFile(textMegabytes);
  const streamed = textFile(streamedMegabytes);
  const common = /** @type {const} */ ({ kind: 'comparison', name: 'word-count', unit: 'words', work: workOf('words') });
  return [
    {
      ...common,
      member: 'two-cores',
      title: `the words of ${textMegabytes} MB of text, on two cores`,
      data: text,
      subject: script('Millrace × 2', ['benchmarks/jobs/word-count.mjs', text.path, 2], 2),
      others: [
        script('readline and a Map', ['benchmarks/baselines/word-count-readline.mjs', text.path]),
        mawk('mawk', ['benchmarks/baselines/word-count.awk', text.path], wordsAndDistinct),
        native('C × 1', ['word-count', text.path, 1]),
        native('C × 2', ['word-count', text.path, 2], 2),
      ],
    },
    {
      ...common,
      member: 'one-core',
      title: `the words of ${textMegabytes} MB of text, on one core`,
      data: text,
      subject: script('Millrace × 1', ['benchmarks/jobs/word-count.mjs', text.path, 1]),
      others: [native('C × 1', ['word-count', text.path, 1])],
    },
    {
      ...common,
      member: 'rolling',
      title: `a rolling count of the words of ${streamedMegabytes} MB of text`,
      data: streamed,
      subject: script('Millrace × 2, streaming', ['benchmarks/jobs/word-count-streaming.mjs', streamed.path, 2], 2),
      others: [rollingAfterwards(script('Millrace × 2, batch', ['benchmarks/jobs/word-count.mjs', streamed.path, 2], 2))],
    },
  ];
}

/**
 * What is counted once, compared by what a rolling count would have come to.
 *
 * @param {import('./runner/programs.mjs').Program} program
 * @returns {import('./runner/programs.mjs').Program}
 */
function rollingAfterwards(program) {
  return {
    ...program,
    read(stdout) {
      const { rollingHash, ...results } = program.read(stdout);
      return { ...results, hash: rollingHash };
    },
  };
}

/** @param {string} stdout of word-count.awk */
function wordsAndDistinct(stdout) {
  const [words, distinct] = stdout.trim().split(' ').map(Number);
  return { words, distinct };
}

/**
 * @param {typeof full} sizes
 * @returns {Comparison[]}
 */
function exchange({ exchangedRecords, postedRecords }) {
  const common = /** @type {const} */ ({ kind: 'comparison', name: 'exchange', unit: 'records', work: workOf('records') });
  return [
    {
      ...common,
      member: 'ring',
      title: `${grouped(exchangedRecords)} records of four numbers by key to another thread, against the limit`,
      subject: script('Millrace × 2', ['benchmarks/jobs/exchange.mjs', exchangedRecords], 2),
      others: [native('C, a ring', ['exchange', exchangedRecords], 2)],
    },
    {
      ...common,
      member: 'post-message',
      title: `${grouped(postedRecords)} records of four numbers by key to another thread, against the usual way`,
      subject: script('Millrace × 2', ['benchmarks/jobs/exchange.mjs', postedRecords], 2),
      others: [script('postMessage', ['benchmarks/baselines/exchange-post-message.mjs', postedRecords], 2)],
    },
  ];
}

/**
 * @param {typeof full} sizes
 * @returns {Comparison}
 */
function scaling({ scaledRecords }) {
  return {
    kind: 'comparison',
    name: 'scaling',
    title: 'a map that computes, on two cores and on one',
    unit: 'records',
    work: ({ records }) => Number(records),
    subject: script('Millrace × 2', ['benchmarks/jobs/scaling.mjs', scaledRecords, 2], 2),
    others: [
      script('Millrace × 1', ['benchmarks/jobs/scaling.mjs', scaledRecords, 1]),
      script('a plain loop', ['benchmarks/baselines/scaling-loop.mjs', scaledRecords]),
    ],
  };
}

/**
 * Windows of 10 seconds, with and without aggregating in front of the exchange: it must be the same, and cost no more.
 *
 * @param {typeof full} sizes
 * @returns {Comparison[]}
 */
function windows({ windowedRecords }) {
  const job = (/** @type {string} */ where, /** @type {readonly (string | number)[]} */ args, /** @type {number} */ cores) =>
    script(`Millrace × ${cores}, ${where}`, ['benchmarks/jobs/windows.mjs', windowedRecords, ...args, cores, where], cores);
  /** @type {[member: string, title: string, args: readonly (string | number)[], cores: number][]} */
  const cases = [
    ['100k-numbers', 'tumbling windows of 100,000 numbers', [100_000, 'tumbling', 'numbers', 'even'], 1],
    ['100k-strings', 'tumbling windows of 100,000 strings', [100_000, 'tumbling', 'strings', 'even'], 1],
    ['100k-strings-in-turn', 'tumbling windows of 100,000 strings, one after the other', [100_000, 'tumbling', 'strings', 'in-turn'], 1],
    ['1k-numbers', 'tumbling windows of 1,000 numbers', [1000, 'tumbling', 'numbers', 'even'], 1],
    ['sliding', 'windows of 1,000 numbers that slide by 100 ms', [1000, 'sliding', 'numbers', 'even'], 1],
    [
      '1k-numbers-skewed',
      'tumbling windows of 1,000 numbers, one of them in 90 % of the records',
      [1000, 'tumbling', 'numbers', 'skewed'],
      2,
    ],
    [
      '100k-numbers-skewed',
      'tumbling windows of 100,000 numbers, one of them in 90 % of the records',
      [100_000, 'tumbling', 'numbers', 'skewed'],
      2,
    ],
  ];
  return cases.map(([member, title, args, cores]) => ({
    kind: 'comparison',
    name: 'windows',
    member,
    title,
    unit: 'records',
    work: ({ records }) => Number(records),
    // On one core nothing is aggregated in front of the exchange.
    subject: job(cores === 1 ? 'direct' : 'local', args, cores),
    others: cores === 1 ? [] : [job('direct', args, cores)],
  }));
}

/**
 * @param {typeof full} sizes
 * @returns {Figures}
 */
function sessionMemory({ sessionRecords, sessionKeys }) {
  return {
    kind: 'figures',
    name: 'session-memory',
    title: `memory with ${grouped(sessionKeys)} sessions at a time`,
    subject: script('Millrace × 2', ['benchmarks/jobs/session-memory.mjs', sessionRecords, sessionKeys, 2], 2),
  };
}

/**
 * @param {typeof full} sizes
 * @returns {Figures[]}
 */
function checkpoints({ checkpointedKeys, checkpointedSeconds }) {
  const titles = {
    cost: `a checkpoint each second of ${grouped(checkpointedKeys)} keys, of which a tenth changes`,
    bytes: `what a checkpoint of ${grouped(checkpointedKeys)} keys writes`,
    large: `a checkpoint of ${grouped(checkpointedKeys)} values of 1,000 characters, of which 1 % changes`,
  };
  return Object.entries(titles).map(([mode, title]) => ({
    kind: 'figures',
    name: 'checkpoints',
    member: mode,
    title,
    subject: script('Millrace × 2', ['benchmarks/jobs/checkpoints.mjs', mode, checkpointedKeys, checkpointedSeconds], 2),
  }));
}

/**
 * @param {typeof full} sizes
 * @returns {Figures[]}
 */
function backPressure({ heldUpRecords, heldUpCheckpoints, heldUpDepths }) {
  const titles = {
    rows: 'checkpoints under back-pressure: a function that takes 1 ms for a record',
    firing: `checkpoints under back-pressure: the same behind a window that fires ${grouped(heldUpRecords)} rows`,
  };
  return Object.entries(titles).map(([mode, title]) => ({
    kind: 'figures',
    name: 'checkpoints',
    member: `held-up-${mode}`,
    title,
    subject: script('Millrace × 2', ['benchmarks/jobs/back-pressure.mjs', mode, heldUpRecords, heldUpCheckpoints, heldUpDepths], 2),
  }));
}

/**
 * @param {typeof full} sizes
 * @returns {Comparison}
 */
function diskState({ stateKeys, stateUpdates, stateTimes }) {
  const job = (/** @type {string} */ backend) =>
    script(`Millrace × 1, ${backend}`, ['benchmarks/jobs/disk-state.mjs', stateKeys, stateUpdates, stateTimes, 1, backend]);
  return {
    kind: 'comparison',
    name: 'disk-state',
    title: `updates at random of the state of ${grouped(stateKeys)} keys, ${stateTimes} times the memory that it may take`,
    unit: 'updates',
    work: ({ updates }) => Number(updates),
    subject: job('disk'),
    others: [job('heap')],
  };
}

/**
 * @param {typeof full} sizes
 * @returns {Comparison}
 */
function intervalJoin({ joinedRecords }) {
  return {
    kind: 'comparison',
    name: 'interval-join',
    title: `an interval join of two streams of ${grouped(joinedRecords / 2)} records, on one core`,
    unit: 'records',
    work: ({ records }) => Number(records),
    subject: script('Millrace × 1', ['benchmarks/jobs/interval-join.mjs', joinedRecords]),
    others: [script('arrays in a Map', ['benchmarks/baselines/interval-join-loop.mjs', joinedRecords])],
  };
}

/**
 * The example as a user runs it: the time is that of the whole process.
 *
 * @param {typeof full} sizes
 * @returns {Comparison}
 */
function accessLogReport({ logLines }) {
  const log = accessLog(logLines);
  const example = script('Millrace × 2', ['dist/cli/main.js', 'run', 'examples/access-log.ts', '-p', 2, '--', log.path], 2);
  const readline = script('readline and a Map', ['benchmarks/baselines/access-log-readline.mjs', log.path]);
  return {
    kind: 'comparison',
    name: 'access-log',
    title: `examples/access-log.ts on ${grouped(logLines)} lines, whole processes`,
    data: log,
    unit: 'lines',
    work: () => logLines,
    subject: { ...example, read: reportAndTotals },
    others: [{ ...readline, read: reportAndTotals }, mawk('mawk', ['benchmarks/baselines/access-log.awk', log.path], totals)],
  };
}

/** @param {string} stdout of the example */
function reportAndTotals(stdout) {
  return { hash: hashOfLines([stdout.trimEnd()]), ...totals(stdout) };
}

/** @param {string} stdout with a line such as `5,000 hits of 791 URLs, 88,741,046 bytes, 285 errors` */
function totals(stdout) {
  const line = stdout.split('\n').find((each) => / hits of .* URLs, /.test(each)) ?? '';
  return { totals: line.replaceAll(/(?<=\d),(?=\d)/g, '') };
}

/**
 * @param {typeof full} sizes
 * @returns {Figures}
 */
function start({ warmStarts }) {
  return {
    kind: 'figures',
    name: 'start',
    title: 'from submit to the first row of output',
    subject: script('Millrace', ['benchmarks/jobs/start.mjs', warmStarts]),
  };
}

/**
 * @param {typeof full} sizes
 * @returns {Figures}
 */
function habits({ habitRecords }) {
  return {
    kind: 'figures',
    name: 'habits',
    title: 'a record from source to sink, in jobs written in one way and in another',
    subject: script('Millrace', ['benchmarks/jobs/habits.mjs', habitRecords]),
  };
}

/**
 * @param {typeof full} sizes
 * @returns {Figures[]}
 */
function latency({ latencyEvents, latencyPerSecond }) {
  return ['default', '0'].map((bufferTimeout) => ({
    kind: 'figures',
    name: 'latency',
    member: bufferTimeout === 'default' ? 'buffered' : 'at-once',
    title: `one exchange by key, ${grouped(latencyPerSecond)} events/s, bufferTimeout ${bufferTimeout === 'default' ? '10ms, the default' : bufferTimeout}`,
    subject: script('Millrace', ['benchmarks/jobs/latency.mjs', latencyEvents, latencyPerSecond, bufferTimeout], 2),
  }));
}

/**
 * @param {typeof full} sizes
 * @returns {Figures[]}
 */
function pieces({ pieceMs }) {
  const titles = {
    'fused-stage': 'map → filter → map as one generated loop',
    ring: 'the ring between two threads',
    'value-codec': 'values as bytes and back',
    'key-index': 'from keys to slots',
    timers: 'timers that fire and are registered again',
    'window-allocation': 'what windowed aggregation allocates',
  };
  return Object.entries(titles).map(([name, title]) => ({
    kind: 'figures',
    name,
    title,
    subject: script('Millrace', [`benchmarks/pieces/${name}.mjs`, pieceMs]),
  }));
}

/** @param {number} count */
function grouped(count) {
  return count.toLocaleString('en');
}

/** @param {string} unit that programs report by its name */
function workOf(unit) {
  return (/** @type {Record<string, unknown>} */ results) => Number(results[unit]);
}
