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

/** Numbers that lie in the array: a cache line, and less than the smallest sketch. */
const fewMax = 8;
/** The count of a slot that has a sketch. */
const manyMark = fewMax + 1;

/** What a slot holds, as plain data: few numbers in ascending order, or the content of a sketch. */
export type SketchesContent = Float64Array | DDSketchContent;

export class Sketches {
  readonly #buckets: LogarithmicBuckets;
  /** By slot: how many numbers lie in `#few`, or `manyMark`. */
  #counts = new Uint8Array(initialSlots);
  /** `fewMax` for each slot. */
  #few = new Float64Array(initialSlots * fewMax);
  readonly #sketches = new Map<number, DDSketch>();
  /** For results. */
  readonly #sorted = new Float64Array(fewMax);

  constructor(buckets: LogarithmicBuckets) {
    this.#buckets = buckets;
  }

  /** Makes room for slots below a number. */
  #reserve(slotCount: number): void {
    if (slotCount <= this.#counts.length) return;
    this.#counts = grown(this.#counts, slotCount - 1);
    this.#few = grown(this.#few, this.#counts.length * fewMax - 1);
  }

  add(slot: number, value: number): void {
    if (slot >= this.#counts.length) this.#reserve(slot + 1);
    const count = this.#counts[slot];
    if (count < fewMax) {
      this.#few[slot * fewMax + count] = value;
      this.#counts[slot] = count + 1;
    } else this.#sketchOf(slot).add(value);
  }

  /** Adds a number to the slot of each row. @param slotCount that all slots are below */
  addAll(slots: Int32Array, slotCount: number, values: Float64Array | Int32Array, rows: number): void {
    this.#reserve(slotCount);
    const counts = this.#counts;
    const few = this.#few;
    for (let row = 0; row < rows; row++) {
      const slot = slots[row];
      const count = counts[slot];
      if (count < fewMax) {
        few[slot * fewMax + count] = values[row];
        counts[slot] = count + 1;
      } else this.#sketchOf(slot).add(values[row]);
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
    if (this.#countOf(slot) === manyMark) this.#sketches.delete(slot);
    if (slot < this.#counts.length) this.#counts[slot] = 0;
  }

  #countOf(slot: number): number {
    return slot < this.#counts.length ? this.#counts[slot] : 0;
  }

  /** The sketch of a slot, made of its numbers if there is none yet. */
  #sketchOf(slot: number): DDSketch {
    this.#reserve(slot + 1);
    const known = this.#sketches.get(slot);
    if (known !== undefined) return known;
    const sketch = new DDSketch(this.#buckets);
    const from = slot * fewMax;
    for (let i = 0; i < this.#counts[slot]; i++) sketch.add(this.#few[from + i]);
    this.#sketches.set(slot, sketch);
    this.#counts[slot] = manyMark;
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
    const from = slot * fewMax;
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
