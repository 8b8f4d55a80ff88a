/**
 * Iterates over rows that come in groups. A generator would take three promises for each row; here a row that has come takes the one that
 * `for await` cannot do without, and only a group is waited for.
 */

/** Rows that have come together. Those before `next` are taken: whoever takes a row moves it. */
export interface RowGroup<T> {
  readonly rows: readonly T[];
  next: number;
}

/** Rows that a job hands to the program that it is part of. */
export interface AsyncRows<T> extends AsyncIterableIterator<T, undefined> {
  /**
   * All rows that are left, in an array: for results that fit into memory.
   *
   * @throws what the job fails with
   * @example const rows = await counts.executeAndCollect().toArray();
   */
  toArray(): Promise<T[]>;
}

const noRows: RowGroup<never> = { rows: [], next: 0 };

/** As a generator, it begins with the first call of `next`, and answers one call after the other. */
export class RowIterator<T> implements AsyncRows<T> {
  /** What is iterated over. A group that is left early stays with whoever made it. */
  readonly groups: AsyncGenerator<RowGroup<T>, undefined>;
  #group: RowGroup<T> = noRows;
  /** Calls that wait, and the end of the last of them. */
  #calls = 0;
  #lastCall: Promise<void> = Promise.resolve();

  constructor(groups: AsyncGenerator<RowGroup<T>, undefined>) {
    this.groups = groups;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const group = this.#group;
    if (this.#calls > 0 || group.next >= group.rows.length) return this.#inTurn(() => this.#further());
    return Promise.resolve({ value: group.rows[group.next++] as T, done: false });
  }

  toArray(): Promise<T[]> {
    return this.#inTurn(() => this.#all());
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(() => this.#leave(() => this.groups.return(undefined)));
  }

  throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(() => this.#leave(() => this.groups.throw(error)));
  }

  /** The next row, of the next group if need be. */
  async #further(): Promise<IteratorResult<T, undefined>> {
    while (this.#group.next >= this.#group.rows.length) {
      const { value, done } = await this.groups.next();
      if (done) return { value: undefined, done };
      this.#group = value;
    }
    return { value: this.#group.rows[this.#group.next++] as T, done: false };
  }

  async #all(): Promise<T[]> {
    const all: T[] = [];
    for (;;) {
      const group = this.#group;
      while (group.next < group.rows.length) all.push(group.rows[group.next++] as T);
      const { value, done } = await this.groups.next();
      if (done) return all;
      this.#group = value;
    }
  }

  async #leave(end: () => Promise<unknown>): Promise<IteratorResult<T, undefined>> {
    this.#group = noRows;
    await end();
    return { value: undefined, done: true };
  }

  #inTurn<R>(call: () => Promise<R>): Promise<R> {
    const result = this.#calls++ === 0 ? call() : this.#lastCall.then(call);
    const ended = (): void => {
      this.#calls--;
    };
    this.#lastCall = result.then(ended, ended);
    return result;
  }
}
