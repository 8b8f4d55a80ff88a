/** The states that a function declares of keys, as checkpoints see them: a unit is all states of a key, its number the key's slot. */

import type { ByteSink } from '../batch/byte-sink.ts';
import { decodeValue } from '../batch/value-codec.ts';
import { shownKey, writeKey } from './encode-state.ts';
import type { KeyIndex } from './key-index.ts';
import type { EvictableContents, KeyedContents } from './keyed-contents.ts';
import type { KeyedStates } from './keyed-states.ts';
import type { StateSchema } from './state-schema.ts';

const never = (): boolean => false;

export class KeyedStateContents implements KeyedContents {
  readonly schema: StateSchema;
  readonly #states: KeyedStates;
  readonly #index: KeyIndex;
  readonly #warn: (message: string) => void;
  readonly evictable: EvictableContents;

  /** @param stays whether a key must not leave memory, because it has timers */
  constructor(states: KeyedStates, index: KeyIndex, warn: (message: string) => void, stays: (slot: number) => boolean = never) {
    this.schema = states.schema;
    this.evictable = { index, stays, reader: () => this.#readerInto(), evict: (slot) => states.evict(slot) };
    this.#states = states;
    this.#index = index;
    this.#warn = warn;
  }

  forEach(visit: (slot: number) => void): void {
    this.#states.forEachSlot(visit);
  }

  hash(slot: number): number {
    return this.#index.hash(slot);
  }

  write(slot: number, sink: ByteSink): void {
    writeKey(sink, this.#index, slot);
    this.#states.write(slot, sink, () => ` of the key ${shownKey(this.#index.key(slot))}`);
  }

  #readerInto(): ReturnType<EvictableContents['reader']> {
    const states = this.#states.reader(this.schema, this.#warn);
    return (source, slot) => {
      const isKept = states.read(source);
      if (isKept) states.giveTo(slot);
      return isKept;
    };
  }

  reader(schema: unknown): ReturnType<KeyedContents['reader']> {
    const states = this.#states.reader(schema as StateSchema, this.#warn);
    return (source, hash) => {
      const key = decodeValue(source);
      if (!states.read(source)) return -1;
      const slot = this.#index.ofValue(hash, key);
      states.giveTo(slot);
      return slot;
    };
  }
}
