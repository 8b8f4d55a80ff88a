/**
 * What the windows that are completed hold: the key and the slot of each row that a window emits.
 *
 * A window of one slice has its rows. Windows of many slices share them, and each slice is merged a constant number of times,
 * however many windows it is in ("two stacks"): the slices that lie before a boundary are kept as sums from each of them up to the
 * boundary, those behind it as one sum that grows. A window is what its first slice has in the first part and the second part.
 * When a window begins behind the boundary, this moves to the end of that window. The stack is one for each key: only keys that
 * a slice has get a new sum with it, so that all sums together are no more than the slices themselves.
 *
 * Invariant: a slot of a part belongs to a key that is in a slice of a window that is still to come, or is given back before the
 * number of the key goes to another. One subtask owns it.
 *
 * @hotpath
 */

import { type Accumulators, SlotList, SlotPairs } from './accumulators.ts';
import type { FilledSlices } from './filled-slices.ts';
import type { Slices } from './slices.ts';

/** Numbers of keys that there is room for at first. */
const initialKeys = 256;

interface Layer {
  readonly slice: number;
  readonly slots: SlotList;
}

/** Slots by number of the key, 0 for none. */
class KeySlots {
  #slots = new Int32Array(initialKeys);

  get(key: number): number {
    return key < this.#slots.length ? this.#slots[key] : 0;
  }

