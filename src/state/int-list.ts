/**
 * Whole numbers one behind the other, in memory that grows and is kept.
 *
 * @hotpath
 */

const initialLength = 64;

export class IntList {
  length = 0;
  #items = new Int32Array(initialLength);

  push(item: number): void {
    if (this.length === this.#items.length) this.#grow(this.length * 2);
    this.#items[this.length++] = item;
  }

  /** Puts items before those that there are. */
  unshift(items: Int32Array): void {
    const { length } = this;
    if (length + items.length > this.#items.length) this.#grow(length + items.length);
    this.#items.copyWithin(items.length, 0, length);
    this.#items.set(items);
    this.length = length + items.length;
  }

  /** Takes all items out of it; they belong to the caller. */
  take(): Int32Array {
    const items = this.#items.slice(0, this.length);
    this.length = 0;
    return items;
  }

  #grow(length: number): void {
    const items = new Int32Array(length);
    items.set(this.#items.subarray(0, this.length));
    this.#items = items;
  }
}
