/** The slots of the strings of a dictionary, by their ids, as far as they are known: a key is looked for once, not for every row. */

import type { StringDictionary } from '../batch/string-column.ts';

export class DictionarySlots {
  #dictionary: StringDictionary | undefined;
  /** Slot + 1 by id, 0 where it is not known. */
  #slots = new Int32Array(0);
  /** Whether slots may have lost their keys. */
  #isStale = false;

  /** Slot + 1 by id, with room for all strings of the dictionary; whoever finds a slot puts it there. */
  of(dictionary: StringDictionary): Int32Array {
    const { length } = dictionary.strings;
    if (this.#dictionary !== dictionary || this.#isStale) this.#slots.fill(0);
    this.#dictionary = dictionary;
    this.#isStale = false;
    if (this.#slots.length < length) {
      const slots = new Int32Array(length * 2);
      slots.set(this.#slots);
      this.#slots = slots;
    }
    return this.#slots;
  }

  /** A slot has lost its key. */
  forget(): void {
    this.#isStale = true;
  }
}
