/**
 * The timers of one keyed operator in one subtask, of one kind: event time or processing time. They fire by time, and those of
 * one time in the order of their registration; a timer that is registered already is not registered again.
 *
 * A radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the shortest path problem", 1990) with digits of 8 bits:
 * timers lie in chains by the highest digit in which their time differs from the last time that fired, and by that digit.
 *
 *     time as 64 bits that order as times do         7   6   5   4   3   2   1   0     digits
 *     the last time that fired                       c2  79  5a  1f  80  30  00  00
 *     a timer of a minute later                      c2  79  5a  1f  8e  90  00  00  → chain 3·256 + 8e
 *
 * The lowest chain holds the earliest timers. When it is due, its earliest time becomes the last one, and all others of the
 * chain go to lower ones, in order; so a timer moves some few times before it fires, always to the end of a chain. Times before
 * the last one are an exception, kept in a heap.
 *
 * Deleted timers leave the index of what is registered at once, and the chains when they are come upon. When most entries are
 * such, they are swept out.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { PastTimers } from './past-timers.ts';
import { TimerChains } from './timer-chains.ts';
import { TimerIndex } from './timer-index.ts';

const digitBits = 8;
const radix = 1 << digitBits;
const chains = (64 / digitBits) * radix;
/** Behind the others: the timers of the last time that fired. */
const currentChain = chains;

/** Timers whose keys are looked at before the first of them fires. */
const touchedAhead = 16;

/** Deleted timers that may stay in the chains whatever else is there: below that, sweeping them out is not worth it. */
const deletedMin = 1024;

/** Who follows which timers there are. A timer has an id while it is registered. */
export interface TimerObserver {
  /** Timers come in the order of their registration. */
  registered(id: number, slot: number): void;
  /** It has fired or was deleted, or gets another id; `timeOf` and `namespaceOf` still tell of it. */
  removed(id: number): void;
}

const scratch = new Float64Array(1);
const scratchWords = new Int32Array(scratch.buffer);

/**
 * @example
 * const timers = new TimerQueue();
 * timers.register(2000, 0, 0); // true
 * timers.register(1000, 1, 0); // true
 * timers.register(1000, 1, 0); // false: it is registered
 * while (timers.pop(1500)) console.log(timers.time, timers.slot); // 1000 1
 * timers.next; // 2000
 */
export class TimerQueue {
  /** The timer that `pop` has taken: its time, the slot of its key, and its namespace. */
  time = Number.NaN;
  slot = -1;
  namespace = Number.NaN;

  /**
   * No timer is due before this time; Infinity when there are none. It is the time of the earliest timer, unless that was
   * deleted or popped; once `pop` has said false for it or a later time, it is again.
   */
  next = Number.POSITIVE_INFINITY;

  /** Undefined where nobody follows the timers. */
  observer: TimerObserver | undefined = undefined;

  #index = new TimerIndex();
  #chains = new TimerChains(chains + 1);
  readonly #past = new PastTimers();
  /** A bit for each chain that is not empty, the current one left out. */
  readonly #filled = new Int32Array(chains / 32);
  /** The last time that fired, or that is firing; and its bits. */
  #last = Number.NEGATIVE_INFINITY;
  #lastHigh = 0;
  #lastLow = 0;

  constructor() {
    this.#setLast(Number.NEGATIVE_INFINITY);
  }

  /** Timers that are registered. */
  get size(): number {
    return this.#index.size;
  }

  /** Timers of a slot: a key without any, and without state, may give its slot back. */
  countOf(slot: number): number {
    return this.#index.countOf(slot);
  }

  /**
   * Registers a timer; false when the same one is registered already.
   *
   * @param time any number but NaN; a time that has passed fires with the next `pop`
   * @param slot of the key, from 0
   * @param namespace any number but NaN: whatever tells timers of one key and time apart, such as the number of a window
   */
  register(time: number, slot: number, namespace: number): boolean {
    assert(time >= Number.NEGATIVE_INFINITY && namespace >= Number.NEGATIVE_INFINITY, 'times and namespaces of timers are not NaN');
    // −0 becomes 0, which has other bits.
    const at = time + 0;
    const id = this.#index.add(at, slot, namespace);
    if (id < 0) return false;
    if (this.observer !== undefined) this.observer.registered(id, slot);
    this.#enqueue(at, slot, namespace, id);
    return true;
  }

  #enqueue(time: number, slot: number, namespace: number, id: number): void {
    if (time < this.next) this.next = time;
    if (time < this.#last) this.#past.add(time, slot, namespace, id);
    else this.#place(time, slot, namespace, id);
  }

  /** Gives an id to a timer of a queue that is restored, which has none like it. It counts once `enqueue` has put it in its place. */
  admit(time: number, slot: number, namespace: number): number {
    const id = this.#index.add(time, slot, namespace);
    assert(id >= 0, 'a timer is restored once');
    return id;
  }

  /** Puts a timer that was admitted behind those of its time. */
  enqueue(id: number, slot: number): void {
    this.#enqueue(this.timeOf(id), slot, this.namespaceOf(id), id);
  }

