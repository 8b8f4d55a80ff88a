/**
 * Minimum, mean and maximum of each weather station, by hand: what Node can do with two threads and a loop over bytes. Each thread reads
 * its own part of the file, piece by piece, and keeps its stations in typed arrays; temperatures are whole tenths of a degree.
 *
 *   node benchmarks/baselines/brc-reference.mjs <file> [threads]
 *
 * A line belongs to the thread in whose part it begins.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { reportAnswer } from './answers.mjs';
import { secondsSince } from './shared.mjs';

const PIECE_BYTES = 1 << 20;
const LINE_BYTES_MAX = 256;
const LINE_FEED = 0x0a;
const SEMICOLON = 0x3b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Stations by open addressing: a slot has the number of its station and one, or 0; a station has its name, and its numbers. */
const SLOTS = 1 << 16;
const STATIONS_MAX = 10_000;

class Stations {
  size = 0;
  slots = new Uint16Array(SLOTS);
  hashes = new Int32Array(STATIONS_MAX);
  starts = new Uint32Array(STATIONS_MAX + 1);
  names = new Uint8Array(STATIONS_MAX * 100);
  minima = new Int32Array(STATIONS_MAX).fill(9999);
  maxima = new Int32Array(STATIONS_MAX).fill(-9999);
  counts = new Uint32Array(STATIONS_MAX);
  totals = new Float64Array(STATIONS_MAX);

  /**
   * @param {Uint8Array} bytes
   * @param {number} start of the name
   * @param {number} end
   * @param {number} hash
   * @returns {number} the number of the station
   */
  find(bytes, start, end, hash) {
    for (let slot = (hash ^ (hash >>> 16)) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const station = this.slots[slot] - 1;
      if (station < 0) return this.add(bytes, start, end, hash, slot);
      if (this.hashes[station] === hash && this.isNamed(station, bytes, start, end)) return station;
    }
  }

  /**
   * @param {number} station
   * @param {Uint8Array} bytes
   * @param {number} start
   * @param {number} end
   */
  isNamed(station, bytes, start, end) {
    const name = this.starts[station];
    if (this.starts[station + 1] - name !== end - start) return false;
    for (let i = start; i < end; i++) if (bytes[i] !== this.names[name + i - start]) return false;
    return true;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} start
   * @param {number} end
   * @param {number} hash
   * @param {number} slot
   */
  add(bytes, start, end, hash, slot) {
    if (this.size === STATIONS_MAX) throw new Error(`there are more than ${STATIONS_MAX} stations`);
    const station = this.size++;
    this.slots[slot] = station + 1;
    this.hashes[station] = hash;
    this.names.set(bytes.subarray(start, end), this.starts[station]);
    this.starts[station + 1] = this.starts[station] + end - start;
    return station;
  }
}

/**
 * @param {Stations} stations
 * @param {Uint8Array} bytes whole lines up to `end`
 * @param {number} start
 * @param {number} end
 */
function addLines(stations, bytes, start, end) {
  const { minima, maxima, counts, totals } = stations;
  for (let at = start; at < end; ) {
    const name = at;
    let hash = 0;
    for (let byte = bytes[at]; byte !== SEMICOLON; byte = bytes[++at]) hash = Math.imul(hash ^ byte, 0x01000193);
    const station = stations.find(bytes, name, at, hash);
    const negative = bytes[++at] === MINUS;
    if (negative) at++;
    let tenths = bytes[at++] - ZERO;
    if (bytes[at] !== POINT) tenths = 10 * tenths + bytes[at++] - ZERO;
    tenths = 10 * tenths + bytes[at + 1] - ZERO;
    if (negative) tenths = -tenths;
    // The point, the decimal and the line feed.
    at += 3;
    if (tenths < minima[station]) minima[station] = tenths;
    if (tenths > maxima[station]) maxima[station] = tenths;
    counts[station]++;
    totals[station] += tenths;
  }
}

/**
 * @param {string} path
 * @param {number} from the first line that begins here or later
 * @param {number} to no line that begins here or later
 */
function readPart(path, from, to) {
  const stations = new Stations();
  const file = openSync(path, 'r');
  const bytes = Buffer.allocUnsafe(PIECE_BYTES + 1);
  // From the byte before, so that a line which begins at `from` is seen to.
  let position = Math.max(0, from - 1);
  let first = from > 0;
  let kept = 0;
  for (;;) {
    const read = readSync(file, bytes, kept, PIECE_BYTES - kept, position);
    let filled = kept + read;
    const base = position - kept;
    if (read === 0 && kept > 0) bytes[filled++] = LINE_FEED;
    position += read;
    const piece = bytes.subarray(0, filled);
    const start = first ? piece.indexOf(LINE_FEED) + 1 : 0;
    first = false;
    const last = to - base <= filled ? piece.indexOf(LINE_FEED, to - base - 1) : -1;
    const end = last >= 0 ? last + 1 : piece.lastIndexOf(LINE_FEED) + 1;
    addLines(stations, bytes, start, end);
    if (last >= 0 || read === 0) break;
    bytes.copyWithin(0, end, filled);
    kept = filled - end;
    if (kept > LINE_BYTES_MAX) throw new Error(`there is a line of more than ${LINE_BYTES_MAX} bytes`);
  }
  closeSync(file);
  return rowsOf(stations);
}

/** @param {Stations} stations */
function rowsOf({ size, names, starts, minima, maxima, counts, totals }) {
  return Array.from({ length: size }, (_, i) => ({
    station: Buffer.from(names.subarray(starts[i], starts[i + 1])).toString(),
    min: minima[i],
    max: maxima[i],
    count: counts[i],
    total: totals[i],
  }));
}

/** @typedef {ReturnType<typeof rowsOf>[number]} Row */

/**
 * @param {string} file
 * @param {number} threads
 */
async function readAll(file, threads) {
  const handle = openSync(file, 'r');
  const { size } = fstatSync(handle);
  closeSync(handle);
  const parts = Array.from({ length: threads }, (_, i) => ({
    file,
    from: Math.floor((size * i) / threads),
    to: Math.floor((size * (i + 1)) / threads),
  }));
  // This thread would only wait, so that it does the first part.
  const others = parts.slice(1).map(runPart);
  return merged([readPart(file, parts[0].from, parts[0].to), ...(await Promise.all(others))]);
}

/** @param {{ file: string, from: number, to: number }} part */
function runPart(part) {
  return new Promise((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: part }).once('message', resolve).once('error', reject);
  });
}

/** @param {readonly Row[][]} parts */
function merged(parts) {
  /** @type {Map<string, Row>} */
  const all = new Map();
  for (const row of parts.flat()) {
    const known = all.get(row.station);
    if (known === undefined) {
      all.set(row.station, row);
      continue;
    }
    known.min = Math.min(known.min, row.min);
    known.max = Math.max(known.max, row.max);
    known.count += row.count;
    known.total += row.total;
  }
  return [...all.values()].map(({ station, min, max, count, total }) => ({
    station,
    min: min / 10,
    max: max / 10,
    mean: total / count / 10,
    count,
  }));
}

if (isMainThread) {
  const [file, threads = '2'] = process.argv.slice(2);
  // Since the process began: starting is part of it.
  const start = 0;
  const rows = await readAll(file, Number(threads));
  const seconds = secondsSince(start);
  reportAnswer({ program: 'brc-reference', question: 'stations', file, seconds, rows });
} else {
  const { file, from, to } = workerData;
  parentPort?.postMessage(readPart(file, from, to));
}
