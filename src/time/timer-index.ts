/**
 * Which timers are registered: (time, slot, namespace) → a number, the timer's id, which is free again after it.
 *
 * Most keys have few timers, so the timers of a slot are a list, and asking for one touches only what its key has. A slot with
 * many timers has them in a table of hashes instead, until the last one is gone.
 *
 * A deleted timer keeps its id until whoever has it in a queue comes upon it and lets it go (`release`).
 *
 * One subtask owns an index.
 *
 * @hotpath
 */

import { TimerTable } from './timer-table.ts';

const none = -1;
/** As the first timer of a slot: they are in the table. As the timer behind another: that one was deleted. */
const elsewhere = -2;

/** Timers of a slot that are worth walking over. */
const listedMax = 8;

const slotsMin = 64;
const timersMin = 64;

export class TimerIndex {
  /** Timers that are registered. */
  size = 0;
  /** Timers that were deleted and not yet released. */
  deleted = 0;
  /** By slot, side by side: the id of its first timer, and how many it has. */
  #slots = new Int32Array(slotsMin * 2);
  /** By id: the next timer of its slot, or the next free id. */
  #following = freeIds(0, timersMin);
  #free = 0;
  #times = new Float64Array(timersMin);
  #namespaces = new Float64Array(timersMin);
  readonly #table = new TimerTable();

  constructor() {
    forEmptySlots(this.#slots, 0);
  }

  countOf(slot: number): number {
    return slot * 2 < this.#slots.length ? (this.#slots[slot * 2 + 1] as number) : 0;
  }

  /** Adds a timer and returns its id; −1 when it is there already. */
  add(time: number, slot: number, namespace: number): number {
    if (slot * 2 >= this.#slots.length) this.#growSlots(slot);
    const first = this.#slots[slot * 2] as number;
    const count = this.#slots[slot * 2 + 1] as number;
    if (first === elsewhere) {
      if (this.#table.find(time, slot, namespace) >= 0) return none;
    } else if (first !== none && this.#isListed(first, time, namespace)) return none;
    if (this.#free === none) this.#growTimers();
    const id = this.#free;
    this.#free = this.#following[id] as number;
    this.#times[id] = time;
    this.#namespaces[id] = namespace;
    this.#slots[slot * 2 + 1] = count + 1;
    this.size++;
    if (first !== elsewhere && count < listedMax) {
      this.#following[id] = first;
      this.#slots[slot * 2] = id;
    } else this.#addToTable(id, slot);
    return id;
  }

  /** Deletes a timer and returns its id, which it keeps until it is released; −1 when it is not there. */
  delete(time: number, slot: number, namespace: number): number {
    const id = this.#find(time, slot, namespace);
    if (id === none) return none;
    this.#unlink(id, slot);
    this.#following[id] = elsewhere;
    this.deleted++;
    return id;
  }

  /** The time of a timer; also right after it was deleted or released. */
  time(id: number): number {
    return this.#times[id] as number;
  }

  /** As `time`. */
  namespace(id: number): number {
    return this.#namespaces[id] as number;
  }

  /** Whether a timer that was not yet released is registered. */
  isLive(id: number): boolean {
    return this.deleted === 0 || this.#following[id] !== elsewhere;
  }

  /** Frees the id of a timer, and tells whether it was registered until now. */
  release(id: number, slot: number): boolean {
    const live = this.#isOnly(id, slot) || this.#following[id] !== elsewhere;
    if (live) this.#unlink(id, slot);
    else this.deleted--;
    this.#following[id] = this.#free;
    this.#free = id;
    return live;
  }

  /** Bytes of the memory that the timers take. */
  get bytes(): number {
    return this.#slots.byteLength + this.#following.byteLength + this.#times.byteLength * 2 + this.#table.bytes;
  }

  #isListed(first: number, time: number, namespace: number): boolean {
    for (let id = first; id !== none; id = this.#following[id] as number) {
      if (this.#times[id] === time && this.#namespaces[id] === namespace) return true;
    }
    return false;
  }

  #find(time: number, slot: number, namespace: number): number {
    if (slot * 2 >= this.#slots.length) return none;
    let id = this.#slots[slot * 2] as number;
    if (id === elsewhere) return this.#table.find(time, slot, namespace);
    while (id !== none && (this.#times[id] !== time || this.#namespaces[id] !== namespace)) id = this.#following[id] as number;
    return id;
  }

  /** Whether a timer is the only one of its slot. */
  #isOnly(id: number, slot: number): boolean {
    return this.#slots[slot * 2] === id && this.#slots[slot * 2 + 1] === 1;
  }

  /** Takes a timer out of what its slot has. */
  #unlink(id: number, slot: number): void {
    if (this.#isOnly(id, slot)) {
      // The usual case, and one in which what lies by id need not be read: where there are many timers, it is in no cache.
      this.#slots[slot * 2] = none;
      this.#slots[slot * 2 + 1] = 0;
      this.size--;
      return;
    }
    const following = this.#following;
    const first = this.#slots[slot * 2] as number;
    const count = (this.#slots[slot * 2 + 1] as number) - 1;
    this.#slots[slot * 2 + 1] = count;
    this.size--;
    if (first === id) this.#slots[slot * 2] = following[id] as number;
    else if (first === elsewhere) {
      this.#table.remove(this.#times[id] as number, slot, this.#namespaces[id] as number);
      if (count === 0) this.#slots[slot * 2] = none;
    } else {
      let before = first;
      while (following[before] !== id) before = following[before] as number;
      following[before] = following[id] as number;
    }
  }

  /** Puts a timer into the table, together with those that its slot has in a list. */
  #addToTable(id: number, slot: number): void {
    let listed = this.#slots[slot * 2] as number;
    this.#slots[slot * 2] = elsewhere;
    this.#table.add(this.#times[id] as number, slot, this.#namespaces[id] as number, id);
    this.#following[id] = none;
    while (listed >= 0) {
      this.#table.add(this.#times[listed] as number, slot, this.#namespaces[listed] as number, listed);
      const next = this.#following[listed] as number;
      this.#following[listed] = none;
      listed = next;
    }
  }

  #growSlots(slot: number): void {
    const before = this.#slots.length;
    const slots = new Int32Array(Math.max(before * 2, (slot + 1) * 2));
    slots.set(this.#slots);
    forEmptySlots(slots, before);
    this.#slots = slots;
  }

  #growTimers(): void {
    const before = this.#following.length;
    this.#following = grown(this.#following, freeIds(before, before * 2));
    this.#times = grown(this.#times, new Float64Array(before * 2));
    this.#namespaces = grown(this.#namespaces, new Float64Array(before * 2));
    this.#free = before;
  }
}

function forEmptySlots(slots: Int32Array, from: number): void {
  for (let at = from; at < slots.length; at += 2) slots[at] = none;
}

/** Ids of which those from `from` are free, each naming the next. */
function freeIds(from: number, ids: number): Int32Array {
  const following = new Int32Array(ids);
  for (let id = from; id < ids; id++) following[id] = id + 1 < ids ? id + 1 : none;
  return following;
}

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
