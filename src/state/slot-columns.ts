/**
 * Values by slot, in pages of slots: growing copies nothing, and a page that nothing was ever written to takes no memory.
 * Invariant: every slot below the room that was made has a value; an empty one has undefined (NaN in `NumberColumn`). One
 * subtask owns a column.
 *
 * @hotpath
 */

/** Slots of a page, a power of two: some kilobytes, so that a page is an ordinary object for the garbage collector. */
const pageBits = 10;
const pageSlots = 1 << pageBits;
const inPage = pageSlots - 1;

/** Stand for pages that were never written to. */
const emptyNumbers = new Float64Array(pageSlots).fill(Number.NaN);
const emptyValues: unknown[] = new Array(pageSlots).fill(undefined);

function pagesOf(slots: number): number {
  return (slots + inPage) >>> pageBits;
}

/** Numbers; NaN where there is none. */
export class NumberColumn {
  readonly #pages: Float64Array[] = [];

  makeRoom(slots: number): void {
    while (this.#pages.length < pagesOf(slots)) this.#pages.push(emptyNumbers);
  }

  get(slot: number): number {
    return (this.#pages[slot >>> pageBits] as Float64Array)[slot & inPage] as number;
  }

  set(slot: number, value: number): void {
    let page = this.#pages[slot >>> pageBits] as Float64Array;
    if (page === emptyNumbers) page = this.#pages[slot >>> pageBits] = emptyNumbers.slice();
    page[slot & inPage] = value;
  }

  clear(slot: number): void {
    const page = this.#pages[slot >>> pageBits] as Float64Array;
    if (page !== emptyNumbers) page[slot & inPage] = Number.NaN;
  }
}

/** Objects or any other values; undefined where there is none. */
export class ObjectColumn<T> {
  readonly #pages: (T | undefined)[][] = [];

  makeRoom(slots: number): void {
    while (this.#pages.length < pagesOf(slots)) this.#pages.push(emptyValues as (T | undefined)[]);
  }

  get(slot: number): T | undefined {
    return (this.#pages[slot >>> pageBits] as (T | undefined)[])[slot & inPage];
  }

  set(slot: number, value: T | undefined): void {
    let page = this.#pages[slot >>> pageBits] as (T | undefined)[];
    if (page === emptyValues) {
      if (value === undefined) return;
      page = this.#pages[slot >>> pageBits] = page.slice();
    }
    page[slot & inPage] = value;
  }
}

/** Values of any kind, of which numbers lie in typed arrays: writing one allocates nothing. Undefined where there is none. */
export class ValueColumn {
  readonly #numbers = new NumberColumn();
  /** What is no number, and NaN. */
  readonly #others = new ObjectColumn<unknown>();

  makeRoom(slots: number): void {
    this.#numbers.makeRoom(slots);
    this.#others.makeRoom(slots);
  }

  get(slot: number): unknown {
    const number = this.#numbers.get(slot);
    // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is faster than a call.
    return number === number ? number : this.#others.get(slot);
  }

  set(slot: number, value: unknown): void {
    // biome-ignore lint/suspicious/noSelfCompare: as above.
    if (typeof value === 'number' && value === value) {
      this.#numbers.set(slot, value);
      this.#others.set(slot, undefined);
    } else {
      this.#numbers.clear(slot);
      this.#others.set(slot, value);
    }
  }
}
