/**
 * The questions about log files, and how an answer is reported: every contestant, whatever it is written in, reports the number of
 * rows and the checksum of the same lines of text, in the order of the bytes of their keys.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hashOfCounts } from './shared.mjs';

/**
 * @typedef {{ url: string, hits: number, bytes: number }} UrlRow
 * @typedef {{ url: string, minute: number, status: number, hits: number, clients: number, p99: number | null }} TrafficRow
 *   `minute`: since 1970. `p99`: of the bytes sent; null where nothing was
 * @typedef {{ route: string, requests: number, bytes: number }} RouteRow
 * @typedef {{ station: string, min: number, max: number, mean: number, count: number }} StationRow degrees
 * @typedef {{ word: string, times: number }} WordRow
 */

/** From the rows of each question to the lines that are compared, as key and text. */
const linesOf = {
  /** @param {UrlRow} row */
  'hits-by-url': ({ url, hits, bytes }) => [url, `${hits} ${bytes}`],
  /** @param {TrafficRow} row */
  'traffic-by-minute': ({ url, minute, status, hits, clients }) => [`${url} ${minute} ${status}`, `${hits} ${clients}`],
  /** @param {RouteRow} row */
  'bytes-by-route': ({ route, requests, bytes }) => [route, `${requests} ${bytes}`],
  /**
   * In tenths of a degree, and the total instead of the mean: what is measured has one decimal, so that these are whole numbers and
   * nothing depends on how a contestant rounds or in which order it adds.
   *
   * @param {StationRow} row
   */
  stations: ({ station, min, max, mean, count }) => [station, `${tenths(min)} ${tenths(mean * count)} ${tenths(max)} ${count}`],
  /** @param {WordRow} row */
  'word-count': ({ word, times }) => [word, `${times}`],
};

/** @param {number} degrees */
function tenths(degrees) {
  // Without the sign of a zero.
  return Math.round(degrees * 10) + 0;
}

/**
 * @param {keyof typeof linesOf} question
 * @param {Iterable<object>} rows of the kind that belongs to the question
 * @returns {{ rows: number, hash: string, p99Total?: number }} what is compared. Quantiles of sketches are near to the exact ones, so that
 *   it is their total that is compared, and that with a tolerance
 */
export function answerOf(question, rows) {
  /** @type {Map<string, string>} */
  const lines = new Map();
  let p99Total = 0;
  for (const row of rows) {
    const [key, text] = linesOf[question](/** @type {never} */ (row));
    lines.set(key, text);
    if (question === 'traffic-by-minute') p99Total += /** @type {TrafficRow} */ (row).p99 ?? 0;
  }
  const answer = { rows: lines.size, hash: hashOfCounts(lines) };
  return question === 'traffic-by-minute' ? { ...answer, p99Total } : answer;
}

/**
 * Prints the answer as the line of JSON that the runner reads.
 *
 * @param {{ program: string, question: keyof typeof linesOf, file: string, seconds: number, rows: Iterable<object> }} answered
 */
export function reportAnswer({ program, question, file, rows, ...times }) {
  console.log(JSON.stringify({ program, bytes: bytesOf(file), ...times, ...answerOf(question, rows) }));
}

/** @param {string} path of a file, or all files of a directory: `logs/*.log` */
function bytesOf(path) {
  if (!basename(path).startsWith('*')) return statSync(path).size;
  return readdirSync(dirname(path)).reduce((sum, name) => sum + statSync(join(dirname(path), name)).size, 0);
}
