/** A sink that takes the time from when a row should have come at the earliest, its event time, to when it came; and reads all of the row. */
import { leaveNumbers } from '../../jobs/subtask-numbers.mjs';
import { Checksum, totalOf } from '../../runner/checksum.mjs';
import { LatencyHistogram } from '../../runner/latency-histogram.mjs';
import { nowMs } from '../../soak/clock.mjs';
import { firstId } from '../neighbourhood.mjs';

/** The time that is measured, in as many slices, shows whether latency grows. */
const sliceCount = 20;
/** In front of the counts of slices. */
const headNumbers = 3;

/** How many bids each of the first auctions got is the same at all rates, once so many events have come that there are no more of them. */
const hashedAuctions = 100;
export const hashedEvents = 4000;

/**
 * @typedef {{ from: number, to: number }} Span of event time, that is measured
 * @typedef {{ counted: number, hash: string, latencies: LatencyHistogram, slices: { at: number, meanMs: number }[] }} Times `counted`: all rows, or what
 *   their `num` counts; `hash`: of how many of them are of each of the first auctions; `slices`: those in which there were rows
 */

/**
 * @param {Span} span what was due before is warm-up; behind it windows are over since the input is, and not since their time has come
 * @returns {import('millrace').Sink<any>}
 */
export function stopwatch({ from, to }) {
  return {
    name: 'stopwatch',
    retains: false,
    createWriter({ subtask }) {
      const sum = new Checksum();
      const ofFirst = new Checksum();
      let counted = 0;
      const latencies = new LatencyHistogram();
      const sums = new Float64Array(sliceCount);
      const counts = new Float64Array(sliceCount);
      const slicesPerMs = sliceCount / (to - from);
      return {
        write(row, timestamp = Number.NaN) {
          sum.add(row);
          counted += row.num ?? 1;
          if (row.auction < firstId + hashedAuctions) ofFirst.addTimes(row.auction, row.num ?? 1);
          if (timestamp < from || timestamp >= to) return;
          const latency = nowMs() - timestamp;
          latencies.record(latency);
          const slice = Math.floor((timestamp - from) * slicesPerMs);
          sums[slice] += latency;
          counts[slice]++;
        },
        finish: () => leaveNumbers(subtask, [counted, ofFirst.low, ofFirst.high, ...sums, ...counts, ...latencies.counts]),
      };
    },
  };
}

/**
 * @param {Span} span
 * @param {readonly Float64Array[]} numbers that the writers have left
 * @returns {Times}
 */
export function timesOf({ from, to }, numbers) {
  const latencies = new LatencyHistogram();
  const sums = new Float64Array(sliceCount);
  const counts = new Float64Array(sliceCount);
  for (const each of numbers) {
    latencies.add(each.subarray(headNumbers + 2 * sliceCount));
    for (let i = 0; i < sliceCount; i++) {
      sums[i] += each[headNumbers + i];
      counts[i] += each[headNumbers + sliceCount + i];
    }
  }
  const slices = Array.from(sums, (sum, i) => ({ at: from + ((i + 0.5) * (to - from)) / sliceCount, meanMs: sum / counts[i] }));
  const { rows: counted, hash } = totalOf(numbers);
  return { counted, hash, latencies, slices: slices.filter(({ meanMs }) => !Number.isNaN(meanMs)) };
}
