/**
 * Finds the slot of one key, or gives it one: open addressing with linear probing in typed arrays. One index owns a finder.
 *
 * A key that is new where there is no room for another has the slot −1.
 *
 * @hotpath
 */

import { ByteSink } from '../batch/byte-sink.ts';
import { encodeKey } from '../batch/key-codec.ts';
import { CanonicalText } from './canonical-text.ts';
import { DirectKeys } from './direct-keys.ts';
import { IntList } from './int-list.ts';
import { entryLength, entryNumber, KeySlots, latin1Key, numberKey, utf16Key, valueKey } from './key-slots.ts';
import { KeyTable } from './key-table.ts';

/** A call of Node for a string costs more than the bytes of one as long as most keys. */
const scratchBytes = 256;

/** A key: bytes[start, end). */
interface KeyBytes {
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export class KeyFinder {
  /** Keys that there is room for. */
  limit: number;
  readonly keys = new KeySlots();
  readonly table = new KeyTable(this.keys);
  readonly direct = new DirectKeys();
  /** See `KeyIndex.added`. */
  added: ((slots: Int32Array) => void) | undefined = undefined;
  /** Slots that it is still to be told. */
  readonly #added = new IntList();
  readonly #sink = new ByteSink();
  readonly #text = new CanonicalText();
  /** For the bytes of most strings. */
  readonly #scratch = new Uint8Array(scratchBytes);

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Tells of the keys that are new. Returns its argument. */
  told(result: number): number {
    if (this.#added.length > 0) this.added?.(this.#added.take());
    return result;
  }

  /** Slot of a number that `direct` does not know. */
  number(hash: number, key: number): number {
    // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is faster than a call.
    if (key !== key) return this.other(hash, Number.NaN);
    const { words: table, mask } = this.table;
    const { entries, numbers } = this.keys;
    let place = this.table.placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      const at = slot * entryLength;
      if (((word ^ hash) & ~mask) === 0 && entries[at] === numberKey && numbers[(at >> 1) + entryNumber] === key) {
        // Keys were too sparse when it came.
        this.direct.addLarge(key, slot, this.keys.keyCount);
        return slot;
      }
      place = (place + 1) & mask;
    }
    if (this.keys.keyCount >= this.limit) return -1;
    const slot = this.keys.addNumber(hash, key + 0);
    this.#take(place, hash, slot);
    this.direct.add(key, slot, this.keys.keyCount);
    return slot;
  }

  /** Slot of a string. */
  string(hash: number, key: string): number {
    const { words: table, mask } = this.table;
    const keys = this.keys;
    let place = this.table.placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      if (((word ^ hash) & ~mask) === 0 && keys.equalsString(slot * entryLength, key)) return slot;
      place = (place + 1) & mask;
    }
    return this.#insertString(hash, place, key);
  }

  /** Slot of a key of any kind. */
  value(hash: number, key: unknown): number {
    if (typeof key === 'string') return this.string(hash, key);
    if (typeof key !== 'number') return this.other(hash, key);
    const slot = this.direct.find(key);
    return slot >= 0 ? slot : this.number(hash, key);
  }

  /** Slot of a key that is neither a number nor a string, or is NaN. */
  other(hash: number, key: unknown): number {
    this.#sink.reset();
    encodeKey(this.#sink, key);
    return this.bytes(hash, valueKey, this.#sink.bytes, 0, this.#sink.length);
  }

  /** Slot of the string that valid UTF-8 spells. */
  utf8(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const text = this.#text;
    text.ofUtf8(bytes, start, end);
    return this.bytes(hash, text.isWide ? utf16Key : latin1Key, text.bytes, 0, text.length);
  }

  /** Slot of the key of a kind that bytes[start, end) are. */
  bytes(hash: number, kind: number, bytes: Uint8Array, start: number, end: number): number {
    const { words: table, mask } = this.table;
    const keys = this.keys;
    let place = this.table.placeOf(hash);
    for (let word = table[place] as number; word !== 0; word = table[place] as number) {
      const slot = (word & mask) - 1;
      if (((word ^ hash) & ~mask) === 0 && keys.equalsBytes(slot * entryLength, kind, bytes, start, end)) return slot;
      place = (place + 1) & mask;
    }
    return this.insert(hash, place, { kind, bytes, start, end });
  }

  #insertString(hash: number, place: number, key: string): number {
    const { length } = key;
    const scratch = this.#scratch;
    let units = 0;
    for (let i = 0; i < length; i++) {
      const unit = key.charCodeAt(i);
      units |= unit;
      scratch[i] = unit;
    }
    if (units > 255) return this.insert(hash, place, { kind: utf16Key, bytes: Buffer.from(key, 'utf16le'), start: 0, end: length * 2 });
    const bytes = length <= scratch.length ? scratch : Buffer.from(key, 'latin1');
    return this.insert(hash, place, { kind: latin1Key, bytes, start: 0, end: length });
  }

  /** Takes the empty place for a new key and returns its slot, −1 when the index is full. */
  insert(hash: number, place: number, { kind, bytes, start, end }: KeyBytes): number {
    if (this.keys.keyCount >= this.limit) return -1; // Its bytes would stay in the arena.
    const slot = this.keys.addBytes(hash, kind, bytes, start, end);
    this.#take(place, hash, slot);
    return slot;
  }

  #take(place: number, hash: number, slot: number): void {
    this.table.put(place, hash, slot);
    if (this.added !== undefined) this.#added.push(slot);
  }
}
