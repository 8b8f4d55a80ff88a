/** Keeps the largest of the rows that pass, by one column: a heap whose root is the smallest row that is kept. */

export type Row = Readonly<Record<string, unknown>>;

interface Ranked {
  readonly row: Row;
  readonly value: number;
}

export class TopRows {
  readonly #limit: number;
  readonly #column: string;
  readonly #textOf: (row: Row) => string;
  readonly #heap: Ranked[] = [];
  /** Rows that have passed. */
  count = 0;

  /** @param textOf what orders rows of the same value, so that it does not matter in which order they pass */
  constructor(limit: number, column: string, textOf: (row: Row) => string = () => '') {
    this.#limit = limit;
    this.#column = column;
    this.#textOf = textOf;
  }

  add(row: Row): void {
    this.count++;
    const heap = this.#heap;
    const ranked = { row, value: numberIn(row[this.#column]) };
    if (heap.length < this.#limit) {
      heap.push(ranked);
      this.#rise(heap.length - 1);
    } else if (this.#limit > 0 && this.#order(ranked, heap[0] as Ranked) < 0) {
      heap[0] = ranked;
      this.#sink();
    }
  }

  /** The rows that were kept, the largest first. */
  rows(): Row[] {
    return [...this.#heap].sort((a, b) => this.#order(a, b)).map(({ row }) => row);
  }

  /** Below zero where `a` comes in front of `b`. */
  #order(a: Ranked, b: Ranked): number {
    if (a.value !== b.value) return a.value > b.value ? -1 : 1;
    const [textA, textB] = [this.#textOf(a.row), this.#textOf(b.row)];
    return textA < textB ? -1 : textA > textB ? 1 : 0;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#order(heap[parent] as Ranked, heap[at] as Ranked) >= 0) return;
      [heap[parent], heap[at]] = [heap[at] as Ranked, heap[parent] as Ranked];
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let last = at;
      for (const child of [at * 2 + 1, at * 2 + 2])
        if (child < heap.length && this.#order(heap[child] as Ranked, heap[last] as Ranked) > 0) last = child;
      if (last === at) return;
      [heap[last], heap[at]] = [heap[at] as Ranked, heap[last] as Ranked];
      at = last;
    }
  }
}

/** What is no number comes last. */
function numberIn(value: unknown): number {
  if (value instanceof Date || typeof value === 'bigint' || typeof value === 'number') {
    const number = Number(value);
    return Number.isNaN(number) ? Number.NEGATIVE_INFINITY : number;
  }
  return Number.NEGATIVE_INFINITY;
}
