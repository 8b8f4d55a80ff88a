/**
 * The timers of a queue, as checkpoints see them: a unit is a timer, its number the id that the queue gives it. Where changes are
 * followed, it knows the key and the order of each timer by itself; where they are not, it finds them out for each snapshot.
 *
 * Invariant: of two timers of one time, the one with the lower order was registered first, and fires first. One subtask owns it.
 *
 * @hotpath (registered, removed)
 */

import type { ByteSink } from '../batch/byte-sink.ts';
import { decodeValue, encodeValue } from '../batch/value-codec.ts';
import type { TimerObserver, TimerQueue } from '../time/timer-queue.ts';
import type { ChangeLog } from './change-log.ts';
import { readKey, writeKey } from './encode-state.ts';
import type { KeyIndex } from './key-index.ts';
import type { KeyedContents } from './keyed-contents.ts';

const initialTimers = 64;

export class TimerContents implements KeyedContents, TimerObserver {
  readonly schema = { timers: 1 };
  readonly #queue: TimerQueue;
  readonly #index: KeyIndex;
  #log: ChangeLog | undefined;
  /** By id: the slot of the timer's key, and its place in the order of registration. */
  #slots = new Int32Array(initialTimers);
  #orders = new Float64Array(initialTimers);
  #next = 0;
  /** Timers that have been read and are not in the queue yet. */
  #read: number[] = [];

  constructor(queue: TimerQueue, index: KeyIndex) {
    this.#queue = queue;
    this.#index = index;
  }

  /** Tells a log of all changes from now on, if it follows them. */
  follow(log: ChangeLog): void {
    if (!log.tracks) return;
    this.#log = log;
    this.#queue.observer = this;
  }

  registered(id: number, slot: number): void {
    this.#note(id, slot, this.#next++);
    (this.#log as ChangeLog).touch(id);
  }

  removed(id: number): void {
    (this.#log as ChangeLog).release(id);
  }

  #note(id: number, slot: number, order: number): void {
    if (id >= this.#slots.length) this.#grow(id);
    this.#slots[id] = slot;
    this.#orders[id] = order;
  }

  #grow(id: number): void {
    const length = Math.max(id + 1, this.#slots.length * 2);
    const slots = new Int32Array(length);
    slots.set(this.#slots);
    this.#slots = slots;
    const orders = new Float64Array(length);
    orders.set(this.#orders);
    this.#orders = orders;
  }

  forEach(visit: (id: number) => void): void {
    let order = 0;
    this.#queue.forEach((_time, slot, _namespace, id) => {
      if (this.#log === undefined) this.#note(id, slot, order++);
      visit(id);
    });
  }

  hash(id: number): number {
    return this.#index.hash(this.#slots[id] as number);
  }

  write(id: number, sink: ByteSink): void {
    writeKey(sink, this.#index, this.#slots[id] as number);
    sink.f64(this.#queue.timeOf(id));
    encodeValue(sink, this.#queue.namespaceOf(id));
    sink.varint(this.#orders[id] as number);
  }

  reader(): ReturnType<KeyedContents['reader']> {
    return (source, hash) => {
      const slot = readKey(source, this.#index, hash);
      const time = source.f64();
      const id = this.#queue.admit(time, slot, decodeValue(source) as number);
      this.#note(id, slot, source.varint());
      this.#read.push(id);
      return id;
    };
  }

  restored(): void {
    const orders = this.#orders;
    const read = this.#read.sort((a, b) => (orders[a] as number) - (orders[b] as number));
    this.#read = [];
    for (const id of read) this.#queue.enqueue(id, this.#slots[id] as number);
    this.#next = read.length === 0 ? 0 : (orders[read.at(-1) as number] as number) + 1;
  }
}
