/**
 * The accumulators of all slices: one slot for each key in each slice, in the same states for all slices, so that the rows of a batch
 * are added in one loop whatever slices they belong to. Slots are handed out in blocks, and a block that is given back serves the
 * next slice. Invariant: a slot that is not in use is empty. The first block is nobody's: rows that belong to no slice are sent there.
 * One subtask owns them.
 *
 * @hotpath
 */

import { type Aggregators, createStates, type NamedState } from '../../aggregation.ts';

/** Slots of a block, a power of two: few for a slice of one key, many for handing out. */
const blockBits = 6;
const blockSlots = 1 << blockBits;
const inBlock = blockSlots - 1;

/** The slot of rows that are too late. */
export const lateSlot = 0;
/** The slot of rows that belong to no window although they are in time. */
export const noSlot = 1;
/** The first slot that a slice may have. */
export const firstSlot = blockSlots;

export class Accumulators {
  readonly states: readonly NamedState[];
  /** By slot: the number of its key. */
  keyOf = new Int32Array(blockSlots * 4);
  /** Slots so far: all are below. */
  size = blockSlots;
  /** Slots in use. */
  used = 0;
  /** Is told of slots before they are emptied. */
  emptying: (from: number, to: number) => void = () => {};
  readonly #free: number[] = [];
  /** By block: the slice that it belongs to; of no use for blocks that belong to none. */
  readonly #slices: number[] = [];

  constructor(aggregators: Aggregators) {
    this.states = createStates(aggregators);
  }

  /** The slice of a slot that belongs to a slice. */
  sliceOf(slot: number): number {
    return this.#slices[slot >> blockBits];
  }

  /** The first slot of a block that is nobody else's. @param slice that takes it */
  takeBlock(slice: number): number {
    const block = this.#free.pop() ?? this.#newBlock();
    this.#slices[block >> blockBits] = slice;
    return block;
  }

  #newBlock(): number {
    const block = this.size;
    this.size += blockSlots;
    if (this.size > this.keyOf.length) {
      const keyOf = new Int32Array(this.size * 2);
      keyOf.set(this.keyOf);
      this.keyOf = keyOf;
    }
    return block;
  }

  /** Empties the first `count` slots of a block, and takes it back. */
  giveBack(block: number, count: number): void {
    this.emptying(block, block + count);
    for (const { state } of this.states) for (let slot = block; slot < block + count; slot++) state.clear(slot);
    this.used -= count;
    this.#free.push(block);
  }

  /** Merges the slots `from` into the slots `to`, one by one, in order. */
  merge(from: Int32Array, to: Int32Array, count: number): void {
    for (const { state } of this.states) {
      if (state.mergeSlots !== undefined) state.mergeSlots(from, to, count);
      else for (let i = 0; i < count; i++) state.merge(to[i], state.partial(from[i]));
    }
  }
}

/** Slots in the order in which they were taken. */
export class SlotList {
  readonly #accumulators: Accumulators;
  readonly #blocks: number[] = [];
  count = 0;
  /** Of the slice that the slots belong to, if they belong to one. */
  slice = Number.NaN;

  constructor(accumulators: Accumulators) {
    this.#accumulators = accumulators;
  }

  /** Takes a slot for a key. */
  append(key: number): number {
    const within = this.count & inBlock;
    if (within === 0) this.#blocks.push(this.#accumulators.takeBlock(this.slice));
    const slot = this.#blocks[this.count >> blockBits] + within;
    this.count++;
    this.#accumulators.used++;
    this.#accumulators.keyOf[slot] = key;
    return slot;
  }

  at(index: number): number {
    return this.#blocks[index >> blockBits] + (index & inBlock);
  }

  /** Gives all slots back. */
  clear(): void {
    for (let left = this.count; left > 0; left -= blockSlots)
      this.#accumulators.giveBack(this.#blocks[(this.count - left) >> blockBits], Math.min(left, blockSlots));
    this.#blocks.length = 0;
    this.count = 0;
  }
}

/** Pairs of slots to be merged at once, and any other pairs of numbers. */
export class SlotPairs {
  first = new Int32Array(1024);
  second = new Int32Array(1024);
  count = 0;

  add(first: number, second: number): void {
    if (this.count === this.first.length) {
      this.first = twiceAsLong(this.first);
      this.second = twiceAsLong(this.second);
    }
    this.first[this.count] = first;
    this.second[this.count++] = second;
  }
}

function twiceAsLong(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(array.length * 2);
  longer.set(array);
  return longer;
}
