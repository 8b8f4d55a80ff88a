/**
 * Windows by their definition, for records that come one by one, each followed by a watermark. Nothing here knows of timers,
 * batches or keys' numbers.
 */

import { watermarks } from '../../../src/time/watermarks.ts';

export interface Reading {
  readonly key: string;
  readonly value: number;
  readonly at: number;
}

/** What a window hands out at one firing. */
export interface Fired {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly values: readonly number[];
}

export interface Expected {
  readonly fired: readonly Fired[];
  readonly late: readonly Reading[];
}

/** Behind every record a watermark, which is so far behind the latest time. */
export function followed(lagMs: number) {
  return watermarks.generator<Reading>({
    timestamp: 'at',
    create() {
      let latest = Number.NEGATIVE_INFINITY;
      return {
        onEvent(_reading, timestamp, output) {
          latest = Math.max(latest, timestamp);
          output.emitWatermark(latest - lagMs);
        },
        onPeriodicEmit() {},
      };
    },
  });
}

interface Arrival extends Reading {
  /** The watermark when it came. */
  readonly before: number;
  /** The watermark behind it. */
  readonly behind: number;
}

function arrivalsOf(readings: readonly Reading[], lagMs: number): Arrival[] {
  let latest = Number.NEGATIVE_INFINITY;
  return readings.map((reading) => {
    const before = latest - lagMs;
    latest = Math.max(latest, reading.at);
    return { ...reading, before, behind: latest - lagMs };
  });
}

/**
 * Tumbling windows where the slide is the size, else sliding ones. A window takes what comes before the watermark has passed its end
 * by the lateness. It fires when the watermark reaches its last millisecond, and for every record that it takes after that.
 */
export function fixedWindows(
  readings: readonly Reading[],
  options: { readonly size: number; readonly slide: number; readonly lagMs: number; readonly latenessMs: number },
): Expected {
  const { size, slide, lagMs, latenessMs } = options;
  const arrivals = arrivalsOf(readings, lagMs);
  const taken = new Set<Arrival>();
  const fired: Fired[] = [];
  const first = Math.min(...readings.map(({ at }) => at)) - size - slide;
  const last = Math.max(...readings.map(({ at }) => at));
  for (let start = Math.floor(first / slide) * slide; start <= last; start += slide) {
    const end = start + size;
    for (const key of new Set(readings.map((reading) => reading.key))) {
      const inside = arrivals.filter((each) => each.key === key && each.at >= start && each.at < end);
      const accepted = inside.filter(({ before }) => before < end - 1 + latenessMs);
      for (const each of accepted) taken.add(each);
      const inTime = accepted.filter(({ before }) => before < end - 1).length;
      for (let count = Math.max(inTime, 1); count <= accepted.length; count++)
        fired.push({ key, start, end, values: accepted.slice(0, count).map(({ value }) => value) });
    }
  }
  const isIn = ({ at }: Reading): boolean => at - Math.floor(at / slide) * slide < size;
  const missed = arrivals.filter((each) => !taken.has(each) && (isIn(each) || each.at + latenessMs <= each.before));
  return { fired, late: missed.map(({ key, value, at }) => ({ key, value, at })) };
}

/** Sessions of records none of which is late: in the order of their times, those that are less than the gap apart. */
export function sessions(readings: readonly Reading[], gap: number): Fired[] {
  const fired: Fired[] = [];
  for (const key of new Set(readings.map((reading) => reading.key))) {
    const sorted = readings.filter((each) => each.key === key).sort((a, b) => a.at - b.at);
    for (let i = 0; i < sorted.length; ) {
      let next = i + 1;
      while (next < sorted.length && at(sorted, next) - at(sorted, next - 1) < gap) next++;
      const values = sorted.slice(i, next).map(({ value }) => value);
      fired.push({ key, start: at(sorted, i), end: at(sorted, next - 1) + gap, values });
      i = next;
    }
  }
  return fired;
}

function at(readings: readonly Reading[], index: number): number {
  return (readings[index] as Reading).at;
}
