/**
 * The records of one side of an interval join that may still find partners, by key, those of a key in the order of their times.
 * The places of a key are a run of the store, and go round in it: new records are mostly the youngest, and the oldest leave first,
 * so both ends are cheap.
 *
 *     store   │ run of slot 2 │ run of slot 0                │ free │ …
 *               3 · · 1 2       · · · 1 2 3 4 ·               room: a power of two; first: where 1 is; count
 *
 * A run that is full moves to one twice as large; what it leaves goes to the next run of its room.
 *
 * @hotpath
 */

import { assert } from '../../base/assert.ts';
import type { ByteSink } from '../../batch/byte-sink.ts';
import type { ByteSource } from '../../batch/byte-source.ts';
import { decodeValue } from '../../batch/value-codec.ts';
import { inferType } from '../../schema/inference.ts';
import { encodeState } from '../../state/encode-state.ts';
import { layoutOfType, type RowLayout, takes, widenLayout } from './row-layout.ts';
import { RowStore } from './row-store.ts';

/** Of each slot, side by side: where its run begins, how many places it has, which of them is the oldest record's, how many records. */
const runLength = 4;
const runRoom = 1;
const runFirst = 2;
const runCount = 3;

/** Room for so many slots at first. */
const initialSlots = 256;

/** Places of the smallest run: most keys have few records at a time. */
const smallestRoom = 4;

/** From so many places for each record on, a run gives three quarters of them back. */
const sparse = 16;

export class TimedRows {
  /** Undefined before the first layout is known: then there are no records. */
  #store: RowStore | undefined;
  #runs = new Int32Array(initialSlots * runLength);
  /** Places that belonged to a run so far: all are below. */
  #end = 0;
  /** Where free runs begin, by the logarithm of their room. */
  readonly #free: number[][] = Array.from({ length: 32 }, () => []);

  get store(): RowStore {
    assert(this.#store !== undefined, 'there is no record before its layout is known');
    return this.#store;
  }

  get hasLayout(): boolean {
    return this.#store !== undefined;
  }

  /** From now on there are records of this layout too; true where that changes the store, for which code was generated. */
  widen(layout: RowLayout): boolean {
    const before = this.#store;
    const wide = before === undefined ? layout : widenLayout(before.layout, layout);
    if (wide === before?.layout) return false;
    const store = new RowStore(wide, before?.capacity);
    this.#store = store;
    if (before === undefined) return true;
    for (let slot = 0; slot * runLength < this.#runs.length; slot++) {
      for (let i = 0; i < this.count(slot); i++) {
        const place = this.place(slot, i);
        store.setTime(place, before.time(place));
        store.put(place, before.record(place));
      }
    }
    return true;
  }

  /** Sees to a layout that takes a record of which nothing is known. */
  widenFor(record: unknown): void {
    if (this.#store === undefined || !takes(this.#store.layout, record)) this.widen(layoutOfType(inferType(record)));
  }

  /** How many records a key has. */
  count(slot: number): number {
    const at = slot * runLength;
    return at < this.#runs.length ? (this.#runs[at + runCount] as number) : 0;
  }

  /** Where a key's i-th oldest record is. */
  place(slot: number, i: number): number {
    const runs = this.#runs;
    const at = slot * runLength;
    return (runs[at] as number) + (((runs[at + runFirst] as number) + i) & ((runs[at + runRoom] as number) - 1));
  }

  /** Time of a key's i-th oldest record. */
  time(slot: number, i: number): number {
    return (this.#store as RowStore).time(this.place(slot, i));
  }

  /** Adds a record behind those of its time; returns its place, where the caller puts its fields. */
  add(slot: number, time: number): number {
    const at = slot * runLength;
    if (at >= this.#runs.length) this.#growRuns(at);
    const room = this.#runs[at + runRoom] as number;
    if (this.#runs[at + runCount] === room) this.#moveRun(slot, Math.max(smallestRoom, room * 2));
    const store = this.#store as RowStore;
    let i = (this.#runs[at + runCount] as number)++;
    let place = this.place(slot, i);
    for (; i > 0; i--) {
      const before = this.place(slot, i - 1);
      if (store.time(before) <= time) break;
      store.move(before, place);
      place = before;
    }
    store.setTime(place, time);
    return place;
  }

  /** How many records of a key are older than a time. */
  olderThan(slot: number, time: number): number {
    // Those that are asked for are mostly near the youngest: from there, in strides that double, then by halves in between.
    let high = this.count(slot);
    let low = high;
    for (let stride = 1; low > 0; stride *= 2) {
      low = Math.max(0, high - stride);
      if (this.time(slot, low) < time) break;
      high = low;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.time(slot, middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Forgets the records of a key that are older than a time. */
  removeOlderThan(slot: number, time: number): void {
    const count = this.count(slot);
    if (count === 0) return;
    const store = this.#store as RowStore;
    let removed = 0;
    for (; removed < count && this.time(slot, removed) < time; removed++) store.forget(this.place(slot, removed));
    const at = slot * runLength;
    const room = this.#runs[at + runRoom] as number;
    this.#runs[at + runFirst] = ((this.#runs[at + runFirst] as number) + removed) & (room - 1);
    this.#runs[at + runCount] = count - removed;
    if (removed === count) this.#freeRun(slot);
    else if ((count - removed) * sparse < room) this.#moveRun(slot, room / 4);
  }

  /** Writes the records of a key with their times, the oldest first, as `readRecords` reads them. @param of what they are, for errors */
  write(slot: number, sink: ByteSink, of: () => string = () => 'a record'): void {
    const count = this.count(slot);
    sink.varint(count);
    for (let i = 0; i < count; i++) {
      sink.f64(this.time(slot, i));
      encodeState(sink, this.store.record(this.place(slot, i)), of);
    }
  }

  /** Moves the records of a key to a run with another room. */
  #moveRun(slot: number, room: number): void {
    const count = this.count(slot);
    assert(count <= room, 'a run has room for its records');
    const start = this.#takeRun(room);
    const store = this.store;
    for (let i = 0; i < count; i++) {
      const place = this.place(slot, i);
      store.move(place, start + i);
      store.forget(place);
    }
    this.#freeRun(slot);
    this.#runs.set([start, room, 0, count], slot * runLength);
  }

  #takeRun(room: number): number {
    const free = this.#free[Math.log2(room)]?.pop();
    if (free !== undefined) return free;
    const start = this.#end;
    this.#end += room;
    if (this.#end > this.store.capacity) this.store.grow(this.#end);
    return start;
  }

  #freeRun(slot: number): void {
    const at = slot * runLength;
    const room = this.#runs[at + runRoom] as number;
    if (room > 0) this.#free[Math.log2(room)]?.push(this.#runs[at] as number);
    this.#runs.fill(0, at, at + runLength);
  }

  #growRuns(at: number): void {
    const runs = new Int32Array(Math.max(this.#runs.length * 2, at + runLength));
    runs.set(this.#runs);
    this.#runs = runs;
  }
}

export function readRecords(source: ByteSource, take: (time: number, record: unknown) => void): void {
  for (let left = source.varint(); left > 0; left--) take(source.f64(), decodeValue(source));
}
