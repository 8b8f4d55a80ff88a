/** Numbers by chance that repeat when their seed does. */

import type { Random } from './system.ts';

const unit = 2 ** -53;

/**
 * A generator whose whole sequence follows from its seed: sfc32 (Chris Doty-Humphrey, PractRand, public domain), its state
 * filled from the seed by splitmix32.
 *
 * @param seed an integer; only its lowest 32 bits count
 * @example seededRandom(7).next() // the same number in [0, 1) every time
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const word = (): number => {
    state = (state + 0x9e3779b9) | 0;
    return splitmix(state);
  };
  return new SmallFastCounting(word(), word(), word());
}

function splitmix(state: number): number {
  let z = state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** The counter keeps its period above 2³² whatever the other words are. */
class SmallFastCounting implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(a: number, b: number, c: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    // The first outputs still show the seed.
    for (let round = 0; round < 12; round++) this.#word();
  }

  next(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 2 ** 26 + low) * unit;
  }

  #word(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }
}
