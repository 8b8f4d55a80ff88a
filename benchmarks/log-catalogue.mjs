/**
 * The questions about log files: what each is asked of, and who answers. All report the same answer or the comparison fails; see
 * `baselines/answers.mjs`.
 */
import { statSync } from 'node:fs';
import { answerOf } from './baselines/answers.mjs';
import { repeated, textFile } from './runner/data.mjs';
import { duckdb, duckdbColumns } from './runner/duckdb.mjs';
import { combinedLogFile, jsonLinesFile, measurementsFile } from './runner/log-data.mjs';
import { mawk, native, script } from './runner/programs.mjs';

/**
 * @typedef {import('./runner/measure.mjs').Comparison} Comparison
 */

/**
 * Of the total of all quantiles. A sketch tells each within 1 %; and where a rank falls between two values Millrace takes the lower
 * and DuckDB the upper one, which is 0.1 % in these data.
 */
const p99Tolerance = 0.012;

/**
 * @param {number} megabytes of each file
 * @returns {Comparison[]}
 */
export function logComparisons(megabytes) {
  return [hitsByUrl(megabytes), trafficByMinute(megabytes), bytesByRoute(megabytes), stations(megabytes), words(megabytes)];
}

/** Too slow to wait for where there is more to read. */
const slowPrograms = /readline|mawk/;

/**
 * The same questions of larger files, and of many: there to start, and to compile what runs, is less of it.
 *
 * @param {{ megabytes: number, logMegabytes: number, times: number }} options megabytes of each file; and how many times one of `logMegabytes` is read
 * @returns {Comparison[]}
 */
export function largeLogComparisons({ megabytes, logMegabytes, times }) {
  return [...logComparisons(megabytes), hitsOfMany(logMegabytes, times)].map((comparison) => ({
    ...comparison,
    name: 'large-logs',
    byName: true,
    others: comparison.others.filter(({ label }) => !slowPrograms.test(label)),
  }));
}

const common = /** @type {const} */ ({ kind: 'comparison', name: 'logs', unit: 'bytes', work: ({ bytes }) => Number(bytes) });

/**
 * @param {string} job in `jobs/`
 * @param {readonly (string | number)[]} args
 */
function millrace(job, ...args) {
  return script('Millrace × 2', [`benchmarks/jobs/${job}.mjs`, ...args, 2], 2);
}

/**
 * @param {string} name
 * @param {string} file
 */
function nativeOnOneAndTwo(name, file) {
  return [native('C × 1', [name, file, 1]), native('C × 2', [name, file, 2], 2)];
}

/**
 * @param {number} megabytes
 * @returns {Comparison}
 */
function hitsByUrl(megabytes) {
  const log = combinedLogFile(megabytes);
  return {
    ...common,
    member: 'hits-by-url',
    title: `hits and bytes of each URL, of ${megabytes} MB of an access log`,
    data: log,
    subject: millrace('hits-by-url', log.path),
    others: [
      script('readline, a regular expression and a Map', ['benchmarks/baselines/hits-by-url-readline.mjs', log.path]),
      mawk('mawk', ['benchmarks/baselines/hits-by-url.awk', log.path], (stdout) => hitsOfAwk(stdout, log.path)),
      duckdb('hits-by-url', log.path),
      duckdbColumns('hits-by-url', log.path),
      ...nativeOnOneAndTwo('hits-by-url', log.path),
    ],
  };
}

/**
 * @param {number} megabytes of the file
 * @param {number} times that it is read
 * @returns {Comparison}
 */
function hitsOfMany(megabytes, times) {
  const logs = repeated(combinedLogFile(megabytes), times);
  return {
    ...common,
    member: 'hits-by-url-of-many',
    title: `hits and bytes of each URL, of ${(megabytes * times) / 1000} GB of access logs: ${megabytes} MB ${times} times over`,
    data: logs,
    subject: millrace('hits-by-url', logs.path),
    others: [duckdb('hits-by-url', logs.path), duckdbColumns('hits-by-url', logs.path)],
  };
}

/**
 * @param {string} stdout of hits-by-url.awk
 * @param {string} file
 */
function hitsOfAwk(stdout, file) {
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([url, hits, bytes]) => ({ url, hits: Number(hits), bytes: Number(bytes) }));
  return { bytes: statSync(file).size, ...answerOf('hits-by-url', rows) };
}

/**
 * @param {number} megabytes
 * @returns {Comparison}
 */
function trafficByMinute(megabytes) {
  const log = combinedLogFile(megabytes);
  return {
    ...common,
    member: 'traffic-by-minute',
    title: `hits, clients and the 99th percentile of bytes of each URL, minute and status, of ${megabytes} MB of an access log`,
    data: log,
    tolerances: { p99Total: p99Tolerance },
    subject: millrace('traffic-by-minute', log.path),
    others: [duckdb('traffic-by-minute', log.path), duckdbColumns('traffic-by-minute', log.path)],
  };
}

/**
 * @param {number} megabytes
 * @returns {Comparison}
 */
function bytesByRoute(megabytes) {
  const requests = jsonLinesFile(megabytes);
  return {
    ...common,
    member: 'bytes-by-route',
    title: `three of the twelve fields of ${megabytes} MB of JSON lines: group by one, filter by another, sum the third`,
    data: requests,
    subject: millrace('bytes-by-route', requests.path),
    others: [duckdb('bytes-by-route', requests.path), ...nativeOnOneAndTwo('bytes-by-route', requests.path)],
  };
}

/**
 * @param {number} megabytes
 * @returns {Comparison}
 */
function stations(megabytes) {
  const measurements = measurementsFile(megabytes);
  return {
    ...common,
    member: 'stations',
    title: `minimum, mean and maximum of each weather station, of ${megabytes} MB`,
    data: measurements,
    subject: millrace('stations', measurements.path),
    others: [
      script('bytes by hand × 2', ['benchmarks/baselines/brc-reference.mjs', measurements.path, 2], 2),
      duckdb('stations', measurements.path),
      ...nativeOnOneAndTwo('stations', measurements.path),
    ],
  };
}

/**
 * @param {number} megabytes
 * @returns {Comparison}
 */
function words(megabytes) {
  const text = textFile(megabytes);
  return {
    ...common,
    member: 'words',
    title: `the words of ${megabytes} MB of text`,
    data: text,
    subject: millrace('split-words', text.path),
    others: [
      { ...script('readline and a Map', ['benchmarks/baselines/word-count-readline.mjs', text.path]), read: wordsOf },
      duckdb('word-count', text.path),
      ...nativeOnOneAndTwo('word-count', text.path).map((program) => ({ ...program, read: wordsOf })),
    ],
  };
}

/** @param {string} stdout of a program that counts words, and reports how many there are beside how many distinct ones */
function wordsOf(stdout) {
  const { bytes, distinct, seconds, hash } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  return { bytes, rows: distinct, seconds, hash };
}
