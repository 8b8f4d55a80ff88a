/**
 * The slots of the strings of dictionaries, by their ids, as far as they are known: a key is looked for once, not for every row. Batches of
 * several channels come in turn, each with a dictionary of its own.
 */

import type { StringDictionary } from '../batch/string-dictionary.ts';

interface KnownSlots {
  /** Slot + 1 by id, 0 where it is not known. */
  slots: Int32Array;
  /** How often slots had lost their keys when they were found. */
  losses: number;
}

export class DictionarySlots {
  readonly #known = new WeakMap<StringDictionary, KnownSlots>();
  #losses = 0;

  /** Slot + 1 by id, with room for all strings of the dictionary; whoever finds a slot puts it there. */
  of(dictionary: StringDictionary): Int32Array {
    const { size } = dictionary;
    const known = this.#of(dictionary);
    if (known.losses !== this.#losses) known.slots.fill(0);
    known.losses = this.#losses;
    if (known.slots.length < size) {
      const slots = new Int32Array(size * 2);
      slots.set(known.slots);
      known.slots = slots;
    }
    return known.slots;
  }

  /** A slot has lost its key. */
  forget(): void {
    this.#losses++;
  }

  #of(dictionary: StringDictionary): KnownSlots {
    const known = this.#known.get(dictionary) ?? { slots: new Int32Array(0), losses: this.#losses };
    this.#known.set(dictionary, known);
    return known;
  }
}
