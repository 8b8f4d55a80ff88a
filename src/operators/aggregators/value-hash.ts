/**
 * 64-bit hashes of values for sketches, as two int32 lanes. Invariant: values that are the same key have the same hash. Two
 * different numbers never share one; for other values the chance is 2⁻⁶⁴, as good as. Hashes go into partial results, so they
 * must not change between versions. A hash belongs to one state.
 *
 * A value is folded into two lanes with different seeds, multipliers and rotations, as MurmurHash3 does in one. A Feistel
 * network (H. Feistel, 1973) around `mix` then makes every bit depend on both lanes, and it is a bijection: it loses nothing.
 *
 * @hotpath
 */

import { mix } from '../../base/hash.ts';
import { ByteSink } from '../../batch/byte-sink.ts';
import { encodeContent } from './content-key.ts';

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** Each form of value starts from seeds of its own, so that `1` and `'1'` differ. */
const numberSeed = 0x3c6ef372;
const stringSeed = 0x510e527f;
const contentSeed = 0x1f83d9ab;
/** The second lane's seed differs from the first's by this. */
const laneSeed = 0x5be0cd19;

const highFactor = 0x9e3779b1;
const lowFactor = 0x85ebca77;

export class ValueHash {
  /** The upper and lower 32 bits of the last hash. */
  high = 0;
  low = 0;
  readonly #call: string;
  readonly #sink = new ByteSink();

  /** `call` names the aggregator in errors. */
  constructor(call: string) {
    this.#call = call;
  }

  /**
   * Puts the hash of a value that is neither null nor undefined into `high` and `low`.
   *
   * @throws TypeError for what cannot be a key: maps, sets, functions
   */
  update(value: unknown): void {
    if (typeof value === 'string') this.#hashString(value);
    else if (typeof value === 'number') this.#hashNumber(value);
    else this.#hashContent(value);
  }

  #hashNumber(value: number): void {
    // −0 is 0, and every NaN the same.
    float[0] = value === 0 ? 0 : Number.isNaN(value) ? Number.NaN : value;
    this.#finish(words[0] ^ numberSeed, words[1]);
  }

  #hashString(value: string): void {
    let high = stringSeed;
    let low = stringSeed ^ laneSeed;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      high = Math.imul(high ^ unit, highFactor);
      high = (high << 13) | (high >>> 19);
      low = Math.imul(low ^ unit, lowFactor);
      low = (low << 17) | (low >>> 15);
    }
    this.#finish(high, low);
  }

  #hashContent(value: unknown): void {
    const sink = this.#sink;
    encodeContent(sink, value, this.#call);
    const { bytes, length } = sink;
    let high = contentSeed;
    let low = contentSeed ^ laneSeed;
    for (let i = 0; i < length; i++) {
      high = Math.imul(high ^ bytes[i], highFactor);
      high = (high << 13) | (high >>> 19);
      low = Math.imul(low ^ bytes[i], lowFactor);
      low = (low << 17) | (low >>> 15);
    }
    this.#finish(high, low);
  }

  #finish(high: number, low: number): void {
    high ^= mix(low ^ numberSeed);
    low ^= mix(high ^ stringSeed);
    high ^= mix(low ^ contentSeed);
    low ^= mix(high ^ laneSeed);
    this.high = high;
    this.low = low;
  }
}
