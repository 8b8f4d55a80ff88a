/** Notations of times, by the names that users know them by. */

import { EpochTime } from './epoch-time.ts';
import { IsoTime } from './iso-time.ts';
import { ClfTime, type TimeReader } from './times.ts';

/** How times can be written. */
export type TimeNotation = 'iso8601' | 'epochSeconds' | 'epochMillis' | 'httpdate';

export const timeNotations: readonly TimeNotation[] = ['iso8601', 'epochSeconds', 'epochMillis', 'httpdate'];

export function timeReader(notation: TimeNotation): TimeReader {
  switch (notation) {
    case 'iso8601':
      return new IsoTime();
    case 'epochSeconds':
      return new EpochTime(1000);
    case 'epochMillis':
      return new EpochTime(1);
    case 'httpdate':
      return new FixedTime(new ClfTime());
  }
}

/** A time between two places, of which it fills all. */
class FixedTime implements TimeReader {
  readonly length = undefined;
  readonly #time: TimeReader;

  constructor(time: TimeReader) {
    this.#time = time;
  }

  read(bytes: Buffer, start: number, end: number): number {
    return end - start === this.#time.length ? this.#time.read(bytes, start, end) : Number.NaN;
  }
}
