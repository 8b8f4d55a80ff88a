/**
 * About how much memory the units of a log take that are in it, and how much they may. What a unit takes is told from the bytes that it
 * was last written with: when it was read or written, or when it was measured. One subtask owns it.
 */

/** Beyond its own bytes a unit takes: its place in the key index, its key, a slot in each store, and what the log knows of it. */
const unitBytes = 160;

/** Objects take more than their bytes, which have small numbers and no headers. */
const heapFactor = 3;

/** At least this share of the memory is for units, whatever else is there: a batch must find room for its keys. */
const shareMin = 1 / 4;

/** It is made room for some at a time. */
const roomShare = 1 / 16;

/** Bytes that are measured between two batches, on average: a few microseconds. */
const measuredBytes = 8 * 1024;
const measuredUnits = 64;

/** A round over all units is worth it once in so many batches. */
const stuckBatchesMax = 64;

const initialUnits = 1024;

export interface ResidentMemoryOptions {
  /** Bytes that all may take. */
  readonly memory: () => number;
  /** Bytes that are taken besides. */
  readonly besides: () => number;
  readonly warn: (message: string) => void;
}

export class ResidentMemory {
  units = 0;
  readonly #options: ResidentMemoryOptions;
  /** By unit that is in memory. */
  #sizes = new Float64Array(initialUnits);
  #encoded = 0;
  /** Bytes of an entry, about: what a new unit is taken for. */
  #average = 64;
  #goal = 0;
  /** Nothing could go: it is not tried again before there are more units than this, or so many batches have gone by. */
  #stuckUnits = 0;
  #stuckBatches = 0;
  #credit = 0;
  #next = 0;

  constructor(options: ResidentMemoryOptions) {
    this.#options = options;
  }

  /** About what all units take. */
  get bytes(): number {
    return this.units * unitBytes + this.#encoded * heapFactor;
  }

  admitNew(unit: number): void {
    this.admit(unit, this.#average);
  }

  admit(unit: number, size: number): void {
    if (unit >= this.#sizes.length) this.#grow(unit);
    this.units++;
    this.#encoded += size;
    this.#sizes[unit] = size;
  }

  #grow(unit: number): void {
    const sizes = new Float64Array(Math.max(unit + 1, this.#sizes.length * 2));
    sizes.set(this.#sizes);
    this.#sizes = sizes;
  }

  resize(unit: number, size: number): void {
    this.#encoded += size - (this.#sizes[unit] as number);
    this.#sizes[unit] = size;
  }

  forget(unit: number): void {
    this.units--;
    this.#encoded = this.units === 0 ? 0 : this.#encoded - (this.#sizes[unit] as number);
  }

  /** An entry was so long. */
  learn(size: number): void {
    this.#average += (size - this.#average) / 64;
  }

  /** Measures some units anew. @param sizeOf −1 for one that takes what it took */
  measure(bound: number, sizeOf: (unit: number) => number): void {
    this.#credit = Math.min(this.#credit + measuredBytes, measuredBytes);
    for (let units = Math.min(measuredUnits, bound); units > 0 && this.#credit > 0; units--) {
      if (this.#next >= bound) this.#next = 0;
      const unit = this.#next++;
      const size = sizeOf(unit);
      if (size < 0) continue;
      this.resize(unit, size);
      this.#credit -= size;
    }
  }

  /** Whether units are to go. */
  begin(): boolean {
    const { memory, besides, warn } = this.#options;
    const all = memory();
    const left = all - besides();
    const room = Math.max(left, all * shareMin);
    if (left < room && !this.#warned.small) {
      this.#warned.small = true;
      warn(
        `the memory of the state backend is too little for its keys: the index of those on disk takes more than three quarters of it; raise disk({ memory })`,
      );
    }
    if (this.bytes <= room || (this.units <= this.#stuckUnits && --this.#stuckBatches > 0)) return false;
    this.#stuckUnits = 0;
    this.#goal = room * (1 - roomShare);
    return true;
  }

  readonly #warned = { small: false, stays: false };

  /** Whether more units are to go. */
  get isAbove(): boolean {
    return this.bytes > this.#goal;
  }

  /** All were asked that there was time for. */
  end(): void {
    if (!this.isAbove) return;
    this.#stuckUnits = this.units * (1 + roomShare);
    this.#stuckBatches = stuckBatchesMax;
    if (this.#warned.stays || this.units < measuredUnits) return;
    this.#warned.stays = true;
    this.#options.warn(
      'keys with timers take more memory than the state backend may: they stay in it until their timers have fired; raise disk({ memory })',
    );
  }
}
