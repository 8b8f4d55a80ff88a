/**
 * The timers that one window of one key has, of event time or of processing time. Only one of them is in the queue of the
 * subtask, at the time of the earliest or before: a timer that is deleted, or moved to a later time as sessions do with every
 * record, costs the queue nothing. One that turns out to be too early when it fires is put back.
 *
 * @hotpath
 */

/** The time of no timer. */
export const never = Number.POSITIVE_INFINITY;

/** Timers as plain data. */
export interface StoredTimers {
  /** Ascending. */
  readonly times: readonly number[];
  readonly queued: number;
  readonly order: number;
}

export class PaneTimers {
  /** The earliest; `never` when there is none. */
  first = never;
  /** When the timer in the queue fires; `never` when there is none. */
  queued = never;
  /** Of the timer in the queue: counts how often one was put there. */
  order = 0;
  /** Those behind the first, ascending. */
  #rest: number[] | undefined;

  static of({ times: [first = never, ...rest], queued, order }: StoredTimers): PaneTimers {
    const timers = new PaneTimers();
    timers.first = first;
    timers.queued = queued;
    timers.order = order;
    if (rest.length > 0) timers.#rest = rest;
    return timers;
  }

  /** Adds a timer, unless there is one for that time. */
  add(time: number): void {
    if (time === this.first) return;
    if (time > this.first) {
      this.#addBehind(time);
      return;
    }
    if (this.first !== never) this.#addBehind(this.first);
    this.first = time;
  }

  delete(time: number): void {
    if (time === this.first) {
      this.takeFirst();
      return;
    }
    const index = this.#rest?.indexOf(time) ?? -1;
    if (index >= 0) this.#rest?.splice(index, 1);
  }

  /** Removes the earliest. */
  takeFirst(): void {
    this.first = this.#rest?.shift() ?? never;
  }

  /** Removes those that are not among the given ones, which ascend. */
  keep(times: readonly number[]): void {
    const [first = never, ...rest] = this.all().filter((time) => times.includes(time));
    this.first = first;
    this.#rest = rest;
  }

  /** Removes all. What is in the queue stays there. */
  clear(): void {
    this.first = never;
    this.#rest = undefined;
  }

  /** Ascending. */
  all(): number[] {
    return this.first === never ? [] : [this.first, ...(this.#rest ?? [])];
  }

  #addBehind(time: number): void {
    this.#rest ??= [];
    const rest = this.#rest;
    let index = rest.length;
    while (index > 0 && (rest[index - 1] as number) > time) index--;
    if (index > 0 && rest[index - 1] === time) return;
    rest.splice(index, 0, time);
  }
}
