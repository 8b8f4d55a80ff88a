/**
 * The sketches of all slots of one state. Most slots of many keys and windows have few numbers: these lie in one array for all, as they
 * came, and a slot gets a `DDSketch` of its own with the first number that finds no room there. What is told of few numbers is what a
 * sketch of them would tell.
 *
 * Invariant: a slot has a sketch exactly if it was given more than `fewMax` numbers, or the content of a sketch. One subtask owns them.
 *
 * @hotpath
 */

import { DDSketch, type DDSketchContent, type LogarithmicBuckets } from './dd-sketch.ts';
import { grown, initialSlots } from './slots.ts';

/** Numbers of an entry, a cache line, which is less than the smallest sketch. The first half of the first one says how many follow. */
const entryBits = 3;
/** Numbers that lie in an entry. */
const fewMax = (1 << entryBits) - 1;
/** The count of a slot that has a sketch. */
const manyMark = fewMax + 1;

/** What a slot holds, as plain data: few numbers in ascending order, or the content of a sketch. */
export type SketchesContent = Float64Array | DDSketchContent;

export class Sketches {
  readonly #buckets: LogarithmicBuckets;
  /** By slot: an entry. */
  #few = new Float64Array(initialSlots << entryBits);
  /** The same memory: how many numbers there are, or `manyMark`, and then the number of the sketch. */
  #counts = new Int32Array(this.#few.buffer);
  readonly #sketches: (DDSketch | undefined)[] = [];
  /** Numbers of sketches that have gone. */
  readonly #gone: number[] = [];
  /** For results. */
  readonly #sorted = new Float64Array(fewMax);

  constructor(buckets: LogarithmicBuckets) {
    this.#buckets = buckets;
  }

  /** Makes room for slots below a number. */
  #reserve(slotCount: number): void {
    const length = slotCount << entryBits;
    if (length <= this.#few.length) return;
    this.#few = grown(this.#few, length - 1);
    this.#counts = new Int32Array(this.#few.buffer);
  }

  add(slot: number, value: number): void {
    this.#reserve(slot + 1);
    const at = slot << entryBits;
    const count = this.#counts[at << 1];
    if (count < fewMax) {
      this.#few[at + 1 + count] = value;
      this.#counts[at << 1] = count + 1;
    } else this.#sketchOf(slot).add(value);
  }

  /** Adds a number to the slot of each row. @param slotCount that all slots are below */
  addAll(slots: Int32Array, slotCount: number, values: Float64Array | Int32Array, rows: number): void {
    this.#reserve(slotCount);
    const counts = this.#counts;
    const few = this.#few;
    for (let row = 0; row < rows; row++) {
      const at = slots[row] << entryBits;
      const count = counts[at << 1];
      if (count < fewMax) {
        few[at + 1 + count] = values[row];
        counts[at << 1] = count + 1;
      } else this.#sketchOf(slots[row]).add(values[row]);
    }
  }

  merge(slot: number, content: SketchesContent): void {
    if (content instanceof Float64Array) for (let i = 0; i < content.length; i++) this.add(slot, content[i]);
    else this.#sketchOf(slot).merge(content);
  }

  /** A copy of what a slot holds; undefined of nothing. */
  content(slot: number): SketchesContent | undefined {
    const count = this.#countOf(slot);
    if (count === 0) return undefined;
    return count === manyMark ? this.#sketchOf(slot).content() : this.#sort(slot, count).slice(0, count);
  }

  isEmpty(slot: number): boolean {
    return this.#countOf(slot) === 0;
  }

  /** The value at index ⌊q · (count − 1)⌋ of the sorted numbers, about; there must be one. */
  quantile(slot: number, q: number): number {
    const count = this.#countOf(slot);
    return count === manyMark ? this.#sketchOf(slot).quantile(q) : this.#ofFew(slot, count, q);
  }

  clear(slot: number): void {
    const count = this.#countOf(slot);
    if (count === 0) return;
    const at = slot << (entryBits + 1);
    if (count === manyMark) {
      const number = this.#counts[at + 1];
      this.#sketches[number] = undefined;
      this.#gone.push(number);
    }
    this.#counts[at] = 0;
  }

  #countOf(slot: number): number {
    const at = slot << (entryBits + 1);
    return at < this.#counts.length ? this.#counts[at] : 0;
  }

  /** The sketch of a slot, made of its numbers if there is none yet. */
  #sketchOf(slot: number): DDSketch {
    this.#reserve(slot + 1);
    const at = slot << (entryBits + 1);
    const counts = this.#counts;
    if (counts[at] === manyMark) return this.#sketches[counts[at + 1]] as DDSketch;
    const sketch = new DDSketch(this.#buckets);
    const from = (slot << entryBits) + 1;
    for (let i = 0; i < counts[at]; i++) sketch.add(this.#few[from + i]);
    const number = this.#gone.pop() ?? this.#sketches.length;
    this.#sketches[number] = sketch;
    counts[at] = manyMark;
    counts[at + 1] = number;
    return sketch;
  }

  #ofFew(slot: number, count: number, q: number): number {
    const sorted = this.#sort(slot, count);
    return this.#buckets.toldOf(sorted[Math.floor(q * (count - 1))], sorted, count);
  }

  /** Puts few numbers in order, NaN last; typed arrays that are sorted themselves would need a view each. */
  #sort(slot: number, count: number): Float64Array {
    const few = this.#few;
    const sorted = this.#sorted;
    const from = (slot << entryBits) + 1;
    for (let i = 0; i < count; i++) {
      const value = few[from + i];
      let place = i;
      for (; place > 0 && comesBefore(value, sorted[place - 1]); place--) sorted[place] = sorted[place - 1];
      sorted[place] = value;
    }
    return sorted;
  }
}

function comesBefore(value: number, other: number): boolean {
  return value < other || (Number.isNaN(other) && !Number.isNaN(value));
}
