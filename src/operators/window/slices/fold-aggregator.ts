/**
 * What windows fold records into, by a function of the author's or a field, as an aggregator: contents lie by slot. A partial result
 * is the contents themselves, which the slot gives up with it. A state belongs to one subtask.
 *
 * @hotpath
 */

import type { Aggregator, AggregatorState } from '../../aggregators/aggregator.ts';
import { reserve } from '../../aggregators/slots.ts';
import type { WindowComputation } from '../window-computation.ts';
import type { WindowFold } from '../window-fold.ts';

export function foldAggregator({ title, details, reads, createFold }: WindowComputation): Aggregator<never, unknown> {
  return { kind: title, input: new RecordRead(reads), details, createState: () => new FoldState(createFold()) };
}

/** The record with what is read of it. Functions are looked into when somebody asks. */
class RecordRead {
  readonly kind = 'record';
  readonly #reads: WindowComputation['reads'];

  constructor(reads: WindowComputation['reads']) {
    this.#reads = reads;
  }

  get fields(): readonly string[] | undefined {
    return this.#reads?.();
  }
}

/** What a slot holds to which no record has come. */
const nothing = Symbol('nothing');

class FoldState implements AggregatorState {
  readonly #contents: WindowFold['contents'];
  readonly #read: WindowFold['read'];
  readonly #bySlot: unknown[] = [];

  constructor({ contents, read }: WindowFold) {
    this.#contents = contents;
    this.#read = read;
  }

  add(slot: number, record: unknown): void {
    if (slot >= this.#bySlot.length) reserve(this.#bySlot, slot, nothing);
    const held = this.#bySlot[slot];
    this.#bySlot[slot] = held === nothing ? this.#contents.create(record, undefined) : this.#contents.add(held, record, undefined);
  }

  merge(slot: number, partial: unknown): void {
    if (slot >= this.#bySlot.length) reserve(this.#bySlot, slot, nothing);
    const held = this.#bySlot[slot];
    this.#bySlot[slot] = held === nothing ? partial : this.#contents.merge(held, partial);
  }

  /** Of a slot that a record has come to. */
  partial(slot: number): unknown {
    return this.#bySlot[slot];
  }

  result(slot: number): unknown {
    return this.#read(this.#bySlot[slot]);
  }

  clear(slot: number): void {
    if (slot < this.#bySlot.length) this.#bySlot[slot] = nothing;
  }
}
