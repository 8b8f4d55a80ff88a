/**
 * Times as logs write them, read from bytes. Lines that come one after the other mostly have the same minute: a reader keeps the
 * last one that it took apart, and compares words instead.
 *
 * @hotpath
 */

/** Reads times of one notation. */
export interface TimeReader {
  /** Bytes of every time; undefined where they differ. */
  readonly length: number | undefined;
  /** Epoch milliseconds of the time in bytes[start, end); NaN where it is none. */
  read(bytes: Buffer, start: number, end: number): number;
}

export const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';
export const dayMs = 86_400_000;
export const minuteMs = 60_000;

/** `10/Oct/2000:13:55:36 -0700`, as Apache and nginx write it. */
export class ClfTime implements TimeReader {
  readonly length = 26;
  #buffer: Buffer | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));
  // The day, the hour and the minute of the last time, and its zone, as they stand there; and what they mean.
  #day = 0;
  #month = 0;
  #year = 0;
  #hour = 0;
  #minute = 0;
  #zone = 0;
  #zoneEnd = 0;
  #base = Number.NaN;

  read(bytes: Buffer, start: number, _end: number): number {
    if (bytes !== this.#buffer) this.#bind(bytes);
    const view = this.#view;
    if (start + 26 > bytes.length) return Number.NaN;
    const hit =
      view.getInt32(start, true) === this.#day &&
      view.getInt32(start + 4, true) === this.#month &&
      view.getInt32(start + 8, true) === this.#year &&
      view.getInt32(start + 12, true) === this.#hour &&
      view.getUint16(start + 16, true) === this.#minute &&
      view.getInt32(start + 20, true) === this.#zone &&
      view.getUint16(start + 24, true) === this.#zoneEnd;
    const base = hit ? this.#base : this.#take(bytes, start);
    const tens = (bytes[start + 18] as number) - 48;
    const ones = (bytes[start + 19] as number) - 48;
    // A leap second is the first of the next minute.
    if (tens >>> 0 > 6 || ones >>> 0 > 9 || tens * 10 + ones > 60) return Number.NaN;
    return base + (tens * 10 + ones) * 1000;
  }

  #bind(bytes: Buffer): void {
    this.#buffer = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The beginning of the minute, which is kept. */
  #take(bytes: Buffer, start: number): number {
    const view = this.#view;
    const found = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):\d\d ([+-])(\d\d)(\d\d)$/.exec(bytes.latin1Slice(start, start + 26));
    if (found === null) return Number.NaN;
    const [, day, name = '', year, hour, minute, sign, zoneHours, zoneMinutes] = found;
    const month = months.indexOf(name) / 3;
    const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * minuteMs * (sign === '-' ? -1 : 1);
    const date = utcDay(Number(year), month, Number(day));
    const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(zoneMinutes) < 60;
    if (!isTime || Number.isNaN(date)) return Number.NaN;
    this.#base = date + (Number(hour) * 60 + Number(minute)) * minuteMs - zoneMs;
    this.#day = view.getInt32(start, true);
    this.#month = view.getInt32(start + 4, true);
    this.#year = view.getInt32(start + 8, true);
    this.#hour = view.getInt32(start + 12, true);
    this.#minute = view.getUint16(start + 16, true);
    this.#zone = view.getInt32(start + 20, true);
    this.#zoneEnd = view.getUint16(start + 24, true);
    return this.#base;
  }
}

/** Epoch milliseconds of the beginning of a day in UTC; NaN where there is no such day. @param month 0 to 11 */
export function utcDay(year: number, month: number, day: number): number {
  const time = new Date(0).setUTCFullYear(year, month, day);
  const back = new Date(time);
  const exists = Number.isInteger(month) && back.getUTCMonth() === month && back.getUTCDate() === day && back.getUTCFullYear() === year;
  return exists ? Math.floor(time / dayMs) * dayMs : Number.NaN;
}

/** Reads bytes by words. */
export class Words {
  #buffer: Buffer | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  of(bytes: Buffer): DataView {
    if (bytes !== this.#buffer) {
      this.#buffer = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#view;
  }
}

/** The number that two digits spell; −1 where they are none. */
export function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - 48;
  const ones = (bytes[at + 1] as number) - 48;
  return tens >>> 0 < 10 && ones >>> 0 < 10 ? tens * 10 + ones : -1;
}

/** The offset behind the digits at `start`. */
export function behindDigits(bytes: Buffer, start: number, end: number): number {
  let p = start;
  while (p < end && ((bytes[p] as number) - 48) >>> 0 < 10) p++;
  return p;
}

/** The number that up to 15 digits spell. */
export function numberOfDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let p = start; p < end; p++) value = value * 10 + (bytes[p] as number) - 48;
  return value;
}

/** Whole milliseconds of a fraction of a second: those of its first three digits. */
export function fractionMs(bytes: Buffer, start: number, end: number): number {
  const digits = Math.min(3, end - start);
  return numberOfDigits(bytes, start, start + digits) * (digits === 1 ? 100 : digits === 2 ? 10 : 1);
}