  timeOf(id: number): number {
    return this.#index.time(id);
  }

  namespaceOf(id: number): number {
    return this.#index.namespace(id);
  }

  /** Deletes a timer; false when it is not registered. */
  delete(time: number, slot: number, namespace: number): boolean {
    const index = this.#index;
    const id = index.delete(time, slot, namespace);
    if (id < 0) return false;
    if (this.observer !== undefined) this.observer.removed(id);
    if (index.size === 0) this.next = Number.POSITIVE_INFINITY;
    if (index.deleted > deletedMin && index.deleted > index.size) this.#sweep(false);
    return true;
  }

  /**
   * Takes the earliest timer whose time is `until` or before, and puts it into `time`, `slot` and `namespace`; false when there
   * is none. Timers may be registered and deleted between two calls; those that are due fire in the same advance.
   *
   * @example
   * while (timers.pop(watermark)) fire(timers.time, timers.slot, timers.namespace);
   */
  pop(until: number): boolean {
    if (!(until >= this.next)) return false;
    if (this.#past.size > 0 && this.#popPast(until)) return true;
    while (this.#index.size > 0 && this.#hasCurrent(until)) if (this.#popCurrent()) return true;
    if (this.#index.size === 0) this.next = Number.POSITIVE_INFINITY;
    this.#shrink();
    return false;
  }

  /**
   * Every timer that is registered, in an order in which those of one time come as they were registered: who registers them in
   * this order with another queue has a queue that fires alike.
   */
  forEach(visit: (time: number, slot: number, namespace: number, id: number) => void): void {
    for (const { time, slot, namespace, id } of this.#past.sorted()) if (this.#index.isLive(id)) visit(time, slot, namespace, id);
    this.#forEachEntry((time, slot, namespace, id) => {
      if (this.#index.isLive(id)) visit(time, slot, namespace, id);
    });
  }

  /** Bytes of the memory that the timers take. */
  get bytes(): number {
    return this.#index.bytes + this.#chains.bytes;
  }

  /** Appends an entry to the chain of its time, which is not before the last one. */
  #place(time: number, slot: number, namespace: number, id: number): void {
    if (time === this.#last) {
      this.#chains.append(currentChain, time, slot, namespace, id);
      return;
    }
    const chain = this.#chainOf(time);
    this.#filled[chain >> 5] |= 1 << (chain & 31);
    this.#chains.append(chain, time, slot, namespace, id);
  }

  #chainOf(time: number): number {
    scratch[0] = time;
    // Positive numbers order as their bits, negative ones the other way round. Little-endian, as every machine that Node runs on.
    const sign = (scratchWords[1] as number) >> 31;
    const high = (scratchWords[1] as number) ^ (sign | 0x80000000);
    const low = (scratchWords[0] as number) ^ sign;
    if (high !== this.#lastHigh) {
      const shift = (31 - Math.clz32(high ^ this.#lastHigh)) & -digitBits;
      return ((shift + 32) << 5) | ((high >>> shift) & (radix - 1));
    }
    const shift = (31 - Math.clz32(low ^ this.#lastLow)) & -digitBits;
    return (shift << 5) | ((low >>> shift) & (radix - 1));
  }

  #setLast(time: number): void {
    scratch[0] = time;
    const sign = (scratchWords[1] as number) >> 31;
    this.#last = time;
    this.#lastHigh = (scratchWords[1] as number) ^ (sign | 0x80000000);
    this.#lastLow = (scratchWords[0] as number) ^ sign;
  }

  /** Whether the current chain has entries that are due, after the lowest other one was made current if need be. */
  #hasCurrent(until: number): boolean {
    this.#dropDeleted();
    if (this.#chains.first(currentChain) >= 0) {
      // Not due is what is current only where `until` has gone back.
      this.next = this.#past.size > 0 ? this.next : this.#last;
      return this.#last <= until;
    }
    if (this.#past.size > 0) return false;
    for (let chain = this.#lowest(); chain >= 0; chain = this.#lowest()) {
      const time = this.#earliest(chain);
      if (time > until) {
        this.next = time;
        return false;
      }
      this.#filled[chain >> 5] &= ~(1 << (chain & 31));
      this.#distribute(chain, time);
      if (this.#chains.first(currentChain) >= 0) return true;
    }
    return false;
  }

  /** Drops deleted entries from the head of the current chain. */
  #dropDeleted(): void {
    const entries = this.#chains;
    for (let place = entries.first(currentChain); place >= 0 && !this.#index.isLive(entries.id(place)); ) {
      this.#index.release(entries.id(place), entries.slot(place));
      place = entries.shift(currentChain);
    }
  }

  /** The first chain that is not empty, −1 when all are. */
  #lowest(): number {
    const filled = this.#filled;
    for (let word = 0; word < filled.length; word++) {
      const bits = filled[word] as number;
      if (bits !== 0) return (word << 5) | (31 - Math.clz32(bits & -bits));
    }
    return -1;
  }

  /** The earliest time of a chain's timers; NaN when all were deleted. */
  #earliest(chain: number): number {
    const entries = this.#chains;
    let earliest = Number.NaN;
    for (let place = entries.first(chain); place >= 0; place = entries.next(chain, place)) {
      const time = entries.time(place);
      if (!(time >= earliest) && this.#index.isLive(entries.id(place))) earliest = time;
    }
    return earliest;
  }

  /**
   * Makes a chain's earliest time the last one, and moves its entries to the chains of their times. What is earlier was deleted;
   * all was, where there is no earliest time.
   */
  #distribute(chain: number, earliest: number): void {
    const entries = this.#chains;
    const live = earliest >= Number.NEGATIVE_INFINITY;
    if (live) this.#setLast(earliest);
    if (live && this.#isOfOneTime(chain)) {
      entries.hand(chain, currentChain);
      return;
    }
    for (let place = entries.first(chain); place >= 0; ) {
      const time = entries.time(place);
      const slot = entries.slot(place);
      const namespace = entries.namespace(place);
      const id = entries.id(place);
      place = entries.shift(chain);
      if (time >= earliest) this.#place(time, slot, namespace, id);
      else this.#index.release(id, slot);
    }
  }

  /** Whether all entries of a chain have the last time. */
  #isOfOneTime(chain: number): boolean {
    const entries = this.#chains;
    for (let place = entries.first(chain); place >= 0; place = entries.next(chain, place)) {
      if (entries.time(place) !== this.#last) return false;
    }
    return true;
  }

  /** Takes the first entry of the current chain; false when it was deleted. */
  #popCurrent(): boolean {
    const entries = this.#chains;
    const place = entries.first(currentChain);
    if (place % touchedAhead === 0) this.#touch(place);
    const slot = entries.slot(place);
    const namespace = entries.namespace(place);
    const id = entries.id(place);
    entries.shift(currentChain);
    return this.#fire(this.#last, slot, namespace, id);
  }

  /**
   * Reads what the next timers will need. Among many keys it is in no cache, and these reads do not wait for each other, as they
   * do once a function is called between them: a million timers of one time fire in half the time.
   */
  #touch(first: number): void {
    const entries = this.#chains;
    let timers = 0;
    for (let i = 0, place = first; i < touchedAhead && place >= 0; i++) {
      timers += this.#index.countOf(entries.slot(place));
      place = entries.next(currentChain, place);
    }
    // What nobody looks at, V8 would not read.
    assert(timers >= 0, 'a slot has timers or none');
  }

