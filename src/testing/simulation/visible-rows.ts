/**
 * What of a job's output can be seen, held against what an undisturbed run gives. Invariant that it checks: at no time is a row visible
 * that should not be, or twice; rows of a key come in their order; at the end all are there.
 */

export interface VisibleRowsOptions<T> {
  /** The rows of the undisturbed run. */
  readonly expected: readonly T[];
  /** Rows of one key come in the same order as there; in any order without it. */
  readonly keyOf: ((row: T) => string) | undefined;
  /** Whether every record has its effect on state once. Else nothing can be said of the rows. */
  readonly exactlyOnce: boolean;
  /** Whether rows may come again: where the job goes on from an older checkpoint than its newest. */
  readonly repeats: boolean;
}

interface Expected {
  readonly times: number;
  seen: number;
}

export class VisibleRows<T> {
  readonly #options: VisibleRowsOptions<T>;
  readonly #rows = new Map<string, Expected>();
  /** By key, the rows in their order. */
  readonly #order = new Map<string, string[]>();
  /** By key, how many of them have come. */
  #come = new Map<string, number>();
  count = 0;

  constructor(options: VisibleRowsOptions<T>) {
    this.#options = options;
    const { expected, keyOf } = options;
    for (const row of expected) {
      const text = textOf(row);
      this.#rows.set(text, { times: (this.#rows.get(text)?.times ?? 0) + 1, seen: 0 });
      if (keyOf === undefined) continue;
      const key = keyOf(row);
      const order = this.#order.get(key) ?? [];
      this.#order.set(key, order);
      order.push(text);
    }
  }

  /** A row has become visible. Returns what is wrong with it. */
  see(row: T): string | undefined {
    const { keyOf, exactlyOnce, repeats } = this.#options;
    this.count++;
    if (!exactlyOnce) return undefined;
    const text = textOf(row);
    const expected = this.#rows.get(text);
    if (expected === undefined) return `the row ${text} is visible, which an undisturbed run does not give`;
    expected.seen++;
    if (repeats) return undefined;
    if (expected.seen > expected.times) return `the row ${text} is visible ${expected.seen} times instead of ${expected.times}`;
    if (keyOf === undefined) return undefined;
    const key = keyOf(row);
    const come = this.#come.get(key) ?? 0;
    this.#come.set(key, come + 1);
    const next = this.#order.get(key)?.[come];
    return next === text ? undefined : `of the key '${key}' the row ${text} comes where ${next} should`;
  }

  /** What can be seen now. Returns what makes it so again, as whoever keeps the output does who puts back a backup. */
  backup(): () => void {
    const { count } = this;
    const come = new Map(this.#come);
    const seen = new Map(Array.from(this.#rows, ([text, row]) => [text, row.seen]));
    return () => {
      this.count = count;
      this.#come = new Map(come);
      for (const [text, row] of this.#rows) row.seen = seen.get(text) as number;
    };
  }

  /** All should be there. */
  atEnd(): string | undefined {
    if (!this.#options.exactlyOnce) return undefined;
    for (const [text, { times, seen }] of this.#rows) {
      if (seen < times) return `the row ${text} is visible ${seen} times instead of ${times} at the end`;
    }
    return undefined;
  }

  get isComplete(): boolean {
    return this.atEnd() === undefined;
  }
}

/** Rows are plain data. */
function textOf(row: unknown): string {
  return JSON.stringify(row);
}
