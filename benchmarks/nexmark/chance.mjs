/**
 * What is left to chance, as a function of the seed and the number of the event: whoever makes an event, and whatever was made before,
 * it is the same.
 *
 * A word is the number of the event through the mix of splitmix32 (Sebastiano Vigna's SplitMix with the constants that Chris
 * Wellons' hash-prospector found for 32 bits, public domain), into which each choice puts keys of its own: one in front of the first
 * multiplication, one in front of the second.
 */

/** Something about an event that chance decides. */
export class Choice {
  /**
   * @param {number} seed
   * @param {string} name no other choice has it
   */
  constructor(seed, name) {
    let key = seed | 0;
    for (let i = 0; i < name.length; i++) key = mix(key + name.charCodeAt(i), i, 0x9e3779b9);
    this.first = mix(key, 1, 2);
    this.second = mix(key, 3, 4);
  }

  /**
   * 32 bits, each as good as any other.
   *
   * @param {number} n the number of the event
   */
  word(n) {
    return mix(n, this.first, this.second);
  }

  /**
   * A whole number from 0 up to the bound, without it.
   *
   * @param {number} n
   * @param {number} bound
   */
  below(n, bound) {
    return Math.floor((this.word(n) >>> 0) * 2 ** -32 * bound);
  }
}

/**
 * @param {number} value
 * @param {number} first
 * @param {number} second
 */
function mix(value, first, second) {
  let z = (value ^ first) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = ((z ^ (z >>> 15)) + second) | 0;
  z = Math.imul(z, 0x735a2d97);
  return z ^ (z >>> 15);
}
