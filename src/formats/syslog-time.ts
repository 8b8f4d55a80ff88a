/**
 * Times as RFC 3164 has them. The last minute is kept, see `times.ts`.
 *
 * @hotpath
 */

import { dayMs, minuteMs, months, type TimeReader, twoDigits, utcDay, Words } from './times.ts';

export interface SyslogTimeOptions {
  /** The year of all times; undefined for the one that puts each closest to now. */
  readonly year: number | undefined;
  /** Milliseconds that the clock of the writer is ahead of UTC. */
  readonly zoneMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** `Oct 11 22:14:15`, as RFC 3164 has it: without a year, and without a zone. The year is such that no time is later than a day from now. */
export class SyslogTime implements TimeReader {
  readonly length = 15;
  readonly #options: SyslogTimeOptions;
  readonly #words = new Words();
  // The day, the hour and the minute of the last time as they stand there, and what they mean.
  #word0 = 0;
  #word1 = 0;
  #word2 = 0;
  #base = Number.NaN;

  constructor(options: SyslogTimeOptions) {
    this.#options = options;
  }

  read(bytes: Buffer, start: number, end: number): number {
    if (end - start !== 15 || end > bytes.length || bytes[start + 12] !== 58) return Number.NaN;
    const view = this.#words.of(bytes);
    const hit =
      view.getInt32(start, true) === this.#word0 &&
      view.getInt32(start + 4, true) === this.#word1 &&
      view.getInt32(start + 8, true) === this.#word2;
    const base = hit ? this.#base : this.#take(bytes, start);
    const seconds = twoDigits(bytes, start + 13);
    return seconds < 0 || seconds > 60 ? Number.NaN : base + seconds * 1000;
  }

  #take(bytes: Buffer, start: number): number {
    const found = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d)$/.exec(bytes.latin1Slice(start, start + 12));
    const month = found === null ? -1 : months.indexOf(found[1] as string) / 3;
    if (found === null || !Number.isInteger(month) || month < 0) return Number.NaN;
    const [day, hour, minute] = [Number(found[2]), Number(found[3]), Number(found[4])];
    if (hour > 23 || minute > 59) return Number.NaN;
    const ofDay = (hour * 60 + minute) * minuteMs - this.#options.zoneMs;
    const date = this.#dayOf(month, day, ofDay);
    if (Number.isNaN(date)) return Number.NaN;
    const view = this.#words.of(bytes);
    this.#word0 = view.getInt32(start, true);
    this.#word1 = view.getInt32(start + 4, true);
    this.#word2 = view.getInt32(start + 8, true);
    this.#base = date + ofDay;
    return this.#base;
  }

  /** The last such day that is not later than a day from now. A 29th of February may be years ago. */
  #dayOf(month: number, day: number, ofDay: number): number {
    const { year, now } = this.#options;
    if (year !== undefined) return utcDay(year, month, day);
    const latest = now() + dayMs;
    const thisYear = new Date(latest).getUTCFullYear();
    for (let each = thisYear + 1; each > thisYear - leapYears; each--) {
      const date = utcDay(each, month, day);
      if (date + ofDay <= latest) return date;
    }
    return Number.NaN;
  }
}

/** Years in which there is a 29th of February, at least one. */
const leapYears = 9;
