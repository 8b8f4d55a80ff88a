/**
 * A sketch that estimates how many different values it has seen, from their 64-bit hashes: HyperLogLog (P. Flajolet et al.,
 * 2007) with the 64-bit hashes and the sparse form of HyperLogLog++ (S. Heule, M. Nunkesser, A. Hall, 2013). Instead of
 * their tables of bias it uses the estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
 * (2017, arXiv:1702.01284), which has no bias to speak of at any count.
 *
 * With precision p there are m = 2ᵖ registers of one byte, and the standard error is 1.04 / √m. Few values are kept as a
 * sorted list of entries as fine as precision 25, which is practically exact; the registers follow when they take less room.
 *
 * Invariant: the content depends on the set of values only, not on order, repetition or splits. One thread owns a sketch.
 *
 * @hotpath
 */

export const precisionMin = 4;
export const precisionMax = 18;

/**
 * An entry is `index << 6 | rank`: the first 25 bits of the hash, and the position of the first one among the remaining 39
 * bits, 40 if there is none. It fits 31 bits, so V8 keeps arrays of entries without boxes.
 */
const sparsePrecision = 25;
const rankBits = 6;
const rankMask = (1 << rankBits) - 1;
const sparseIndexes = 2 ** sparsePrecision;
const entriesAtFirst = 4;

/** The correction of bias that the formula needs, as Flajolet et al. approximate it. Ertl uses its limit for many registers. */
function alphaOf(m: number): number {
  return 0.5 / Math.LN2 / (1 + 1.079 / m);
}

/** The content as plain data: the entries, or the registers. */
export type HyperLogLogContent = Int32Array | Uint8Array;

export class HyperLogLog {
  readonly #precision: number;
  /** Entries in ascending order, one for each index, and room behind them; none once there are registers. */
  #entries = room(entriesAtFirst);
  #size = 0;
  #registers: Uint8Array | undefined;
  /** How many registers have each rank, so that an estimate need not look at all registers. */
  #histogram: Int32Array | undefined;

  constructor(precision: number) {
    this.#precision = precision;
  }

  /** Adds the value with the hash, given as its upper and lower 32 bits. */
  add(high: number, low: number): void {
    const upper = high & 0x7f;
    const rank = upper !== 0 ? Math.clz32(upper) - 24 : 8 + Math.clz32(low);
    this.#addEntry(((high >>> 7) << rankBits) | rank);
  }

  /** Adds the content of another sketch of the same precision. */
  merge(content: HyperLogLogContent): void {
    if (content instanceof Uint8Array) this.#mergeRegisters(content);
    else for (const entry of content) this.#addEntry(entry);
  }

  /** A copy of the content. */
  content(): HyperLogLogContent {
    return this.#registers?.slice() ?? Int32Array.from(this.#entries.slice(0, this.#size));
  }

  /** How many different values were added, about. */
  estimate(): number {
    const histogram = this.#histogram;
    return Math.round(histogram === undefined ? sparseEstimate(this.#size) : denseEstimate(histogram, this.#precision));
  }

  #addEntry(entry: number): void {
    if (this.#registers === undefined) this.#addSparse(entry);
    else this.#addDense(this.#registers, entry);
  }

  #addSparse(entry: number): void {
    const entries = this.#entries;
    const place = lowerBound(entries, this.#size, entry & ~rankMask);
    if (place < this.#size && entries[place] >>> rankBits === entry >>> rankBits) {
      if (entries[place] < entry) entries[place] = entry;
      return;
    }
    this.#insert(place, entry);
    // An entry takes eight bytes in an array of V8, a register one.
    if (this.#size * 8 > 2 ** this.#precision) this.#densify();
  }

  #insert(place: number, entry: number): void {
    // `push` would make room for 17 at once, which most keys never need.
    if (this.#size === this.#entries.length) this.#entries = this.#entries.concat(room(this.#size));
    const entries = this.#entries;
    for (let i = this.#size++; i > place; i--) entries[i] = entries[i - 1];
    entries[place] = entry;
  }

  #addDense(registers: Uint8Array, entry: number): void {
    const width = sparsePrecision - this.#precision;
    const index = entry >>> (rankBits + width);
    const between = (entry >>> rankBits) & ((1 << width) - 1);
    // The bits that the finer index has beyond the coarser one are the first of the remaining ones here.
    const rank = between !== 0 ? Math.clz32(between) - 31 + width : width + (entry & rankMask);
    this.#raise(registers, index, rank);
  }

  #raise(registers: Uint8Array, index: number, rank: number): void {
    const before = registers[index];
    if (before >= rank) return;
    const histogram = this.#histogram as Int32Array;
    histogram[before]--;
    histogram[rank]++;
    registers[index] = rank;
  }

  #mergeRegisters(others: Uint8Array): void {
    const registers = this.#registers ?? this.#densify();
    for (let index = 0; index < others.length; index++) this.#raise(registers, index, others[index]);
  }

  #densify(): Uint8Array {
    const registers = new Uint8Array(2 ** this.#precision);
    // Ranks go from 0, for a register without values, to one more than there are bits behind the index.
    this.#histogram = new Int32Array(64 - this.#precision + 2);
    this.#histogram[0] = registers.length;
    this.#registers = registers;
    for (let i = 0; i < this.#size; i++) this.#addDense(registers, this.#entries[i]);
    this.#entries = [];
    this.#size = 0;
    return registers;
  }
}

function room(entries: number): number[] {
  return new Array<number>(entries).fill(0);
}

/** Index of the first of `size` entries that is not below the bound. */
function lowerBound(entries: readonly number[], size: number, bound: number): number {
  let from = 0;
  let to = size;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (entries[middle] < bound) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Linear counting (K.-Y. Whang et al., 1990): how many values fill so many of the 2²⁵ places. */
function sparseEstimate(filled: number): number {
  return -sparseIndexes * Math.log1p(-filled / sparseIndexes);
}

/** Algorithm 6 of Ertl's paper, with its names. */
function denseEstimate(histogram: Int32Array, precision: number): number {
  const m = 2 ** precision;
  const q = 64 - precision;
  let z = m * tau(1 - histogram[q + 1] / m);
  for (let rank = q; rank >= 1; rank--) z = 0.5 * (z + histogram[rank]);
  z += m * sigma(histogram[0] / m);
  return (alphaOf(m) * m * m) / z;
}

/** x + Σ x^(2ᵏ) · 2ᵏ⁻¹ over k ≥ 1, added up until it stays the same. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let factor = 1;
  let sum = x;
  for (let before = -1; sum !== before; factor += factor) {
    before = sum;
    power *= power;
    sum += power * factor;
  }
  return sum;
}

/** (1 − x − Σ (1 − x^(2⁻ᵏ))² · 2⁻ᵏ) / 3 over k ≥ 1, added up until it stays the same. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let factor = 1;
  let sum = 1 - x;
  for (let before = -1; sum !== before; ) {
    before = sum;
    root = Math.sqrt(root);
    factor *= 0.5;
    sum -= (1 - root) ** 2 * factor;
  }
  return sum / 3;
}
