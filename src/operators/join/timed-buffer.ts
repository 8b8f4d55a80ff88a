/**
 * The records of one key on one side of an interval join, in the order of their times: a ring of times and one of values. New
 * records are mostly the youngest, and the oldest leave first, so both ends are cheap.
 *
 * @hotpath
 */

import { assert } from '../../base/assert.ts';

/** Room for so many records at first: most keys have few at a time. */
const initialRoom = 4;

export class TimedBuffer {
  #times: number[] = new Array<number>(initialRoom).fill(0);
  #values: unknown[] = new Array<unknown>(initialRoom).fill(undefined);
  /** Place of the oldest record; places go round, the room is a power of two. */
  #first = 0;
  size = 0;

  /** Time of the i-th oldest record. */
  time(i: number): number {
    return this.#times[(this.#first + i) & (this.#times.length - 1)] as number;
  }

  value(i: number): unknown {
    return this.#values[(this.#first + i) & (this.#times.length - 1)];
  }

  /** Adds a record behind those of its time. */
  add(time: number, value: unknown): void {
    if (this.size === this.#times.length) this.#grow();
    const times = this.#times;
    const values = this.#values;
    const mask = times.length - 1;
    const first = this.#first;
    let at = this.size++;
    for (; at > 0; at--) {
      const before = (first + at - 1) & mask;
      const older = times[before] as number;
      if (older <= time) break;
      times[(first + at) & mask] = older;
      values[(first + at) & mask] = values[before];
    }
    times[(first + at) & mask] = time;
    values[(first + at) & mask] = value;
  }

  /** How many records are older than a time. */
  olderThan(time: number): number {
    const times = this.#times;
    const mask = times.length - 1;
    const first = this.#first;
    // Those that are asked for are mostly near the youngest: from there, in strides that double, then by halves in between.
    let high = this.size;
    let low = high;
    for (let stride = 1; low > 0; stride *= 2) {
      low = Math.max(0, high - stride);
      if ((times[(first + low) & mask] as number) < time) break;
      high = low;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[(first + middle) & mask] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Forgets the records that are older than a time. */
  removeOlderThan(time: number): void {
    const mask = this.#times.length - 1;
    while (this.size > 0 && (this.#times[this.#first] as number) < time) {
      this.#values[this.#first] = undefined;
      this.#first = (this.#first + 1) & mask;
      this.size--;
    }
  }

  #grow(): void {
    const { size } = this;
    assert(size === this.#times.length, 'a ring grows when it is full');
    const times = new Array<number>(size * 2).fill(0);
    const values = new Array<unknown>(size * 2).fill(undefined);
    for (let i = 0; i < size; i++) {
      times[i] = this.time(i);
      values[i] = this.value(i);
    }
    this.#times = times;
    this.#values = values;
    this.#first = 0;
  }
}