  /** Takes the first of the timers whose times had passed, if it is due. */
  #popPast(until: number): boolean {
    for (let first = this.#past.first; first !== undefined; first = this.#past.first) {
      if (first.time > until) {
        this.next = first.time;
        return false;
      }
      this.#past.shift();
      if (this.#fire(first.time, first.slot, first.namespace, first.id)) return true;
    }
    return false;
  }

  /** Makes an entry the timer that `pop` tells of, unless it was deleted. */
  #fire(time: number, slot: number, namespace: number, id: number): boolean {
    if (!this.#index.release(id, slot)) return false;
    if (this.observer !== undefined) this.observer.removed(id);
    this.time = time;
    this.slot = slot;
    this.namespace = namespace;
    this.next = time;
    if (this.#index.size === 0) {
      this.next = Number.POSITIVE_INFINITY;
      this.#shrink();
    }
    return true;
  }

  /** Entries of all chains, each chain in order. */
  #forEachEntry(visit: (time: number, slot: number, namespace: number, id: number, chain: number) => void): void {
    const entries = this.#chains;
    for (let i = 0; i <= chains; i++) {
      // The current chain is behind the others, its timers before theirs.
      const chain = i === 0 ? currentChain : i - 1;
      for (let place = entries.first(chain); place >= 0; place = entries.next(chain, place)) {
        visit(entries.time(place), entries.slot(place), entries.namespace(place), entries.id(place), chain);
      }
    }
  }

  /** Makes the chains anew, without the entries that were deleted; and the index, where it is to become smaller. */
  #sweep(isSmaller: boolean): void {
    const before = this.#index;
    const { observer } = this;
    if (isSmaller && observer !== undefined) this.forEach((_time, _slot, _namespace, id) => observer.removed(id));
    const index = isSmaller ? new TimerIndex() : before;
    const kept = new TimerChains(chains + 1);
    /** The id from now on, −1 of what was deleted. */
    const idOf = (time: number, slot: number, namespace: number, id: number): number => {
      if (before.isLive(id)) return isSmaller ? index.add(time, slot, namespace) : id;
      before.release(id, slot);
      return -1;
    };
    this.#filled.fill(0);
    this.#forEachEntry((time, slot, namespace, id, chain) => {
      const now = idOf(time, slot, namespace, id);
      if (now < 0) return;
      if (chain !== currentChain) this.#filled[chain >> 5] |= 1 << (chain & 31);
      kept.append(chain, time, slot, namespace, now);
    });
    this.#past.renumber(idOf);
    this.#chains = kept;
    this.#index = index;
    if (isSmaller && observer !== undefined) this.forEach((_time, slot, _namespace, id) => observer.registered(id, slot));
  }

  #shrink(): void {
    if (this.#chains.sparse) this.#sweep(true);
  }
}
