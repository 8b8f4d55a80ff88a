/**
 * The keys of an index by slot: 0 for the first key, 1 for the second, and so on; a removed key leaves its slot to the next new
 * one. Who looks for a key reads the entries themselves. One index owns them.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import type { EncodedValue } from '../batch/any-column.ts';
import type { ByteSink } from '../batch/byte-sink.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { copyWords, ViewedBytes } from '../batch/byte-words.ts';
import type { Latin1Strings } from '../batch/latin1-strings.ts';
import { decodeValue, encodeValue, tag } from '../batch/value-codec.ts';
import { KeyArena } from './key-arena.ts';

export const numberKey = 0;
export const latin1Key = 1;
export const utf16Key = 2;
/** Any other key, as canonical bytes. */
export const valueKey = 3;

export const initialSlots = 256;

/**
 * Of each slot four words, a quarter of a cache line, which say it all of a number or a short text: so that it is found by one look at
 * memory, and by comparisons that hardly ever surprise the processor. The lowest byte of the first word says what follows.
 *
 *     number        numberKey           ·       float64 ————————————→
 *     short Latin-1 kind, length; then up to fifteen bytes, and zeros
 *     any other     kind, longLength    start   bytes    hash
 *
 * `start` is where the bytes lie in the arena, which has only those of long keys. Frequent keys come early, so their entries lie close
 * together, which the places of a table do not.
 */
export const entryLength = 4;
export const entryStart = 1;
export const entryBytes = 2;
export const entryHash = 3;
/** Of the entry as float64s, half as many. */
export const entryNumber = 1;

/** Latin-1 bytes that lie in an entry, at most. */
export const shortBytesMax = entryLength * Int32Array.BYTES_PER_ELEMENT - 1;
const longLength = shortBytesMax + 1;

/** The lowest byte of the entry of a text of Latin-1, or the whole first word, where its bytes are elsewhere. */
export function latin1Code(length: number): number {
  return (Math.min(length, longLength) << 2) | latin1Key;
}

/** The first word of the entry of a key whose bytes are in the arena. */
function longCode(kind: number): number {
  return (longLength << 2) | kind;
}

/** The first word of a slot whose key was removed. */
const noKey = 0xff;

/**
 * The bits of an entry's words that belong to a short text, by its length: four words for each. The first byte of the first word is
 * not of the text.
 */
export const shortMasks = Int32Array.from({ length: (shortBytesMax + 1) * entryLength }, (_, i) => {
  const bytes = Math.floor(i / entryLength) + 1 - (i % entryLength) * Int32Array.BYTES_PER_ELEMENT;
  return bytes >= 4 ? -1 : (1 << (Math.max(bytes, 0) * 8)) - 1;
});

/** Bytes of a key: V8's strings have fewer units. */
const keyBytesMax = 2 ** 30 - 2;

export class KeySlots {
  /** Slots so far, those of removed keys too: all slots are below. */
  size = 0;
  /** By slot: `entryLength` words. */
  entries = new Int32Array(initialSlots * entryLength);
  /** The same memory. */
  numbers = new Float64Array(this.entries.buffer);
  #bytes = Buffer.from(this.entries.buffer);
  #view = new DataView(this.entries.buffer);
  /** By slot; of a removed key, the next slot that is free, or −1. */
  #hashes = new Int32Array(initialSlots);
  readonly #arena = new KeyArena();
  /** Slots whose keys were removed, and the first of them, or −1. */
  #freeSlots = 0;
  #firstFree = -1;
  #capacity = initialSlots;
  /** By slot: the key as a JavaScript value, once somebody asked for it. */
  #values: unknown[] = [];
  readonly #source = new ByteSource();
  readonly #texts = new ViewedBytes();

  /** Keys that there are now. */
  get keyCount(): number {
    return this.size - this.#freeSlots;
  }

  /** Whether a slot below `size` has a key: it was not removed. */
  has(slot: number): boolean {
    return this.entries[slot * entryLength] !== noKey;
  }

  hash(slot: number): number {
    return this.#hashes[slot] as number;
  }

  isNumber(slot: number): boolean {
    return this.entries[slot * entryLength] === numberKey;
  }

  number(slot: number): number {
    return this.numbers[(slot * entryLength) / 2 + entryNumber] as number;
  }

  key(slot: number): unknown {
    if (this.isNumber(slot)) return this.number(slot);
    const known = this.#values[slot];
    if (known !== undefined) return known;
    assert(this.has(slot), 'a slot that is asked for its key has one');
    const key = this.#decode(slot);
    this.#values[slot] = key;
    return key;
  }

