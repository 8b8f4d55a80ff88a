/** A sink that comes to the checksum of the rows that it takes; where it is part of a job that is measured, it is part of the time. */
import { Checksum } from '../runner/checksum.mjs';
import { leaveNumbers } from './subtask-numbers.mjs';

/**
 * @typedef {object} Essence what of the rows is the same in every run; all of them where nothing is said
 * @property {readonly string[]} [last] of updates: the fields that are their key, of each of which the last row counts
 * @property {{ of: string, count: string }} [addsUp] the field by which another one, a whole number, adds up to the same
 */

/**
 * Writers leave how many rows there were, and both halves of the hash, for `totalOf` and `takeNumbers`.
 *
 * @param {Essence} [essence]
 * @returns {import('millrace').Sink<any>}
 */
export function checksum(essence = {}) {
  return {
    name: 'checksum',
    retains: false,
    createWriter({ subtask }) {
      const sum = sumOf(essence);
      return {
        write: (row) => sum.add(row),
        finish: () => leaveNumbers(subtask, sum.parts),
      };
    },
  };
}

/** @param {Essence} essence */
function sumOf({ last, addsUp }) {
  if (last !== undefined) return new LastOfKeys(last);
  return addsUp === undefined ? new Checksum() : new Counts(addsUp);
}

/** Of few keys, or of rows that are few. */
class LastOfKeys {
  #key;
  #rows = 0;
  /** @type {Map<string, any>} */
  #last = new Map();

  /** @param {readonly string[]} key */
  constructor(key) {
    this.#key = key;
  }

  /** @param {any} row */
  add(row) {
    this.#rows++;
    // A copy: the sink does not retain rows.
    this.#last.set(this.#key.map((field) => row[field]).join('\n'), { ...row });
  }

  get parts() {
    const sum = new Checksum();
    for (const row of this.#last.values()) sum.add(row);
    return [this.#rows, sum.low, sum.high];
  }
}

class Counts {
  #sum = new Checksum();
  #addsUp;

  /** @param {NonNullable<Essence['addsUp']>} addsUp */
  constructor(addsUp) {
    this.#addsUp = addsUp;
  }

  /** @param {any} row */
  add(row) {
    const { of, count } = this.#addsUp;
    this.#sum.addTimes(row[of], row[count]);
  }

  get parts() {
    return this.#sum.parts;
  }
}
