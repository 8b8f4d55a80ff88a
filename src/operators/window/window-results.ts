/**
 * What windows have handed out and nobody has passed on yet, in order. Functions of windows are called in the middle of a record
 * or a timer; what they emit waits here for the generated code, which passes on what there is room for.
 *
 * @hotpath
 */

/** Results for which there is room for ever: a window function may have handed out a million at once. */
const keptMax = 1024;

export class WindowResults {
  /** What `take` has taken: the record, its event time (NaN for none), and the side output it goes to. */
  item: unknown;
  time = Number.NaN;
  side: string | undefined;
  #items: unknown[] = [];
  #times: number[] = [];
  #sides: (string | undefined)[] = [];
  #next = 0;
  /** Results so far. The arrays are used again, and may be longer. */
  #size = 0;

  get waiting(): boolean {
    return this.#next < this.#size;
  }

  add(item: unknown, time: number, side: string | undefined): void {
    const at = this.#size++;
    this.#items[at] = item;
    this.#times[at] = time;
    this.#sides[at] = side;
  }

  /** Takes the next one; false when there is none. */
  take(): boolean {
    if (this.#next === this.#size) {
      if (this.#size > 0) this.#reset();
      return false;
    }
    const at = this.#next++;
    this.item = this.#items[at];
    this.time = this.#times[at] as number;
    this.side = this.#sides[at];
    this.#items[at] = undefined;
    return true;
  }

  #reset(): void {
    if (this.#size > keptMax) {
      this.#items = [];
      this.#times = [];
      this.#sides = [];
    }
    this.#size = 0;
    this.#next = 0;
    this.item = undefined;
  }
}
