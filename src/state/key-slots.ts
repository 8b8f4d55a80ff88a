/**
 * The keys of an index by slot: 0 for the first key, 1 for the second, and so on; a removed key leaves its slot to the next new
 * one. Who looks for a key reads the entries themselves. One index owns them.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { decodeValue } from '../batch/value-codec.ts';
import { KeyArena, readableBytes } from './key-arena.ts';

export const numberKey = 0;
export const latin1Key = 1;
export const utf16Key = 2;
/** Any other key, as canonical bytes. */
export const valueKey = 3;

export const initialSlots = 256;

/**
 * Of each slot, side by side: the hash of its key; where its bytes begin in the arena; the first eight of them, for keys of
 * Latin-1 bytes, or the number itself; and how many bytes there are, with the kind in the lowest two bits. So a number or a short
 * text is found without a look at the arena, by a single comparison that hardly ever surprises the processor; and since frequent
 * keys come early, their entries lie close together, which the places of a table do not.
 */
export const entryLength = 6;
export const entryStart = 1;
export const entryHead = 2;
export const entryNext = 3;
export const entryMeasure = 4;
/** Of the entry as float64s, half as many: the number lies over `entryHead` and `entryNext`. */
export const entryNumber = entryHead / 2;

/** The measure of a slot whose key was removed. */
const noKey = -1;

/** Bytes of a key that lie in its entry. */
export const headBytes = readableBytes;

/** The bits of the first and of the second four bytes that belong to a key, by its length up to eight. */
export const headMask = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1);
export const nextMask = Int32Array.of(0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, -1);

/** Bytes of a key: their number goes into a word, with the kind. V8's strings have fewer units. */
const keyBytesMax = 2 ** 30 - 2;

export interface NewKey {
  readonly kind: number;
  /** Of its bytes in the arena. */
  readonly start: number;
  readonly length: number;
  readonly number: number;
}

export class KeySlots {
  /** Slots so far, those of removed keys too: all slots are below. */
  size = 0;
  /** By slot: `entryLength` words. */
  entries = new Int32Array(initialSlots * entryLength);
  /** The same memory. */
  numbers = new Float64Array(this.entries.buffer);
  readonly #arena = new KeyArena();
  /** Slots whose keys were removed, and the first of them, or −1. Each says in place of its hash which is the next. */
  #freeSlots = 0;
  #firstFree = -1;
  #capacity = initialSlots;
  /** By slot: the key as a JavaScript value, once somebody asked for it. */
  #values: unknown[] = [];
  readonly #source = new ByteSource();

  /** Keys that there are now. */
  get keyCount(): number {
    return this.size - this.#freeSlots;
  }

  /** Whether a slot below `size` has a key: it was not removed. */
  has(slot: number): boolean {
    return this.entries[slot * entryLength + entryMeasure] !== noKey;
  }

  hash(slot: number): number {
    return this.entries[slot * entryLength] as number;
  }

  isNumber(slot: number): boolean {
    return this.entries[slot * entryLength + entryMeasure] === numberKey;
  }

  number(slot: number): number {
    return this.numbers[(slot * entryLength) / 2 + entryNumber] as number;
  }

  key(slot: number): unknown {
    if (this.isNumber(slot)) return this.number(slot);
    const known = this.#values[slot];
    if (known !== undefined) return known;
    const key = this.#decode(slot);
    this.#values[slot] = key;
    return key;
  }

