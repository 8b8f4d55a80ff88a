/**
 * Times as ISO 8601 and RFC 3339 have them. The last minute is kept, see `times.ts`.
 *
 * @hotpath
 */

import { behindDigits, fractionMs, minuteMs, type TimeReader, twoDigits, utcDay, Words } from './times.ts';

/**
 * `2023-10-11T22:14:15.003Z`: ISO 8601 as RFC 3339 has it. A space or a tab may stand for the `T`. Digits behind the milliseconds are dropped. The zone is
 * `Z`, `+02:00`, `+0200` or `+02`; where it is missing, the time is in UTC. A day alone is its beginning.
 */
export class IsoTime implements TimeReader {
  readonly length = undefined;
  readonly #words = new Words();
  // The day, the hour and the minute of the last time as they stand there, and what they mean in UTC.
  #word0 = 0;
  #word1 = 0;
  #word2 = 0;
  #word3 = 0;
  #base = Number.NaN;

  read(bytes: Buffer, start: number, end: number): number {
    if (end - start < 16) return readDay(bytes, start, end);
    const view = this.#words.of(bytes);
    const hit =
      view.getInt32(start, true) === this.#word0 &&
      view.getInt32(start + 4, true) === this.#word1 &&
      view.getInt32(start + 8, true) === this.#word2 &&
      view.getInt32(start + 12, true) === this.#word3;
    const base = hit ? this.#base : this.#take(bytes, start);
    return base + readBehindMinute(bytes, start + 16, end);
  }

  #take(bytes: Buffer, start: number): number {
    const found = /^(\d{4})-(\d\d)-(\d\d)[Tt \t](\d\d):(\d\d)$/.exec(bytes.latin1Slice(start, start + 16));
    if (found === null) return Number.NaN;
    const [, year, month, day, hour, minute] = found.map(Number) as [number, number, number, number, number, number];
    const date = utcDay(year, month - 1, day);
    if (Number.isNaN(date) || hour > 23 || minute > 59) return Number.NaN;
    const view = this.#words.of(bytes);
    this.#base = date + (hour * 60 + minute) * minuteMs;
    this.#word0 = view.getInt32(start, true);
    this.#word1 = view.getInt32(start + 4, true);
    this.#word2 = view.getInt32(start + 8, true);
    this.#word3 = view.getInt32(start + 12, true);
    return this.#base;
  }
}

function readDay(bytes: Buffer, start: number, end: number): number {
  const found = end - start === 10 ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(bytes.latin1Slice(start, end)) : null;
  return found === null ? Number.NaN : utcDay(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
}

/** Milliseconds of `:15.003+02:00`, seconds, their fraction and the zone, any of which may be missing. */
function readBehindMinute(bytes: Buffer, start: number, end: number): number {
  let p = start;
  let ms = 0;
  if (p < end && bytes[p] === 58) {
    const seconds = p + 3 <= end ? twoDigits(bytes, p + 1) : -1;
    // A leap second is the first of the next minute.
    if (seconds < 0 || seconds > 60) return Number.NaN;
    ms = seconds * 1000;
    p += 3;
    if (p < end && (bytes[p] === 46 || bytes[p] === 44)) {
      const first = ++p;
      p = behindDigits(bytes, first, end);
      ms += fractionMs(bytes, first, p);
      if (p === first) return Number.NaN;
    }
  }
  return ms - readZone(bytes, p, end);
}

/** Milliseconds that a zone is ahead of UTC. */
function readZone(bytes: Buffer, start: number, end: number): number {
  if (start === end) return 0;
  const sign = bytes[start];
  if (sign === 90 || sign === 122) return start + 1 === end ? 0 : Number.NaN;
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const colon = bytes[start + 3] === 58 ? 1 : 0;
  const length = end - start;
  if (length !== 3 && length !== 5 + colon) return Number.NaN;
  const hours = twoDigits(bytes, start + 1);
  const minutes = length === 3 ? 0 : twoDigits(bytes, start + 3 + colon);
  if (hours < 0 || minutes < 0 || hours > 23 || minutes > 59) return Number.NaN;
  return (hours * 60 + minutes) * minuteMs * (sign === 45 ? -1 : 1);
}