  /** Points to the bytes of a key, where they are those of `encodeValue`; false for others. */
  locate(slot: number, value: EncodedValue): boolean {
    const at = slot * entryLength;
    if (this.entries[at] !== longCode(valueKey)) return false;
    const start = this.entries[at + entryStart] as number;
    value.point(this.#arena.bytes, start, start + (this.entries[at + entryBytes] as number));
    return true;
  }

  /**
   * Copies the texts of the slots from `from` to before `to`, the first one to row 0; false where a key is anything but Latin-1 text. A slot
   * without a key has an empty one.
   */
  copyTexts(from: number, to: number, texts: Latin1Strings): boolean {
    const { entries } = this;
    const { offsets } = texts;
    let end = 0;
    offsets[0] = 0;
    for (let slot = from; slot < to; slot++) {
      const at = slot * entryLength;
      const word = entries[at] as number;
      let length = 0;
      if (word !== noKey) {
        if ((word & 3) !== latin1Key) return false;
        const isHere = !isLong(word);
        length = isHere ? (word & 0xff) >> 2 : (entries[at + entryBytes] as number);
        const start = isHere ? at * Int32Array.BYTES_PER_ELEMENT + 1 : (entries[at + entryStart] as number);
        const view = isHere ? this.#view : this.#arena.view;
        copyWords({ from: view, start, end: start + length, to: this.#texts.of(texts.reserve(end + length)), at: end });
      }
      end += length;
      offsets[slot - from + 1] = end;
    }
    return true;
  }

  /** Appends a key as `encodeValue` does, without making a JavaScript value of it. */
  write(slot: number, sink: ByteSink): void {
    if (this.isNumber(slot)) {
      encodeValue(sink, this.number(slot));
      return;
    }
    const at = slot * entryLength;
    const word = this.entries[at] as number;
    if (!isLong(word)) {
      writeText(sink, this.#bytes, at * Int32Array.BYTES_PER_ELEMENT + 1, (word & 0xff) >> 2, 0);
      return;
    }
    const start = this.entries[at + entryStart] as number;
    const length = this.entries[at + entryBytes] as number;
    const { bytes } = this.#arena;
    if ((word & 3) === valueKey) sink.copy(bytes.subarray(start, start + length));
    else writeText(sink, bytes, start, length, (word & 3) === utf16Key ? 1 : 0);
  }

  /** Gives a new number a slot. */
  addNumber(hash: number, number: number): number {
    const slot = this.#takeSlot(hash);
    this.entries[slot * entryLength] = numberKey;
    this.numbers[(slot * entryLength) / 2 + entryNumber] = number;
    return slot;
  }

  /** Gives a new key, which is bytes[from, to), a slot. */
  addBytes(hash: number, kind: number, bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    assert(length <= keyBytesMax, 'a key takes less than 1 GiB');
    if (kind === latin1Key && length <= shortBytesMax) return this.#addShort(hash, bytes, from, length);
    const arena = this.#arena;
    if (arena.isWorthCompacting(length)) this.#compact(length);
    const start = arena.append(bytes, from, length);
    const slot = this.#takeSlot(hash);
    const { entries } = this;
    const at = slot * entryLength;
    entries[at] = longCode(kind);
    entries[at + entryStart] = start;
    entries[at + entryBytes] = length;
    entries[at + entryHash] = hash;
    return slot;
  }

  #addShort(hash: number, bytes: Uint8Array, from: number, length: number): number {
    const slot = this.#takeSlot(hash);
    const { entries } = this;
    const at = slot * entryLength;
    entries[at] = latin1Code(length);
    for (let i = 1; i < entryLength; i++) entries[at + i] = 0;
    const to = at * Int32Array.BYTES_PER_ELEMENT + 1;
    for (let i = 0; i < length; i++) this.#bytes[to + i] = bytes[from + i] as number;
    return slot;
  }

  remove(slot: number): void {
    const { entries } = this;
    const at = slot * entryLength;
    if (slot < this.#values.length) this.#values[slot] = undefined;
    if (isLong(entries[at] as number)) this.#arena.free(entries[at + entryBytes] as number);
    entries[at] = noKey;
    this.#hashes[slot] = this.#firstFree;
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

  /** Whether a key has these bytes. @param at where its entry is */
  equalsBytes(at: number, kind: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    const isShort = kind === latin1Key && length <= shortBytesMax;
    if (isShort ? ((this.entries[at] as number) & 0xff) !== latin1Code(length) : this.entries[at] !== longCode(kind)) return false;
    if (!isShort && this.entries[at + entryBytes] !== length) return false;
    const own = isShort ? this.#bytes : this.#arena.bytes;
    const from = isShort ? at * Int32Array.BYTES_PER_ELEMENT + 1 : (this.entries[at + entryStart] as number);
    let here = 0;
    while (here < length && own[from + here] === bytes[start + here]) here++;
    return here === length;
  }

  /**
   * Reads from the entries of slots + 1, 0 for none, and the bytes of those that are long texts. The result is of no use: what matters
   * is that they are near then.
   */
  touch(slots: Int32Array, rows: number): number {
    const { entries } = this;
    const arena = this.#arena.bytes;
    let touched = 0;
    for (let row = 0; row < rows; row++) touched ^= entries[Math.max(0, (slots[row] as number) - 1) * entryLength] as number;
    for (let row = 0; row < rows; row++) {
      const at = Math.max(0, (slots[row] as number) - 1) * entryLength;
      if (isLong(entries[at] as number)) touched ^= arena[entries[at + entryStart] as number] as number;
    }
    return touched;
  }

  /** Whether a key that is neither a number nor a string has these canonical bytes; false for some of those that have. */
  equalsCanonical(slot: number, hash: number, view: DataView, start: number, length: number): boolean {
    const { entries } = this;
    const at = slot * entryLength;
    if (entries[at] !== longCode(valueKey) || entries[at + entryHash] !== hash || entries[at + entryBytes] !== length) return false;
    return length >= Int32Array.BYTES_PER_ELEMENT && this.equalsLong(entries[at + entryStart] as number, view, start, length);
  }

  /** Compares a long text by words, the last one perhaps with some bytes once more. @param from in the arena */
  equalsLong(from: number, view: DataView, start: number, length: number): boolean {
    const arena = this.#arena.view;
    const last = length - 4;
    for (let i = 0; i < last; i += 4) if (view.getInt32(start + i, true) !== arena.getInt32(from + i, true)) return false;
    return view.getInt32(start + last, true) === arena.getInt32(from + last, true);
  }

  /** @param at where the slot's entry is */
  equalsString(at: number, key: string): boolean {
    const { length } = key;
    const word = this.entries[at] as number;
    if ((word & 0xff) === latin1Code(length)) {
      const isShort = length <= shortBytesMax;
      if (!isShort && this.entries[at + entryBytes] !== length) return false;
      const own = isShort ? this.#bytes : this.#arena.bytes;
      const from = isShort ? at * Int32Array.BYTES_PER_ELEMENT + 1 : (this.entries[at + entryStart] as number);
      for (let i = 0; i < length; i++) if (own[from + i] !== key.charCodeAt(i)) return false;
      return true;
    }
    if (word !== longCode(utf16Key) || this.entries[at + entryBytes] !== length * 2) return false;
    const from = this.entries[at + entryStart] as number;
    const arena = this.#arena.bytes;
    for (let i = 0; i < length; i++) {
      const unit = (arena[from + i * 2] as number) | ((arena[from + i * 2 + 1] as number) << 8);
      if (unit !== key.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The slot of a removed key, or one more. */
  #takeSlot(hash: number): number {
    let slot = this.#firstFree;
    if (slot < 0) {
      if (this.size === this.#capacity) this.#grow();
      slot = this.size++;
    } else {
      this.#firstFree = this.#hashes[slot] as number;
      this.#freeSlots--;
    }
    this.#hashes[slot] = hash;
    return slot;
  }

  #grow(): void {
    this.#capacity *= 2;
    const entries = new Int32Array(this.#capacity * entryLength);
    entries.set(this.entries);
    this.entries = entries;
    this.numbers = new Float64Array(entries.buffer);
    this.#bytes = Buffer.from(entries.buffer);
    this.#view = new DataView(entries.buffer);
    const hashes = new Int32Array(this.#capacity);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  /** Leaves the bytes of removed keys behind. */
  #compact(further: number): void {
    const { entries } = this;
    const arena = this.#arena;
    const from = arena.renew(further);
    for (let at = 0; at < this.size * entryLength; at += entryLength) {
      if (!isLong(entries[at] as number)) continue;
      entries[at + entryStart] = arena.append(from, entries[at + entryStart] as number, entries[at + entryBytes] as number);
    }
  }

  #decode(slot: number): unknown {
    const at = slot * entryLength;
    const word = this.entries[at] as number;
    if (!isLong(word)) {
      const from = at * Int32Array.BYTES_PER_ELEMENT + 1;
      return this.#bytes.latin1Slice(from, from + ((word & 0xff) >> 2));
    }
    const start = this.entries[at + entryStart] as number;
    const end = start + (this.entries[at + entryBytes] as number);
    switch (word & 3) {
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

/** Whether the first word of an entry is that of a key whose bytes are in the arena. */
function isLong(word: number): boolean {
  return word >> 2 === longLength;
}

/** @param flavour as of `ByteSink.text`: 0 for a byte a unit, 1 for two */
function writeText(sink: ByteSink, bytes: Uint8Array, start: number, length: number, flavour: 0 | 1): void {
  sink.u8(tag.string);
  sink.varint(flavour === 0 ? length * 2 : length + 1);
  sink.reserve(length);
  const to = sink.bytes;
  const at = sink.length;
  for (let i = 0; i < length; i++) to[at + i] = bytes[start + i] as number;
  sink.length = at + length;
}
