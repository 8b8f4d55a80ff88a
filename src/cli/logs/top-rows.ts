/** Keeps the largest of the rows that pass, by one column: a heap whose root is the smallest row that is kept. */

export type Row = Readonly<Record<string, unknown>>;

export class TopRows {
  readonly #limit: number;
  readonly #column: string;
  readonly #heap: Row[] = [];
  /** Rows that have passed. */
  count = 0;

  constructor(limit: number, column: string) {
    this.#limit = limit;
    this.#column = column;
  }

  add(row: Row): void {
    this.count++;
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push(row);
      this.#rise(heap.length - 1);
    } else if (this.#limit > 0 && this.#value(row) > this.#value(heap[0] as Row)) {
      heap[0] = row;
      this.#sink();
    }
  }

  /** The rows that were kept, the largest first. */
  rows(): Row[] {
    return [...this.#heap].sort((a, b) => this.#value(b) - this.#value(a));
  }

  #value(row: Row): number {
    const value = row[this.#column];
    return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NEGATIVE_INFINITY;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#value(heap[parent] as Row) <= this.#value(heap[at] as Row)) return;
      [heap[parent], heap[at]] = [heap[at] as Row, heap[parent] as Row];
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [at * 2 + 1, at * 2 + 2]) {
        if (child < heap.length && this.#value(heap[child] as Row) < this.#value(heap[least] as Row)) least = child;
      }
      if (least === at) return;
      [heap[least], heap[at]] = [heap[at] as Row, heap[least] as Row];
      at = least;
    }
  }
}
