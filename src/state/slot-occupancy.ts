/**
 * Which slot is selected, and how many states each slot has. Invariant: the count of a slot is the number of stores that hold
 * something for it, so that whether a key has any state left is known at once. One subtask owns an occupancy.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { extended } from './extended.ts';

/** The count of a slot has one word of 16 bits. */
export const statesMax = 0xffff;

const initialSlots = 1024;

/** Who is told of changes ahead of them; a `StateLog`. */
export interface SlotChanges {
  /** Before the state of a slot changes. */
  touch(slot: number): void;
  /** Before something of it is handed out that may be changed in place. */
  expose(slot: number): void;
  /** Before it is forgotten. */
  release(slot: number): void;
}

export class SlotOccupancy {
  /** The selected slot; −1 for none. */
  selected = -1;
  /** All slots that were ever selected are below. */
  bound = 0;
  /** Undefined where nobody follows changes. */
  changes: SlotChanges | undefined = undefined;
  #counts = new Uint16Array(0);
  /** By slot: 1 if it is to be looked at among the vacant ones. */
  #noted = new Uint8Array(0);
  /** Slots that had no state at some time since they were last taken. */
  #vacant: number[] = [];
  /** Called with the number of slots that there must be room for. */
  readonly #makeRoom: (slots: number) => void;

  constructor(makeRoom: (slots: number) => void) {
    this.#makeRoom = makeRoom;
  }

  select(slot: number): void {
    if (slot >= this.bound) this.admit(slot);
    this.selected = slot;
    if (this.#counts[slot] === 0) this.#note(slot);
  }

  /** Makes room for a slot. */
  admit(slot: number): void {
    assert(slot >= 0, 'only keys that have a slot have state');
    if (slot < this.bound) return;
    this.bound = slot + 1;
    const room = this.#counts.length;
    if (slot < room) return;
    const slots = Math.max(initialSlots, room * 2, slot + 1);
    this.#counts = extended(this.#counts, new Uint16Array(slots));
    this.#noted = extended(this.#noted, new Uint8Array(slots));
    this.#makeRoom(slots);
  }

  /** The selected slot, of which there must be one. */
  current(): number {
    if (this.selected < 0) throw new Error(noKey);
    return this.selected;
  }

  /** The selected slot, whose state is about to change. */
  change(): number {
    const slot = this.current();
    this.changes?.touch(slot);
    return slot;
  }

  /** The selected slot, of whose state something is about to be handed out. */
  expose(): number {
    const slot = this.current();
    this.changes?.expose(slot);
    return slot;
  }

  /** Before the state of a slot changes, whichever is selected. */
  touch(slot: number): void {
    this.changes?.touch(slot);
  }

  count(slot: number): number {
    return this.#counts[slot] ?? 0;
  }

  /** A store begins to hold something for a slot. */
  fill(slot: number): void {
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
  }

  /** A store has nothing left for a slot. */
  empty(slot: number): void {
    const count = (this.#counts[slot] as number) - 1;
    this.#counts[slot] = count;
    if (count === 0) this.#note(slot);
  }

  /** Calls `visit` with each slot that was vacant at some time since the last call, and still is. */
  takeVacant(visit: (slot: number) => void): void {
    if (this.#vacant.length === 0) return;
    const vacant = this.#vacant;
    this.#vacant = [];
    for (const slot of vacant) {
      const noted = this.#noted[slot] === 1;
      this.#noted[slot] = 0;
      if (noted && this.#counts[slot] === 0) visit(slot);
    }
  }

  /** The slot is free: it is not vacant before it is selected again. */
  free(slot: number): void {
    this.#noted[slot] = 0;
    if (this.selected === slot) this.selected = -1;
  }

  #note(slot: number): void {
    if (this.#noted[slot] === 1) return;
    this.#noted[slot] = 1;
    this.#vacant.push(slot);
  }
}

const noKey =
  'state belongs to a key: it can be used while a record or a timer is processed, not in open or close, nor after processElement or onTimer has returned';
