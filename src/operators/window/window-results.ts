/**
 * What windows have handed out and nobody has passed on yet, in order. Functions of windows are called in the middle of a record
 * or a timer; what they emit waits here for the generated code, which passes on what there is room for.
 *
 * @hotpath
 */

export class WindowResults {
  /** What `take` has taken: the record, its event time (NaN for none), and the side output it goes to. */
  item: unknown;
  time = Number.NaN;
  side: string | undefined;
  readonly #items: unknown[] = [];
  readonly #times: number[] = [];
  readonly #sides: (string | undefined)[] = [];
  #next = 0;

  get waiting(): boolean {
    return this.#next < this.#items.length;
  }

  add(item: unknown, time: number, side: string | undefined): void {
    this.#items.push(item);
    this.#times.push(time);
    this.#sides.push(side);
  }

  /** Takes the next one; false when there is none. */
  take(): boolean {
    const next = this.#next;
    if (next >= this.#items.length) return false;
    this.item = this.#items[next];
    this.time = this.#times[next] as number;
    this.side = this.#sides[next];
    if (next + 1 < this.#items.length) {
      this.#next = next + 1;
      return true;
    }
    this.#items.length = 0;
    this.#times.length = 0;
    this.#sides.length = 0;
    this.#next = 0;
    return true;
  }
}