  set(key: number, slot: number): void {
    if (key >= this.#slots.length) {
      const slots = new Int32Array(Math.max(key + 1, this.#slots.length * 2));
      slots.set(this.#slots);
      this.#slots = slots;
    }
    this.#slots[key] = slot;
  }
}

export class WindowRows {
  readonly #slices: Slices;
  readonly #filledSlices: FilledSlices;
  readonly #accumulators: Accumulators;
  /** Key and slot of each row of the window. */
  readonly rows = new SlotPairs();
  /** Slots of this window alone. */
  readonly #own: SlotList;

  /** The slices before this one are merged: what is added to them now is not in the sums. */
  mergedUntil = Number.NEGATIVE_INFINITY;
  /** Whether something was. */
  isStale = false;
  #boundary = Number.NEGATIVE_INFINITY;
  /** Slices before the boundary, the last first. */
  readonly #layers: Layer[] = [];
  readonly #before = new KeySlots();
  /** By slot of a layer: the sum of the same key without that layer. */
  readonly #below = new KeySlots();
  /** Keys before the boundary; some of them may be past. */
  readonly #keysBefore: number[] = [];
  readonly #behind = new KeySlots();
  readonly #behindSlots: SlotList;
  readonly #merges = new SlotPairs();
  readonly #upper = new SlotPairs();

  constructor(slices: Slices, filledSlices: FilledSlices, accumulators: Accumulators) {
    this.#slices = slices;
    this.#filledSlices = filledSlices;
    this.#accumulators = accumulators;
    this.#own = new SlotList(accumulators);
    this.#behindSlots = new SlotList(accumulators);
  }

  /** Finds the rows of a window. Windows come in order. */
  open(window: number): void {
    this.rows.count = 0;
    const first = this.#slices.firstSlice(window);
    const end = this.#slices.endSlice(window);
    if (end - first === 1) {
      this.#takePane(first);
      return;
    }
    if (this.isStale || first >= this.#boundary) this.#move(first, end);
    else {
      this.#leaveBefore(first);
      this.#growBehind(end);
    }
    this.#takeSums();
  }

  /** The rows of the window are done with. */
  close(): void {
    this.#own.clear();
    this.rows.count = 0;
  }

  /** No slice holds anything any more. */
  clear(): void {
    this.#drop();
    this.mergedUntil = Number.NEGATIVE_INFINITY;
    this.#boundary = Number.NEGATIVE_INFINITY;
  }

  /** The slot that holds what one key has in a window; valid until `close`. */
  slotOf(key: number, window: number): number {
    const first = this.#slices.firstSlice(window);
    const end = this.#slices.endSlice(window);
    const { all } = this.#filledSlices;
    if (end - first === 1) return this.#filledSlices.find(first)?.find(key) ?? 0;
    const slot = this.#own.append(key);
    const merges = this.#merges;
    merges.count = 0;
    for (let i = this.#filledSlices.firstFrom(first); i < all.length && all[i].number < end; i++) {
      const from = all[i].find(key);
      if (from !== 0) merges.add(from, slot);
    }
    this.#accumulators.merge(merges.first, merges.second, merges.count);
    return slot;
  }

  #takePane(slice: number): void {
    const slots = this.#filledSlices.find(slice)?.slots;
    if (slots === undefined) return;
    const { keyOf } = this.#accumulators;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.at(i);
      this.rows.add(keyOf[slot], slot);
    }
  }

  /** Moves the boundary to the end of a window. */
  #move(first: number, end: number): void {
    this.#drop();
    const { all } = this.#filledSlices;
    for (let i = this.#filledSlices.firstFrom(end) - 1; i >= 0 && all[i].number >= first; i--) this.#pile(all[i].number, all[i].slots);
    this.#boundary = end;
    this.mergedUntil = end;
    this.isStale = false;
  }

  #drop(): void {
    for (const key of this.#keysBefore) this.#before.set(key, 0);
    this.#keysBefore.length = 0;
    for (const { slots } of this.#layers) slots.clear();
    this.#layers.length = 0;
    const { keyOf } = this.#accumulators;
    for (let i = 0; i < this.#behindSlots.count; i++) this.#behind.set(keyOf[this.#behindSlots.at(i)], 0);
    this.#behindSlots.clear();
  }

  /** Puts a slice on the sums of those after it. */
  #pile(slice: number, filled: SlotList): void {
    const slots = new SlotList(this.#accumulators);
    const pairs = this.#merges;
    const upper = this.#upper;
    pairs.count = 0;
    upper.count = 0;
    for (let i = 0; i < filled.count; i++) {
      const from = filled.at(i);
      const key = this.#accumulators.keyOf[from];
      const below = this.#before.get(key);
      const slot = slots.append(key);
      pairs.add(from, slot);
      if (below === 0) this.#keysBefore.push(key);
      else upper.add(below, slot);
      this.#below.set(slot, below);
      this.#before.set(key, slot);
    }
    this.#layers.push({ slice, slots });
    this.#accumulators.merge(pairs.first, pairs.second, pairs.count);
    this.#accumulators.merge(upper.first, upper.second, upper.count);
  }

  /** Takes off the layers of slices before this one. */
  #leaveBefore(first: number): void {
    for (let top = this.#layers.at(-1); top !== undefined && top.slice < first; top = this.#layers.at(-1)) {
      const { keyOf } = this.#accumulators;
      for (let i = 0; i < top.slots.count; i++) {
        const slot = top.slots.at(i);
        this.#before.set(keyOf[slot], this.#below.get(slot));
      }
      top.slots.clear();
      this.#layers.pop();
    }
  }

  /** Merges the slices up to a slice into the sum behind the boundary. */
  #growBehind(end: number): void {
    const { all } = this.#filledSlices;
    for (let i = this.#filledSlices.firstFrom(this.mergedUntil); i < all.length && all[i].number < end; i++) {
      const pairs = this.#merges;
      pairs.count = 0;
      const { slots } = all[i];
      for (let j = 0; j < slots.count; j++) {
        const from = slots.at(j);
        const key = this.#accumulators.keyOf[from];
        let to = this.#behind.get(key);
        if (to === 0) {
          to = this.#behindSlots.append(key);
          this.#behind.set(key, to);
        }
        pairs.add(from, to);
      }
      this.#accumulators.merge(pairs.first, pairs.second, pairs.count);
    }
    this.mergedUntil = end;
  }

  /** The rows of the window that begins with the uppermost layer and ends with the sum behind the boundary. */
  #takeSums(): void {
    const pairs = this.#merges;
    const upper = this.#upper;
    pairs.count = 0;
    upper.count = 0;
    for (const key of this.#keysBefore) {
      const before = this.#before.get(key);
      if (before === 0) continue;
      const behind = this.#behind.get(key);
      let slot = before;
      if (behind !== 0) {
        slot = this.#own.append(key);
        pairs.add(before, slot);
        upper.add(behind, slot);
      }
      this.rows.add(key, slot);
    }
    const { keyOf } = this.#accumulators;
    for (let i = 0; i < this.#behindSlots.count; i++) {
      const slot = this.#behindSlots.at(i);
      if (this.#before.get(keyOf[slot]) === 0) this.rows.add(keyOf[slot], slot);
    }
    this.#accumulators.merge(pairs.first, pairs.second, pairs.count);
    this.#accumulators.merge(upper.first, upper.second, upper.count);
  }
}