  /** Puts the bytes of a new key into the arena, and returns where they begin. */
  append(bytes: Uint8Array): number {
    assert(bytes.length <= keyBytesMax, 'a key takes less than 1 GiB');
    if (this.#arena.isWorthCompacting(bytes.length)) this.#compact(bytes.length);
    return this.#arena.append(bytes, 0, bytes.length);
  }

  /** Gives a new key a slot. */
  add(hash: number, { kind, start, length, number }: NewKey): number {
    const slot = this.#takeSlot();
    const { entries } = this;
    const at = slot * entryLength;
    entries[at] = hash;
    entries[at + entryStart] = start;
    entries[at + entryMeasure] = (length << 2) | kind;
    if (kind === numberKey) this.numbers[(at >> 1) + entryNumber] = number;
    if (kind !== latin1Key) return slot;
    const headLength = Math.min(length, headBytes);
    entries[at + entryHead] = this.#arena.view.getInt32(start, true) & (headMask[headLength] as number);
    entries[at + entryNext] = this.#arena.view.getInt32(start + 4, true) & (nextMask[headLength] as number);
    return slot;
  }

  remove(slot: number): void {
    const { entries } = this;
    const at = slot * entryLength;
    if (slot < this.#values.length) this.#values[slot] = undefined;
    this.#arena.free((entries[at + entryMeasure] as number) >>> 2);
    entries[at + entryMeasure] = noKey;
    entries[at] = this.#firstFree;
    this.#firstFree = slot;
    this.#freeSlots++;
  }

  /** Forgets all keys and keeps the memory for others. */
  clear(): void {
    this.size = 0;
    this.#freeSlots = 0;
    this.#firstFree = -1;
    this.#values = [];
    this.#arena.clear();
  }

  /** Whether the bytes of a key that begin at `from` in the arena are these. */
  equalsBytes(from: number, bytes: Uint8Array, start: number, end: number): boolean {
    const arena = this.#arena.bytes;
    let here = start;
    while (here < end && arena[from + here - start] === bytes[here]) here++;
    return here === end;
  }

  /** Reads from the entries of slots + 1, 0 for none, at both ends. The result is of no use: what matters is that they are near then. */
  touchEntries(slots: Int32Array, rows: number): number {
    const { entries } = this;
    let touched = 0;
    for (let row = 0; row < rows; row++) {
      const at = Math.max(0, (slots[row] as number) - 1) * entryLength;
      touched ^= (entries[at] as number) ^ (entries[at + entryMeasure] as number);
    }
    return touched;
  }

  /** Reads the bytes of the keys of slots + 1, as `touchEntries` does; the slots are those of texts or none. */
  touchBytes(slots: Int32Array, rows: number): number {
    const { entries } = this;
    const arena = this.#arena.bytes;
    let touched = 0;
    for (let row = 0; row < rows; row++) {
      const at = Math.max(0, (slots[row] as number) - 1) * entryLength;
      touched ^= arena[entries[at + entryStart] as number] as number;
    }
    return touched;
  }

  /** Compares what lies behind the first eight bytes, the last four perhaps once more. @param from in the arena */
  equalsRest(from: number, view: DataView, start: number, length: number): boolean {
    const arena = this.#arena.view;
    const last = length - 4;
    for (let at = headBytes; at < last; at += 4) if (view.getInt32(start + at, true) !== arena.getInt32(from + at, true)) return false;
    return view.getInt32(start + last, true) === arena.getInt32(from + last, true);
  }

  /** @param at where the slot's entry is */
  equalsString(at: number, key: string): boolean {
    const { length } = key;
    const measure = this.entries[at + entryMeasure] as number;
    const from = this.entries[at + entryStart] as number;
    const arena = this.#arena.bytes;
    if (measure === ((length << 2) | latin1Key)) {
      for (let i = 0; i < length; i++) if (arena[from + i] !== key.charCodeAt(i)) return false;
      return true;
    }
    if (measure !== ((length << 3) | utf16Key)) return false;
    for (let i = 0; i < length; i++) {
      const unit = (arena[from + i * 2] as number) | ((arena[from + i * 2 + 1] as number) << 8);
      if (unit !== key.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The slot of a removed key, or one more. */
  #takeSlot(): number {
    const slot = this.#firstFree;
    if (slot < 0) {
      if (this.size === this.#capacity) this.#grow();
      return this.size++;
    }
    this.#firstFree = this.hash(slot);
    this.#freeSlots--;
    return slot;
  }

  #grow(): void {
    this.#capacity *= 2;
    const entries = new Int32Array(this.#capacity * entryLength);
    entries.set(this.entries);
    this.entries = entries;
    this.numbers = new Float64Array(entries.buffer);
  }

  /** Leaves the bytes of removed keys behind. */
  #compact(further: number): void {
    const { entries } = this;
    const arena = this.#arena;
    const from = arena.renew(further);
    for (let at = 0; at < this.size * entryLength; at += entryLength) {
      const measure = entries[at + entryMeasure] as number;
      if (measure === noKey || measure === numberKey) continue;
      entries[at + entryStart] = arena.append(from, entries[at + entryStart] as number, measure >>> 2);
    }
  }

  #decode(slot: number): unknown {
    const at = slot * entryLength;
    const start = this.entries[at + entryStart] as number;
    const measure = this.entries[at + entryMeasure] as number;
    const end = start + (measure >>> 2);
    switch (measure & 3) {
      case latin1Key:
        return this.#arena.bytes.latin1Slice(start, end);
      case utf16Key:
        return this.#arena.bytes.ucs2Slice(start, end);
      default:
        this.#source.reset(this.#arena.bytes, start, end);
        return decodeValue(this.#source);
    }
  }
}
