/**
 * Keys that come: finds what the log has of those that are new to the key index. All new keys of a batch are looked for together, in
 * passes that each do one thing for many of them: places first, whose cache misses then overlap, then the calls of the system, then all that
 * is to be decoded. Key by key it would take half as long again. One log owns it.
 *
 * @hotpath
 */

import { ByteSink } from '../../batch/byte-sink.ts';
import { ByteSource } from '../../batch/byte-source.ts';
import { writeKey } from '../encode-state.ts';
import { headerBytes } from '../entries.ts';
import type { KeyIndex } from '../key-index.ts';
import type { PlaceIndex } from './place-index.ts';
import { gatheredMax, type SegmentStore } from './segment-store.ts';

const shortKeyBytes = 40;

export interface ArrivalsOptions {
  readonly store: SegmentStore;
  readonly places: PlaceIndex;
  readonly index: KeyIndex;
  /** An entry is of a slot's key, and no longer among the places: `source` is behind the key. @param bytes of all of the entry */
  readonly load: (slot: number, place: number, source: ByteSource, bytes: number) => void;
}

export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** Of slots that may have an entry: the slot, where among the places, and the place. */
  readonly #slots = new Int32Array(gatheredMax);
  readonly #found = new Int32Array(gatheredMax);
  readonly #places = new Int32Array(gatheredMax);
  readonly #source = new ByteSource();
  readonly #sink = new ByteSink();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** Keys have got slots. */
  admit(slots: Int32Array): void {
    for (let from = 0; from < slots.length; from += gatheredMax) this.#admit(slots, from, Math.min(slots.length, from + gatheredMax));
  }

  #admit(slots: Int32Array, from: number, until: number): void {
    const count = this.#find(slots, from, until);
    const { store } = this.#options;
    store.gather(this.#places, count);
    for (let i = 0; i < count; i++) {
      store.gathered(i, this.#places[i] as number, this.#source);
      this.#take(this.#slots[i] as number, this.#found[i] as number);
    }
  }

  /** Returns how many may have an entry. */
  #find(slots: Int32Array, from: number, until: number): number {
    const { index, places } = this.#options;
    for (let i = from; i < until; i++) places.touched ^= places.touch(index.hash(slots[i] as number));
    let count = 0;
    for (let i = from; i < until; i++) {
      const slot = slots[i] as number;
      const at = places.find(index.hash(slot));
      if (at < 0) continue;
      this.#slots[count] = slot;
      this.#found[count] = at;
      this.#places[count++] = places.placeAt(at);
    }
    return count;
  }

  /** Goes on to others of the same hash until one is of the slot's key. @param first where among the places is the one that was read */
  #take(slot: number, first: number): void {
    const { store, places, index, load } = this.#options;
    for (let at = first; at >= 0; at = places.findNext(index.hash(slot), at)) {
      const place = places.placeAt(at);
      if (at !== first) store.read(place, this.#source);
      const bytes = this.#source.end - this.#source.position;
      if (!this.#isOf(slot)) continue;
      places.removeAt(at);
      load(slot, place, this.#source, bytes);
      return;
    }
  }

  /** Whether an entry is of the key of a slot: it begins with the same bytes. The source is then behind them. */
  #isOf(slot: number): boolean {
    const [source, sink] = [this.#source, this.#sink];
    sink.reset();
    writeKey(sink, this.#options.index, slot);
    const { length } = sink;
    const start = source.position + headerBytes;
    if (source.end - start < length || !hasBytes(source.bytes, start, sink.bytes, length)) return false;
    source.position = start + length;
    return true;
  }
}

function hasBytes(bytes: Buffer, start: number, expected: Buffer, length: number): boolean {
  // Mostly they are few, and a call takes longer.
  if (length > shortKeyBytes) return expected.compare(bytes, start, start + length, 0, length) === 0;
  for (let i = 0; i < length; i++) if (expected[i] !== bytes[start + i]) return false;
  return true;
}
